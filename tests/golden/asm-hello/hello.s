# Prints a line on the console and stops.
        .include "console.inc"
        .globl  _start
_start: la      a0, greeting
1:      lbu     a1, (a0)
        beqz    a1, done
        out     a1, CONSOLE_DATA
        addi    a0, a0, 1
        j       1b
done:   halt

        .data
greeting:
        .asciz  "Hello from PG32\n"
