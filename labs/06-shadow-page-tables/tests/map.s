# Pages at other addresses than their own, and some that are not there.
.include "lab.inc"
        .globl  _start
_start: begin
        entry   TAB, 64, 0x18000 | ALL
        entry   TAB, 65, 0x19000 | ALL
        li      a0, HERE
        li      a1, 1234
        sw      a1, 0(a0)
        lw      a2, 0(a0)
        sh      a1, 0x1ffe(a0)
        lbu     a3, 0x1fff(a0)
        lw      a4, 0x2000(a0)          # not there
        sw      a4, 0x3000(a0)
        li      t0, 0x18000
        lw      a5, 0(t0)               # where it really is
        li      a0, 0x12345678          # no directory entry either
        lw      a5, 0(a0)
        la      ra, back
        jr      a0
back:   entry   TAB, 66, 0x7ff000 | ALL # beyond storage
        li      a0, HERE
        lw      a5, 0x2000(a0)
        li      t0, 0x7ff000 | PTE_VALID # and a table there
        li      t1, DIR + 4
        sw      t0, 0(t1)
        li      a0, 0x00400000
        lw      a5, 0(a0)
done:   j       done
        handler
