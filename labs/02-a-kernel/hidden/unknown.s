# A system call that does not exist: killed.
.include "../tests/user.inc"
        say     'u'
        sys     99
        say     'U'
        sys     SYS_EXIT
