# A handler that itself traps, for ever.
# ends: (running|double fault)
.include "bad.inc"
begin:  la      t0, again
        sw      t0, 4*CAUSE_SYSCALL(zero)
again:  sys     9
