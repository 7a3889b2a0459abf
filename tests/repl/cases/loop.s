# A small program for the debugger's tests: calls, a macro, data, a system call.
        .globl  _start
.macro twice reg
        add     \reg, \reg, \reg
        addi    \reg, \reg, 1
.endm
_start:
        la      sp, stack_top
        la      t0, vectors
        mtcr    vbr, t0
        li      a0, 3
        call    work
        la      t1, result
        sw      a0, 0(t1)
        sys     7
        li      a1, 1
        halt

work:   push    ra
        li      a2, 0
1:      call    leaf
        addi    a0, a0, -1
        bnez    a0, 1b
        mv      a0, a2
        pop     ra
        ret

leaf:   twice   a2
        la      t2, count
        lw      t1, 0(t2)
        addi    t1, t1, 1
        sw      t1, 0(t2)
        ret

handler:
        mfcr    t0, epc
        addi    t0, t0, 4
        mtcr    epc, t0
        rfe

        .data
        .align  4
vectors:
        .word   handler, handler, handler, handler, handler, handler
        .word   handler, handler, handler, handler, handler, handler
count:  .word   0
result: .word   0
text:   .asciz  "words\n"
        .align  16
        .space  256
stack_top:
