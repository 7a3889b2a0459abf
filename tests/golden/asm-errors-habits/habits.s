# Habits of other assemblers, and slips of beginners.
label   add     a0, a0, a0
        bnez    a0, label
        la t0 label
        li      r1, 5
        add     r1, a0, a0
        li      sq, 5
        addi    a0, a0, #4
        addi    a0, a0,         # four
        iret
        jmp     label
        b       label
        syscall 1
        lda     a0, label
        mov     a0, a1
        hlt
