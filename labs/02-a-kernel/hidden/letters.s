# Each letter after a yield.
.include "user.inc"
        li      s0, 'a'
1:      mv      a0, s0
        sys     SYS_PUTC
        sys     SYS_YIELD
        addi    s0, s0, 1
        li      s1, 'f'
        bne     s0, s1, 1b
        sys     SYS_EXIT
