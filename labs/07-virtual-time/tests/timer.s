# The interval timer: a number of ticks after the end of the mtcr that sets it, not a tick
# earlier or later, and once.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_TIMER, on_timer
        li      t0, LINE_TIMER
        mtcr    imask, t0
        li      s1, 5
again:  addi    s0, s0, 17
        mtcr    timer, s0
        mfcr    a3, timer
        sti
wait:   addi    a0, a0, 1
        j       wait
on_timer:
        mfcr    a1, epc
        mfcr    a2, tick
        addi    s1, s1, -1
        bnez    s1, again
done:   j       done
