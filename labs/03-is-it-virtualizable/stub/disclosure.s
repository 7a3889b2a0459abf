# A program that is shown the real machine.
# Prints "bare" or "virtual" and a newline, and halts.
.include "pg32.inc"

        .globl  _start
_start: brk                             # to do
