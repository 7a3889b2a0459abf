# minos: a small operating system for PG32
# ========================================
#
# One processor, one console, one disk, a timer. minos shares them among user
# processes that need not trust one another, and it is short enough to be read
# in an evening. Read the files in this order:
#
#   minos/defs.inc      the numbers: record layouts, system calls, sizes
#   minos/boot.inc      from reset to the first process
#   minos/trap.inc      how the kernel is entered and left; faults
#   minos/thread.inc    threads, the run queue, the scheduler, lock and unlock
#   minos/calls.inc     the system calls
#   minos/devices.inc   timer, console and disk, driven by interrupts
#   minos/print.inc     text and numbers to the console
#   minos/shell.inc     the shell, a thread of the kernel
#   minos/programs.inc  the user programs: the only code here that runs unprivileged
#
# and, if it is built with pages, pages.inc, paging.inc, refill.inc and memory.inc.
#
# Who runs, and where:
#
#             reset
#               |  boot
#               v
#     +------------------- kernel: mode 0, physical addresses ----------------+
#     |  trap handlers, IE off             the shell, a thread with IE on     |
#     |  (one stack; never interrupted)    (own stack; preempted like others) |
#     +-----^----------|--------------------------^---------|-----------------+
#      trap |          | rfe                 trap |         | rfe
#     +-----|----------v-----+   +-----------------+   +-----------------+
#     |  process 1, user mode |   |  process 2     |   |  process 3 ...  |
#     |  own BASE and BOUND   |   |                |   |                 |
#     +-----------------------+   +----------------+   +-----------------+
#
# Storage (160 KiB are enough):
#
#     0x00000  not used: a null pointer of the kernel finds no data of its own
#     0x01000  the kernel: text, data, stacks. All of it lies below 0x8000, so that
#              `lw t0, name` reaches every variable in one instruction
#     0x05000  frame 1: the storage of one process, 16 KiB, in its own eyes 0..
#     0x09000  frame 2 ... up to frame 8, which ends at 0x25000
#
# Register convention (kernel and programs alike):
#
#     a0-a5    arguments; a0 also the result. A routine may spoil them.
#     t0-t2    scratch. A routine may spoil them.
#     s0 s1    kept by every routine that uses them.
#     ra sp    return address; stack, growing downwards.
#     tp       in the kernel's trap handlers: the thread that was interrupted.
#     gp       not used, but by dev_in and dev_out where devices are behind a channel.
#
# docs/asm.md says what the assembler makes of `push ra, s0`, `call`, `li` and
# the like, docs/machine.md what the machine does, docs/minos.md how it all fits.
# get_cr and set_cr are mfcr and mtcr; pg32.inc tells when they are not.
#
# Build options: with JUSER the first process is entered by the instruction
# `juser`, as on a PDP-10, and not by `rfe` (minos-juser.s). With PARAVIRT minos runs on a
# VMM and knows it: docs/paravirt.md (minos-paravirt.s). With PAGING each process has an
# address space of pages, which storage and disk share (minos-paged.s); with REFILL too
# the machine has no page tables, and the kernel refills its TLB (minos-tlb.s). Both are
# told of in minos/paging.inc, and minos/pages.inc shows what lies where. With HINTS it
# tells a VMM about its pages (minos-balloon.s, minos/balloon.inc). With C_PROGRAMS user
# programs in C follow minos, up to user_image_end: `trapeze cc --for minos`, docs/c.md.
.ifndef JUSER
.equ JUSER, 0
.endif
.ifndef PAGING
.equ PAGING, 0
.endif
.ifndef REFILL
.equ REFILL, 0
.endif
.ifndef HINTS
.equ HINTS, 0
.endif
.ifndef C_PROGRAMS
.equ C_PROGRAMS, 0
.endif
.macro first_programs                   # what stands first in the table
.if C_PROGRAMS
        c_programs
.endif
.endm

.include "pg32.inc"
.include "minos/defs.inc"
.if PARAVIRT
.equ hyper_entry, trap_entry
.include "hyper.inc"
.endif

.if PAGING                              # users have the first pages of addresses
        .data
        .org    KERNEL_DATA
        .text
        .org    KERNEL_TEXT
.endif
.if C_PROGRAMS                          # they are long, and lie in .text
        .data
        .org    0x1000
        .text
        .org    C_TEXT
.endif
        .text
.include "minos/boot.inc"
.include "minos/trap.inc"
.include "minos/thread.inc"
.include "minos/calls.inc"
.include "minos/devices.inc"
.include "minos/print.inc"
.include "minos/shell.inc"
.if PAGING
.include "minos/paging.inc"
.endif
.if REFILL
.include "minos/refill.inc"
.endif
.if HINTS
.include "hints.inc"
.include "minos/balloon.inc"
.endif
.include "minos/programs.inc"
.if PARAVIRT
        hyper_routines
.endif

        .bss
        .align  4
                .space  1024
trap_stack:                             # the trap handlers' stack grows down from here
                .space  1024
shell_stack:                            # and the shell's from here
.if PAGING
        .assert . <= KERNEL_TEXT, "the kernel's data must end before its text"
.equ frames, TABLES + ROOM              # the first one is the kernel's own
.else
        .align  4096
.if PARAVIRT
hyper_page: .space 4096
.endif
.if C_PROGRAMS
        .assert . <= C_TEXT, "the kernel's data must end before its text"
.equ frames, (user_image_end + 4095) / 4096 * 4096
.else
frames:         .space  PROCESSES * FRAME_SIZE
.endif
.endif
