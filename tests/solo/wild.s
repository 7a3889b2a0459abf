# wild: a program that hands solo everything but sense. Prints what it gets for it,
# as one character a call: - for -1, else a digit.
.include "solo/program.inc"
.equ TOP, 0x7fffffff

        .macro  try call, first, second
        li      a0, \first
        li      a1, \second
        sys     \call
        call    tell
        .endm

main:   try     SYS_WRITE, -1, 1
        try     SYS_WRITE, 0, -1
        try     SYS_WRITE, TOP, TOP
        try     SYS_WRITE, 0x10000, 1
        try     SYS_WRITE, 0x0ffff, 2
        try     SYS_WRITE, 0x10000, 0
        try     SYS_WRITE, 0, 0
        try     SYS_READ, -4, 8
        try     SYS_READ, 0x10000, 1
        try     SYS_OPEN, -1, 0
        try     SYS_OPEN, 0x10000, 0
        try     SYS_OPEN, missing, 0
        try     SYS_OPEN, long, 0
        try     SYS_OPEN, nothing, 0
        try     SYS_GET, 0, 4           # nothing is open
        try     SYS_GET, -1, 4
        try     SYS_COUNT, 0, 0
        try     999, 0, 0
        try     65535, 0, 0
        la      a0, newline
        call    print

        la      a0, wild                # itself, three bytes at a time
        sys     SYS_OPEN
        mv      s0, a0
        li      s1, 0
1:      la      a0, buffer
        li      a1, 3
        sys     SYS_GET
        add     s1, s1, a0
        bgtz    a0, 1b
        sub     a0, s0, s1
        snez    a0, a0
        call    tell
        la      a0, question
        call    print
2:      la      a0, buffer              # a line in pieces of four
        li      a1, 4
        sys     SYS_READ
        mv      s0, a0
        addi    a1, a0, 0
        la      a0, buffer
        sys     SYS_WRITE
        la      a0, bar
        call    print
        la      t0, buffer
        add     t0, t0, s0
        lbu     t0, -1(t0)
        addi    t0, t0, -'\n'
        bnez    t0, 2b
        la      a0, newline
        call    print
        li      a0, 0
        li      sp, 4                   # a stack that is none: not solo's affair
        sys     SYS_EXIT

tell:   push    ra
        li      t0, '-'
        bltz    a0, 1f
        addi    t0, a0, '0'
1:      la      a0, letter
        sb      t0, 0(a0)
        call    print
        pop     ra
        ret

letter: .asciz  "?"
newline:
        .asciz  "\n"
bar:    .asciz  "|"
question:
        .asciz  "\nType a line: "
missing:
        .asciz  "missing"
long:   .asciz  "a name that is far too long for a file"
nothing:
        .asciz  ""
wild:   .asciz  "wild"
buffer: .space  8
