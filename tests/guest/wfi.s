# wfi: waiting costs time, not instructions.
.include "check.inc"

begin:
        li      t0, 1000
        mtcr    timer, t0
        mfcr    s0, tick                # t
        wfi                             # IE is off: wakes, is not interrupted
        mfcr    s1, tick
        sub     t0, s1, s0
        is      "woken a thousand ticks after the setting", t0, 1000 #> woken a thousand ticks after the setting: ok
        mfcr    t0, ipend
        is      "the line is still pending", t0, LINE_TIMER     #> the line is still pending: ok
        mfcr    s0, tick
        wfi
        mfcr    s1, tick
        sub     t0, s1, s0
        is      "a pending line: no waiting", t0, 2     #> a pending line: no waiting: ok
        mtcr    ipend, zero

        la      t0, on_timer
        sw      t0, vectors + 4 * CAUSE_TIMER
        sti
        li      t0, 500
        mtcr    timer, t0
        wfi
at:     addi    zero, zero, 0
        la      t0, at
        sub     t0, s0, t0
        is      "EPC is the instruction after wfi", t0, 0       #> EPC is the instruction after wfi: ok
        cli

        li      t0, LINE_DISK           # the timer is masked: only the disk wakes
        mtcr    imask, t0
        li      t0, 100
        mtcr    timer, t0
        out     zero, DISK_COMMAND      # no such command: an error in 1000 ticks
        mfcr    s0, tick
        wfi
        mfcr    s1, tick
        sub     t0, s1, s0
        is      "a masked line does not wake", t0, 1000 #> a masked line does not wake: ok
        mfcr    t0, ipend
        is      "both are pending", t0, LINE_TIMER | LINE_DISK  #> both are pending: ok
        halt

on_timer:
        mfcr    s0, epc
        rfe
