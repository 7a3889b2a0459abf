# sti is asked to turn interrupts on.
.include "pg32.inc"

        .globl  _start
_start: la      sp, stack
        sti
        pushf
        pop     t0
        andi    t0, t0, PSW_IE
        xori    t0, t0, PSW_IE

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
