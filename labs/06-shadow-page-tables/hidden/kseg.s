# The unmapped segment: the kernel's alone, whatever the tables say, and past the end of storage
# a bus error. What lies beside it is mapped, or not, as anything else.
.include "lab.inc"
.equ SEGMENT, 0x80000000
        .globl  _start
_start: begin
        entry   TAB, 64, 0x18000 | ALL
        li      a0, HERE
        li      a1, 99
        sw      a1, 0(a0)
        lui     a2, %hi(SEGMENT + 0x18000)
        lw      a3, 0(a2)               # the same word
        addi    a3, a3, 1
        sw      a3, 4(a2)
        lw      a4, 4(a0)
        lui     a2, %hi(SEGMENT + 0x1000000)
        lw      a3, 0(a2)               # beyond storage
        lui     a2, %hi(SEGMENT + 0x20000000)
        lw      a3, 0(a2)               # beyond the segment
        lui     a2, %hi(SEGMENT + TAB)
        li      t0, 0x19000 | ALL       # a table, changed from there
        sw      t0, 4 * 64(a2)
        lw      a4, 4(a0)
        li      a5, 200
loop:   addi    a5, a5, -1
        lw      a4, 0(a0)
        bnez    a5, loop
done:   j       done
        handler
