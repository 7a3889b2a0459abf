# The interval timer, to the tick.
.include "check.inc"

begin:
        la      t0, on_timer
        sw      t0, vectors + 4 * CAUSE_TIMER
        sti
        li      t0, 5
        mtcr    timer, t0               # completes at t: the line is raised at t + 5,
        mfcr    t1, timer               # and these are the five
        mfcr    t2, timer
        mfcr    a0, tick
        addi    zero, zero, 0
        addi    zero, zero, 0
here:   addi    zero, zero, 0           # the first after the interrupt
        la      t0, here
        sub     t0, s0, t0
        is      "EPC is the instruction after the fifth", t0, 0 #> EPC is the instruction after the fifth: ok
        is      "TIMER right after it was written", t1, 5       #> TIMER right after it was written: ok
        is      "one tick later", t2, 4                         #> one tick later: ok
        sub     t0, s1, a0
        is      "the delivery takes one tick", t0, 4            #> the delivery takes one tick: ok
        mfcr    t0, timer
        is      "then it is off", t0, 0                         #> then it is off: ok

        cli
        li      s0, 0
        li      t0, 10
        mtcr    timer, t0
        addi    zero, zero, 0
        mtcr    timer, zero             # called off in time
        li      t0, 20
1:      addi    t0, t0, -1
        bnez    t0, 1b
        mfcr    t0, ipend
        is      "written 0, it is off", t0, 0                   #> written 0, it is off: ok

        li      t0, 1
        mtcr    timer, t0
        mfcr    t1, ipend               # read before t + 1, at t
        mfcr    t2, ipend
        is      "not pending yet", t1, 0                        #> not pending yet: ok
        is      "pending with interrupts off", t2, LINE_TIMER   #> pending with interrupts off: ok
        sti                             # takes effect at the next boundary: now
there:  addi    zero, zero, 0
        la      t0, there
        sub     t0, s0, t0
        is      "taken right after sti", t0, 0                  #> taken right after sti: ok
        mfcr    t0, ipend
        is      "delivery cleared the line", t0, 0              #> delivery cleared the line: ok

        li      t0, 3                   # set again before it ran out: counts anew
        mtcr    timer, t0
        li      t0, 6
        mtcr    timer, t0
        mfcr    a0, tick
        addi    zero, zero, 0
        addi    zero, zero, 0
        addi    zero, zero, 0
        addi    zero, zero, 0
        addi    zero, zero, 0
        addi    zero, zero, 0
        sub     t0, s1, a0
        is      "only the last setting counts", t0, 7           #> only the last setting counts: ok
        halt

on_timer:
        mfcr    s1, tick
        mfcr    s0, epc
        rfe
