# Runs off the end of storage (64 KiB, see run.sh), into the vector of bus errors,
# which leads nowhere.
# exit: 1
# says: double fault at tick [0-9]+: the trap 'bus' at pc 0x00010000 could not be delivered: its vector at 0x0000002c holds 0x00000003, which is no address of code
_start: li      t0, 3
        sw      t0, 44(zero)
        la      t0, last
        lw      t0, 0(t0)
        li      t1, 0xfffc
        sw      t0, 0(t1)
        jr      t1
last:   addi    a0, a0, 1
