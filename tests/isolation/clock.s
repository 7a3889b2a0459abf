# A well-behaved neighbour that looks at its clock: at each interrupt of its timer, and
# when each transfer of its disk is done, it says what TICK is, how far it has counted and what
# it has read. Nothing that others do may change a digit of that.
.include "hostile/bad.inc"
begin:  la      t0, on_timer
        sw      t0, 4*CAUSE_TIMER(zero)
        li      t0, 1000
        mtcr    timer, t0
        li      s1, BUFFER
        li      a5, 8
        sti
1:      andi    s0, a5, 1
        li      a0, 2
        sw      a5, 4(s1)
        transfer DISK_WRITE
        rdtick  a4
        cli
        say     a4
        sti
        li      a0, 2
        transfer DISK_READ
        rdtick  a4
        lw      a0, 4(s1)
        cli
        say     a4
        say     a0
        sti
        wfi
        addi    a5, a5, -1
        bnez    a5, 1b
        cli
        say     tp
        halt
on_timer:
        mtcr    scr0, t0
        addi    tp, tp, 1
        li      t0, 1777
        mtcr    timer, t0
        rdtick  t0
        say     t0
        mfcr    t0, scr0
        rfe
