# Back from a trap: pc from EPC, PSW from EPSW, mode and interrupts with it.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_SYSCALL, on_sys
        user    program
program:
        addi    a0, a0, 1
        sys     1
        addi    a0, a0, 16
        sys     2
        j       program
on_sys: mfcr    t0, epc
        addi    t0, t0, 4
        mtcr    epc, t0
        mfcr    t1, epsw
        addi    a1, a1, 1
        rfe
