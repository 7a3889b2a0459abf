# User mode on the PDP-11: spl is ignored, lpsw keeps the protection bits, ldprev
# and stprev go where the previous mode would.
# bare: pdp11
# vmm:
.include "check.inc"

begin:
        user
        spl     5
        la      t0, 1f
        sw      t0, target
        la      t0, pair
        lpsw    0(t0)
        li      s0, 1                   # jumped over
1:      traps   "still in user mode", CAUSE_PRIVILEGED  #> still in user mode: ok
        pushf
        addc    s1, zero, zero
        kernel
        is      "lpsw jumped", s0, 0                    #> lpsw jumped: ok
        is      "and set C", s1, 1                      #> and set C: ok
        mfcr    t0, imask
        is      "spl left all lines enabled", t0, 0x1f  #> spl left all lines enabled: ok

        li      t0, 16                  # not translated, but the previous mode was
        mtcr    base, t0
        li      t0, PSW_USER | 0x4
        mtcr    epsw, t0
        la      t0, 2f
        mtcr    epc, t0
        rfe
2:      la      t0, words
        lw      s0, 0(t0)
        ldprev  s1, 0(t0)
        li      t1, 9
        stprev  t1, 4(t0)
        kernel
        is      "lw loads what is here", s0, 1          #> lw loads what is here: ok
        is      "ldprev what is at BASE from here", s1, 5 #> ldprev what is at BASE from here: ok
        lw      t0, words + 4
        is      "stprev leaves this", t0, 2             #> stprev leaves this: ok
        lw      t0, words + 20
        is      "and changes that", t0, 9               #> and changes that: ok
        halt

        .data
        .align  4
pair:   .word   0x40                    # mode 0, TE off, C
target: .word   0
words:  .word   1, 2, 3, 4, 5, 6, 7, 8
