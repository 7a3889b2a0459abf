# A trap without a handler: nothing can deliver it.
.globl _start
_start: addi  a0, zero, 3
        lui   a1, 0xffff0
        mtcr  vbr, a1
        sys     0
        halt
