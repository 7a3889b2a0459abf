# User mode on the PDP-10: juser jumps, lpsw jumps and sets flags; neither traps.
# bare: pdp10
# vmm:
.include "check.inc"

begin:
        user
        la      t0, 1f
        juser   0(t0)
        li      s0, 1                   # jumped over
1:      la      t0, 2f
        sw      t0, target
        la      t0, pair
        lpsw    0(t0)
        li      s0, 1                   # jumped over
2:      traps   "still in user mode", CAUSE_PRIVILEGED  #> still in user mode: ok
        pushf
        addc    s1, zero, zero
        kernel
        is      "both jumped", s0, 0                    #> both jumped: ok
        is      "lpsw set C", s1, 1                     #> lpsw set C: ok
        halt

        .data
        .align  4
pair:   .word   0x40                    # mode 0, TE off, C
target: .word   0
