# Never gives up the processor of its own will, then says so.
.include "user.inc"
        li      s0, 20000
1:      addi    s0, s0, -1
        bnez    s0, 1b
        say     'B'
        sys     SYS_EXIT
