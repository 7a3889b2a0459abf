        .else
        .endif
        .if 1
        .else
        .else
        .elseif 1
        .endif
        .if later
        .endif
later:
