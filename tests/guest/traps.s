# Traps in mode 0: the cause, EPC, BADVA and EINSN of each.
.include "check.inc"

begin:
        traps   "all zeros", CAUSE_ILLEGAL              #> all zeros: ok
        .word   0
        traps   "all ones", CAUSE_ILLEGAL               #> all ones: ok
        .word   0xffffffff
        traps   "an unused bit set", CAUSE_ILLEGAL      #> an unused bit set: ok
        .word   unused_bit
        traps   "sys", CAUSE_SYSCALL                    #> sys: ok
        sys     42
        traps   "brk", CAUSE_BREAKPOINT                 #> brk: ok
        brk
        traps   "hcall", CAUSE_HYPERCALL                #> hcall: ok
        hcall   1

        la      s0, word
        traps   "lw at 1", CAUSE_ALIGNMENT, word + 1    #> lw at 1: ok
        lw      t0, 1(s0)
        traps   "lw at 2", CAUSE_ALIGNMENT, word + 2    #> lw at 2: ok
        lw      t0, 2(s0)
        traps   "lhu at 3", CAUSE_ALIGNMENT, word + 3   #> lhu at 3: ok
        lhu     t0, 3(s0)
        traps   "sw at 2", CAUSE_ALIGNMENT, word + 2    #> sw at 2: ok
        sw      zero, 2(s0)
        traps   "sh at 1", CAUSE_ALIGNMENT, word + 1    #> sh at 1: ok
        sh      zero, 1(s0)
        lw      t0, word
        is      "nothing was stored", t0, 0x12345678    #> nothing was stored: ok

        lui     s1, 0x40000             # 1 GiB: no storage there
        li      t0, 77
        traps   "load beyond storage", CAUSE_BUS, 0x40000000    #> load beyond storage: ok
        lw      t0, 0(s1)
        is      "nothing was loaded", t0, 77            #> nothing was loaded: ok
        traps   "store beyond storage", CAUSE_BUS, 0x3ffffffc   #> store beyond storage: ok
        sb      t0, -4(s1)
        traps   "misaligned comes before beyond", CAUSE_ALIGNMENT, 0x40000001 #> misaligned comes before beyond: ok
        lw      t0, 1(s1)
        traps_there "fetch beyond storage", CAUSE_BUS, 0x40000000 #> fetch beyond storage: ok
        jalr    ra, 0(s1)
        traps_there "fetch at 2", CAUSE_ALIGNMENT, word + 2     #> fetch at 2: ok
        jalr    ra, 2(s0)
        traps   "in from no port", CAUSE_BUS, 0x7f      #> in from no port: ok
        in      t0, 0x7f
        traps   "out to no port", CAUSE_BUS, 0x40000020 #> out to no port: ok
        out     t0, 0x20(s1)
        halt

.equ unused_bit, 0x10000001             # an add with a bit that no operand covers
        .data
        .align  4
word:   .word   0x12345678
