        .include "macros.inc"
        outer   70000
        .rept   2
        inner   a0
        .endr
        outer
        outer   1, 2
        .error  "stop here"
        .warning "and here"
