        .include "lib/one.inc"
        .include "deep.inc"
        .word 3
