# Memory: the sieve of Eratosthenes over 16 KiB of bytes, again and again; the
# number of primes stays in s0. Never ends.

.equ SIZE, 16384

_start: la      s1, flags
1:      li      a5, SIZE
        li      t0, 0                   # clear, word by word
2:      add     t1, s1, t0
        sw      zero, 0(t1)
        addi    t0, t0, 4
        bltu    t0, a5, 2b
        li      s0, 0
        li      a0, 2
3:      add     t1, s1, a0
        lbu     t2, 0(t1)
        bnez    t2, 5f
        addi    s0, s0, 1               # a prime: strike out its multiples
        add     a1, a0, a0
        bgeu    a1, a5, 5f
        li      a2, 1
4:      add     t1, s1, a1
        sb      a2, 0(t1)
        add     a1, a1, a0
        bltu    a1, a5, 4b
5:      addi    a0, a0, 1
        bltu    a0, a5, 3b
        j       1b

        .bss
flags:  .space  SIZE
