.include "user.inc"
        say     'h'
        say     'i'
        say     '\n'
        sys     SYS_EXIT
