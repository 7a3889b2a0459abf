# line 3 is wrong
_start: nop
        addi t0, t1
        halt
