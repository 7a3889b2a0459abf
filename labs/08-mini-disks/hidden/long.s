# As many commands, pieces and bytes as there may be, and one more of each.
.include "../tests/lab.inc"
        .globl  _start
_start: go      sixty_four
        go      sixty_five
        go      pieces
        go      too_many
        go      bytes
        go      too_long
done:   j       done
        .align  8
sixty_four:
        .rept   63
        entry   3 | CHAIN, 1, 0
        .endr
        entry   3, 1, 0
sixty_five:
        .rept   64
        entry   3 | CHAIN, 1, 0
        .endr
        entry   3, 1, 0
pieces: .rept   31
        entry   2 | MORE, 16, 0x8000
        .endr
        entry   2, 16, 0x8000
too_many:
        .rept   32
        entry   2 | MORE, 16, 0x8000
        .endr
        entry   2, 512, 0x8000
bytes:  entry   1 | MORE, 16384, 0x1000
        entry   1, 16384, 0x1000
too_long:
        entry   1 | MORE, 65535, 0x1000
        entry   1, 513, 0x1000
