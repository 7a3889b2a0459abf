# What writes to the PSW do, and the instructions that jump and change it.
.include "check.inc"

begin:
        li      t0, 0xfffff0dc          # mode 0, pmode 3, IE, C, V, and bits that are not
        mtcr    psw, t0
        rdpsw   t0
        andi    t1, t0, 0x3
        is      "mode as written", t1, 0                #> mode as written: ok
        andi    t1, t0, 0xd0
        is      "IE, C and V as written", t1, 0xd0      #> IE, C and V as written: ok
        srli    t1, t0, 12
        is      "bits outside the fields are zero", t1, 0 #> bits outside the fields are zero: ok
        mtcr    psw, zero

        li      t0, 3
        mtcr    epsw, t0
        mfcr    t0, epsw
        is      "mode 3 is the least privileged mode there is", t0, 1 #> mode 3 is the least privileged mode there is: ok

        la      t0, 1f
        sw      t0, target
        la      t0, pair
        lpsw    0(t0)
        halt
1:      rdpsw   t0
        is      "lpsw takes PSW and pc", t0, 0x40       #> lpsw takes PSW and pc: ok

        mtcr    base, zero
        lui     t0, 16
        mtcr    bound, t0
        lui     s0, 16
        la      t0, 2f
        juser   0(t0)
        halt
2:      traps   "juser enters user mode", CAUSE_PRIVILEGED #> juser enters user mode: ok
        mfcr    t0, psw
        traps   "and turns translation on", CAUSE_BOUNDS, 0x10000 #> and turns translation on: ok
        lb      t1, 0(s0)
        kernel

        spl     3
        mfcr    t0, imask
        is      "spl 3 leaves two lines", t0, 3         #> spl 3 leaves two lines: ok
        spl     0
        mfcr    t0, imask
        is      "spl 0 all five", t0, 0x1f              #> spl 0 all five: ok
        svbr    -4(sp)
        lw      t0, -4(sp)
        is      "svbr", t0, vectors                     #> svbr: ok
        li      t0, 0x1007
        mtcr    vbr, t0
        mfcr    t0, vbr
        is      "VBR is a multiple of 4", t0, 0x1004    #> VBR is a multiple of 4: ok
        la      t0, vectors
        mtcr    vbr, t0
        cpuid   t0
        is      "cpuid", t0, 0x50470001                 #> cpuid: ok
        mtcr    tick, zero              # read-only
        mfcr    t0, tick
        rdtick  t1
        sub     t0, t1, t0
        is      "one instruction, one tick", t0, 1      #> one instruction, one tick: ok

# Mode 0 with translation on: BASE 0x1000, BOUND 0x8000. The code and the words
# that lpsw takes are then 0x1000 lower than where they are without.
        lui     t0, 1
        mtcr    base, t0
        lui     t0, 8
        mtcr    bound, t0
        la      t0, 3f - 0x1000
        mtcr    epc, t0
        li      t0, PSW_TE
        mtcr    epsw, t0
        lui     s0, 2
        lui     s1, 8
        rfe
3:      lra     a0, s0
        lra     a1, s1
        probe   a2, s0, 0
        probe   a3, s1, 1
        probe   a4, s0, 3
        la      t0, back - 0x1000
        lpsw    0(t0)
4:      is      "lra", a0, 0x3000                       #> lra: ok
        is      "lra beyond the bound", a1, -1          #> lra beyond the bound: ok
        is      "probe", a2, 1                          #> probe: ok
        is      "probe beyond the bound", a3, 0         #> probe beyond the bound: ok
        is      "probe for nothing", a4, 0              #> probe for nothing: ok
        halt

        .data
        .align  4
pair:   .word   0x40                    # mode 0, C
target: .word   0
back:   .word   0, 4b                   # PSW 0, untranslated
