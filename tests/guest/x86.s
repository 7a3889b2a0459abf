# User mode on x86: six instructions that should trap and do not.
# bare: x86
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
1:      pushf                           # user mode, interrupts on
        lw      s0, 0(sp)
        sw      zero, 0(sp)
        popf                            # IE := 0? C := 0, V := 0
        rdpsw   s1
        li      t0, 0xd0
        push    t0
        popf                            # C := 1, V := 1
        rdpsw   gp
        svbr    -4(sp)
        lw      tp, -4(sp)
        lui     t0, 16
        probe   t1, t0, 0
        probe   t2, sp, 1
        traps   "cli traps", CAUSE_PRIVILEGED           #> cli traps: ok
        cli
        kernel
        is      "pushf shows the real IE", s0, 0x10     #> pushf shows the real IE: ok
        andi    s1, s1, 0xf3
        is      "popf cannot turn it off; rdpsw shows the mode", s1, 0x31 #> popf cannot turn it off; rdpsw shows the mode: ok
        andi    gp, gp, 0xf3
        is      "popf sets C and V", gp, 0xf1           #> popf sets C and V: ok
        is      "svbr shows the real VBR", tp, vectors  #> svbr shows the real VBR: ok
        is      "probe beyond the bound", t1, 0         #> probe beyond the bound: ok
        is      "probe of the stack", t2, 1             #> probe of the stack: ok
        halt
