# chain: channel programs. Needs --io=channel.
#
# Two blocks go to the disk and come back in pieces, by one program, while the processor
# waits. docs/channels.md says what the words mean.

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
        sw      zero, where             # too late: the channel has its own copy
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
        ccw     SEEK | CHAIN, 4, where
        ccw     WRITE | CHAIN, 1024, blocks
        ccw     TIC, 0, back
lines:  ccw     WRITE, A_SIZE + B_SIZE, line
refused:
        ccw     WRITE, 12, refused_text
failed: ccw     WRITE, 11, failed_text
back:   ccw     SEEK | CHAIN, 4, where
        ccw     READ | MORE, A_SIZE, line
        ccw     READ | MORE, 512 - A_SIZE, rest
        ccw     READ | MORE, B_SIZE, line + A_SIZE
        ccw     READ, 512 - B_SIZE, rest
where:  .word   3
blocks: .ascii  "this came back from sector 3, "
        .equ    A_SIZE, . - blocks
        .space  512 - A_SIZE
        .ascii  "and this from sector 4\n"
        .equ    B_SIZE, . - blocks - 512
        .space  512 - B_SIZE
refused_text: .ascii "not started\n"
failed_text:  .ascii "disk error\n"
        .bss
        .align  4
line:   .space  64
rest:   .space  512
