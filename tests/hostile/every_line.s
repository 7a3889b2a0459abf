# Raises every line by hand, with handlers for none.
# exit: 1
# says: double fault at tick [0-9]+: the trap 'timer' .* could not be delivered: its vector at 0x00000040 holds 0xffffffff, which is no address of code
_start: li      t0, -1
        sw      t0, 64(zero)
        mtcr    ipend, t0
        sti
1:      j       1b
