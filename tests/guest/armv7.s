# User mode on ARMv7: cli and sti are ignored, popf sets the flags alone, rdpsw
# shows what did not change.
# bare: armv7
# vmm:
.include "check.inc"

begin:
        mtcr    base, zero
        lui     t0, 16
        mtcr    bound, t0
        li      t0, PSW_USER | PSW_IE | PSW_TE
        mtcr    epsw, t0
        la      t0, 1f
        mtcr    epc, t0
        rfe
1:      cli
        rdpsw   s0
        li      t0, 0xc0                # C, V, and IE off
        push    t0
        popf
        rdpsw   s1
        traps   "pushf traps", CAUSE_PRIVILEGED         #> pushf traps: ok
        pushf
        kernel
        user
        sti
        rdpsw   gp
        kernel
        andi    s0, s0, 0xf3
        is      "cli leaves IE on", s0, 0x31            #> cli leaves IE on: ok
        andi    s1, s1, 0xf3
        is      "popf sets C and V, and leaves IE on", s1, 0xf1 #> popf sets C and V, and leaves IE on: ok
        andi    gp, gp, 0x33
        is      "sti leaves it off", gp, 0x21           #> sti leaves it off: ok
        halt
