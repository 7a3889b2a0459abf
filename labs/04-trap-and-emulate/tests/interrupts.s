# An interrupt that is pending comes at the boundary after sti, not before; cli keeps it away.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_TIMER, on_timer
        li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, 3
        mtcr    timer, t0
        cli
        addi    a0, a0, 1
        addi    a0, a0, 1
        addi    a0, a0, 1
        mfcr    a1, ipend
        sti
        addi    a0, a0, 100
on_timer:
        mfcr    a2, epc
        mtcr    ipend, zero
        mfcr    a3, psw
done:   j       done
