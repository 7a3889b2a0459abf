# Sets BASE and BOUND to what is not its own, with translation on in both modes, and stores and
# loads there; what traps is counted.
# ends: halted
.include "bad.inc"
# Its own code is reached at its address less BASE, or not at all: then the fetch traps.
begin:  la      s1, maps
1:      lw      t0, 0(s1)
        mtcr    base, t0
        lw      t0, 4(s1)
        mtcr    bound, t0
        la      t0, next
        sw      t0, resume
        lw      t0, 8(s1)
        mtcr    epsw, t0
        lw      t0, 0(s1)
        la      t1, use
        sub     t1, t1, t0
        mtcr    epc, t1
        li      a4, 0x20000
        sub     a4, a4, t0
        rfe
use:    lw      a3, 0(a4)               # the VMM's storage, the neighbours', if it were let
        sw      a3, 0(a4)
        sys     1
next:   sw      zero, resume
        mfcr    t0, cause
        say     t0
        mfcr    t0, badva
        say     t0
        addi    s1, s1, 12
        la      t0, maps_end
        bltu    s1, t0, 1b
        lw      t0, traps
        say     t0
        halt
        .data
maps:   .word   0, -1, PSW_USER | PSW_TE
        .word   0, -1, PSW_TE
        .word   0x10000, -1, PSW_USER | PSW_TE
        .word   0xfffe0000, -1, PSW_USER | PSW_TE
        .word   0xffff0000, 0x20000, PSW_USER | PSW_TE
        .word   0xfffffffc, -1, PSW_USER | PSW_TE
        .word   0x80000000, 0x80000000, PSW_USER | PSW_TE
        .word   0xfff0, 0x10, PSW_TE
        .word   4, 0, PSW_USER | PSW_TE
        .word   -1, -1, PSW_USER | PSW_TE
        .word   0x1000, 0x20000, PSW_USER | PSW_TE
        .word   0, 0xfffffffd, PSW_USER | PSW_TE
maps_end:
