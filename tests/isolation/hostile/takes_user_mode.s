# Every privileged instruction in user mode, with the whole of addresses for its bound.
# ends: halted
.include "bad.inc"
begin:  li      t0, -1
        mtcr    bound, t0
        li      t0, PSW_USER | PSW_TE | PSW_IE
        mtcr    epsw, t0
        la      t0, user
        mtcr    epc, t0
        li      a4, STORAGE
        rfe
user:   rfe
        lpsw    0(zero)
        pushf
        popf
        rdpsw   a0
        sti
        cli
        spl     0
        mfcr    a0, base
        mtcr    base, a4
        mtcr    vbr, a4
        mtcr    psw, zero
        svbr    0x7000(zero)
        wfi
        halt
        lra     a0, a4
        probe   a0, a4, 0
        ldprev  a0, 0(a4)
        stprev  a0, 0(a4)
        rdtick  a0
        cpuid   a0
        dev_out a0, CONSOLE_DATA
        dev_in  a0, DISK_SIZE
        la      t0, kernel
        sw      t0, 4*CAUSE_SYSCALL(zero)
        sys     1
kernel: lw      t0, traps
        say     t0
        mfcr    t0, base
        say     t0
        halt
