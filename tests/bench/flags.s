# The same with the instructions that guard a critical section.

_start:
1:      .rept   32
        cli
        sti
        .endr
        j       1b
