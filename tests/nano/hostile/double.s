# A trap without a handler: the vector lies beyond storage. With WRAP, beyond the end of all
# addresses; with ODD, the handler is at no instruction.
.include "pg32.inc"
        .globl  _start
_start:
.ifdef ODD
        la      t0, vectors
.else
.ifdef WRAP
        li      t0, 0xfffffffc
.else
        li      t0, 0x7ffffffc
.endif
.endif
        mtcr    vbr, t0
        li      t0, '.'
        out     t0, CONSOLE_DATA
        sys     0
        halt
        .data
        .align  4
vectors: .rept  CAUSE_COUNT
        .word   _start + 2
        .endr
