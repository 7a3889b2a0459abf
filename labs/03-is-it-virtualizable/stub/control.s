# A kernel that asks for a change and can tell whether it came.
# Prints "bare" or "virtual" and a newline, and halts.
.include "pg32.inc"

        .globl  _start
_start: brk                             # to do
