# A port that there is not, from a handler that does the same.
# exit: 1
# says: stopped at the limit of 50,000 ticks
_start: la      t0, handler
        sw      t0, 44(zero)
handler:
        out     t0, 0x7ff
