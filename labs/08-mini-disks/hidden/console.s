# Programs of the console: in pieces, with a seek that it has not, of storage that is not.
.include "../tests/lab.inc"
        .globl  _start
_start: li      t0, hello
        sio     a0, t0
        li      t0, seeks
        sio     a1, t0
        li      t0, beyond
        sio     a2, t0
        li      t0, listen
        sio     a3, t0
        tio     a4, zero
done:   j       done
        .align  8
hello:  entry   1 | MORE, 3, text
        entry   0, 3, text + 3
seeks:  entry   7, 4, text
beyond: entry   1, 16, 0x100000 - 15
listen: entry   2, 4, 0x8000
text:   .ascii  "hello\n"
