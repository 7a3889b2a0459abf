# A kernel that means to enter a user program, and can tell whether it did.
# Prints "bare" or "virtual" and a newline, and halts.
.include "pg32.inc"

        .globl  _start
_start: brk                             # to do
