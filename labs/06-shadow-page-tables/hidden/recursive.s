# A directory that is its own table: the tables appear in a window, entries and all.
.include "lab.inc"
.equ WINDOW, 0xffc00000
        .globl  _start
_start: begin
        li      t0, DIR | ALL
        li      t1, DIR + 4 * 1023
        sw      t0, 0(t1)
        li      a0, WINDOW + 4 * 64     # the entry of HERE
        lw      a1, 0(a0)
        li      t0, 0x18000 | ALL
        sw      t0, 0(a0)
        li      a2, HERE
        sw      a2, 0(a2)
        lw      a1, 0(a0)
        li      t0, 0x19000 | ALL
        sw      t0, 0(a0)
        lw      a3, 0(a2)
        sw      a2, 8(a2)
        lw      a1, 0(a0)
        li      a4, WINDOW + 0x3ff000   # the directory itself
        lw      a5, 0(a4)
        lw      a1, 4092(a4)
        li      t0, TAB2 | PTE_VALID
        sw      t0, 4(a4)               # a table more
        li      a3, WINDOW + 0x1000
        li      t0, 0x1a000 | ALL
        sw      t0, 0(a3)
        li      a3, 0x00400000
        sw      a2, 0(a3)
        lw      a1, 0(a3)
        sw      zero, 4092(a4)          # the window closes itself
        lw      a1, 0(a0)
        lw      a1, 0(a3)
done:   j       done
        handler
