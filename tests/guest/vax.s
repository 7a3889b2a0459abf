# Outside the kernel on the VAX: lpsw goes to modes as privileged or less, rdpsw
# shows the mode, probe the bound.
# bare: vax
# vmm:
.include "check.inc"

begin:
        mtcr    base, zero
        lui     t0, 16
        mtcr    bound, t0
        li      t0, 1 | PSW_TE          # executive
        mtcr    epsw, t0
        la      t0, 1f
        mtcr    epc, t0
        rfe
1:      rdpsw   s0
        la      t0, to_kernel
        traps   "from executive to kernel", CAUSE_PRIVILEGED #> from executive to kernel: ok
        lpsw    0(t0)
        kernel
        andi    s0, s0, 0x23
        is      "rdpsw shows executive", s0, 0x21       #> rdpsw shows executive: ok

        li      t0, 1 | PSW_TE
        mtcr    epsw, t0
        la      t0, 2f
        mtcr    epc, t0
        rfe
2:      la      t0, 3f
        sw      t0, supervisor
        la      t0, to_supervisor
        lpsw    0(t0)
3:      rdpsw   s0
        la      t0, 4f
        sw      t0, user_pc
        la      t0, to_user
        lpsw    0(t0)
4:      rdpsw   s1
        lui     t0, 16
        probe   t1, t0, 0
        probe   t2, sp, 1
        la      t0, to_supervisor
        traps   "from user to supervisor", CAUSE_PRIVILEGED #> from user to supervisor: ok
        lpsw    0(t0)
        kernel
        andi    s0, s0, 0xf3
        is      "executive to supervisor, TE stays, C as loaded", s0, 0x62 #> executive to supervisor, TE stays, C as loaded: ok
        andi    s1, s1, 0xf3
        is      "supervisor to user, IE stays off", s1, 0x23 #> supervisor to user, IE stays off: ok
        is      "probe beyond the bound", t1, 0         #> probe beyond the bound: ok
        is      "probe of the stack", t2, 1             #> probe of the stack: ok
        halt

        .data
        .align  4
to_kernel:     .word 0, 0
to_supervisor: .word 0x42               # C, TE off
supervisor:    .word 0
to_user:       .word 0x13               # IE
user_pc:       .word 0
