# The handler's first instruction traps, for ever.
# exit: 1
# says: stopped at the limit of 50,000 ticks
_start: la      t0, handler
        sw      t0, 8(zero)
        sys     0
handler:
        sys     1
