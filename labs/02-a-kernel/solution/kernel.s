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

# A process: its registers x1 to x15, pc, PSW, whether it lives.
.equ P_REGS, 0
.equ P_PC,   60
.equ P_PSW,  64
.equ P_LIVE, 68
.equ P_SIZE, 72

        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        li      t0, LINE_TIMER
        mtcr    imask, t0
        li      t0, EACH
        mtcr    bound, t0
        lui     t0, PROGRAMS >> 12
        lw      s0, 0(t0)
        la      t0, count
        sw      s0, 0(t0)
        la      s1, processes
1:      li      t0, PSW_USER | PSW_IE | PSW_TE
        sw      t0, P_PSW(s1)
        li      t0, EACH
        sw      t0, P_REGS + 4(s1)      # sp: the end of its storage
        li      t0, 1
        sw      t0, P_LIVE(s1)
        addi    s1, s1, P_SIZE
        addi    s0, s0, -1
        bnez    s0, 1b
        li      s0, -1                  # before the first
        j       next

# ---------------------------------------------------------------------- traps

on_timer:
        mtcr    scr0, t0
        la      t0, switch
        j       enter
on_fault:
        mtcr    scr0, t0
        la      t0, kill
        j       enter
on_sys: mtcr    scr0, t0
        la      t0, call

# Saves the process that runs; goes on at t0 with s0 its number and s1 its place.
enter:  mtcr    scr1, t0
        mtcr    scr2, s1
        la      s1, current
        lw      s1, 4(s1)
        sw      ra, P_REGS + 0(s1)
        sw      sp, P_REGS + 4(s1)
        sw      gp, P_REGS + 8(s1)
        sw      tp, P_REGS + 12(s1)
        mfcr    t0, scr0
        sw      t0, P_REGS + 16(s1)
        sw      t1, P_REGS + 20(s1)
        sw      t2, P_REGS + 24(s1)
        sw      s0, P_REGS + 28(s1)
        mfcr    t0, scr2
        sw      t0, P_REGS + 32(s1)
        sw      a0, P_REGS + 36(s1)
        sw      a1, P_REGS + 40(s1)
        sw      a2, P_REGS + 44(s1)
        sw      a3, P_REGS + 48(s1)
        sw      a4, P_REGS + 52(s1)
        sw      a5, P_REGS + 56(s1)
        mfcr    t0, epc
        sw      t0, P_PC(s1)
        mfcr    t0, epsw
        sw      t0, P_PSW(s1)
        la      t0, current
        lw      s0, 0(t0)
        mfcr    t0, scr1
        jr      t0

# -------------------------------------------------------------- system calls

call:   lw      t0, P_PC(s1)            # behind the sys
        addi    t0, t0, 4
        sw      t0, P_PC(s1)
        mfcr    t0, einsn
        slli    t0, t0, 12              # the number is in the low 20 bits
        srli    t0, t0, 12
        li      t1, SYS_PUTC
        beq     t0, t1, putc
        li      t1, SYS_YIELD
        beq     t0, t1, switch
        li      t1, SYS_TIME
        beq     t0, t1, time
        bnez    t0, kill                # there is no such call
        sw      zero, P_LIVE(s1)        # exit
        j       next
putc:   out     a0, CONSOLE_DATA
        j       resume
time:   mfcr    t0, tick
        sw      t0, P_REGS + 36(s1)
        j       resume

kill:   sw      zero, P_LIVE(s1)
        la      t0, killed
1:      lbu     t1, 0(t0)
        beqz    t1, 2f
        out     t1, CONSOLE_DATA
        addi    t0, t0, 1
        j       1b
2:      addi    t1, s0, '0'
        out     t1, CONSOLE_DATA
        li      t1, '\n'
        out     t1, CONSOLE_DATA
        j       next

# ------------------------------------------------------------------- scheduling

# The next one that lives, in turn, the one that ran last of all.
switch:
next:   la      t0, count
        lw      t1, 0(t0)
        mv      t2, t1                  # so many to look at
1:      addi    s0, s0, 1
        bltu    s0, t1, 2f
        li      s0, 0
2:      li      t0, P_SIZE
        mul     t0, t0, s0
        la      s1, processes
        add     s1, s1, t0
        lw      t0, P_LIVE(s1)
        bnez    t0, 3f
        addi    t2, t2, -1
        bnez    t2, 1b
        halt
3:      la      t0, current
        sw      s0, 0(t0)
        sw      s1, 4(t0)
        li      t0, EACH
        mul     t0, t0, s0
        lui     t1, FIRST >> 12
        add     t0, t0, t1
        mtcr    base, t0
        mtcr    ipend, zero
        li      t0, QUANTUM
        mtcr    timer, t0

resume: lw      t0, P_PC(s1)
        mtcr    epc, t0
        lw      t0, P_PSW(s1)
        mtcr    epsw, t0
        lw      ra, P_REGS + 0(s1)
        lw      sp, P_REGS + 4(s1)
        lw      gp, P_REGS + 8(s1)
        lw      tp, P_REGS + 12(s1)
        lw      t0, P_REGS + 16(s1)
        lw      t1, P_REGS + 20(s1)
        lw      t2, P_REGS + 24(s1)
        lw      s0, P_REGS + 28(s1)
        lw      a0, P_REGS + 36(s1)
        lw      a1, P_REGS + 40(s1)
        lw      a2, P_REGS + 44(s1)
        lw      a3, P_REGS + 48(s1)
        lw      a4, P_REGS + 52(s1)
        lw      a5, P_REGS + 56(s1)
        lw      s1, P_REGS + 32(s1)
        rfe

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

        .bss
        .align  4
count:  .space  4
current:
        .space  8                       # number, place
processes:
        .space  4 * P_SIZE
