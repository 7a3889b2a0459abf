# spl is asked to mask interrupts.
.include "pg32.inc"

        .globl  _start
_start: la      sp, stack
        li      t0, 0x1f
        mtcr    imask, t0
        spl     5                       # 0x1f >> 5: none
        mfcr    t0, imask

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
