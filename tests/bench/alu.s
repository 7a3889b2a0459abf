# Arithmetic, shifts, compares and branches, in registers only: a random number
# generator whose numbers decide the branches. Never ends.

_start: li      s0, 12345
        li      s1, 1664525
        li      t2, 1013904223
1:      mul     s0, s0, s1
        add     s0, s0, t2
        srli    a0, s0, 24
        andi    a1, a0, 7
        beqz    a1, 2f
        xor     a2, a2, a0
        slli    a3, a2, 3
        sub     a3, a3, a1
        bltu    a3, s0, 3f
        addi    a4, a4, 1
2:      or      a5, a4, a0
        slt     t0, a5, a2
        add     a4, a4, t0
3:      bne     s0, zero, 1b
        j       1b
