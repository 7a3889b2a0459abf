# Setting the timer to 0 turns it off; setting it again starts anew; so does a mask.
.include "../tests/lab.inc"
        .globl  _start
_start: vector  CAUSE_TIMER, on_timer
        li      t0, 5
        mtcr    timer, t0
        mtcr    timer, zero
        li      t0, 40
        mtcr    timer, t0
        li      t0, 9
        mtcr    timer, t0
        sti
        nop
        nop
        mfcr    a0, timer
        nop
        nop
        nop
        nop
        nop
        nop
        mfcr    a1, ipend
        li      t0, LINE_TIMER
        mtcr    imask, t0
        addi    a2, a2, 1
on_timer:
        mfcr    a3, epc
done:   j       done
