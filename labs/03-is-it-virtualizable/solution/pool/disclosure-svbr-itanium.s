# svbr shows whose vectors there are.
.include "pg32.inc"

        .globl  _start
_start: la      sp, stack
        li      t1, 0x5a00
        mtcr    vbr, t1
        svbr    where(zero)
        lw      t0, where
        sub     t0, t0, t1

        # t0: 0 on a bare machine
        la      a0, bare
        beqz    t0, say
        la      a0, virtual
say:    lbu     t1, 0(a0)
        beqz    t1, 1f
        out     t1, CONSOLE_DATA
        addi    a0, a0, 1
        j       say
1:      halt

        .data
bare:   .asciz  "bare\n"
virtual: .asciz "virtual\n"
        .bss
        .align  4
        .space  64
stack:

        .data
        .align  4
where:  .word   0
