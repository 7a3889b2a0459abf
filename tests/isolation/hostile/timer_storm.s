# As many timer interrupts as there can be, each of which sets the timer to 1, and one that
# comes while the handler reads it.
# ends: (running|waiting.*)
.include "bad.inc"
begin:  la      t0, storm
        sw      t0, 4*CAUSE_TIMER(zero)
        li      t0, 1
        mtcr    timer, t0
        sti
1:      j       1b
storm:  mfcr    t1, timer
        mtcr    timer, t0
        mfcr    t1, timer
        addi    t2, t2, 1
        rfe
