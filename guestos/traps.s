# traps: one trap of each kind that an instruction can cause.
#
# The handler prints the name of the cause and steps over the instruction.

.include "pg32.inc"
        .globl  _start
_start:
        la      t0, vectors
        mtcr    vbr, t0
        .word   0                       # no such instruction
        sys     7
        brk
        hcall   9
        lw      a0, 2(zero)             # a word, but not at a multiple of 4
        lui     a1, 0x80000
        lw      a0, 0(a1)               # beyond storage

# The other two need user mode and a bounded space; here it is the 64 KiB from
# physical 0 on, in which pc means what it meant before.
        lui     t0, 16                  # BASE is 0 since reset
        mtcr    bound, t0
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        la      t0, user
        mtcr    epc, t0
        rfe
user:   halt                            # privileged
        sw      a0, 0(a1)               # beyond the bound
last:   sys     0                       # the end

on_trap:
        mfcr    t0, cause
        slli    t0, t0, 2
        lw      t0, names(t0)
1:      lbu     t1, 0(t0)
        beqz    t1, 2f
        out     t1, CONSOLE_DATA
        addi    t0, t0, 1
        j       1b
2:      mfcr    t0, epc                 # EPC is the instruction itself
        la      t1, last
        beq     t0, t1, 3f
        addi    t0, t0, 4
        mtcr    epc, t0
        rfe
3:      halt

        .data
vectors: .rept  CAUSE_BUS + 1
        .word   on_trap
        .endr
names:  .word   1f, 2f, 3f, 4f, 5f, 6f, 7f, 0, 0, 0, 0, 8f
1:      .asciz  "illegal instruction\n"
2:      .asciz  "privileged instruction\n"
3:      .asciz  "system call\n"
4:      .asciz  "breakpoint\n"
5:      .asciz  "hypercall\n"
6:      .asciz  "misaligned address\n"
7:      .asciz  "address beyond the bound\n"
8:      .asciz  "bus error\n"
