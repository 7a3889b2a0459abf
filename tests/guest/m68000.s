# User mode on the 68000: rdpsw shows the mode; the other ways to the PSW trap.
# bare: m68000
# vmm:
.include "check.inc"

begin:
        user
        rdpsw   s0
        traps   "mfcr traps", CAUSE_PRIVILEGED          #> mfcr traps: ok
        mfcr    t0, psw
        traps   "popf traps", CAUSE_PRIVILEGED          #> popf traps: ok
        popf
        traps   "pushf traps", CAUSE_PRIVILEGED         #> pushf traps: ok
        pushf
        kernel
        andi    s0, s0, 0x23
        is      "rdpsw shows user mode and TE", s0, 0x21 #> rdpsw shows user mode and TE: ok
        halt
