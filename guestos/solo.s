# solo: a monitor for a single user, with files
# =============================================
#
# One person, one console, one disk, one program at a time, in the spirit of CMS,
# the system that users of CP-67 and VM/370 ran each in a virtual machine of their
# own. Nobody has to be protected from anybody else: that is what the virtual
# machine is for. The monitor only keeps itself alive, so that a program that goes
# wrong leads back to the prompt. docs/solo.md is the guide; read the files so:
#
#   solo/defs.inc      the numbers: the disk's format, records, system calls
#   solo/device.inc    all that touches a device; interrupts; waiting
#   solo/print.inc     text and numbers to the console
#   solo/trap.inc      how the monitor is entered from a program, and left
#   solo/line.inc      lines typed, with corrections; their words
#   solo/files.inc     the file system
#   solo/run.inc       loading and running a program; system calls
#   solo/command.inc   the prompt and the commands
#   solo/program.inc   for programs: names of the system calls; not part of solo
#
# Storage (64 KiB are enough):
#
#     0x0000   not used
#     0x1000   the monitor: text, data, the disk's directory, one stack. Variables lie
#              below 0x8000, so that `lw t0, name` reaches them in one instruction
#     area     what a program gets, up to the end of storage or 64 KiB, in its own
#              eyes 0 and up. While none runs, the monitor's buffer
#
# Interrupts: the monitor runs with IE off, but for one instruction: the one behind
# `sti` in `wait`. There they come in, and nowhere else: so no variable of the
# monitor changes under its hands, and an interrupt finds nothing in the scratch
# registers that anybody wants back.
#
# Register convention (monitor and programs alike):
#
#     a0-a5    arguments; a0 also the result. A routine may spoil them.
#     t0-t2    scratch. A routine may spoil them.
#     s0 s1    kept by every routine that uses them.
#     ra sp    return address; stack, growing downwards.
#     gp tp    not used, but gp by dev_in and dev_out behind a channel.

.include "pg32.inc"
.include "solo/defs.inc"

        .text
        .globl  _start
_start:
        la      sp, stack_top
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, LINE_TIMER | LINE_CONSOLE | LINE_TRANSFER
        mtcr    imask, t0
        call    measure
        say     "solo: "
        lw      a0, area_size
        srli    a0, a0, 10
        call    put_number
        say     " KiB for programs; help lists the commands\n"
        call    mount
        j       prompt

.include "solo/device.inc"
.include "solo/print.inc"
.include "solo/trap.inc"
.include "solo/line.inc"
.include "solo/files.inc"
.include "solo/run.inc"
.include "solo/command.inc"

        .bss
        .align  4
directory:                              # as it is on the disk
        .space  DIRECTORY_MAX * SECTOR_SIZE
sector: .space  SECTOR_SIZE
                .space  1024
stack_top:                              # grows downwards
        .align  4096
area:                                   # the rest of storage
        .assert area <= 0x8000, "a variable may lie beyond the reach of one instruction"
