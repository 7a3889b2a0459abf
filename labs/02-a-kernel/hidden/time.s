# Time goes on, and by no more than it may between two calls.
.include "../tests/user.inc"
        sys     SYS_TIME
        mv      s0, a0
        sys     SYS_TIME
        sub     s1, a0, s0
        li      t0, 200
        bgeu    s1, t0, bad
        beqz    s1, bad
        say     't'
        sys     SYS_EXIT
bad:    say     '!'
        sys     SYS_EXIT
