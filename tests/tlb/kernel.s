# The kernel of the random guests that refill a TLB (tests/common/refill.h). It has a table of
# its own for each of four address spaces, of 32 pages from REGION on; what is not in the TLB
# is looked up there. The generator fills in the tables, the settings and the programs.
#
#   0x0100  vectors
#   0x1000  this; 0x1f00 the settings
#   0x2000  the tables: 4 spaces x 32 entries, as TLBLO has them
#   0x3000  64 entries to choose from
#   0x4000  programs, four pages; 0x8000 to the end: data
.include "pg32.inc"
.equ REGION,  0x00400000
.equ TABLES,  0x2000
.equ POOL,    0x3000
# The settings.
.equ SPACES,  0x1f00                    # how many, less one
.equ LEFT,    0x1f04                    # calls until it halts
.equ NEXT,    0x1f08                    # misses so far; where it has a bit of …
.equ HOW,     0x1f0c                    # … this one, the entry is chosen here, else by the machine
.equ MODE,    0x1f10                    # bits to change in EPSW
.equ TIMER,   0x1f14                    # 0: none
.equ FORGETS, 0x1f18
.equ RANDOM,  0x1f1c
.equ FIRST,   0x1f20                    # PSW of the program

.macro save
        mtcr    scr0, t0
        mtcr    scr1, t1
        mtcr    scr2, t2
.endm
.macro restore
        mfcr    t0, scr0
        mfcr    t1, scr1
        mfcr    t2, scr2
        rfe
.endm

        .globl  _start
_start: j       begin
# A miss. Addresses outside of the region are the program's mistakes.
on_miss:
        save
        mfcr    t0, badva
        srli    t1, t0, 12
        li      t2, REGION >> 12
        sub     t1, t1, t2
        sltiu   t2, t1, 32
        beqz    t2, skip
        slli    t1, t1, 2
        mfcr    t2, asid
        andi    t2, t2, 3
        slli    t2, t2, 7
        add     t1, t1, t2
        lui     t2, %hi(TABLES)
        add     t1, t1, t2
        lw      t1, 0(t1)
        andi    t2, t1, PTE_VALID
        beqz    t2, skip
        mtcr    tlblo, t1
        srli    t0, t0, 12
        slli    t0, t0, 12
        mfcr    t1, asid
        or      t0, t0, t1
        mtcr    tlbhi, t0
        lw      t0, NEXT
        addi    t0, t0, 1
        sw      t0, NEXT(zero)
        lw      t1, HOW
        and     t1, t1, t0
        andi    t0, t0, 63
        bnez    t1, 1f
        li      t0, TLB_NONE
1:      mtcr    tlbix, t0
        tlbw
        restore

# A trap of the program's own: it goes on behind the instruction.
on_trap:
        save
skip:   mfcr    t0, epc
        addi    t0, t0, 4
        li      t1, REGION + 4*PAGE_SIZE - 4
        bltu    t0, t1, 1f
        li      t0, REGION              # it has run away
1:      mtcr    epc, t0
        restore

on_timer:
        save
        lw      t0, TIMER
        mtcr    timer, t0
        j       switch

# What programs ask for: sys N, a0 and a1 are arguments.
on_call:
        save
        lw      t0, LEFT
        addi    t0, t0, -1
        sw      t0, LEFT(zero)
        beqz    t0, done
        mfcr    t0, einsn
        andi    t0, t0, 7
        slli    t0, t0, 2
        lw      t0, calls(t0)
        jr      t0
calls:  .word   switch, edit, edit_found, flush, print, mode, edit_unseen, behind

switch: mfcr    t0, asid                # another space
        slli    t1, t0, 2
        add     t0, t0, t1
        addi    t0, t0, 1
        lw      t1, SPACES
        and     t0, t0, t1
        mtcr    asid, t0
        j       behind

# The entry of page 4 + a0 mod 28 becomes one of the pool, in t2; those of pages below 8, which
# are global, in every space. t1: where the page is.
.macro choose
        li      t1, 28
        remu    t1, a0, t1
        addi    t1, t1, 4
        slli    t1, t1, 2
        andi    t2, a1, 63
        slli    t2, t2, 2
        lw      t2, POOL(t2)
        sltiu   t0, t1, 32
        beqz    t0, 1f
        ori     t2, t2, PTE_GLOBAL
        lui     t0, %hi(TABLES)
        add     t0, t0, t1
        sw      t2, 0(t0)
        sw      t2, 128(t0)
        sw      t2, 256(t0)
        sw      t2, 384(t0)
        j       2f
1:      mfcr    t0, asid
        andi    t0, t0, 3
        slli    t0, t0, 7
        add     t0, t0, t1
        lui     ra, %hi(TABLES)         # programs do not use ra
        add     t0, t0, ra
        sw      t2, 0(t0)
2:      slli    t1, t1, 10
        lui     t0, %hi(REGION)
        add     t1, t1, t0
.endm

# Spaces that are the same modulo 4 share a table: each of them is told.
edit:   choose
        lw      t0, SPACES
1:      tlbi    t1, t0
        addi    t0, t0, -1
        bge     t0, zero, 1b
        j       behind

# Looks in the TLB first, in each space that has this table; what is there is written over.
edit_found:
        choose
        mfcr    t0, asid
        andi    t0, t0, 3
3:      or      ra, t1, t0
        mtcr    tlbhi, ra
        tlbp
        mfcr    ra, tlbix
        blt     ra, zero, 4f
        mtcr    tlblo, t2
        tlbw
4:      addi    t0, t0, 4
        lw      ra, SPACES
        bge     ra, t0, 3b
        j       behind

# Empties all entries by number; where the machine chooses them all, the wired ones hold nothing.
flush:  choose
        mtcr    tlblo, zero
        mtcr    tlbhi, zero
        li      t0, 8
        lw      t1, HOW
        beqz    t1, 1f
        li      t0, 0
1:      mtcr    tlbix, t0
        tlbw
        addi    t0, t0, 1
        slti    t2, t0, 64
        bnez    t2, 1b
        j       behind

print:  out     a0, CONSOLE_DATA
        j       behind

mode:   mfcr    t0, epsw
        lw      t1, MODE
        xor     t0, t0, t1
        mtcr    epsw, t0
        j       behind

# Forgets to tell, where the setting allows it.
edit_unseen:
        lw      t0, FORGETS
        beqz    t0, edit
        choose
behind: mfcr    t0, epc
        addi    t0, t0, 4
        mtcr    epc, t0
        restore

done:   halt
begin:  la      t0, vectors
        mtcr    vbr, t0
        mtcr    asid, zero
        lw      t0, RANDOM
        mtcr    tlbrnd, t0
        lw      t0, TIMER
        mtcr    timer, t0
        lw      t0, FIRST
        mtcr    epsw, t0
        li      t0, REGION
        mtcr    epc, t0
        restore

vectors:
        .rept   CAUSE_SYSCALL
        .word   on_trap
        .endr
        .word   on_call
        .rept   CAUSE_FETCH_FAULT - 3
        .word   on_trap
        .endr
        .word   on_miss, on_miss, on_miss
        .rept   CAUSE_TIMER - 10
        .word   on_trap
        .endr
        .word   on_timer
        .rept   CAUSE_COUNT - 17
        .word   on_trap
        .endr
