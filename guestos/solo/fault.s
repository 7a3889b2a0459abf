# fault: a program for solo. Does what a program may not do: number 0 to 5.
.include "solo/program.inc"

main:   call    read_number
        li      t0, COUNT
        bgeu    a0, t0, 1f
        slli    a0, a0, 2
        lw      t0, table(a0)
        jr      t0
1:      li      a0, 3                   # no such: an exit code that says so
        j       exit

illegal:
        .word   0
privileged:
        halt
beyond: li      t0, 0x100000
        lw      t0, 0(t0)
misaligned:
        lw      t0, 2(zero)
brkpoint:
        brk
call_of_none:
        li      a0, 5
        sys     99                      # this one solo only answers with -1
        bgez    a0, illegal
        li      a0, 7
        j       exit

        .align  4
table:  .word   illegal, privileged, beyond, misaligned, brkpoint, call_of_none
.equ COUNT, (. - table) / 4
