# wfi: time passes until the timer's line is pending, though interrupts are off; then halt.
.include "lab.inc"
        .globl  _start
_start: li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, 500
        mtcr    timer, t0
        cli
        wfi
        mfcr    a0, tick
        halt
