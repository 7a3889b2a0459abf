# All ones into PSW and EPSW: what cannot be written stays, and the machine goes on in a
# mode that there is.
.include "../tests/lab.inc"
        .globl  _start
_start: vector  CAUSE_BOUNDS, on_bounds
        li      t0, -1
        mtcr    epsw, t0
        mfcr    a0, epsw
        la      t1, next
        mtcr    epc, t1
        rfe
next:   addi    a1, a1, 1
        j       next
on_bounds:
        mfcr    a2, epsw
        li      t0, PSW_IE | PSW_TE
        mtcr    psw, t0
        addi    a3, a3, 1
done:   j       done
