# Reads as many sectors as there are to every address of its storage, its stack and itself
# last.
# ends: (halted|double fault|running|waiting.*)
.include "bad.inc"
begin:  li      s0, 0
        li      s1, STORAGE - 5*512
1:      li      a0, 5
        transfer DISK_READ
        addi    s1, s1, -512
        bgez    s1, 1b
        halt
