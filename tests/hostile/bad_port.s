# A port that there is not, from a handler that does the same.
# exit: 1
# says: the guest does nothing but trap, at tick 50,000: its handler at 0x[0-9a-f]+ itself traps .*
_start: la      t0, handler
        sw      t0, 44(zero)
handler:
        out     t0, 0x7ff
