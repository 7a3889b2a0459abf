start:  adi     a0, a0, 1
        .macro  print_line x
        .endm
        print_lin 3
        ADD     a0, a0, a0
        word    1
        .wrod   1
        .globl  strat
        la      a0, stort
        j       stort
a0:     nop
start:  nop
1:      j       1f
        j       2b
        .set    sp, 4
        .equ    start, 4
loop1:  j       lop1
