# chain: channel programs. Needs --io=channel.
#
# Two blocks go to the disk and come back into pieces, by one program, while the processor
# does nothing at all. docs/channels.md says what the words mean.

.include "pg32.inc"
.equ UNIT_CONSOLE, 0            # in the low bits of the channel address word
.equ UNIT_DISK,    1
.equ WRITE, 1                   # commands
.equ READ,  2
.equ SEEK,  7
.equ TIC,   8                   # transfer in channel: go on over there
.equ CHAIN, 0x4000              # flags: another command follows,
.equ MORE,  0x8000              # or more storage for this one

.macro ccw what, count, address
        .word   (\what) | (\count) << 16, \address
.endm

        .globl  _start
_start:
        li      t0, LINE_CHANNEL
        mtcr    imask, t0               # nothing else wakes wfi
        li      t0, program + UNIT_DISK
        sio     t1, t0                  # start it: 0, if it could be
        la      a0, refused + UNIT_CONSOLE
        bnez    t1, say
        sw      zero, where_b           # too late: the channel has its own copy
        wfi
        mtcr    ipend, zero
        li      t0, UNIT_DISK
        tio     t1, t0                  # bits 1:0 are 0: it has ended well
        andi    t1, t1, 3
        la      a0, failed + UNIT_CONSOLE
        bnez    t1, say
        la      a0, lines + UNIT_CONSOLE
say:    sio     t0, a0                  # the console's programs end at once
        halt

        .data
        .align  8
program:
        ccw     SEEK | CHAIN, 4, where_a
        ccw     WRITE | CHAIN, 512, block_a
        ccw     SEEK | CHAIN, 4, where_b
        ccw     WRITE | CHAIN, 512, block_b
        ccw     TIC, 0, back
lines:  ccw     WRITE | CHAIN, B_SIZE, piece_b
        ccw     WRITE, A_SIZE, piece_a
refused:
        ccw     WRITE, 12, refused_text
failed: ccw     WRITE, 11, failed_text
back:   ccw     SEEK | CHAIN, 4, where_b
        ccw     READ | MORE, B_SIZE, piece_b
        ccw     READ | CHAIN, 512 - B_SIZE, rest
        ccw     SEEK | CHAIN, 4, where_a
        ccw     READ | MORE, A_SIZE, piece_a
        ccw     READ, 512 - A_SIZE, rest
where_a: .word  7
where_b: .word  3
block_a: .ascii "came back from sector 7\n"
        .equ    A_SIZE, . - block_a
        .space  512 - A_SIZE
block_b: .ascii "this came back from sector 3, and this "
        .equ    B_SIZE, . - block_b
        .space  512 - B_SIZE
refused_text: .ascii "not started\n"
failed_text:  .ascii "disk error\n"
        .bss
        .align  4
piece_a: .space 64
piece_b: .space 64
rest:   .space  512
