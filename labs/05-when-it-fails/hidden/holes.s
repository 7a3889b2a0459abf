# Every hole of x86, as a kernel and as a user program that is relocated.
.include "pg32.inc"
.equ USER_BASE, 0x1000
        .globl  _start
code:
_start: la      sp, stack
        la      t0, vectors
        mtcr    vbr, t0
        rdpsw   a0
        sti
        pushf
        cli
        popf
        rdpsw   a1
        svbr    save(zero)
        rdtick  a2
        cpuid   a3
        li      t0, USER_BASE
        mtcr    base, t0
        li      t0, 0x8000
        mtcr    bound, t0
        probe   a4, sp, 1
        lpsw    there(zero)
on_sys: lw      s0, save
        lw      s1, user_save + USER_BASE
        halt
user:   rdpsw   a5
        push    a5
        popf
        pushf
        svbr    user_save(zero)
        rdtick  a1
        probe   a0, sp, 0
        pop     a3
        sys     1
code_end:
        .align  4
vectors: .fill  CAUSE_COUNT, 4, on_sys
there:  .word   PSW_USER | PSW_TE | PSW_IE, user - USER_BASE
save:   .word   0
.equ user_save, 0x200
        .bss
        .align  4
        .space  64
stack:
