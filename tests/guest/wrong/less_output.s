# Stops before its last line.
.include "../check.inc"

begin:
        print   "first"                                 #> first
        halt
        print   "second"                                #> second
