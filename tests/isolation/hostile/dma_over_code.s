# Has the disk read over the very loop that waits for it, again and again.
# ends: (halted|double fault|running|waiting.*)
.include "bad.inc"
begin:  li      s0, 0
        la      s1, over
        andi    s1, s1, -4
        j       over
        .balign 512
over:   li      a0, 1
        transfer DISK_READ
        j       over
