# A way out: what is put into TIMER.
.include "pg32.inc"
        .globl  _start
_start: halt                            # To do.
