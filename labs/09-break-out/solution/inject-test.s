# prints: ok
# After an interrupt EPSW has the mode that was interrupted.
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
        .globl  _start
_start: la      t0, on_timer
        sw      t0, 4 * CAUSE_TIMER(zero)
        li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, 100
        mtcr    timer, t0
        mtcr    base, zero
        li      t0, 0x10000
        mtcr    bound, t0
        la      t0, program
        mtcr    epc, t0
        li      t0, PSW_USER | PSW_TE | PSW_IE
        mtcr    epsw, t0
        rfe
program:
        addi    s0, s0, 1
        j       program
on_timer:
        mfcr    t0, epsw
        andi    t0, t0, PSW_MODE
        beqz    t0, wrong
good:   li      t0, 'o'
        out     t0, CONSOLE_DATA
        li      t0, 'k'
        out     t0, CONSOLE_DATA
        halt
wrong:  li      t0, '!'
        out     t0, CONSOLE_DATA
        halt
