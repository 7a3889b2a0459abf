# Transfers to and from where it has no storage: at its end, across it, at the VMM's, at
# the neighbours', at the end of addresses. Says the status of each.
# ends: halted
.include "bad.inc"
begin:  la      gp, addresses
1:      lw      s1, 0(gp)
        li      s0, 0
        li      a0, 1
        transfer DISK_READ
        say     a0
        li      a0, 1
        transfer DISK_WRITE
        say     a0
        addi    gp, gp, 4
        la      t0, addresses_end
        bltu    gp, t0, 1b
        halt
        .data
addresses:
        .word   STORAGE - 512, STORAGE - 508, STORAGE - 4, STORAGE, STORAGE + 4, 0x20000, 0x30000
        .word   0x40000, 0x7ffffffc, 0x80000000, 0xfffdfffc, 0xfffffe00, 0xfffffe04, 0xfffffffc
        .word   1, 2, 3, -1
addresses_end:
