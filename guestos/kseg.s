# kseg: a kernel that lives where nothing is mapped, as a MIPS's does.
#
# A user program asks the kernel a hundred times to add up a page. The kernel answers with
# translation on, and finds itself and the page at KERNEL: in the unmapped segment, where
# nothing is ever missed. On a bare machine there is nothing faster; under a monitor each
# instruction traps, for no other mode may go there. kseg-mapped.s is this kernel, linked elsewhere:
# in pages that it maps by entries which stay. docs/memory.md has the figures.
#   trapeze run kseg --profile=docs/examples/r4000.profile

.include "pg32.inc"
.ifndef KERNEL
.equ KERNEL, 0x80000000                 # physical 0
.endif
.equ HERE, 0x00100000                   # where the user program finds itself
.equ CALLS, 100

        .globl  _start
_start:
        la      t0, vectors
        mtcr    vbr, t0
        mtcr    asid, zero              # illegal where there is no TLB
  .if KERNEL != 0x80000000
        li      t0, KERNEL              # the first pages of storage: entries 0 to 3,
        li      t1, PTE_VALID | PTE_WRITE | PTE_EXECUTE | PTE_GLOBAL
        li      t2, 0                   # which the machine never chooses
        li      a0, PAGE_SIZE
1:      mtcr    tlbhi, t0
        mtcr    tlblo, t1
        mtcr    tlbix, t2
        tlbw
        add     t0, t0, a0
        add     t1, t1, a0
        addi    t2, t2, 1
        andi    a1, t2, 4
        beqz    a1, 1b
  .endif
        li      t0, HERE
        mtcr    epc, t0
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        rfe

# Physical, as each trap begins. A system call goes on where the kernel lives.
on_syscall:
        lpsw    enter
on_miss:                                # the user program's page is all there is to map
        mfcr    t0, badva
        li      t1, HERE
        bne     t0, t1, on_surprise
        mtcr    tlbhi, t0
        la      t0, user
        ori     t0, t0, PTE_VALID | PTE_USER | PTE_EXECUTE
        mtcr    tlblo, t0
        li      t0, TLB_NONE
        mtcr    tlbix, t0
        tlbw
        rfe
on_illegal:
        la      a0, no_tlb
        j       1f
on_surprise:
        la      a0, no_kseg
1:      call    say
        halt

# The kernel proper. gp is where it lives: all of its addresses count from there.
kernel: lui     gp, %hi(KERNEL)
        lui     t0, %hi(KERNEL)
        li      t1, PAGE_SIZE
        add     t1, t0, t1              # its own first page
        add     t2, t1, t1
        sub     t2, t2, t0              # and where that ends
        li      a1, 0
1:      lw      a2, 0(t1)
        add     a1, a1, a2
        addi    t1, t1, 4
        bne     t1, t2, 1b
        lw      t0, answered(gp)
        addi    t0, t0, 1
        sw      t0, answered(gp)
        addi    t0, t0, -CALLS
        beqz    t0, 2f
        mfcr    t0, epc
        addi    t0, t0, 4
        mtcr    epc, t0
        rfe
2:      la      a0, done
        add     a0, a0, gp
        call    say
        halt

1:      out     t0, CONSOLE_DATA
        addi    a0, a0, 1
say:    lbu     t0, 0(a0)
        bnez    t0, 1b
        ret

        .align  PAGE_SIZE
user:   sys     0
        j       user

        .data
vectors: .word  on_illegal, on_surprise, on_syscall
        .rept   CAUSE_FETCH_FAULT - 3
        .word   on_surprise
        .endr
        .word   on_miss, on_miss, on_miss, on_surprise, on_surprise
enter:  .word   PSW_TE, KERNEL + kernel
answered: .word 0
done:   .asciz  "a hundred calls answered\n"
no_tlb: .asciz  "this machine has no TLB to refill: --mmu=tlb\n"
no_kseg: .asciz "this machine has no unmapped segment: --profile=docs/examples/r4000.profile\n"
