# Prints another line than it says.
.include "../check.inc"

begin:
        li      t0, 1
        is      "one", t0, 2                            #> one: ok
        halt
