# Another tenant that wants nothing.
        .globl  _start
_start: wfi
        j       _start
