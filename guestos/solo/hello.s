# hello: a program for solo. Says hello, and to whom if it is told.
.include "solo/program.inc"

main:   mv      s0, a0
        la      a0, greeting
        call    print
        lbu     t0, 0(s0)
        bnez    t0, 1f
        la      s0, nobody
1:      mv      a0, s0
        call    print
        la      a0, end
        call    print
        li      a0, 0
        j       exit

greeting:
        .asciz  "Hello, "
nobody: .asciz  "world"
end:    .asciz  ".\n"
