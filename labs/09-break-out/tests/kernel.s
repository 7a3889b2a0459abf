# A small kernel with one user program, which is yours: it lies at 0x8000, sees itself at 0 and has
# 16 KiB. Storage between 0x2000 and 0x7fff is the kernel's, and among what is there is a
# secret. `sys 1` prints the character in a0, `sys 0` ends; whatever else traps is ended, too.
# The timer interrupts, as it would to let another program run.
.include "pg32.inc"
.equ USER,   0x8000
.equ SIZE,   0x4000
.equ START,  0x1000             # as on a machine
.equ PERIOD, 700
        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        li      t0, USER
        mtcr    base, t0
        li      t0, SIZE
        mtcr    bound, t0
        li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, PERIOD
        mtcr    timer, t0
        li      t0, PSW_USER | PSW_IE | PSW_TE
        mtcr    epsw, t0
        li      t0, START
        mtcr    epc, t0
        li      sp, SIZE
        rfe

on_timer:
        mtcr    scr0, t0
        li      t0, PERIOD
        mtcr    timer, t0
        mfcr    t0, scr0
        rfe

on_sys: mtcr    scr0, t0
        mtcr    scr1, t1
        mfcr    t0, einsn
        andi    t0, t0, 0xff
        beqz    t0, end
        li      t1, 1
        bne     t0, t1, killed
        out     a0, CONSOLE_DATA
        mfcr    t0, epc
        addi    t0, t0, 4
        mtcr    epc, t0
        mfcr    t0, scr0
        mfcr    t1, scr1
        rfe

killed: la      t0, text
1:      lbu     t1, 0(t0)
        beqz    t1, end
        out     t1, CONSOLE_DATA
        addi    t0, t0, 1
        j       1b
end:    halt
text:   .asciz  "killed\n"
        .align  4
vectors:
        .word   killed, killed, on_sys, killed, killed, killed, killed, killed
        .word   killed, killed, killed, killed, killed, killed, killed, killed
        .word   on_timer, killed, killed, killed, killed
