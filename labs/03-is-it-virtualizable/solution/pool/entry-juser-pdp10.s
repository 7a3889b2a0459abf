# juser enters a user program, which its system call reveals.
.include "pg32.inc"

        .globl  _start
_start: la      sp, stack
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, 0x10000
        mtcr    bound, t0
        la      t0, user
        juser   0(t0)

        # In the mode entered, or not.
user:   sys     0
on_sys: mfcr    t0, epsw
        andi    t0, t0, PSW_MODE
        sltiu   t0, t0, 1

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
vectors: .word  0, 0, on_sys
enter:  .word   PSW_USER, user
