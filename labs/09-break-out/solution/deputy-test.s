# prints: ok
# A hypercall of a user program is a trap to its kernel.
.equ HYPER_VERSION,  0
.equ HYPER_REGISTER, 1
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
        .globl  _start
_start: la      t0, good
        sw      t0, 4 * CAUSE_HYPERCALL(zero)
        la      t0, wrong
        sw      t0, 4 * CAUSE_SYSCALL(zero)
        mtcr    base, zero
        li      t0, 0x10000
        mtcr    bound, t0
        la      t0, program
        mtcr    epc, t0
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        rfe
program:
        hcall   HYPER_VERSION
        sys     1
good:   li      t0, 'o'
        out     t0, CONSOLE_DATA
        li      t0, 'k'
        out     t0, CONSOLE_DATA
        halt
wrong:  li      t0, '!'
        out     t0, CONSOLE_DATA
        halt
