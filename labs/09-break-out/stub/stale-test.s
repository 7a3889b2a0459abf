# A test of BASE and BOUND, changed. To do: say here what it comes to on a sound VMM, by a line
#   # prints: TEXT
.include "pg32.inc"
        .globl  _start
_start: j       wrong                   # To do.

good:   li      t0, 'o'
        out     t0, CONSOLE_DATA
        li      t0, 'k'
        out     t0, CONSOLE_DATA
        halt
wrong:  li      t0, '!'
        out     t0, CONSOLE_DATA
        halt
