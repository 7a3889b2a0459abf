# Privileged instructions: killed.
.include "user.inc"
        say     's'
        cli
        say     'S'
        sys     SYS_EXIT
