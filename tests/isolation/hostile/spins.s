# Turns interrupts off and spins.
# ends: (running|waiting.*)
.include "bad.inc"
begin:  cli
        mtcr    imask, zero
        mtcr    timer, zero
1:      j       1b
