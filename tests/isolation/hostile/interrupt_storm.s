# Sets every line itself, again in the handler of each, with interrupts on there too.
# ends: (running|double fault)
.include "bad.inc"
begin:  li      t1, 4*CAUSE_TIMER
        la      t0, storm
1:      sw      t0, 0(t1)
        addi    t1, t1, 4
        li      t2, 4*CAUSE_COUNT
        bne     t1, t2, 1b
        li      s0, -1
        mtcr    imask, s0
        mtcr    ipend, s0
        sti
2:      mtcr    ipend, s0
        j       2b
storm:  mtcr    ipend, s0
        sti
        addi    s1, s1, 1
        j       storm
