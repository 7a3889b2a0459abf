# TIMER = 1 again in each of its interrupts.
# exit: 1
# says: stopped at the limit of 50,000 ticks
_start: la      t0, handler
        sw      t0, 64(zero)
        li      t0, 1
        mtcr    timer, t0
        sti
1:      j       1b
handler:
        mtcr    timer, t0
        rfe
