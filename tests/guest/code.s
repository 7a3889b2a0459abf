# Code that changes under the processor's hands: it must notice.
.include "check.inc"

begin:
        li      s1, 2                   # twice: the second time it is decoded already
1:      la      t0, patch
        lw      t1, new
        lw      t2, 0(t0)               # swap them
        sw      t2, new
        sw      t1, 0(t0)
patch:  addi    s0, zero, 1             # the very next instruction
        push    s0
        addi    s1, s1, -1
        bnez    s1, 1b
        pop     t1
        pop     t0
        is      "the new instruction", t0, 2            #> the new instruction: ok
        is      "the old one again", t1, 1              #> the old one again: ok

        la      t0, lui_of_pair         # of two that an engine may take for one,
        lw      t1, new_lui             # the first
        sw      t1, 0(t0)
        call    pair
        is      "the first of a pair", s0, 0x2001       #> the first of a pair: ok
        lw      t1, new_addi
        la      t0, lui_of_pair
        sw      t1, 4(t0)
        call    pair
        is      "the second", s0, 0x2002                #> the second: ok
        la      t0, lui_of_pair
        addi    t1, zero, 5
        sb      t1, 4(t0)               # one byte of it: addi 2 becomes addi 5
        call    pair
        is      "one byte", s0, 0x2005                  #> one byte: ok
        la      t0, lui_of_pair
        addi    t0, t0, 4
        jalr    ra, 0(t0)               # into the middle of the pair
        is      "into the middle", s0, 0x200a           #> into the middle: ok

        la      t0, pair                # the same by DMA: to the disk,
        li      t1, LINE_DISK
        mtcr    imask, t1
        out     t0, DISK_ADDRESS
        li      t1, 1
        out     t1, DISK_COUNT
        li      t1, DISK_WRITE
        out     t1, DISK_COMMAND
        wfi
        mtcr    ipend, zero
        sb      zero, 8(t0)             # changed, executed,
        call    pair
        is      "changed", s0, 0x2000                   #> changed: ok
        li      t1, DISK_READ           # and back from the disk
        out     t1, DISK_COMMAND
        wfi
        mtcr    ipend, zero
        call    pair
        is      "the disk brought it back", s0, 0x2005  #> the disk brought it back: ok
        halt

        .align  512
pair:   addi    zero, zero, 0
lui_of_pair:
        lui     s0, 1
        addi    s0, s0, 1
        ret
new:    addi    s0, zero, 2
new_lui:
        lui     s0, 2
new_addi:
        addi    s0, s0, 2
        .space  512
