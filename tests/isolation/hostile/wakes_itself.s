# Waits, with the line of what it waits for pending already, masked, or to come in one tick.
# ends: (running|waiting.*)
.include "bad.inc"
begin:  li      s0, 1
1:      mtcr    ipend, s0
        wfi
        mtcr    imask, zero
        mtcr    timer, s0
        mtcr    imask, s0
        wfi
        mtcr    ipend, zero
        mtcr    timer, s0
        wfi
        addi    s1, s1, 1
        j       1b
