# A test of where a transfer of the channel ends. To do: say here what it comes to on a sound VMM, by a line
#   # prints: TEXT
.include "pg32.inc"
.equ MARK, 0x0b5e55ed
.equ CHAIN, 0x4000              # another command follows
.macro entry command, count, address
        .word   (\command) | (\count) << 16, \address
.endm
# Starts a program of the disk; a0 = what sio said. And waits for its end.
.macro start program
        li      t0, \program + 1
        sio     a0, t0
.endm
.macro finish
busy\@: li      t0, 1
        tio     t1, t0
        andi    t1, t1, 3
        li      t2, 2
        beq     t1, t2, busy\@
.endm
        .globl  _start
_start: j       wrong                   # To do.

good:   la      t0, ok
        j       say
wrong:  la      t0, bad
say:    sio     t1, t0
        halt
yes:    .ascii  "ok\n"
no:     .ascii  "bad\n"
        .align  8
ok:     entry   1, 3, yes
bad:    entry   1, 4, no
