# A handler's address that is no address of an instruction: the machine stops.
# exit: 1
.include "check.inc"

begin:
        print   "before"                                #> before
        li      t0, 2
        sw      t0, vectors + 4 * CAUSE_SYSCALL
        sys     1
        print   "after"
