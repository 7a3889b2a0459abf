# Says that it does not halt, and does.
# exit: 1
.include "../check.inc"

begin:
        print   "first"                                 #> first
        halt
