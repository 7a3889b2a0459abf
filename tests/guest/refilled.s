# The TLB that the kernel refills: matching, replacement, tlbp, tlbi; and the unmapped
# segment. (docs/mmu.md, "mmu tlb" and "kseg")
# bare: tests/guest/refilled.profile
# vmm:
.include "mapped.inc"
.equ V, PTE_VALID
.equ W, PTE_WRITE
.equ X, PTE_EXECUTE
.equ U, PTE_USER
.equ G, PTE_GLOBAL
.equ P, 0x00200000                      # the address that is tried …
.equ F, 0x00090000                      # … and frames
.equ E, 0x000a0000
.equ KSEG, 0x80000000

# put index, hi, lo: writes an entry. Spoils t0.
.macro put index, hi, lo
        li      t0, \index
        mtcr    tlbix, t0
        li      t0, \hi
        mtcr    tlbhi, t0
        li      t0, \lo
        mtcr    tlblo, t0
        tlbw
.endm
# found "what", hi, index: by tlbp.
.macro found what, hi, index
        li      t0, \hi
        mtcr    tlbhi, t0
        tlbp
        mfcr    t0, tlbix
        is      \what, t0, \index
.endm

begin:
        li      t2, 0                   # this program, as it lies, in entries 0 to 7
        mtcr    tlbhi, zero
        li      t0, V | W | X | U | G
        mtcr    tlblo, t0
        mtcr    tlbix, zero
        li      t1, 8
        lui     a0, 1
1:      tlbw
        mfcr    t0, tlblo
        add     t0, t0, a0
        mtcr    tlblo, t0
        add     t2, t2, a0
        mtcr    tlbhi, t2
        mfcr    t0, tlbix
        addi    t0, t0, 1
        mtcr    tlbix, t0
        bne     t0, t1, 1b
        li      s1, P
        li      t0, 0x1111
        li      t1, F
        sw      t0, 0(t1)
        li      t0, 0x2222
        li      t1, E
        sw      t0, 0(t1)

# ------------------------------------------------------------------ no entry
        mapped  3
        traps   "a miss", CAUSE_LOAD_FAULT, P                   #> a miss: ok
        lw      a0, 0(s1)
        traps   "a miss of a store", CAUSE_STORE_FAULT, P + 1   #> a miss of a store: ok
        sb      a0, 1(s1)
        traps_there "a miss of a fetch", CAUSE_FETCH_FAULT, P   #> a miss of a fetch: ok
        jr      s1
        kernel
        put     20, P, F | W | U                # not valid
        mapped  3
        traps   "an entry that is not valid matches nothing", CAUSE_LOAD_FAULT, P #> an entry that is not valid matches nothing: ok
        lw      a0, 0(s1)
        kernel

# ---------------------------------------------------------------- protection
        put     20, P, F | V | 1*PTE_LEVEL
        mapped  2
        traps   "mode 2 at level 1", CAUSE_PROTECTION, P        #> mode 2 at level 1: ok
        lw      a0, 0(s1)
        kernel
        mapped  1
        lw      a0, 0(s1)
        traps   "no store without W", CAUSE_PROTECTION, P       #> no store without W: ok
        sw      a0, 0(s1)
        traps_there "no fetch without X", CAUSE_PROTECTION, P   #> no fetch without X: ok
        jr      s1
        kernel
        is      "mode 1 at level 1", a0, 0x1111                 #> mode 1 at level 1: ok

# ------------------------------------------------------------------- spaces
        put     21, P | 5, E | V | W | U
        li      t0, 5
        mtcr    asid, t0
        mapped  3
        lw      a0, 0(s1)
        kernel
        is      "space 5 has a page of its own", a0, 0x2222     #> space 5 has a page of its own: ok
        li      t0, 6
        mtcr    asid, t0
        mapped  3
        traps   "space 6 has none", CAUSE_LOAD_FAULT, P         #> space 6 has none: ok
        lw      a0, 0(s1)
        kernel
        put     22, P | 7, F | V | U | G
        mapped  3
        lw      a0, 0(s1)
        kernel
        is      "unless it is global", a0, 0x1111               #> unless it is global: ok
        li      t0, 5
        mtcr    asid, t0
        mapped  3
        lw      a0, 0(s1)
        kernel
        is      "of several the lowest", a0, 0x2222             #> of several the lowest: ok
        put     19, P | 9, F | V | U | G
        mapped  3
        lw      a0, 0(s1)
        kernel
        is      "whichever came first", a0, 0x1111              #> whichever came first: ok

# --------------------------------------------------------- tlbp, tlbi, tlbw
        found   "tlbp finds the lowest", P | 5, 19              #> tlbp finds the lowest: ok
        found   "or none", 0x00300000, TLB_NONE                 #> or none: ok
        li      a0, P + 0x123
        li      a1, 0xff05                      # only eight bits of a space count
        tlbi    a0, a1
        found   "tlbi empties all that match", P | 5, TLB_NONE  #> tlbi empties all that match: ok
        found   "and no others", P, 20                          #> and no others: ok
        li      t0, 0x1234
        mtcr    tlbrnd, t0
        put     TLB_NONE, P | 5, E | V | W | U
        found   "the machine chooses", P | 5, 8 + 0x12          #> the machine chooses: ok
        mfcr    t0, tlbrnd
        is      "and goes on", t0, (0x1234 * 25173 + 13849) & 0xffff #> and goes on: ok
        put     8 + 0x12, P | 5, E | V | U
        mfcr    t0, tlbrnd
        is      "but only if it chose", t0, (0x1234 * 25173 + 13849) & 0xffff #> but only if it chose: ok
        mapped  3
        traps   "the entry has been replaced", CAUSE_PROTECTION, P #> the entry has been replaced: ok
        sw      a0, 0(s1)
        kernel
        put     30, 0x00300000, 0x7ffff000 | V | U | G
        li      a1, 0x00300000
        mapped  3
        traps   "a frame that is nowhere", CAUSE_BUS, 0x00300004 #> a frame that is nowhere: ok
        lw      a0, 4(a1)
        kernel

# ------------------------------------------------------ the unmapped segment
        li      s1, KSEG + F
        mapped  0
        lw      a0, 0(s1)
        la      t0, there
        li      t1, KSEG
        add     t0, t0, t1
        jr      t0
there:  auipc   a1, 0
        sw      a1, 4(s1)
        lra     a2, s1
        la      t0, back
        jr      t0
back:   kernel
        is      "mode 0 loads from it", a0, 0x1111              #> mode 0 loads from it: ok
        la      t0, there
        sub     a1, a1, t0
        is      "runs in it", a1, KSEG                          #> runs in it: ok
        is      "and it lies at 0", a2, F                       #> and it lies at 0: ok
        mapped  0
        li      a1, KSEG + 0x1ffffffc
        traps   "beyond storage", CAUSE_BUS, KSEG + 0x1ffffffc  #> beyond storage: ok
        lw      a0, 0(a1)
        li      a1, KSEG + 0x20000000
        traps   "behind it is mapped", CAUSE_LOAD_FAULT, KSEG + 0x20000000 #> behind it is mapped: ok
        lw      a0, 0(a1)
        li      a1, KSEG - 4
        traps   "and before it", CAUSE_LOAD_FAULT, KSEG - 4     #> and before it: ok
        lw      a0, 0(a1)
        kernel
        put     31, KSEG + F, F | V | W | U | G
        mapped  1
        traps   "no other mode may, whatever the TLB says", CAUSE_PROTECTION, KSEG + F #> no other mode may, whatever the TLB says: ok
        lw      a0, 0(s1)
        kernel
        halt
