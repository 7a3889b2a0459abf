# Prints for ever, all bytes there are, and reads what has not been typed.
# ends: (running|waiting.*)
.include "bad.inc"
begin:  addi    s0, s0, 1
        dev_out s0, CONSOLE_DATA
        dev_in  t0, CONSOLE_DATA
        dev_in  t0, CONSOLE_STATUS
        dev_out t0, CONSOLE_STATUS
        j       begin
