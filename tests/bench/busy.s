# Work for a process of minos, without an end and without system calls: it goes over a page
# of its own. Wherever it lies.
busy:   li      s0, 0x1000              # minos/programs.inc: WORK
        li      s1, 1024
1:      lw      t0, 0(s0)
        add     t1, t1, t0
        slli    t2, t1, 3
        xor     t1, t1, t2
        sw      t1, 0(s0)
        addi    s0, s0, 4
        addi    s1, s1, -1
        bnez    s1, 1b
        j       busy
busy_end:
