# The longest time that TIMER can be set to, read back, and cut short.
.include "../tests/lab.inc"
        .globl  _start
_start: li      t0, -1
        mtcr    timer, t0
        mfcr    a0, timer
        lui     t0, 0x80000
        mtcr    timer, t0
        mfcr    a1, timer
        li      t0, 1
        mtcr    timer, t0
        mfcr    a2, timer
        mfcr    a3, ipend
done:   j       done
