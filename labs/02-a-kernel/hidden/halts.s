.include "user.inc"
        say     'h'
        halt
        say     'H'
        sys     SYS_EXIT
