# A and D: set by whom, and when; cleared, and set again.
.include "lab.inc"
        .globl  _start
_start: begin
        entry   TAB, 64, 0x18000 | ALL
        entry   TAB, 65, 0x19000 | ALL
        entry   TAB, 66, 0x1a000 | ALL
        li      s0, TAB + 4 * 64
        li      a0, HERE
        lw      a1, 0(a0)               # A
        lw      a2, 0(s0)
        lw      a1, 4(a0)
        sw      a1, 0(a0)               # D
        lw      a2, 0(s0)
        li      a3, 0x1000
        add     a3, a3, a0
        sw      a1, 0(a3)               # both at once
        lw      a2, 4(s0)
        li      a4, 0x00500073
        li      a5, 3                   # clear both, three times
again:  li      t0, 0x18000 | ALL
        sw      t0, 0(s0)
        lw      a1, 8(a0)
        lw      a2, 0(s0)
        sw      a1, 8(a0)
        lw      a2, 0(s0)
        addi    a5, a5, -1
        bnez    a5, again
        lw      a2, 8(s0)               # nobody was there
        la      t0, code                # and by a fetch
        lw      t1, 0(t0)
        li      t2, 0x1a000
        sw      t1, 0(t2)
        li      t0, HERE + 0x2000
        jalr    t0
        lw      a2, 8(s0)
done:   j       done
code:   ret
        handler
