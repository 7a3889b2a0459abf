# TIMER read while it counts: the ticks that are left, down to the interrupt; then 0.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_TIMER, on_timer
        li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, 20
        mtcr    timer, t0
        mfcr    a0, timer
        nop
        mfcr    a1, timer
        sti
wait:   mfcr    a2, timer
        j       wait
on_timer:
        mfcr    a3, timer
        mfcr    a4, ipend
done:   mfcr    a5, timer
        j       done
