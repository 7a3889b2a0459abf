# Prints more in one piece than the output ring holds, with events masked, then what is typed,
# and more of that than the input ring and its own places hold.
.equ PARAVIRT, 1
.equ hyper_entry, on_event
.include "pg32.inc"
.include "hyper.inc"

_start: la      sp, stack
        call    hyper_start
        li      s0, 6000
        li      s1, '!'
1:      hyper_put s1
        addi    s1, s1, 1
        andi    s1, s1, 0x3f
        addi    s1, s1, '!'
        addi    s0, s0, -1
        bnez    s0, 1b
        li      s0, 700                 # bytes typed, the last a new line
2:      hcall   HYPER_WAIT
        hyper_unmask zero
3:      hyper_get t0
        bltz    t0, 2b
        hyper_put t0
        addi    s0, s0, -1
        bnez    s0, 3b
        power_off 7

on_event:
        sw      t0, hyper_scr0
        lw      t0, hyper_epsw          # stay masked
        andi    t0, t0, ~PSW_IE
        sw      t0, hyper_epsw
        lw      t0, hyper_scr0
        hcall   HYPER_IRET
        hyper_routines

        .bss
        .align  4096
hyper_page:
        .space  4096
        .space  256
stack:
