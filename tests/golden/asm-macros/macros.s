# Arguments, defaults, names, \@, nesting, recursion, definitions by macros.
        .macro  store value, to=sp, offset=0
        li      t0, \value
        sw      t0, \offset(\to)
        .endm
        store   1
        store   2, gp
        store   3, offset=8
        store   (1 + 2) * 3, to=tp, offset=%lo(8) /* a */ ; comment

        .macro  wait_for reg
again\@:
        bnez    \reg, again\@
        .endm
        wait_for a0
        wait_for a1

        .macro  twice text:vararg
        \text
        \text
        .endm
        twice   add a0, a0, a1
        twice   twice wait_for a2

        .macro  count n
        .if     \n
        .byte   \n
        count   \n - 1
        .endif
        .endm
        count   3
        .align  4

        .macro  define name, word
        .macro  \name
        .word   \word
        .endm
        .endm
        define  seven, 7
        seven

        .macro  say what, end="\n"
        .asciz  "\what\end"
        .ascii  \end
        .ifb    \what
        .byte   0xee
        .exitm
        .endif
        .endm
        say     hello
        say     "a, b # c"
        say     what=, end="!"
        .align  4

        .macro  join a, b
\a\()_\b: .word \a\b
        .endm
        join    x, y
xy:
        .set    i, 0
        .rept   3
        .byte   i * i
        .set    i, i + 1
        .endr
