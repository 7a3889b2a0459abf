# speed: how fast am I? Counts its own steps from one timer interrupt to the next.
#
# The machine has two clocks: the interval timer, and TICK, which counts what was
# executed. Bare, they agree. In a virtual machine they agree as well if the timer is
# virtual. If it is real, it goes on while others run and while the VMM works, and
# the guest sees itself slowed down. docs/timers.md has the experiment.

.include "pg32.inc"
.equ PERIOD, 100000
.equ TURN, 2                            # instructions of the loop

        .globl  _start
_start:
        la      sp, stack
        la      t0, vectors
        mtcr    vbr, t0
        li      t0, LINE_TIMER
        mtcr    imask, t0               # no other interrupts
        li      s0, 5                   # s0: intervals still to come
measure:
        li      s1, 0                   # s1: turns of the loop
        rdtick  a2                      # a2: TICK at the start
        li      t0, PERIOD
        mtcr    timer, t0
        sti
work:   addi    s1, s1, 1
        j       work

# Nothing that is measured is left to be done: the handler need not return.
on_timer:
        rdtick  a0
        sub     a0, a0, a2
        la      a1, clock
        call    say
        mv      a0, s1
        la      a1, turns
        call    say
        li      a0, 100 * TURN          # percent, rounded
        mul     a0, a0, s1
        li      t0, PERIOD
        srli    t1, t0, 1
        add     a0, a0, t1
        divu    a0, a0, t0
        la      a1, speed
        call    say
        addi    s0, s0, -1
        bnez    s0, measure
        halt

# The text at a1, and in place of its % the number a0.
say:    lbu     t0, 0(a1)
        addi    a1, a1, 1
        beqz    t0, 4f
        li      t1, '%'
        beq     t0, t1, 1f
        out     t0, CONSOLE_DATA
        j       say
1:      li      t1, 10                  # digits, from the last to the first
        mv      t2, sp
2:      remu    t0, a0, t1
        addi    t2, t2, -1
        sb      t0, 0(t2)
        divu    a0, a0, t1
        bnez    a0, 2b
3:      lbu     t0, 0(t2)
        addi    t0, t0, '0'
        out     t0, CONSOLE_DATA
        addi    t2, t2, 1
        bne     t2, sp, 3b
        j       say
4:      ret

        .data
clock:  .asciz  "100000 ticks by the timer, % by my own clock, "
turns:  .asciz  "% turns: "
speed:  .asciz  "speed % percent\n"
        .align  4
vectors:
        .space  4 * CAUSE_TIMER
        .word   on_timer

        .bss
        .align  4
        .space  64
stack:
