# refill: a TLB that the kernel refills, for two address spaces.
#
# Two user programs, the same one in truth, count in a page each of their own at the same
# address. The kernel's map is a table of its own making, of which the machine knows
# nothing: what is not in the TLB is a page fault, and the handler puts it there. Needs
# trapeze run refill --mmu=tlb

.include "pg32.inc"
.equ HERE, 0x00100000                   # where each program finds itself; its data behind
.equ ENTRY, PTE_VALID | PTE_USER

        .globl  _start
_start:
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, 1
        mtcr    tlbrnd, t0              # the seed; illegal where there is no TLB
        li      s0, 0                   # s0: the running space, s1: refills so far
        li      s1, 0
        call    start

# Two pages a space: the program's, the same for everybody, and behind it its data.
on_miss:
        addi    s1, s1, 1
        mfcr    t0, badva
        srli    t0, t0, 12
        slli    t1, t0, 12
        or      t1, t1, s0
        mtcr    tlbhi, t1               # its page, and the space
        addi    t0, t0, -(HERE / PAGE_SIZE)
        bnez    t0, 1f
        la      t1, user
        ori     t1, t1, ENTRY | PTE_EXECUTE | PTE_GLOBAL
        j       2f
1:      addi    t0, t0, -1
        bnez    t0, on_surprise
        slli    t1, s0, 12
        la      t0, data
        add     t1, t1, t0
        ori     t1, t1, ENTRY | PTE_WRITE
2:      mtcr    tlblo, t1
        li      t0, TLB_NONE
        mtcr    tlbix, t0               # the machine is to choose an entry
        tlbw
        rfe

# A program gives the processor to the other one, until it has counted to five.
on_syscall:
        li      t0, 5
        beq     a1, t0, done
        la      t0, saved
        slli    t1, s0, 2
        add     t0, t0, t1
        mfcr    t1, epc
        addi    t1, t1, 4
        sw      t1, 0(t0)
        xori    s0, s0, 1
start:  mtcr    asid, s0
        la      t0, saved
        slli    t1, s0, 2
        add     t0, t0, t1
        lw      t1, 0(t0)
        mtcr    epc, t1
        li      t0, PSW_USER | PSW_TE
        mtcr    epsw, t0
        rfe

done:   la      a0, counted             # the first one has; the other one has not, by one
        lw      t0, data
        lw      t1, data + PAGE_SIZE
        addi    t1, t1, 1
        bne     t0, t1, on_surprise
        call    say
        addi    s1, s1, '0'
        out     s1, CONSOLE_DATA
        li      t0, '\n'
        out     t0, CONSOLE_DATA
        halt
on_surprise:
        la      a0, surprise
        call    say
        halt
on_illegal:
        la      a0, no_tlb
        call    say
        halt
1:      out     t0, CONSOLE_DATA
        addi    a0, a0, 1
say:    lbu     t0, 0(a0)
        bnez    t0, 1b
        ret

        .align  PAGE_SIZE
user:   lui     a0, %hi(HERE + PAGE_SIZE)
1:      lw      a1, 0(a0)
        addi    a1, a1, 1
        sw      a1, 0(a0)
        sys     0
        j       1b

        .data
vectors: .word  on_illegal, on_surprise, on_syscall
        .rept   CAUSE_FETCH_FAULT - 3
        .word   on_surprise
        .endr
        .word   on_miss, on_miss, on_miss, on_surprise, on_surprise
saved:  .word   HERE, HERE
counted: .asciz "counted to five and to four in one place; TLB refills: "
surprise: .asciz "a trap that should not be\n"
no_tlb: .asciz  "this machine has no TLB to refill: --mmu=tlb\n"
        .bss
        .align  PAGE_SIZE
data:   .space  2 * PAGE_SIZE
