# A kernel that changes page table entries and tells the machine of it, or does not. Each of
# its ways is taken if WAYS has its bit; with TELLS it tells. trapeze run --lint --mmu paged
.include "pg32.inc"
.ifndef TELLS
.equ TELLS, 0
.endif
.ifndef WAYS
.equ WAYS, 0xff
.endif
.equ V, PTE_VALID | PTE_WRITE | PTE_EXECUTE
.equ P, 0x00100000                      # the page that is changed …
.equ F, 0x00008000                      # … and two frames for it
.equ G, 0x00009000
.equ ENTRY, table + 4*(P / PAGE_SIZE)

.macro set value                        # the entry of P. Spoils t0, t1
        li      t0, \value
        li      t1, ENTRY
        sw      t0, 0(t1)
.endm
.macro tell
  .if TELLS
        tlbi    s0, zero
  .endif
.endm

        .globl  _start
_start: la      t0, vectors
        mtcr    vbr, t0
        la      t0, directory
        mtcr    ptbr, t0
        la      t1, table
        ori     t1, t1, V
        sw      t1, 0(t0)
        li      t0, V                   # the kernel lies where it lies
        la      t1, table
        li      t2, 16 * PAGE_SIZE
        li      a1, PAGE_SIZE
1:      sw      t0, 0(t1)
        addi    t1, t1, 4
        add     t0, t0, a1
        blt     t0, t2, 1b
        li      s0, P
        rdpsw   t0
        li      t1, PSW_TE
        or      t0, t0, t1
        mtcr    psw, t0
  .if WAYS & 1                          # another frame, read
        set     F | V
        lw      t0, 0(s0)
        set     G | V
        tell
moved:  lw      t0, 0(s0)
  .endif
        tlbi    s0, zero
  .if WAYS & 2                          # none any more
        set     F | V
        lw      t0, 0(s0)
        set     0
        tell
gone:   lw      t0, 0(s0)
  .endif
        tlbi    s0, zero
  .if WAYS & 4                          # a right less
        set     F | V
        sw      t0, 0(s0)
        set     F | PTE_VALID
        tell
less:   sw      t0, 0(s0)
  .endif
        tlbi    s0, zero
  .if WAYS & 8                          # D taken away, and to be set again
        set     F | V
        sw      t0, 0(s0)
        set     F | V
        tell
clean:  sw      t0, 0(s0)
  .endif
        tlbi    s0, zero
        # What needs no telling: a page that was none, a right more, A taken away, another PTBR.
        tlbi    s0, zero
        set     0
        lw      t0, 0(s0)
        set     F | PTE_VALID
        lw      t0, 0(s0)
        set     F | V
        sw      t0, 0(s0)
        set     F | V | PTE_DIRTY
        sw      t0, 0(s0)
        set     G | V
        la      t0, directory
        mtcr    ptbr, t0
        lw      t0, 0(s0)
        tlbi    s0, zero
  .if WAYS & 16                         # by another entry of the directory
        set     F | V
        lw      t0, 0(s0)
        la      t1, other
        li      t0, G | V
        sw      t0, ENTRY - table(t1)
        la      t2, table               # the kernel stays where it is
        li      a0, 16
1:      lw      t0, 0(t2)
        sw      t0, 0(t1)
        addi    t1, t1, 4
        addi    t2, t2, 4
        addi    a0, a0, -1
        bnez    a0, 1b
        la      t1, other
        ori     t1, t1, V
        la      t0, directory
        sw      t1, 0(t0)
        tell
path:   lw      t0, 0(s0)
  .endif
        halt

on_trap: mfcr   t0, epc                 # go on behind it
        addi    t0, t0, 4
        mtcr    epc, t0
        rfe
        .data
vectors: .rept  16
        .word   on_trap
        .endr
        .bss
        .align  PAGE_SIZE
directory: .space PAGE_SIZE
table:  .space  PAGE_SIZE
other:  .space  PAGE_SIZE
