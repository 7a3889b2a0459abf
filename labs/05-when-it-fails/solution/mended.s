# The till: adds up the digits that are typed, repeats the letters, prints the sum at the end of
# each line, and closes at q. A console interrupt brings what is typed, the timer's is the
# clock; what both sides touch is touched with interrupts off.

.equ PARAVIRT, 1
.equ hyper_entry, trap_entry
.include "pg32.inc"
.include "hyper.inc"

.equ PERIOD, 2300                     # ticks from beat to beat
.equ QUEUE,  64                         # bytes

# Interrupts off, …
.macro irq_save
        lw      t2, hyper_mask
        push    t2
        li      t2, 1
        sw      t2, hyper_mask
.endm
# … and as they were. Spoils t2.
.macro irq_restore
        pop     t2
        hyper_unmask t2
.endm
.macro irq_on
        li      t2, 0
        hyper_unmask t2
.endm

        .globl  _start
code:
_start: la      sp, stack
        call    hyper_start
        la      s1, ready
        call    say
        li      a0, 0
        call    add
        call    report
        call    take
        li      t0, PERIOD
        set_cr  timer, t0
        irq_on

next:   call    take
        bltz    a0, 1f
        li      t0, 'q'
        beq     a0, t0, close
        li      t0, '\n'
        beq     a0, t0, 2f
        addi    t0, a0, -'0'
        sltiu   t0, t0, 10
        bnez    t0, 3f
        call    put
        j       next
1:      hcall   HYPER_WAIT                             # nothing typed
        j       next
2:      call    report
        j       next
3:      addi    a0, a0, -'0'
        call    add
        j       next

# At the next beat of the clock.
close:  lw      s0, beats
1:      lw      t0, beats
        bne     t0, s0, 2f
        hcall   HYPER_WAIT
        j       1b
2:      la      s1, closed
        call    say
        power_off 0
        j       2b

# take: a0 := what was typed first, -1 if nothing.
take:   irq_save
        lw      t0, taken
        lw      t1, typed
        li      a0, -1
        beq     t0, t1, 1f
        andi    t1, t0, QUEUE - 1
        lbu     a0, queue(t1)
        addi    t0, t0, 1
        sw      t0, taken
1:      irq_restore
        ret

# add(n): to the sum.
add:    irq_save
        lw      t0, sum
        add     t0, t0, a0
        sw      t0, sum
        irq_restore
        ret

# put(byte): prints it.
put:    irq_save
        dev_out a0, CONSOLE_DATA
        irq_restore
        ret

# say: the text at s1.
say:    push    ra
1:      lbu     a0, 0(s1)
        beqz    a0, 2f
        call    put
        addi    s1, s1, 1
        j       1b
2:      pop     ra
        ret

# report: the sum, as two digits or more, and a new line; then it is 0.
report: push    ra, s0
        irq_save
        lw      a1, sum
        sw      zero, sum
        irq_restore
        la      s1, digits_end
        sb      zero, 0(s1)
        li      t0, 10
1:      addi    s1, s1, -1
        remu    a0, a1, t0
        divu    a1, a1, t0
        addi    a0, a0, '0'
        sb      a0, 0(s1)
        bnez    a1, 1b
        call    say
        li      a0, '\n'
        call    put
        pop     ra, s0
        ret

# Every trap and interrupt comes here, on the stack of whoever was interrupted.
trap_entry:
        push    ra, t0, t1, t2
        get_cr  t0, cause
        li      t1, CAUSE_TIMER
        beq     t0, t1, 1f
        li      t1, CAUSE_CONSOLE
        beq     t0, t1, 2f
        power_off 1                     # there is no reason for any other
1:      lw      t0, beats
        addi    t0, t0, 1
        sw      t0, beats
        li      t0, PERIOD
        set_cr  timer, t0
        j       3f
2:      dev_in  t0, CONSOLE_DATA
        bltz    t0, 3f
        lw      t1, typed
        andi    t2, t1, QUEUE - 1
        sb      t0, queue(t2)
        addi    t1, t1, 1
        sw      t1, typed
        j       2b
3:      pop     ra, t0, t1, t2
        hcall   HYPER_IRET
        hyper_routines
code_end:

        .data
ready:  .asciz  "hello "
closed: .asciz  "closed\n"
        .align  4
beats:  .word   0
sum:    .word   0
typed:  .word   0
taken:  .word   0
queue:  .space  QUEUE
digits: .space  12
digits_end:
        .byte   0

        .bss
        .align  4096
hyper_page: .space 4096
        .space  256
stack:
