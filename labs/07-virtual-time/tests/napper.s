# Sleeps for 1,000,000 ticks, then is never done.
.include "lab.inc"
        .globl  _start
_start: li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, 1000000
        mtcr    timer, t0
        wfi
work:   addi    a0, a0, 1
        j       work
