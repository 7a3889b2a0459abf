# Waiting for what cannot come.
# exit: 1
.include "check.inc"

begin:
        print   "before"                                #> before
        mtcr    imask, zero
        li      t0, 100
        mtcr    timer, t0               # comes, and is masked
        wfi
        print   "after"
