# Page tables: each cause of a fault with its address, and which accesses set A and D.
# (docs/mmu.md, "mmu paged")
# bare: tests/guest/paged.profile
# vmm:
.include "mapped.inc"
.equ DIRECTORY, 0x00080000
.equ TABLE,     0x00081000              # of the first 4 MiB
.equ OTHER,     0x00082000              # of 4 MiB to 8 MiB
.equ V, PTE_VALID
.equ W, PTE_WRITE
.equ X, PTE_EXECUTE
.equ U, PTE_USER
.equ A, PTE_ACCESSED
.equ D, PTE_DIRTY
.equ P, 0x00200000                      # the addresses that are tried …
.equ F, 0x00090000                      # … and a frame

# entry number, value: of the table. Spoils t0, t1.
.macro entry number, value
        li      t0, \value
        li      t1, TABLE + 4*(\number)
        sw      t0, 0(t1)
.endm
# has "what", number, value: it is so.
.macro has what, number, value
        li      t1, TABLE + 4*(\number)
        lw      t1, 0(t1)
        is      \what, t1, \value
.endm

begin:
        li      s0, DIRECTORY
        mtcr    ptbr, s0
        li      t0, TABLE | V | U
        sw      t0, 0(s0)
        li      t0, OTHER | V
        sw      t0, 4(s0)
        li      t0, V | W | X | U       # this program, as it lies, for everybody
        li      t1, TABLE
        li      t2, 16
1:      sw      t0, 0(t1)
        lui     a0, 1
        add     t0, t0, a0
        addi    t1, t1, 4
        addi    t2, t2, -1
        bnez    t2, 1b
        li      s1, P

# ------------------------------------------------------------------ no entry
        mapped  0
        traps   "no page to load from", CAUSE_LOAD_FAULT, P     #> no page to load from: ok
        lw      a0, 0(s1)
        traps   "none to store into", CAUSE_STORE_FAULT, P + 8  #> none to store into: ok
        sb      a0, 8(s1)
        kernel
        mapped  3
        traps   "nor for a user", CAUSE_LOAD_FAULT, P + 6       #> nor for a user: ok
        lh      a0, 6(s1)
        traps_there "none to fetch from", CAUSE_FETCH_FAULT, P  #> none to fetch from: ok
        jr      s1
        traps   "alignment comes first", CAUSE_ALIGNMENT, P + 1 #> alignment comes first: ok
        lw      a0, 1(s1)
        li      a1, 0x01000000          # 16 MiB: the directory's entry is empty
        traps   "no table either", CAUSE_LOAD_FAULT, 0x01000000 #> no table either: ok
        lw      a0, 0(a1)
        kernel
        has     "a fault leaves an empty entry alone", 0x200, 0 #> a fault leaves an empty entry alone: ok

# ---------------------------------------------------------------- protection
        entry   0x200, F | V | 1*PTE_LEVEL
        mapped  2
        traps   "mode 2 at level 1", CAUSE_PROTECTION, P        #> mode 2 at level 1: ok
        lw      a0, 0(s1)
        kernel
        has     "who is refused sets nothing", 0x200, F | V | 1*PTE_LEVEL #> who is refused sets nothing: ok
        mapped  1
        lw      a0, 0(s1)
        kernel
        has     "mode 1 at level 1 loads: A", 0x200, F | V | 1*PTE_LEVEL | A #> mode 1 at level 1 loads: A: ok
        mapped  1
        traps   "no store without W", CAUSE_PROTECTION, P + 4   #> no store without W: ok
        sw      a0, 4(s1)
        kernel
        mapped  0
        traps   "not in mode 0 either", CAUSE_PROTECTION, P + 4 #> not in mode 0 either: ok
        sw      a0, 4(s1)
        traps_there "no fetch without X", CAUSE_PROTECTION, P   #> no fetch without X: ok
        jr      s1
        kernel
        entry   0x200, F | V | W | X | U | PTE_FETCH_ONLY
        mapped  0
        probe   a0, s1, 2
        probe   a1, s1, 0
        traps   "no load where only fetches are", CAUSE_PROTECTION, P + 2 #> no load where only fetches are: ok
        lbu     a2, 2(s1)
        traps   "no store, whatever W says", CAUSE_PROTECTION, P + 4 #> no store, whatever W says: ok
        sw      a2, 4(s1)
        kernel
        is      "probe finds that it can be fetched", a0, 1     #> probe finds that it can be fetched: ok
        is      "and not loaded", a1, 0                         #> and not loaded: ok
        li      a0, F
        la      a1, 1f                  # a jump back here, by way of a page that cannot be read
        lw      a2, back
        sw      a2, 0(a0)
        mapped  2
        jalr    ra, 0(s1)
1:      kernel
        has     "a fetch sets A there too", 0x200, F | V | W | X | U | PTE_FETCH_ONLY | A #> a fetch sets A there too: ok

# ------------------------------------------------------------------ A and D
        entry   0x200, F | V | W | U
        mapped  3
        sb      zero, 3(s1)
        kernel
        has     "a store sets A and D", 0x200, F | V | W | U | A | D #> a store sets A and D: ok
        entry   0x200, F | V | W | U | 0xe80
        mapped  3
        lbu     a0, 3(s1)
        kernel
        has     "a load A, and the rest stays", 0x200, F | V | W | U | 0xe80 | A #> a load A, and the rest stays: ok
        entry   0x200, F | V | W | U
        mapped  0
        lra     a0, s1
        probe   a1, s1, 1
        kernel
        is      "lra finds the frame", a0, F                    #> lra finds the frame: ok
        is      "probe finds that it can be written", a1, 1     #> probe finds that it can be written: ok
        has     "neither sets a bit", 0x200, F | V | W | U      #> neither sets a bit: ok
        li      a0, F                   # a program of one instruction, the last of the page
        lui     a1, 1
        add     a1, a1, a0
        lw      a2, one
        sw      a2, -4(a1)
        li      a1, 0x1234
        sw      a1, 0(a0)
        entry   0x200, F | V | X | U
        mapped  3
        traps_there "behind it is no page", CAUSE_FETCH_FAULT, P + 0x1000 #> behind it is no page: ok
        jalr    zero, 0xffc(s1)
        kernel
        has     "a fetch sets A", 0x200, F | V | X | U | A      #> a fetch sets A: ok
        entry   0x200, F | V | U
        entry   0x201, 0
        mapped  0
        traps   "the second word's page", CAUSE_LOAD_FAULT, P + 0x1000 #> the second word's page: ok
        lpsw    0xffc(s1)
        kernel
        has     "the first word's A is set", 0x200, F | V | U | A #> the first word's A is set: ok

# ------------------------------------------------------ tables as what they are
        entry   0x200, TABLE | V | W | U        # the table, in itself
        mapped  3
        lw      a0, 4*0x200(s1)
        kernel
        is      "A is set before the load", a0, TABLE | V | W | U | A #> A is set before the load: ok
        mapped  3
        li      a1, F | V | W | U
        sw      a1, 4*0x200(s1)
        lw      a0, 0(s1)
        kernel
        has     "a store into its own entry has the last word", 0x200, F | V | W | U | A #> a store into its own entry has the last word: ok
        is      "and holds from the next access", a0, 0x1234    #> and holds from the next access: ok
        entry   0x201, F | V | W | U            # the frame twice
        li      t0, DIRECTORY
        li      t1, DIRECTORY | V | W | U       # and the directory as its own table
        sw      t1, 4*1023(t0)
        mapped  3
        li      a0, 77
        sw      a0, 16(s1)
        li      a1, P + 0x1000
        lw      a1, 16(a1)
        lui     a2, 0xffc00
        lw      a2, 4*0x201(a2)                 # by way of directory and directory[0]
        kernel
        is      "one frame at two addresses", a1, 77            #> one frame at two addresses: ok
        is      "tables as seen by themselves", a2, F | V | W | U | A #> tables as seen by themselves: ok
        lw      a0, 0(s0)
        is      "a directory's entry gets A as a page's", a0, TABLE | V | U | A #> a directory's entry gets A as a page's: ok

        entry   0x201, 0                        # no tlbi
        mapped  3
        li      a1, P + 0x1000
        traps   "gone without being told", CAUSE_LOAD_FAULT, P + 0x1010 #> gone without being told: ok
        lw      a0, 16(a1)
        kernel

# ----------------------------------------------------------------------- bus
        entry   0x200, 0x7ffff000 | V | W | U
        mapped  3
        traps   "a frame that is nowhere", CAUSE_BUS, P         #> a frame that is nowhere: ok
        sw      a0, 0(s1)
        kernel
        has     "and no bit", 0x200, 0x7ffff000 | V | W | U     #> and no bit: ok
        li      t1, 0xffffe000 | V
        sw      t1, 8(s0)
        mapped  3
        li      a1, 0x00800000
        traps   "a table that is nowhere", CAUSE_BUS, 0x00800004 #> a table that is nowhere: ok
        sw      a0, 4(a1)
        kernel
        halt

        .align  4
one:    nop
back:   jr      a1
