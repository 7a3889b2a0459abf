# Privileged instructions: killed.
.include "../tests/user.inc"
        say     's'
        cli
        say     'S'
        sys     SYS_EXIT
