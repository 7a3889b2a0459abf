# Channel programs: what is started, what is refused and where, what is done and when.
# (docs/channels.md)
# bare: tests/guest/channel.profile
# vmm: tests/guest/channel.profile
# input: xyz
.equ CHANNEL, 1
.include "check.inc"
.equ END, 0x100000              # of storage
.equ SECTORS, 256
.equ ENDED,   0x100             # of the status
.equ CHECKED, 1
.equ REFUSED, 0x200 | CHECKED
.equ SHORT,   0x400 | ENDED | CHECKED
.equ FAILED,  0x800 | ENDED | CHECKED

# go program, unit=UNIT_DISK: starts it; s0 = the condition.
.macro go program, unit=UNIT_DISK
        li      t0, \program + \unit
        sio     s0, t0
.endm
# wait: until the disk is idle; s0 = its status, s1 = where it stopped.
.macro wait unit=UNIT_DISK
idle\@: li      t0, \unit
        tio     s0, t0
        andi    t1, s0, 3
        li      t2, 2
        beq     t1, t2, idle\@
        li      t0, \unit + 8
        tio     s1, t0
.endm
# refused "what", program, unit, at: it is, with a program check at that CCW.
.macro refused what, program, at, unit=UNIT_DISK
        go      \program, \unit
        wait    \unit
        li      t0, (\at + 8) & 0xffffffff
        beq     s1, t0, same\@
        mv      s0, s1
same\@: is      \what, s0, REFUSED
.endm
# becomes "what", program, status, behind: it is started, and ends so.
.macro becomes what, program, status, behind
        go      \program
        bnez    s0, not\@
        wait
        li      t0, \behind
        beq     s1, t0, not\@
        mv      s0, s1
not\@:  is      \what, s0, \status
.endm
.macro chain name
        .data
        .align  8
\name:
.endm

begin:
# ---------------------------------------------------------------------- refused
chain p1
        ccw     8, 0, p1
chain p2
        ccw     3 | CCW_CHAIN, 1, 0
p2_tic: ccw     8, 0, p2_to
p2_to:  ccw     8, 0, p1
chain p3
        ccw     3 | CCW_CHAIN, 1, 0
        ccw     8, 0, p3
chain p4
        ccw     3 | CCW_CHAIN, 1, 0
        ccw     8, 0, END
chain p5
        ccw     3 | CCW_CHAIN, 1, 0
        ccw     8, 0, p5 + 4
chain p6
        ccw     3 | CCW_CHAIN, 1, 0
        ccw     8, 0, 0xfffffff8
        .text
        refused "a transfer first", p1, p1              #> a transfer first: ok
        refused "a transfer to a transfer", p2, p2_to   #> a transfer to a transfer: ok
        refused "a loop", p3, p3                        #> a loop: ok
        refused "a transfer to the end", p4, END        #> a transfer to the end: ok
        refused "a transfer askew", p5, p5 + 4          #> a transfer askew: ok
        refused "a transfer into nowhere", p6, 0xfffffff8 #> a transfer into nowhere: ok
        refused "a program at the end", END, END        #> a program at the end: ok
        refused "a program nowhere", 0xfffffff8, 0xfffffff8 #> a program nowhere: ok
chain p7
        ccw     0, 1, 0
        ccw     5, 1, 0
        ccw     0xff, 1, 0
        ccw     3, 0, 0
        ccw     3 | 0x1000, 1, 0
        ccw     3 | CCW_MORE, 1, 0
        .text
        refused "no command", p7, p7                    #> no command: ok
        refused "an unknown command", p7 + 8, p7 + 8    #> an unknown command: ok
        refused "another", p7 + 16, p7 + 16             #> another: ok
        refused "a count of 0", p7 + 24, p7 + 24        #> a count of 0: ok
        refused "an unknown flag", p7 + 32, p7 + 32     #> an unknown flag: ok
        refused "a no-op in pieces", p7 + 40, p7 + 40   #> a no-op in pieces: ok
chain p8
        ccw     7, 8, sector
        ccw     7, 4, sector + 2
        ccw     7, 4, END
        ccw     7, 4, END - 2
        ccw     7 | CCW_MORE, 4, sector
        ccw     7, 4, 0xfffffffc
sector: .word   SECTORS - 1
        .text
        refused "a long seek", p8, p8                   #> a long seek: ok
        refused "a seek askew", p8 + 8, p8 + 8          #> a seek askew: ok
        refused "a seek from nowhere", p8 + 16, p8 + 16 #> a seek from nowhere: ok
        refused "a seek across the end", p8 + 24, p8 + 24 #> a seek across the end: ok
        refused "a seek in pieces", p8 + 32, p8 + 32    #> a seek in pieces: ok
        refused "a seek from the last address", p8 + 40, p8 + 40 #> a seek from the last address: ok
        refused "a console seeks", p8, p8, UNIT_CONSOLE #> a console seeks: ok
chain p9
        ccw     2, 512, END - 511
        ccw     1, 512, END
        ccw     2, 512, 0xffffff00
        ccw     4, 4, END - 3
        ccw     2 | CCW_MORE, 256, buffer
p9_2:   ccw     0, 256, END - 255
        .text
        refused "a byte too far", p9, p9                #> a byte too far: ok
        refused "from beyond", p9 + 8, p9 + 8           #> from beyond: ok
        refused "around", p9 + 16, p9 + 16              #> around: ok
        refused "a sense across the end", p9 + 24, p9 + 24 #> a sense across the end: ok
        refused "a piece across the end", p9 + 32, p9_2 #> a piece across the end: ok
chain p10
        ccw     2, 511, buffer
        ccw     2 | CCW_MORE, 65535, buffer
p10_2:  ccw     2, 2, buffer
chain p10_c
        ccw     1 | CCW_CHAIN, 255, buffer
p10_c2: ccw     1, 2, buffer
chain p11
        .rept   32
        ccw     2 | CCW_MORE, 16, buffer
        .endr
p11_33: ccw     2, 512, buffer
chain p12
        .rept   64
        ccw     3 | CCW_CHAIN, 1, 0
        .endr
p12_65: ccw     3, 1, 0
        .text
        refused "part of a sector", p10, p10            #> part of a sector: ok
        refused "64 KiB and a byte", p10 + 8, p10_2     #> 64 KiB and a byte: ok
        refused "257 bytes to a console", p10_c, p10_c2, UNIT_CONSOLE #> 257 bytes to a console: ok
        refused "33 pieces", p11, p11_33                #> 33 pieces: ok
        refused "65 commands", p12, p12_65              #> 65 commands: ok
        li      t0, 3 | 1 << 16 | CCW_CHAIN
        li      t1, END - 8
        sw      t0, 0(t1)
        sw      zero, 4(t1)
        refused "beyond the last words", END - 8, END   #> beyond the last words: ok
        mfcr    s0, ipend
        andi    s0, s0, LINE_CHANNEL
        is      "none of them interrupts", s0, 0        #> none of them interrupts: ok

# ------------------------------------------------------------------- at the limits
        li      t0, 3 | 1 << 16
        li      t1, END - 8
        sw      t0, 0(t1)
        becomes "in the last words", END - 8, ENDED, END #> in the last words: ok
        becomes "64 commands", p12 + 8, ENDED, p12_65 + 8 #> 64 commands: ok
chain p13
        ccw     2, 512, END - 512
chain p14
        .rept   31
        ccw     2 | CCW_MORE, 16, buffer
        .endr
        ccw     0, 16, buffer + 3
p14_end:
        .text
        becomes "up to the end", p13, ENDED, p13 + 8    #> up to the end: ok
        becomes "32 pieces, at any address", p14, ENDED, p14_end #> 32 pieces, at any address: ok
        mfcr    s0, ipend
        andi    s0, s0, LINE_CHANNEL
        is      "they interrupt", s0, LINE_CHANNEL      #> they interrupt: ok
        mtcr    ipend, zero

# -------------------------------------------------------------------- what is done
chain p15                               # to sectors 9 and 255 in pieces, and back
        ccw     7 | CCW_CHAIN, 4, nine
        ccw     1 | CCW_MORE, 5, text1
        ccw     0 | CCW_CHAIN, 507, buffer
        ccw     7 | CCW_CHAIN, 4, sector
        ccw     1 | CCW_CHAIN, 512, text2
        ccw     7 | CCW_CHAIN, 4, nine
        ccw     8, 0, p15_2
        ccw     0, 0, 0
p15_2:  ccw     2 | CCW_MORE, 5, back
        ccw     0 | CCW_CHAIN, 507, buffer
        ccw     7 | CCW_CHAIN, 4, sector
        ccw     2 | CCW_CHAIN, 512, back + 8
        ccw     4, 4, back + 520
p15_end:
nine:   .word   9
text1:  .ascii  "abcde"
text2:  .ascii  "fghi"
        .space  508
        .align  4
back:   .space  528
        .bss
        .align  4
buffer: .space  1024
        .text
        becomes "write and read", p15, ENDED, p15_end   #> write and read: ok
        lw      s0, back
        is      "the first piece", s0, 0x64636261       #> the first piece: ok
        lbu     s0, back + 4
        is      "to its end", s0, 'e'                   #> to its end: ok
        lw      s0, back + 8
        is      "another sector", s0, 0x69686766        #> another sector: ok
        lw      s0, back + 520
        is      "sense", s0, SECTORS                    #> sense: ok
chain p16                               # what it reads is what it would write
        ccw     7 | CCW_CHAIN, 4, nine
        ccw     2 | CCW_CHAIN, 512, buffer
        ccw     1 | CCW_CHAIN, 512, buffer
        ccw     7 | CCW_CHAIN, 4, ten
        ccw     2, 512, buffer + 512
ten:    .word   10
        .text
        sw      zero, buffer
        sw      zero, buffer + 512
        becomes "a sector copied", p16, ENDED, ten      #> a sector copied: ok
        lw      s0, buffer + 512
        is      "behind the first", s0, 0x64636261      #> behind the first: ok
chain p17
        ccw     7 | CCW_CHAIN, 4, nine
        ccw     2 | CCW_CHAIN, 512, buffer
        ccw     7 | CCW_CHAIN, 4, sector
p17_4:  ccw     1 | CCW_CHAIN, 1024, buffer
        ccw     2, 512, 0
        .text
        sw      zero, buffer
        becomes "a sector beyond the disk", p17, FAILED | 1 << 2 | 1024 << 16, p17_4 + 8 #> a sector beyond the disk: ok
        lw      s0, buffer
        is      "what came before is done", s0, 0x64636261 #> what came before is done: ok
        lw      s0, vectors
        la      t0, check_trap
        sub     s0, s0, t0
        is      "what comes behind is not", s0, 0       #> what comes behind is not: ok

# -------------------------------------------------------- when, and what it sees
chain p18
p18_1:  ccw     7 | CCW_CHAIN, 4, where
        ccw     2, 512, buffer
where:  .word   9
        .text
        sw      zero, buffer
        mtcr    ipend, zero
        go      p18
        is      "started", s0, 0                        #> started: ok
        go      p18
        is      "busy", s0, 2                           #> busy: ok
        li      t0, UNIT_DISK
        tio     s0, t0
        is      "it says so", s0, 2                     #> it says so: ok
        li      t0, 255                 # another sector, another address, no command
        sw      t0, where
        sw      zero, p18 + 12
        sw      zero, p18
        lw      s0, buffer
        is      "nothing is there yet", s0, 0           #> nothing is there yet: ok
        li      t0, LINE_CHANNEL
        mtcr    imask, t0
        wfi
        mtcr    ipend, zero
        lw      s0, buffer
        is      "the program that it was at first", s0, 0x64636261 #> the program that it was at first: ok
        li      t0, 255
        sw      t0, where
        li      t0, 9
        sw      t0, where
        li      t0, 7 | 4 << 16 | CCW_CHAIN
        sw      t0, p18
        li      t0, buffer
        sw      t0, p18 + 12
        li      t0, p18 + UNIT_DISK
        rdtick  s0
        sio     zero, t0                # from here on 1000 for a seek, 100 for a sector
        wfi
        rdtick  s1
        sub     s0, s1, s0
        is      "as long as a seek and a sector", s0, 1102 #> as long as a seek and a sector: ok
        mtcr    ipend, zero
# Written is what storage holds at the end, not at the start.
chain p19
        ccw     7 | CCW_CHAIN, 4, ten
        ccw     1, 512, buffer
        .text
        go      p19
        li      t0, 0x12345678
        sw      t0, buffer
        wait
        sw      zero, buffer
        becomes "read back", p16 + 24, ENDED, ten       #> read back: ok
        lw      s0, buffer + 512
        is      "written was what was there at the end", s0, 0x12345678 #> written was what was there at the end: ok
        mtcr    ipend, zero

# --------------------------------------------------------------------- the console
chain p20
        ccw     4 | CCW_CHAIN, 4, back
        ccw     1 | CCW_MORE, 3, one
        ccw     8, 0, p20_2
p20_2:  ccw     0 | CCW_CHAIN, 3, two
        ccw     4, 4, back + 4
one:    .ascii  "one"
two:    .ascii  "two"
        .text
        go      p20, UNIT_CONSOLE                       #> onetwo
        print   ""
        is      "at once", s0, 0                        #> at once: ok
        lw      s0, back
        is      "something has been typed", s0, 1       #> something has been typed: ok
chain p21
        ccw     2 | CCW_MORE, 1, back
        ccw     0 | 0x2000 | CCW_CHAIN, 3, back + 1
        ccw     4, 4, back + 4
p21_end:
        ccw     2 | CCW_CHAIN, 2, back
        ccw     4, 4, back
        ccw     4, 6, back
        .text
        li      t0, 30000               # by then all has been typed
later:  rdtick  t1
        bltu    t1, t0, later
        mtcr    ipend, zero
        go      p21, UNIT_CONSOLE
        is      "short is fine", s0, 0                  #> short is fine: ok
        lw      s0, back
        is      "what was typed", s0, 0x007a7978        #> what was typed: ok
        lw      s0, back + 4
        is      "and there is no more", s0, 0           #> and there is no more: ok
        go      p21_end, UNIT_CONSOLE
        wait    UNIT_CONSOLE
        is      "two bytes are missing", s0, SHORT | 2 << 16 #> two bytes are missing: ok
        go      p21_end, UNIT_CONSOLE
        wait    UNIT_CONSOLE
        is      "at the first CCW", s1, p21_end + 8     #> at the first CCW: ok
        go      p21_end + 16, UNIT_CONSOLE
        wait    UNIT_CONSOLE
        is      "a sense of six", s0, SHORT | 2 << 16   #> a sense of six: ok
        mfcr    s0, ipend
        is      "no interrupt", s0, 0                   #> no interrupt: ok

# ------------------------------------------------------------------ other units
        go      p20, 2
        is      "no unit 2", s0, 3                      #> no unit 2: ok
        li      t0, 7
        tio     s0, t0
        is      "nor 7", s0, 3                          #> nor 7: ok
        li      t0, 2 + 8
        tio     s0, t0
        is      "which is nowhere", s0, 0               #> which is nowhere: ok

        user
        traps   "a user starts nothing", CAUSE_PRIVILEGED #> a user starts nothing: ok
        sio     t0, t1
        traps   "and tests nothing", CAUSE_PRIVILEGED   #> and tests nothing: ok
        tio     t0, t1
        kernel
        traps   "there is no in", CAUSE_ILLEGAL         #> there is no in: ok
        .word   0xe0000000
        traps   "nor a port in memory", CAUSE_BUS, 0xfffff000 #> nor a port in memory: ok
        lw      t0, MMIO_START(zero)
        halt
