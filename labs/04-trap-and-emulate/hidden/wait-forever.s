# wfi with a pending line goes on at once; with nothing to come it waits for ever.
.include "../tests/lab.inc"
        .globl  _start
_start: li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, 2
        mtcr    timer, t0
        nop
        nop
        nop
        wfi
        mfcr    a0, tick
        mtcr    ipend, zero
        wfi
        mfcr    a0, tick
        halt
