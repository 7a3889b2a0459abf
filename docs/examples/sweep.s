# sweep: a user program that goes over more pages than the TLB has entries, for the figures
# of docs/memory.md. The kernel gives it each page where it asks for it.
#   trapeze run docs/examples/sweep.s --mmu=tlb
.include "pg32.inc"
.equ HERE, 0x00400000                   # the program; its pages from …
.equ PAGES, 0x00500000                  # … here on,
.equ COUNT, 100                         # so many,
.equ ROUNDS, 50                         # so often

        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        mtcr    asid, zero
        li      t0, HERE
        mtcr    epc, t0
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        rfe

# What is not in the TLB: the program's page, or one of its pages, which lie behind it.
on_miss:
        mtcr    scr0, t0
        mtcr    scr1, t1
        mfcr    t0, badva
        srli    t0, t0, 12
        slli    t0, t0, 12
        mtcr    tlbhi, t0
        li      t1, HERE
        sub     t0, t0, t1
        beqz    t0, 1f
        li      t1, PAGES - HERE - PAGE_SIZE
        sub     t0, t0, t1
1:      la      t1, user
        add     t0, t0, t1
        ori     t0, t0, PTE_VALID | PTE_USER | PTE_WRITE | PTE_EXECUTE
        mtcr    tlblo, t0
        li      t0, TLB_NONE
        mtcr    tlbix, t0               # the machine is to choose an entry
        tlbw
        mfcr    t0, scr0
        mfcr    t1, scr1
        rfe

on_done:
        la      a0, text
        j       2f
1:      out     t0, CONSOLE_DATA
        addi    a0, a0, 1
2:      lbu     t0, 0(a0)
        bnez    t0, 1b
on_surprise:
        halt

        .data
vectors: .word  on_surprise, on_surprise, on_done
        .rept   CAUSE_FETCH_FAULT - 3
        .word   on_surprise
        .endr
        .word   on_miss, on_miss, on_miss, on_surprise, on_surprise
text:   .asciz  "swept\n"

        .text
        .align  PAGE_SIZE
user:   li      a0, ROUNDS
1:      li      a1, PAGES
        li      a2, COUNT
2:      lw      a3, 0(a1)
        addi    a3, a3, 1
        sw      a3, 0(a1)
        lui     a4, 1
        add     a1, a1, a4
        addi    a2, a2, -1
        bnez    a2, 2b
        addi    a0, a0, -1
        bnez    a0, 1b
        sys     0
        .bss
        .align  PAGE_SIZE
        .space  COUNT * PAGE_SIZE
