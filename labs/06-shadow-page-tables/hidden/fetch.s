# Code in pages: changed by a store, moved under the program counter, for fetches only.
.include "lab.inc"
        .globl  _start
_start: begin
        entry   TAB, 64, 0x18000 | ALL
        entry   TAB, 65, 0x18000 | ALL
        la      t0, one
        lw      a0, 0(t0)
        lw      a1, 4(t0)
        lw      a2, 8(t0)
        li      s0, HERE
        sw      a0, 0(s0)
        sw      a2, 4(s0)
        jalr    s0
        li      t0, HERE + 0x1000       # changed at its other address
        sw      a1, 0(t0)
        jalr    s0
        li      t0, 0x19000
        sw      a0, 0(t0)
        sw      a2, 4(t0)
        entry   TAB, 64, 0x19000 | PTE_VALID | PTE_EXECUTE | 0x100 # fetches only
        jalr    s0
        lw      a3, 0(s0)
        sw      a3, 0(s0)
        entry   TAB, 64, 0x19000 | PTE_VALID | PTE_EXECUTE
        lw      a3, 0(s0)
        jalr    s0
        entry   TAB, 64, 0x19000 | PTE_VALID
        la      ra, done
        jr      s0
done:   j       done
one:    addi    a4, a4, 1
        addi    a4, a4, 100
        ret
        handler
