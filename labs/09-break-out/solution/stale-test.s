# prints: ok
# A load behind the end of storage traps, whatever BASE was before.
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
        .globl  _start
_start: la      t0, good
        sw      t0, 4 * CAUSE_BUS(zero)
        li      t0, 0x10000
        mtcr    bound, t0
        mtcr    base, zero
        li      t0, PSW_TE
        mtcr    psw, t0
        nop
        mtcr    psw, zero
        li      t0, 0xf000
        mtcr    base, t0
        mtcr    epc, zero
        li      t0, PSW_TE
        mtcr    epsw, t0
        rfe
good:   li      t0, 'o'
        out     t0, CONSOLE_DATA
        li      t0, 'k'
        out     t0, CONSOLE_DATA
        halt
wrong:  li      t0, '!'
        out     t0, CONSOLE_DATA
        halt

        .org    0xf000
        li      t0, 0x1000
        lw      a0, 0(t0)
        li      t0, '!'
        out     t0, CONSOLE_DATA
        halt
