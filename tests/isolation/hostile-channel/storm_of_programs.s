# Starts whatever it can, as fast as it can, with interrupts on: good programs, bad ones, for
# units that are there and that are not.
# ends: running
.include "chain.inc"
chain good
        ccw     3, 1, 0
        ccw     8, 0, good
        .text
begin:  sti
        la      s0, good
        li      s1, 0
1:      add     t0, s0, s1
        sio     t1, t0
        tio     t1, t0
        addi    s1, s1, 1
        andi    s1, s1, 15
        j       1b
