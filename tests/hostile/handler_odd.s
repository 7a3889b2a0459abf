# The handler's address is no multiple of 4.
# exit: 1
# says: double fault at tick [0-9]+: the trap 'breakpoint' .* could not be delivered: its vector at 0x0000000c holds 0x00001002, which is no address of code
_start: li      t0, 0x1002
        sw      t0, 12(zero)
        brk
