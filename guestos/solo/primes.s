# primes: a program for solo. Counts the primes below a number (10000), by the
# sieve of Eratosthenes: a byte a number, behind the program.
.include "solo/program.inc"
.equ MOST, 30000

main:   call    read_number
        mv      s0, a0
        bnez    s0, 1f
        li      s0, 10000
1:      li      t0, MOST
        bgtu    s0, t0, too_many
        la      a1, sieve               # solo cleared it
        li      s1, 0                   # how many
        li      a2, 2
        j       5f
2:      add     t0, a1, a2
        lbu     t0, 0(t0)
        bnez    t0, 4f
        addi    s1, s1, 1
        li      t2, 1
        add     t0, a2, a2              # its multiples are none
3:      bgeu    t0, s0, 4f
        add     t1, a1, t0
        sb      t2, 0(t1)
        add     t0, t0, a2
        j       3b
4:      addi    a2, a2, 1
5:      bltu    a2, s0, 2b

        la      a0, below
        call    print
        mv      a0, s0
        call    print_number
        la      a0, there_are
        call    print
        mv      a0, s1
        call    print_number
        la      a0, end
        call    print
        li      a0, 0
        j       exit

too_many:
        la      a0, only
        call    print
        li      a0, 1
        j       exit

below:  .asciz  "primes: below "
there_are:
        .asciz  " there are "
end:    .asciz  "\n"
only:   .asciz  "primes: up to 30000, please\n"
sieve:
