# The console: bytes queue until they are read.
# input: ab
.include "check.inc"

begin:
        li      t0, LINE_CONSOLE
        mtcr    imask, t0
        in      t0, CONSOLE_STATUS
        is      "nothing yet", t0, 0                    #> nothing yet: ok
        in      t0, CONSOLE_DATA
        is      "all ones then", t0, -1                 #> all ones then: ok
        wfi
        mtcr    ipend, zero
        wfi                             # the second byte raises the line again
        in      t0, CONSOLE_STATUS
        is      "there is something", t0, 1             #> there is something: ok
        in      t0, CONSOLE_DATA
        is      "the first", t0, 'a'                    #> the first: ok
        in      t0, CONSOLE_DATA
        is      "the second", t0, 'b'                   #> the second: ok
        in      t0, CONSOLE_STATUS
        is      "no more", t0, 0                        #> no more: ok
        li      t0, 0x141
        out     t0, CONSOLE_DATA        # the low byte
        li      t0, '\n'
        out     t0, CONSOLE_DATA                        #> A
        halt
