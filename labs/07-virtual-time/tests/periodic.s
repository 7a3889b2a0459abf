# A clock as kernels keep it: the handler sets the timer again; traps cost a tick each.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_TIMER, on_timer
        li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, 50
        mtcr    timer, t0
        sti
work:   addi    a0, a0, 1
        sw      a0, 0x800(zero)
        j       work
on_timer:
        li      t0, 50
        mtcr    timer, t0
        addi    s0, s0, 1
        mfcr    s1, tick
        rfe
