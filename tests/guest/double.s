# A trap whose handler's address cannot be read: the machine stops.
# exit: 1
.include "check.inc"

begin:
        print   "before"                                #> before
        lui     t0, 0x40000
        mtcr    vbr, t0
        sys     1
        print   "after"
