# A user program turns interrupts off, and then calls its kernel.
.include "pg32.inc"
        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        li      t0, -1
        mtcr    bound, t0
        li      t0, PSW_USER | PSW_TE | PSW_IE
        mtcr    epsw, t0
        la      t0, user
        mtcr    epc, t0
        rfe
user:   cli
        sys     0
on_trap:
        mfcr    t0, cause
        addi    t0, t0, 'A'
        out     t0, CONSOLE_DATA
        halt
        .data
        .align  4
vectors: .rept  CAUSE_COUNT
        .word   on_trap
        .endr
