# Replaces the instruction that comes next by one that halts.
# exit: 0
_start: la      t0, next
        lw      t1, other
        sw      t1, 0(t0)
next:   j       next
other:  halt
