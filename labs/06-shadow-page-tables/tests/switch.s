# Two address spaces in turns: the same addresses, other pages, one table in both.
.include "lab.inc"
        .globl  _start
_start: begin
        space   DIR2, TAB2
        li      t0, 0x16000 | PTE_VALID # shared
        li      t1, DIR + 4
        sw      t0, 0(t1)
        li      t1, DIR2 + 4
        sw      t0, 0(t1)
        entry   0x16000, 0, 0x1a000 | ALL
        entry   TAB, 64, 0x18000 | ALL
        entry   TAB2, 64, 0x19000 | ALL
        li      s0, 6
        li      a0, HERE
        li      a3, 0x00400000
turn:   andi    t0, s0, 1
        li      a1, DIR
        beqz    t0, first
        li      a1, DIR2
first:  mtcr    ptbr, a1
        lw      a2, 0(a0)
        add     a2, a2, s0
        sw      a2, 0(a0)
        lw      a4, 0(a3)
        addi    a4, a4, 1
        sw      a4, 0(a3)
        addi    s0, s0, -1
        bnez    s0, turn
        entry   0x16000, 0, 0x1b000 | ALL # both see it
        lw      a4, 0(a3)
        li      a1, DIR2
        mtcr    ptbr, a1
        lw      a4, 0(a3)
        entry   TAB, 64, 0              # the one that is not in use
        lw      a2, 0(a0)
        li      a1, DIR
        mtcr    ptbr, a1
        lw      a2, 0(a0)
done:   j       done
        handler
