        .if LEVEL == 1
        .byte 1
        .elseif LEVEL == 2
        .byte 2
        .if 0
        not even looked at: " ' @ (
        .else
        .byte 22
        .endif
        .elseif 1 / 0
        .byte 3
        .else
        .error "none"
        .endif
        .ifdef EXTRA
        .byte EXTRA
        .endif
        .ifndef OTHER
        .equ OTHER, 5
        .else
        .error "defined"
        .endif
        .byte OTHER
label:  .if label < . || . - label == 0
        .byte 9
both:   .endif
