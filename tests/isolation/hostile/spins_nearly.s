# A loop that looks as if it did nothing but wait, and does something each 60,000 rounds.
# ends: (running|waiting.*)
.include "bad.inc"
begin:  li      s1, 60000
1:      mv      s0, s1
2:      addi    s0, s0, -1
        bnez    s0, 2b
        li      t0, '.'
        dev_out t0, CONSOLE_DATA
        lw      t0, traps
        addi    t0, t0, 1
        sw      t0, traps
        j       1b
