# The handler's first instruction traps, for ever.
# exit: 1
# says: the guest does nothing but trap, at tick 50,000: its handler at 0x[0-9a-f]+ itself traps .*
_start: la      t0, handler
        sw      t0, 8(zero)
        sys     0
handler:
        sys     1
