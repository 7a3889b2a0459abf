# Lab 2: a kernel for two to four user programs, which lie in storage already. HANDOUT.md
# says what it is to do.
.include "pg32.inc"

.equ PROGRAMS, 0x3f000          # how many there are: a word
.equ FIRST,    0x40000          # program i lies at FIRST + i * EACH and sees itself at 0
.equ EACH,     0x10000
.equ QUANTUM,  1000

.equ SYS_EXIT,  0
.equ SYS_PUTC,  1
.equ SYS_YIELD, 2
.equ SYS_TIME,  3

        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        # To do: the processes, the first one.
        halt

# To do: save what the program had, see which call it is (EINSN), go on with this program or with
# another.
on_sys: halt

# To do: print "killed: N", go on with another.
on_fault:
        halt

# To do: go on with another.
on_timer:
        halt

        .data
killed: .asciz  "killed: "
        .align  4
vectors:
        .word   on_fault                # illegal
        .word   on_fault                # privileged
        .word   on_sys
        .word   on_fault                # breakpoint
        .word   on_fault                # hypercall
        .word   on_fault                # alignment
        .word   on_fault                # bounds
        .word   on_fault, on_fault, on_fault
        .word   on_fault                # protection
        .word   on_fault                # bus
        .word   on_fault, on_fault, on_fault, on_fault
        .word   on_timer
        .space  4 * 4

