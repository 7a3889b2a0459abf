# A device writes into a table, and into a page that the table leads to.
.include "lab.inc"
        .globl  _start
_start: begin
        entry   TAB2, 0, 0x18000 | ALL
        entry   TAB2, 1, 0x19000 | PTE_VALID
        li      a0, TAB2                # these two entries to sector 1
        li      a1, 1
        li      a2, DISK_WRITE
        call    transfer
        li      t0, TAB2 | PTE_VALID
        li      t1, DIR + 4
        sw      t0, 0(t1)
        entry   TAB2, 0, 0
        entry   TAB2, 1, 0x19000 | ALL
        li      a3, 0x00400000
        li      a4, 0x00401000
        lw      a5, 0(a3)               # not there
        sw      a5, 0(a4)
        li      a0, TAB2                # back from the disk
        li      a1, 1
        li      a2, DISK_READ
        call    transfer
        lw      a5, 0(a3)
        sw      a5, 4(a3)
        sw      a5, 4(a4)               # read-only now
        li      a0, 0x18000             # data by the device
        li      a1, 1
        li      a2, DISK_READ
        call    transfer
        lw      a5, 0(a3)
        li      a0, TAB2                # a sector of zeros: all gone
        li      a1, 2
        li      a2, DISK_READ
        call    transfer
        lw      a5, 0(a3)
done:   j       done
transfer:
        out     a0, DISK_ADDRESS
        out     a1, DISK_SECTOR
        li      t0, 1
        out     t0, DISK_COUNT
        out     a2, DISK_COMMAND
1:      in      t0, DISK_STATUS
        andi    t0, t0, 1
        bnez    t0, 1b
        ret
        handler
