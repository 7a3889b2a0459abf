# A system call from user mode and the return from it, and nothing else: EPC is
# the `sys` itself, so that a handler of one `rfe` meets it again at once. A round
# is two ticks, one delivery and one `rfe`.

.include "../../guestos/pg32.inc"

_start: la      t0, vectors
        mtcr    vbr, t0
        li      t0, 1 << 20
        mtcr    bound, t0
        juser   user
user:   sys     0
handler:
        rfe

        .align  4
vectors:
        .rept   CAUSE_COUNT
        .word   handler
        .endr
