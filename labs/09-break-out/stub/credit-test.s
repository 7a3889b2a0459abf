# A test of who is charged for the time of the processor. To do: say here what it comes to on a sound VMM, by a line
#   # share: PERCENT
.include "pg32.inc"
        .globl  _start
_start: halt                            # To do.
