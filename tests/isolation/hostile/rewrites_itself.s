# Replaces privileged instructions right before they execute, and others by privileged ones:
# what traps must be what is there now.
# ends: halted
.include "bad.inc"
begin:  li      a4, 200
1:      la      t1, here
        lw      t0, one
        andi    t2, a4, 1
        beqz    t2, 2f
        lw      t0, other
2:      sw      t0, 0(t1)
here:   mtcr    scr2, a4
        lw      t0, plain
        sw      t0, 0(t1)
        andi    t2, a4, 3
        bnez    t2, 3f
        mfcr    t0, scr2
        say     t0
        mfcr    t0, scr3
        say     t0
3:      addi    a4, a4, -1
        bnez    a4, 1b
        halt
one:    mtcr    scr2, a4
other:  mtcr    scr3, a4
plain:  addi    a4, a4, 0
