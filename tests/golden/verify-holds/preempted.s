# Two interrupts of the timer; then it halts.
        .globl  _start
_start:
        la      t0, vectors
        mtcr    vbr, t0
        li      s0, 2
        li      t0, 100
        mtcr    timer, t0
        sti
1:      bnez    s0, 1b
        li      t0, '!'
        out     t0, 0
        halt
on_timer:
        addi    s0, s0, -1
        li      t0, 100
        mtcr    timer, t0
        rfe
        .align  4
vectors:
        .space  64
        .word   on_timer
