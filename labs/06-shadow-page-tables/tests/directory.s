# Directories that change: whole tables go, come back, are exchanged.
.include "lab.inc"
.equ FAR, 0x00c00000
        .globl  _start
_start: begin
        entry   TAB2, 0, 0x18000 | ALL
        entry   TAB2, 1, 0x19000 | ALL
        li      s0, 0x16000             # another table
        entry   0x16000, 0, 0x19000 | ALL
        li      t0, TAB2 | PTE_VALID
        li      a5, DIR + 4 * 3
        sw      t0, 0(a5)
        li      a0, FAR
        li      a1, 5
        sw      a1, 0(a0)
        lw      a2, 0x1000(a0)
        ori     s0, s0, PTE_VALID
        sw      s0, 0(a5)               # the other
        lw      a2, 0(a0)
        lw      a3, 0x1000(a0)          # has no page there
        sw      zero, 0(a5)             # none
        lw      a2, 0(a0)
        sw      t0, 0(a5)
        li      t0, TAB2 | PTE_VALID
        sw      t0, 0(a5)               # the first again
        lw      a2, 0(a0)
        sw      t0, 4(a5)               # and twice: one table, two places
        li      a4, FAR + 0x400000
        sw      a1, 4(a4)
        lw      a2, 4(a0)
        entry   TAB2, 0, 0x19000 | ALL  # seen in both
        lw      a2, 4(a0)
        lw      a2, 4(a4)
        sw      a1, 8(a4)
done:   j       done
        handler
