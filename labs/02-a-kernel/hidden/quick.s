.include "../tests/user.inc"
        li      s0, 5
1:      say     'q'
        addi    s0, s0, -1
        bnez    s0, 1b
        sys     SYS_EXIT
