# count: a program for solo. Counts the lines, words and bytes of a file.
.include "solo/program.inc"
.equ BUFFER_SIZE, 512

main:   mv      s0, a0
        sys     SYS_OPEN
        bltz    a0, none
        li      a2, 0                   # lines
        li      a3, 0                   # words
        li      a4, 0                   # bytes
        li      a5, 0                   # 1: within a word
1:      la      a0, buffer
        li      a1, BUFFER_SIZE
        sys     SYS_GET
        bltz    a0, broken
        beqz    a0, 5f
        add     a4, a4, a0
        la      a1, buffer
        add     s1, a1, a0
2:      lbu     t0, 0(a1)
        addi    a1, a1, 1
        addi    t1, t0, -'\n'
        seqz    t1, t1
        add     a2, a2, t1
        li      t1, ' ' + 1
        bltu    t0, t1, 3f
        bnez    a5, 4f
        li      a5, 1
        addi    a3, a3, 1
        j       4f
3:      li      a5, 0
4:      bltu    a1, s1, 2b
        j       1b

5:      push    a2, a3, a4
        lw      a0, 0(sp)
        call    print_number
        la      a0, lines
        call    print
        lw      a0, 4(sp)
        call    print_number
        la      a0, words
        call    print
        lw      a0, 8(sp)
        call    print_number
        la      a0, bytes
        call    print
        li      a0, 0
        j       exit

none:   la      a0, no_file
        j       1f
broken: la      a0, no_bytes
1:      call    print
        mv      a0, s0
        call    print
        la      a0, end
        call    print
        li      a0, 1
        j       exit

lines:  .asciz  " lines, "
words:  .asciz  " words, "
bytes:  .asciz  " bytes\n"
end:    .asciz  "\n"
no_file:
        .asciz  "count: no file "
no_bytes:
        .asciz  "count: cannot read "
        .align  4
buffer:
