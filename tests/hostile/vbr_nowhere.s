# The vector table lies at the end of the address space.
# exit: 1
# says: double fault at tick [0-9]: the trap 'syscall' at pc 0x0000100[0-9a-f].* could not be delivered: there is no storage at vbr \+ 4\*2, where vbr is 0xfffffff0
_start: li      t0, 0xfffffff0
        mtcr    vbr, t0
        sys     1
