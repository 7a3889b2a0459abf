# Stores, loads and jumps to every power of two and around it, above and below zero, by
# several maps: a letter for each says what trap it met, '.' that it met none.
.include "pg32.inc"
        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        la      s0, bases
1:      lw      t0, 0(s0)               # BASE and BOUND; the list ends with BASE -1
        bltz    t0, 9f
        mtcr    base, t0
        lw      t1, 4(s0)
        mtcr    bound, t1
        li      t1, PSW_USER | PSW_TE
        mtcr    epsw, t1
        la      t1, user
        sub     t1, t1, t0
        mtcr    epc, t1
        la      sp, next                # where the kernel goes on
        rfe
next:   addi    s0, s0, 8
        li      t0, '\n'
        out     t0, CONSOLE_DATA
        j       1b
9:      la      sp, done                # the same from mode 0, by no map
        j       user
done:   li      t0, '!'
        out     t0, CONSOLE_DATA
        halt

# Position-independent: s1 = distance from its address to where it lies.
user:   auipc   tp, 0
        li      gp, 15                  # 2^15 lies in its own storage, behind the code
1:      li      t0, 1
        sll     t0, t0, gp
        li      a3, -4
2:      add     a2, t0, a3
        call    try
        neg     a2, a2
        call    try
        addi    a3, a3, 2
        li      t1, 5
        blt     a3, t1, 2b
        addi    gp, gp, 1
        li      t1, 32
        blt     gp, t1, 1b
        sys     1

try:    mv      a5, ra
        lw      a0, 0(a2)
        sys     0
        sw      a0, 0(a2)
        sys     0
        sb      a0, 3(a2)
        sys     0
        lh      a0, 2(a2)
        sys     0
        ldprev  a0, 0(a2)
        sys     0
        stprev  a0, 0(a2)
        sys     0
        lra     a0, a2
        probe   a0, a2, 1
        jr      a5

# A trap: its letter; then on behind the instruction, or to the kernel after sys 1.
on_trap:
        mfcr    t1, cause
        addi    t1, t1, 'A'
        mfcr    t2, einsn
        andi    t2, t2, 1
        addi    a4, t1, -('A' + CAUSE_SYSCALL)
        bnez    a4, 1f
        bnez    t2, 2f
        li      t1, '.'
1:      out     t1, CONSOLE_DATA
        mfcr    t1, epc
        addi    t1, t1, 4
        mtcr    epc, t1
        rfe
2:      jr      sp

        .data
        .align  4
vectors: .rept  CAUSE_COUNT
        .word   on_trap
        .endr
bases:  .word   0, -1, 0, 0x40000, 0x1000, -1, 0x1000, 0x7fff, 8, 0x80001, -1
