.include "../tests/user.inc"
        say     'h'
        halt
        say     'H'
        sys     SYS_EXIT
