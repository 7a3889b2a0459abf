# The disk: transfers of several sectors, errors, and when they are done.
.include "check.inc"

begin:
        li      t0, LINE_DISK
        mtcr    imask, t0
        in      t0, DISK_SIZE
        is      "the blank disk", t0, 256               #> the blank disk: ok

        la      s0, block
        li      t0, 3 * SECTOR_SIZE     # three sectors of words that count down
1:      addi    t0, t0, -4
        add     t1, s0, t0
        sw      t0, 0(t1)
        bnez    t0, 1b

        li      a0, 253
        mv      a1, s0
        li      a2, 3
        li      a3, DISK_WRITE
        call    go
        is      "three sectors written", a0, 0          #> three sectors written: ok
        is      "in 1000 + 3 * 100 ticks", a1, 1300     #> in 1000 + 3 * 100 ticks: ok

        sw      zero, 516(s0)
        li      a0, 254
        mv      a1, s0
        li      a2, 1
        li      a3, DISK_READ
        call    go
        is      "the middle one read", a0, 0            #> the middle one read: ok
        is      "in 1000 + 100", a1, 1100               #> in 1000 + 100: ok
        lw      t0, 4(s0)
        is      "it is the middle one", t0, 516         #> it is the middle one: ok
        lw      t0, 516(s0)
        is      "and no more than it", t0, 0            #> and no more than it: ok
        in      t0, DISK_SECTOR
        is      "the sector port keeps its value", t0, 254 #> the sector port keeps its value: ok

        li      a0, 254
        mv      a1, s0
        li      a2, 3
        li      a3, DISK_READ
        call    go
        is      "off the end of the disk", a0, 1        #> off the end of the disk: ok
        is      "errors take 1000", a1, 1000            #> errors take 1000: ok
        li      a0, 0
        addi    a1, s0, 2
        li      a2, 1
        call    go
        is      "address not a multiple of 4", a0, 2    #> address not a multiple of 4: ok
        lui     a1, 0x40000
        call    go
        is      "address beyond storage", a0, 2         #> address beyond storage: ok
        mv      a1, s0
        li      a2, 0
        call    go
        is      "no sectors", a0, 5                     #> no sectors: ok
        li      a2, 129
        call    go
        is      "too many sectors", a0, 5               #> too many sectors: ok
        li      a2, 1
        li      a3, 7
        call    go
        is      "no such command", a0, 4                #> no such command: ok

        li      a0, 0                   # what is written to a port during a transfer
        mv      a1, s0                  # does not concern that transfer
        li      a2, 1
        li      a3, DISK_READ
        call    prepare
        out     a3, DISK_COMMAND
        li      t0, 200
        out     t0, DISK_SECTOR
        out     zero, DISK_ADDRESS
        li      t0, DISK_WRITE
        out     t0, DISK_COMMAND        # ignored: busy
        in      t0, DISK_STATUS
        is      "busy", t0, 1                           #> busy: ok
        wfi
        in      t0, DISK_STATUS
        is      "done, without an error", t0, 0         #> done, without an error: ok
        mtcr    ipend, zero
        lw      t0, 4(s0)
        is      "sector 0 was read, which is blank", t0, 0 #> sector 0 was read, which is blank: ok
        lw      t0, 508(s0)
        is      "to its end", t0, 0                     #> to its end: ok
        halt

# go: sector a0, address a1, count a2, command a3. a0 = error, a1 = ticks it took.
go:     push    ra
        call    prepare
        out     a3, DISK_COMMAND        # completes at t
        mfcr    t0, tick                # t
        wfi
        mfcr    t1, tick
        sub     a1, t1, t0
        mtcr    ipend, zero
        in      a0, DISK_STATUS
        srli    a0, a0, 1
        pop     ra
        ret
prepare:
        out     a0, DISK_SECTOR
        out     a1, DISK_ADDRESS
        out     a2, DISK_COUNT
        ret

        .bss
        .align  4
block:  .space  3 * SECTOR_SIZE
