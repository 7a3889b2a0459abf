# A critical section as x86 kernels write it, by macro; a timer that should come after it.
.macro unlock
        popf
.endm
        .globl  _start
_start:
        la      sp, stack
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, 100
        mtcr    timer, t0
        sti
        pushf
        cli
        addi    s0, s0, 1               # the critical section
        unlock
        li      s1, 1000
1:      addi    s1, s1, -1
        bnez    s1, 1b
        la      a0, never
2:      lbu     t0, 0(a0)
        beqz    t0, 3f
        out     t0, 0
        addi    a0, a0, 1
        j       2b
3:      halt
on_timer:
        la      a0, came
        j       2b
        .align  4
vectors:
        .space  64
        .word   on_timer
        .data
came:   .asciz  "the timer came\n"
never:  .asciz  "the timer never came\n"
        .align  4
        .space  64
stack:
