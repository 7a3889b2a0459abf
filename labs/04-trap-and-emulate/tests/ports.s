# The console by its ports; a port that does not exist is a bus error.
.include "lab.inc"
        .globl  _start
_start: vector  CAUSE_BUS, on_bus
        li      a0, 'V'
        out     a0, CONSOLE_DATA
        li      a0, 'M'
        out     a0, CONSOLE_DATA
        in      a1, CONSOLE_STATUS
        in      a2, CONSOLE_DATA
        in      a3, DISK_SIZE
        in      zero, DISK_SIZE
        li      s0, 0x7000
        in      a1, 0(s0)
on_bus: mfcr    a2, badva
done:   j       done
