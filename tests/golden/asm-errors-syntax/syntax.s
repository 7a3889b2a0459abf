        add     a0 a1, a2
        add     a0,, a2
        addi    a0, a0, (1 + 2
        addi    a0, a0, 1 + 
        addi    a0, a0, 1 2
        lw      a0, 4(a1
        .word   08, 0b12, 0xg, 12abc, 99999999999999999999
        .word   'ab'
        .ascii  "no end
        .ascii  "bad \q escape"
        .byte   "text"
        .ascii  65
        .word   @
        )
	tab:	add	a0, "é", a1
        .word   "é" + 1
        .align  3
        .text   1
        .space
