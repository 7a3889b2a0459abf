# Every control register is written and read: what mfcr reads is what mtcr has left, bits that
# cannot be written included.
.include "lab.inc"
        .globl  _start
_start: li      s0, 0x5a5a5a5c
        li      s1, -1
.macro both cr
        mfcr    a0, \cr
        mtcr    \cr, s0
        mfcr    a1, \cr
        mtcr    \cr, s1
        mfcr    a2, \cr
        mtcr    \cr, zero
        mfcr    a3, \cr
.endm
        both    epc
        both    cause
        both    badva
        both    einsn
        both    vbr
        both    scr0
        both    scr3
        both    base
        both    bound
        both    imask
        both    ipend
        mfcr    a0, tick
        mtcr    tick, s0
        mfcr    a0, tick
        mfcr    a0, cpuid
        mfcr    zero, tick
done:   j       done
