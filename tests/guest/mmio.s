# Devices in memory: which accesses reach them, and which meet a bus error; in user
# mode too, if the kernel maps them there. (docs/machine.md, "Memory-mapped devices")
# bare: tests/guest/mmio.profile
# vmm: tests/guest/mmio.profile
# input: x
.equ MMIO, 1
.include "check.inc"

begin:
        dev_in  s0, DISK_COUNT
        is      "a register reads 0 at first", s0, 0    #> a register reads 0 at first: ok
        li      s1, 77
        dev_out s1, DISK_COUNT
        dev_in  s0, DISK_COUNT
        is      "and then what was written", s0, 77     #> and then what was written: ok
        li      t0, 0xfffff000
        lw      s0, 4*DISK_COUNT(t0)
        is      "whatever leads there", s0, 77          #> whatever leads there: ok
        dev_in  zero, DISK_COUNT
        is      "zero stays zero", zero, 0              #> zero stays zero: ok

        traps   "no such register", CAUSE_BUS, 0xfffff008       #> no such register: ok
        lw      s0, 8-4096(zero)
        traps   "the last word of the page", CAUSE_BUS, 0xfffffffc #> the last word of the page: ok
        sw      s0, -4(zero)
        traps   "a byte of a register", CAUSE_BUS, 0xfffff000   #> a byte of a register: ok
        lbu     s0, -4096(zero)
        traps   "half of one", CAUSE_BUS, 0xfffff000            #> half of one: ok
        sh      s0, -4096(zero)
        traps   "askew", CAUSE_ALIGNMENT, 0xfffff001            #> askew: ok
        lw      s0, 1-4096(zero)
        traps_there "no instruction is fetched there", CAUSE_BUS, 0xfffff000 #> no instruction is fetched there: ok
        jr      t0
        li      t0, 0xfffff048
        traps   "lpsw does not read it", CAUSE_BUS, 0xfffff048  #> lpsw does not read it: ok
        lpsw    0(t0)
        traps   "there is no in", CAUSE_ILLEGAL, 0              #> there is no in: ok
        .word   0xe4000000

        # An address plus BASE leads there; the bound decides who may go. The code itself
        # is then reached at its address less BASE.
        user
        traps   "not within a user's bound", CAUSE_BOUNDS, 0xfffff000 #> not within a user's bound: ok
        lw      s0, -4096(zero)
        kernel
        la      t0, ends
        mtcr    vbr, t0
        li      t0, 0x1000
        mtcr    base, t0
        li      t0, -1
        mtcr    bound, t0
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        la      t0, there - 0x1000
        mtcr    epc, t0
        rfe
there:  li      t0, 0xffffe000
        li      t1, 'u'
        sw      t1, 4*CONSOLE_DATA(t0)                  #> user
        li      t1, 's'
        sw      t1, 4*CONSOLE_DATA(t0)
        li      t1, 'e'
        sw      t1, 4*CONSOLE_DATA(t0)
        li      t1, 'r'
        sw      t1, 4*CONSOLE_DATA(t0)
        li      t1, '\n'
        sw      t1, 4*CONSOLE_DATA(t0)
        lw      s0, 4*DISK_COUNT(t0)    # reads what the kernel wrote
        sys     1
        .data
        .align  4
ends:   .rept   CAUSE_COUNT
        .word   end
        .endr
        .text
end:    la      t0, vectors
        mtcr    vbr, t0
        is      "a user who is mapped there reads too", s0, 77 #> a user who is mapped there reads too: ok
        halt
