# Lab 1: eight functions. Arguments in a0 to a2, the result in a0. A function may spoil a0 to
# a5 and t0 to t2, and must leave sp, s0 and s1 as it found them. It returns by `ret`.

        .globl  sum, length, largest, count_ones, copy, sort, fib, print

# sum(words, count): the sum of an array of words.
sum:
        # To do.
        brk                             # not implemented
        ret

# length(text): how many bytes come before the zero byte.
length:
        # To do.
        brk                             # not implemented
        ret

# largest(words, count): the largest of signed words; count is at least 1.
largest:
        # To do.
        brk                             # not implemented
        ret

# count_ones(word): how many of its bits are 1.
count_ones:
        # To do.
        brk                             # not implemented
        ret

# copy(to, from, bytes): copies bytes; the two places may overlap.
copy:
        # To do.
        brk                             # not implemented
        ret

# sort(words, count): signed words, the smallest first, in place.
sort:
        # To do.
        brk                             # not implemented
        ret

# fib(n): Fibonacci's numbers, 0, 1, 1, 2, …, by two calls of itself.
fib:
        # To do.
        brk                             # not implemented
        ret

# print(n): an unsigned number in decimal, to the console (port 0).
print:
        # To do.
        brk                             # not implemented
        ret

# To try something: build/trapeze run submission/machine.s starts here.
        .globl  _start
_start: li      sp, 0x10000
        li      a0, 10
        call    fib
        call    print
        halt
