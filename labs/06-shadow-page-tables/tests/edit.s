# Tables that change under pages in use: unmapped, moved, made read-only, given back.
.include "lab.inc"
        .globl  _start
_start: begin
        entry   TAB, 64, 0x18000 | ALL
        li      a0, HERE
        li      a1, 1
        li      t2, 0x18000
        li      s0, 0x19000
        li      a2, 222
        sw      a2, 0(s0)
        sw      a1, 0(a0)
        lw      a2, 0(a0)
        entry   TAB, 64, 0x19000 | ALL  # another page
        lw      a2, 0(a0)
        sw      a1, 4(a0)
        lw      a3, 4(s0)
        entry   TAB, 64, 0x19000 | PTE_VALID # read only
        lw      a2, 0(a0)
        sw      a1, 8(a0)
        entry   TAB, 64, 0              # gone
        lw      a2, 0(a0)
        sw      a1, 8(a0)
        entry   TAB, 64, 0x18000 | ALL | PTE_ACCESSED | PTE_DIRTY
        lw      a2, 0(a0)
        sw      a2, 12(a0)
        li      t1, TAB + 4 * 64        # one byte of it: the frame's bits 15:12
        li      t0, 0x90
        sb      t0, 1(t1)
        lw      a2, 0(a0)
        li      t0, 0x8000 | ALL        # and one half
        sh      t0, 0(t1)
        lw      a2, 0(a0)
        sw      a1, 0(a0)
done:   j       done
        handler
