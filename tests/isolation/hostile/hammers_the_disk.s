# Changes the disk's registers while a command is under way, and gives another one with each
# second instruction.
# ends: (running|waiting.*)
.include "bad.inc"
begin:  li      s1, BUFFER
1:      addi    s0, s0, 1
        dev_out s0, DISK_SECTOR
        dev_out s1, DISK_ADDRESS
        dev_out s0, DISK_COUNT
        andi    t0, s0, 7
        dev_out t0, DISK_COMMAND
        xori    s1, s1, 0x7f0
        dev_out s0, DISK_STATUS
        j       1b
