# A line that is masked: the timer goes off, the line is pending, nobody is interrupted; with
# the next setting the line stays.
.include "../tests/lab.inc"
        .globl  _start
_start: vector  CAUSE_TIMER, on_timer
        li      t0, 3
        mtcr    timer, t0
        sti
        nop
        nop
        nop
        mfcr    a0, ipend
        mfcr    a1, timer
        li      t0, 100
        mtcr    timer, t0
        mfcr    a2, ipend
        li      t0, LINE_TIMER
        mtcr    imask, t0
        addi    a3, a3, 1
on_timer:
        mfcr    a4, epc
done:   j       done
