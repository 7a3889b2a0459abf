# Every bit of the PSW by itself and all but it, by way of mtcr, lpsw, rfe and popf.
# ends: halted
.include "bad.inc"
begin:  li      s1, 1
1:      la      t0, next1
        sw      t0, resume
        li      t0, STORAGE
        mtcr    bound, t0
        mtcr    epsw, s1
        la      t0, user
        mtcr    epc, t0
        rfe
next1:  la      t0, next2
        sw      t0, resume
        la      t0, pair
        sw      s1, 0(t0)
        la      t1, user
        sw      t1, 4(t0)
        lpsw    0(t0)
next2:  la      t0, next3
        sw      t0, resume
        push    s1
        popf
        mtcr    psw, s1
user:   rdpsw   a0
        sys     1
next3:  sw      zero, resume
        cli
        mtcr    ipend, zero
        mfcr    t0, epsw
        say     t0
        li      sp, 0xff00
        slli    s1, s1, 1
        bnez    s1, 4f
        halt
4:      xori    t0, s1, -1
        mtcr    epsw, t0
        mfcr    t1, epsw
        say     t1
        j       1b
        .data
pair:   .word   0, 0
