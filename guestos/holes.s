# holes: executes what a monitor may not be told of, where it matters.
#
# First as a kernel, where trap-and-emulate needs Theorem 1; then in user mode, where a
# hybrid monitor needs Theorem 3. `trapeze compare holes` shows who is found out and by
# what. On the bare machine it prints how many of nine instructions trapped in user mode.

.include "pg32.inc"

.equ USER_BASE, 0x1000                  # of the previous mode's space, below
.equ PSW_PMODE, PSW_USER << 2

        .globl  _start
_start:
        la      sp, stack
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, USER_BASE
        mtcr    base, t0
        lui     t0, 8
        mtcr    bound, t0
        li      s1, 0                   # instructions that trapped

# As a kernel: the mode, the interrupt enable, the interrupt level are its own.
        rdpsw   a0                      # mode 0
        svbr    save(zero)
        pushf                           # IE off
        sti
        popf                            # off again
        cli
        spl     2
        mfcr    a1, imask
        spl     0
        lpsw    there(zero)             # IE on, and on with the next line
next:   cli

# Into user mode as on a PDP-10, and back by a system call.
        la      t0, first - USER_BASE
        juser   0(t0)

# In user mode: none of this is for it to see. Traps are stepped over and counted.
second: rdpsw   a0
        pushf                           # IE is off, which it must not know
        popf
        svbr    save(zero)
        rdtick  a1
        cpuid   a2
        ldprev  a3, save(zero)          # the previous mode's space is another
        stprev  a3, save(zero)
        spl     3
last:   sys     2

on_trap:
        mfcr    t0, cause
        addi    t0, t0, -CAUSE_SYSCALL
        beqz    t0, 1f
        addi    s1, s1, 1
        mfcr    t0, epc
        addi    t0, t0, 4
        mtcr    epc, t0
        rfe
1:      mfcr    t0, einsn               # sys 1, sys 2
        andi    t0, t0, 2
        bnez    t0, 2f
        la      t0, second
        mtcr    epc, t0
        li      t0, PSW_USER | PSW_PMODE  # its addresses are physical ones
        mtcr    epsw, t0
        rfe
2:      addi    s1, s1, '0'
        out     s1, CONSOLE_DATA
        la      a0, rest
3:      lbu     t0, 0(a0)
        beqz    t0, 4f
        out     t0, CONSOLE_DATA
        addi    a0, a0, 1
        j       3b
4:      halt
first:  sys     1

        .data
rest:   .asciz  " of 9 trapped in user mode\n"
        .align  4
there:  .word   PSW_IE, next
save:   .space  4
vectors: .rept  CAUSE_COUNT
        .word   on_trap
        .endr

        .bss
        .align  4
        .space  64
stack:
