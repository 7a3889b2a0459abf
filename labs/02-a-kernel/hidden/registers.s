# Every register, over many quanta and system calls.
.include "user.inc"
.macro all op, n
        \op     ra, \n + 1
        \op     gp, \n + 3
        \op     tp, \n + 4
        \op     t1, \n + 6
        \op     t2, \n + 7
        \op     s0, \n + 8
        \op     s1, \n + 9
        \op     a1, \n + 11
        \op     a2, \n + 12
        \op     a3, \n + 13
        \op     a4, \n + 14
        \op     a5, \n + 15
.endm
.macro same reg, n
        addi    t0, \reg, -(\n)
        bnez    t0, bad
.endm
        all     li, 100
        li      a0, 3000
1:      addi    a0, a0, -1
        all     same, 100
        bnez    a0, 1b
        say     'r'
        all     same, 100
        sys     SYS_YIELD
        all     same, 100
        li      t0, 0x10000
        bne     sp, t0, bad
        say     'R'
        sys     SYS_EXIT
bad:    say     '!'
        sys     SYS_EXIT
