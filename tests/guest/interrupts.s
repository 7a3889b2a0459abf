# Which interrupt, and when. Lines are raised by writing IPEND.
# vmm: pg s360 pdp10
.include "check.inc"

begin:
        la      t0, on_interrupt
        sw      t0, vectors + 4 * CAUSE_TIMER
        sw      t0, vectors + 4 * CAUSE_CONSOLE
        sw      t0, vectors + 4 * CAUSE_DISK

        li      s0, 0
        li      t0, LINE_DISK | LINE_CONSOLE | LINE_TIMER
        mtcr    ipend, t0
        addi    zero, zero, 0
        is      "IE is off: nothing", s0, 0             #> IE is off: nothing: ok
        sti
        addi    zero, zero, 0
        cli
        is      "all three, the timer first, the disk last", s0, 0x101112 #> all three, the timer first, the disk last: ok

        li      s0, 0
        li      t0, LINE_DISK
        mtcr    imask, t0
        li      t0, LINE_DISK | LINE_TIMER
        mtcr    ipend, t0
        sti
        addi    zero, zero, 0
        cli
        is      "a masked line waits", s0, 0x12         #> a masked line waits: ok
        mfcr    t0, ipend
        is      "and stays pending", t0, LINE_TIMER     #> and stays pending: ok
        sti
        li      t0, 0x1f
        mtcr    imask, t0
        addi    zero, zero, 0
        cli
        is      "until it is unmasked", s0, 0x1210      #> until it is unmasked: ok

        li      s0, 0
        li      t0, LINE_TIMER
        mtcr    ipend, t0
        mtcr    ipend, zero
        sti
        addi    zero, zero, 0
        cli
        is      "a line can be taken back", s0, 0       #> a line can be taken back: ok

        li      s0, 0
        sti
        li      t0, LINE_TIMER
        mtcr    ipend, t0
at:     addi    zero, zero, 0
        la      t0, at
        sub     t0, s1, t0
        cli
        is      "EPC is the instruction after mtcr", t0, 0 #> EPC is the instruction after mtcr: ok

        li      s0, 0                   # pushf, cli, popf: the idiom of lock and unlock
        sti
        pushf
        cli
        li      t0, LINE_TIMER
        mtcr    ipend, t0
        addi    zero, zero, 0
        mv      tp, s0
        popf
        addi    zero, zero, 0
        cli
        is      "nothing under the lock", tp, 0         #> nothing under the lock: ok
        is      "popf lets it in", s0, 0x10             #> popf lets it in: ok

        la      t0, on_sys              # a synchronous trap turns interrupts off
        sw      t0, vectors + 4 * CAUSE_SYSCALL
        li      s0, 0
        sti
        sys     1
        addi    zero, zero, 0
        cli
        mfcr    s1, scr1
        is      "no interrupt in a handler", s1, 0      #> no interrupt in a handler: ok
        is      "rfe lets it in", s0, 0x10              #> rfe lets it in: ok
        halt

# Shifts the cause into s0, and keeps EPC in s1.
on_interrupt:
        mfcr    gp, cause
        slli    s0, s0, 8
        or      s0, s0, gp
        mfcr    s1, epc
        rfe

on_sys: li      gp, LINE_TIMER
        mtcr    ipend, gp
        addi    zero, zero, 0
        mtcr    scr1, s0
        mfcr    gp, epc
        addi    gp, gp, 4
        mtcr    epc, gp
        rfe
