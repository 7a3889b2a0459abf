# Programs without end: transfers to themselves, to each other, to a program that leads back,
# within a command; as many commands and pieces as there may be, and more.
# ends: halted
.include "chain.inc"
chain first
        ccw     8, 0, first
chain itself
        ccw     3 | CCW_CHAIN, 1, 0
        ccw     8, 0, itself + 8
chain back
        ccw     3 | CCW_CHAIN, 1, 0
        ccw     8, 0, back
chain there
        ccw     3 | CCW_CHAIN, 1, 0
        ccw     8, 0, again
again:  ccw     8, 0, there
chain within
        ccw     2 | CCW_MORE, 16, BUFFER
        ccw     8, 0, within
chain long
        .rept   65
        ccw     1 | CCW_CHAIN, 512, BUFFER
        .endr
        ccw     3, 1, 0
        .text
begin:  try     first
        try     itself
        try     back
        try     there
        try     within
        try     long
        try     long + 16
        try     long + 24
        halt
