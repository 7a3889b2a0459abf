# Has the disk read over the vector table, the handler's address in it, while interrupts come
# and system calls are made.
# ends: (halted|double fault|running)
.include "bad.inc"
begin:  li      s0, 0
        li      s1, 0
        sti
1:      li      a0, 1
        transfer DISK_READ
        sys     7
        j       1b
