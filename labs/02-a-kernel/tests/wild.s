# Stores outside its storage: killed. The others go on.
.include "user.inc"
        say     'w'
        li      t0, 0x10000
        sw      t0, 0(t0)
        say     'W'
        sys     SYS_EXIT
