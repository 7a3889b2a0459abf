# paging: page tables, and a user program whose pages appear when it touches them.
#
# The kernel runs untranslated. It maps itself for mode 0 alone, the user program at
# HERE, and of the program's heap nothing: each page fault there gives it a page of
# zeros. Needs a machine with page tables: trapeze run paging --mmu=paged

.include "pg32.inc"
.equ HERE, 0x00080000                   # where the user program finds itself
.equ HEAP, 0x00100000
.equ HEAP_PAGES, 16
.equ ENTRY, PTE_VALID | PTE_USER        # of a user's page

        .globl  _start
_start:
        la      t0, vectors
        mtcr    vbr, t0
        la      t0, directory
        mtcr    ptbr, t0                # illegal where there are no page tables
        la      a1, table
        ori     t1, a1, PTE_VALID
        sw      t1, 0(t0)               # the first 4 MiB are in the table
        li      t0, PAGE_SIZE | PTE_VALID | PTE_WRITE | PTE_EXECUTE
        sw      t0, 4*1(a1)             # the kernel's page, at 0x1000, for mode 0
        la      t0, user
        ori     t0, t0, ENTRY | PTE_EXECUTE
        sw      t0, 4*(HERE / PAGE_SIZE)(a1)
        la      s0, frames              # s0: the next page that nobody has
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        li      t0, HERE
        mtcr    epc, t0
        rfe

# A page of zeros for the heap; what else the program reaches for is not its own.
on_fault:
        mfcr    t0, badva
        srli    t0, t0, 12
        li      t1, HEAP / PAGE_SIZE
        sub     t1, t0, t1
        li      t2, HEAP_PAGES
        bgeu    t1, t2, on_protection
        slli    t0, t0, 2
        la      t1, table
        add     t1, t1, t0
        ori     t0, s0, ENTRY | PTE_WRITE
        sw      t0, 0(t1)               # storage is zero since reset
        li      t0, PAGE_SIZE
        add     s0, s0, t0
        rfe                             # the instruction again

on_protection:
        la      a0, refused
        call    say
        li      a1, PTE_ACCESSED        # what did the machine note in the table?
        la      a0, touched
        call    count
        li      a1, PTE_DIRTY
        la      a0, written
        call    count
        halt
on_illegal:
        la      a0, no_tables
        call    say
        halt

count:  mv      s1, ra                  # a0: text, a1: a bit; of the heap's entries
        call    say
        li      a2, '0'
        la      t0, table + 4*(HEAP / PAGE_SIZE)
        li      t1, HEAP_PAGES
1:      lw      t2, 0(t0)
        and     t2, t2, a1
        sltu    t2, zero, t2
        add     a2, a2, t2
        addi    t0, t0, 4
        addi    t1, t1, -1
        bnez    t1, 1b
        out     a2, CONSOLE_DATA
        li      a2, '\n'
        out     a2, CONSOLE_DATA
        jr      s1
1:      out     t0, CONSOLE_DATA
        addi    a0, a0, 1
say:    lbu     t0, 0(a0)
        bnez    t0, 1b
        ret

        .align  PAGE_SIZE                      # a page of its own
user:   lui     a0, %hi(HEAP)
        lui     a1, 1
        li      a2, 5
1:      sw      a2, 0(a0)               # stores into five pages,
        add     a0, a0, a1
        addi    a2, a2, -1
        bnez    a2, 1b
        lw      a3, 0(a0)               # loads from a sixth,
        sw      a3, 0(a1)               # and tries the kernel's
        j       .

        .data
vectors: .word  on_illegal
        .rept   CAUSE_LOAD_FAULT - 1
        .word   on_protection
        .endr
        .word   on_fault, on_fault, on_protection, on_protection
refused: .asciz "the kernel is out of reach\n"
touched: .asciz "pages of the heap touched: "
written: .asciz "pages of the heap written: "
no_tables: .asciz "this machine has no page tables: --mmu=paged\n"
        .bss
        .align  PAGE_SIZE
directory: .space PAGE_SIZE
table:  .space  PAGE_SIZE
frames: .space  HEAP_PAGES * PAGE_SIZE
