# Reads a sector over its own vectors; the disk is text.
# exit: 1
# says: double fault at tick [0-9,]+: the trap 'disk' .* could not be delivered: its vector at 0x00000048 holds 0x41414141, which is no address of code
_start: out     zero, 0x10
        out     zero, 0x11
        li      t0, 1
        out     t0, 0x12
        sti
        out     t0, 0x13
1:      j       1b
