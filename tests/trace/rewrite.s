# Code that stores over itself: what was translated of it is forgotten each time.
        .globl _start
_start: la      t0, here
        lw      t1, 0(t0)
        li      t2, 3
here:   addi    a0, a0, 1
        sw      t1, 0(t0)
        addi    t2, t2, -1
        bnez    t2, here
        halt
