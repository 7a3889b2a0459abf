# Halts.
# ends: halted
.include "bad.inc"
begin:  halt
