# Calls: the twentieth Fibonacci number by recursion, again and again. Never ends.

_start: li      sp, 0x10000
1:      li      a0, 20
        call    fib
        j       1b

fib:    li      t0, 2                   # a0 := fib(a0)
        bltu    a0, t0, 1f
        addi    sp, sp, -12
        sw      ra, 0(sp)
        sw      a0, 4(sp)
        addi    a0, a0, -1
        call    fib
        sw      a0, 8(sp)
        lw      a0, 4(sp)
        addi    a0, a0, -2
        call    fib
        lw      t0, 8(sp)
        add     a0, a0, t0
        lw      ra, 0(sp)
        addi    sp, sp, 12
1:      ret
