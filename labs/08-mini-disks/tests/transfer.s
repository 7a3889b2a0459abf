# Transfer in channel: the program goes on elsewhere. Not at first, not twice, not for ever.
.include "lab.inc"
        .globl  _start
_start: go      there
        go      at_first
        go      twice
        go      loop
done:   j       done
        .align  8
there:  entry   7 | CHAIN, 4, where
        entry   8, 0, end
at_first:
        entry   8, 0, end
twice:  entry   3 | CHAIN, 1, 0
        entry   8, 0, again
again:  entry   8, 0, end
loop:   entry   3 | CHAIN, 1, 0
        entry   8, 0, loop
end:    entry   2, 512, 0x8000
where:  .word   2
