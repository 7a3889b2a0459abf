# Your assignment/guest.s comes here, and is changed. A program in assembly begins so:
.include "pg32.inc"

        .globl  _start
_start: brk                             # to do
