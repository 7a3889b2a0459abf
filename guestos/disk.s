# disk: a block written to the disk, read back and compared.

.include "pg32.inc"
.equ SECTOR, 7
        .globl  _start
_start:
        li      t0, LINE_DISK
        mtcr    imask, t0               # nothing else wakes wfi
        la      s0, written
        la      s1, read
        li      t0, SECTOR_SIZE         # fill the block with something
1:      addi    t0, t0, -4
        add     t1, s0, t0
        sw      t0, 0(t1)
        bnez    t0, 1b
        mv      a0, s0
        li      a1, DISK_WRITE
        call    transfer
        mv      a0, s1                  # the block at s0 is on the disk: now to s1
        li      a1, DISK_READ
        call    transfer
        addi    t0, s0, SECTOR_SIZE
2:      lw      t1, 0(s0)
        lw      t2, 0(s1)
        la      a0, bad
        bne     t1, t2, say
        addi    s0, s0, 4
        addi    s1, s1, 4
        bltu    s0, t0, 2b
        la      a0, good
say:    lbu     t0, 0(a0)
        beqz    t0, 3f
        out     t0, CONSOLE_DATA
        addi    a0, a0, 1
        j       say
3:      halt

# transfer: a0 = address, a1 = command. IE is off, so the interrupt is not taken:
# wfi waits for the disk's line, which is then cleared by hand.
transfer:
        li      t0, SECTOR
        out     t0, DISK_SECTOR
        out     a0, DISK_ADDRESS
        li      t0, 1
        out     t0, DISK_COUNT
        out     a1, DISK_COMMAND
        wfi
        mtcr    ipend, zero
        in      t0, DISK_STATUS         # 0: not busy, no error
        la      a0, bad
        bnez    t0, say
        ret

        .data
good:   .asciz  "the block came back as it was written\n"
bad:    .asciz  "the disk failed\n"
        .bss
        .align  4
written: .space SECTOR_SIZE
read:    .space SECTOR_SIZE
