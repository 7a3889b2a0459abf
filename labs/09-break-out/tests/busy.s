# Another tenant that always has something to do.
        .globl  _start
_start: addi    s0, s0, 1
        j       _start
