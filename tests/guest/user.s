# User mode on a machine where everything sensitive traps.
# bare: pg s360 m68010 mips riscv vtx
.include "check.inc"

begin:
        user
        traps   "rfe", CAUSE_PRIVILEGED                 #> rfe: ok
        rfe
        traps   "lpsw", CAUSE_PRIVILEGED                #> lpsw: ok
        lpsw    0(sp)
        traps   "juser", CAUSE_PRIVILEGED               #> juser: ok
        juser   0(sp)
        traps   "pushf", CAUSE_PRIVILEGED               #> pushf: ok
        pushf
        traps   "popf", CAUSE_PRIVILEGED                #> popf: ok
        popf
        traps   "rdpsw", CAUSE_PRIVILEGED               #> rdpsw: ok
        rdpsw   t0
        traps   "sti", CAUSE_PRIVILEGED                 #> sti: ok
        sti
        traps   "cli", CAUSE_PRIVILEGED                 #> cli: ok
        cli
        traps   "spl", CAUSE_PRIVILEGED                 #> spl: ok
        spl     1
        traps   "mfcr", CAUSE_PRIVILEGED                #> mfcr: ok
        mfcr    t0, tick
        traps   "mtcr", CAUSE_PRIVILEGED                #> mtcr: ok
        mtcr    vbr, zero
        traps   "svbr", CAUSE_PRIVILEGED                #> svbr: ok
        svbr    0(sp)
        traps   "wfi", CAUSE_PRIVILEGED                 #> wfi: ok
        wfi
        traps   "halt", CAUSE_PRIVILEGED                #> halt: ok
        halt
        traps   "lra", CAUSE_PRIVILEGED                 #> lra: ok
        lra     t0, sp
        traps   "probe", CAUSE_PRIVILEGED               #> probe: ok
        probe   t0, sp, 0
        traps   "ldprev", CAUSE_PRIVILEGED              #> ldprev: ok
        ldprev  t0, 0(sp)
        traps   "stprev", CAUSE_PRIVILEGED              #> stprev: ok
        stprev  t0, 0(sp)
        traps   "rdtick", CAUSE_PRIVILEGED              #> rdtick: ok
        rdtick  t0
        traps   "cpuid", CAUSE_PRIVILEGED               #> cpuid: ok
        cpuid   t0
        traps   "in", CAUSE_PRIVILEGED                  #> in: ok
        in      t0, CONSOLE_STATUS
        traps   "out", CAUSE_PRIVILEGED                 #> out: ok
        out     t0, CONSOLE_DATA
        traps   "privileged comes before misaligned", CAUSE_PRIVILEGED #> privileged comes before misaligned: ok
        svbr    1(sp)
        traps   "illegal is illegal here too", CAUSE_ILLEGAL    #> illegal is illegal here too: ok
        .word   0
        traps   "sys", CAUSE_SYSCALL                    #> sys: ok
        sys     1

# The bound is 0x10000.
        lui     s0, 16
        sw      s0, -4(s0)
        lw      s1, -4(s0)
        traps   "load at the bound", CAUSE_BOUNDS, 0x10000      #> load at the bound: ok
        lw      t0, 0(s0)
        traps   "store beyond it", CAUSE_BOUNDS, 0x10005        #> store beyond it: ok
        sb      t0, 5(s0)
        traps   "the highest address", CAUSE_BOUNDS, 0xffffffff #> the highest address: ok
        lb      t0, -1(zero)
        traps   "misaligned comes before beyond", CAUSE_ALIGNMENT, 0x10002 #> misaligned comes before beyond: ok
        lw      t0, 2(s0)
        traps_there "fetch at the bound", CAUSE_BOUNDS, 0x10000 #> fetch at the bound: ok
        jalr    zero, 0(s0)
        kernel
        is      "the word below the bound was within", s1, 0x10000 #> the word below the bound was within: ok

# BASE is added: the same three instructions in a space that begins at 0xa000.
        lui     s0, 10
        la      t0, moved
        add     t1, t0, s0
        lw      t2, 0(t0)
        sw      t2, 0(t1)
        lw      t2, 4(t0)
        sw      t2, 4(t1)
        lw      t2, 8(t0)
        sw      t2, 8(t1)
        mtcr    base, s0
        mtcr    epc, t0
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        lui     s1, 7
        rfe
moved:  addi    t0, zero, 0x600d
        sw      t0, 0(s1)
        sys     0xffff                  # `kernel`, but returns to here, untranslated
        lui     s1, 0x11
        lw      t0, 0(s1)
        is      "0x7000 there is 0x11000 here", t0, 0x600d      #> 0x7000 there is 0x11000 here: ok
        halt
