# Lab 1: eight functions. Arguments in a0 to a2, the result in a0. A function may spoil a0 to
# a5 and t0 to t2, and must leave sp, s0 and s1 as it found them. It returns by `ret`.

        .globl  sum, length, largest, count_ones, copy, sort, fib, print

# sum(words, count): the sum of an array of words.
sum:    li      t0, 0
1:      beqz    a1, 2f
        lw      t1, 0(a0)
        add     t0, t0, t1
        addi    a0, a0, 4
        addi    a1, a1, -1
        j       1b
2:      mv      a0, t0
        ret

# length(text): how many bytes come before the zero byte.
length: mv      t0, a0
1:      lbu     t1, 0(a0)
        beqz    t1, 2f
        addi    a0, a0, 1
        j       1b
2:      sub     a0, a0, t0
        ret

# largest(words, count): the largest of signed words; count is at least 1.
largest:
        lw      t0, 0(a0)
1:      addi    a1, a1, -1
        beqz    a1, 2f
        addi    a0, a0, 4
        lw      t1, 0(a0)
        bge     t0, t1, 1b
        mv      t0, t1
        j       1b
2:      mv      a0, t0
        ret

# count_ones(word): how many of its bits are 1.
count_ones:
        li      t0, 0
1:      beqz    a0, 2f
        andi    t1, a0, 1
        add     t0, t0, t1
        srli    a0, a0, 1
        j       1b
2:      mv      a0, t0
        ret

# copy(to, from, bytes): copies bytes; the two places may overlap.
copy:   beqz    a2, 3f
        bgtu    a0, a1, 2f
1:      lbu     t0, 0(a1)               # downwards: from the first on
        sb      t0, 0(a0)
        addi    a0, a0, 1
        addi    a1, a1, 1
        addi    a2, a2, -1
        bnez    a2, 1b
        ret
2:      addi    a2, a2, -1              # upwards: from the last on
        add     t0, a1, a2
        lbu     t1, 0(t0)
        add     t0, a0, a2
        sb      t1, 0(t0)
        bnez    a2, 2b
3:      ret

# sort(words, count): signed words, the smallest first, in place.
sort:   slli    a1, a1, 2
        add     a1, a0, a1              # behind the last
        addi    t0, a0, 4
1:      bgeu    t0, a1, 4f
        lw      t1, 0(t0)               # to be put among those before it
        mv      a2, t0
2:      beq     a2, a0, 3f
        lw      t2, -4(a2)
        ble     t2, t1, 3f
        sw      t2, 0(a2)
        addi    a2, a2, -4
        j       2b
3:      sw      t1, 0(a2)
        addi    t0, t0, 4
        j       1b
4:      ret

# fib(n): Fibonacci's numbers, 0, 1, 1, 2, …, by two calls of itself.
fib:    li      t0, 2
        bltu    a0, t0, 1f
        addi    sp, sp, -12
        sw      ra, 0(sp)
        sw      s0, 4(sp)
        sw      s1, 8(sp)
        mv      s0, a0
        addi    a0, s0, -1
        call    fib
        mv      s1, a0
        addi    a0, s0, -2
        call    fib
        add     a0, a0, s1
        lw      ra, 0(sp)
        lw      s0, 4(sp)
        lw      s1, 8(sp)
        addi    sp, sp, 12
1:      ret

# print(n): an unsigned number in decimal, to the console (port 0).
print:  addi    sp, sp, -12
        addi    t0, sp, 12              # digits, the last one first
        li      t1, 10
1:      remu    t2, a0, t1
        addi    t2, t2, '0'
        addi    t0, t0, -1
        sb      t2, 0(t0)
        divu    a0, a0, t1
        bnez    a0, 1b
        addi    t1, sp, 12
2:      lbu     t2, 0(t0)
        out     t2, 0
        addi    t0, t0, 1
        bne     t0, t1, 2b
        addi    sp, sp, 12
        ret

# To try something: build/trapeze run submission/machine.s starts here.
        .globl  _start
_start: li      sp, 0x10000
        li      a0, 10
        call    fib
        call    print
        halt
