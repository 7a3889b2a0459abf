# Storage keys: blocks of 2 KiB, who may store, load and fetch, and ssk and isk.
# bare: tests/common/keyed.profile
# vmm: tests/common/keyed.profile
.include "check.inc"

begin:
        li      s0, 0                   # all of the program gets key 3
        lui     s1, 8
        li      t0, 3
1:      ssk     t0, s0
        addi    s0, s0, 2047
        addi    s0, s0, 1
        bltu    s0, s1, 1b

        lui     s0, 8                   # what is tried: the block at 0x8000 …
        addi    s1, s0, 2047
        addi    s1, s1, 1               # … and the one behind it
        isk     t0, s0
        is      "a block begins with key 0", t0, 0      #> a block begins with key 0: ok
        li      t0, 0xffffffe5
        ssk     t0, s0
        isk     t0, s0
        is      "five bits count", t0, 5                #> five bits count: ok
        isk     t0, s1
        is      "the next block keeps its key", t0, 0   #> the next block keeps its key: ok
        addi    t1, s1, -1
        isk     t0, t1
        is      "any address of the block will do", t0, 5 #> any address of the block will do: ok
        li      t1, 0xfffff800
        traps   "ssk of no block", CAUSE_BUS, 0xfffff800 #> ssk of no block: ok
        ssk     t0, t1
        traps   "isk of no block", CAUSE_BUS, 0xfffff800 #> isk of no block: ok
        isk     t0, t1

        li      t0, 0x300               # key 3, mode 0
        mtcr    psw, t0
        traps   "a store under another key", CAUSE_PROTECTION, 0x8000 #> a store under another key: ok
        sw      t0, 0(s0)
        traps   "of the last byte too", CAUSE_PROTECTION, 0x87ff #> of the last byte too: ok
        sb      t0, -1(s1)
        lw      t0, 0(s0)
        is      "a load is allowed", t0, 0              #> a load is allowed: ok
        traps   "key 0 of a block fits no other key", CAUSE_PROTECTION, 0x8800 #> key 0 of a block fits no other key: ok
        sh      t0, 0(s1)

        li      t0, 0x15                # key 5, fetch protection
        ssk     t0, s0
        traps   "a load under fetch protection", CAUSE_PROTECTION, 0x87fc #> a load under fetch protection: ok
        lw      t0, -4(s1)
        lw      t0, 0(s1)
        is      "not behind the block", t0, 0           #> not behind the block: ok
        traps_there "a fetch", CAUSE_PROTECTION, 0x8000 #> a fetch: ok
        jr      s0
        traps   "ldprev, by the present key", CAUSE_PROTECTION, 0x8004 #> ldprev, by the present key: ok
        ldprev  t0, 4(s0)
        lra     t0, s0
        is      "lra finds nothing", t0, 0xffffffff     #> lra finds nothing: ok
        probe   t0, s0, 0
        is      "probe, load", t0, 0                    #> probe, load: ok
        li      t0, 5
        ssk     t0, s0
        probe   t0, s0, 0
        is      "probe, load without fetch protection", t0, 1 #> probe, load without fetch protection: ok
        probe   t0, s0, 1
        is      "probe, store", t0, 0                   #> probe, store: ok

        li      t0, 0x13                # the program's own
        ssk     t0, s0
        li      t0, 77
        sw      t0, 0(s0)
        lw      t1, 0(s0)
        is      "under the right key all is allowed", t1, 77 #> under the right key all is allowed: ok
        li      t0, 0x15
        ssk     t0, s0
        mtcr    psw, zero
        lw      t1, 0(s0)
        is      "under key 0 too", t1, 77               #> under key 0 too: ok

        user
        traps   "ssk is privileged", CAUSE_PRIVILEGED   #> ssk is privileged: ok
        ssk     t0, s0
        traps   "isk is privileged", CAUSE_PRIVILEGED   #> isk is privileged: ok
        isk     t0, s0
        kernel
        isk     t0, s0
        is      "and has done nothing", t0, 0x15        #> and has done nothing: ok
        halt
