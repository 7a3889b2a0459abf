# loop: a program for solo that never comes to its end.
.include "solo/program.inc"

main:   j       main
