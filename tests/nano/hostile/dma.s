# Every disk command of a list of good and wicked registers; its status, and whether the
# interrupt came. What it reads goes where the list says.
.include "pg32.inc"
        .globl  _start
_start: la      s0, commands
1:      lw      t0, 0(s0)
        bltz    t0, done
        out     t0, DISK_COMMAND + 0 * 1
        la      s1, counts
2:      lw      t1, 0(s1)
        li      t2, 77
        beq     t1, t2, 8f
        la      gp, sectors
3:      lw      a0, 0(gp)
        li      t2, 77
        beq     a0, t2, 7f
        la      tp, addresses
4:      lw      a1, 0(tp)
        li      t2, 77
        beq     a1, t2, 6f
        call    wait                    # for the one before
        lw      t0, 0(s0)
        out     t1, DISK_COUNT
        out     a0, DISK_SECTOR
        out     a1, DISK_ADDRESS
        out     t0, DISK_COMMAND
        out     t0, DISK_COMMAND        # busy now: ignored
        out     zero, DISK_SECTOR       # captured already
        addi    tp, tp, 4
        j       4b
6:      addi    gp, gp, 4
        j       3b
7:      addi    s1, s1, 4
        j       2b
8:      addi    s0, s0, 4
        j       1b
done:   call    wait
        li      t0, '!'
        out     t0, CONSOLE_DATA
        halt

wait:   in      a2, DISK_STATUS
        andi    a3, a2, 1
        beqz    a3, 1f
        wfi
        mfcr    a3, ipend
        mtcr    ipend, zero
        j       wait
1:      srli    a2, a2, 1
        addi    a2, a2, '0'
        out     a2, CONSOLE_DATA
        ret

        .data
        .align  4
commands:  .word 1, 2, 0, 3, -1
counts:    .word 1, 0, 2, 72, 128, 129, 0x00800000, 0x7fffffff, -1, 77
sectors:   .word 0, 1, 71, 72, 79, 80, 0x7fffffff, 0x80000000, 0x00800000, -8, -1, 77
addresses: .word 0x10000, 0xfff00, 0xffe00, 0x100000, 0x10002, -512, -0x8000, 0x7ffffe00, 77
