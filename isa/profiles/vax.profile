# Kernel, executive, supervisor and user are 0 to 3, as on the real machine. The
# CHMx instructions, which enter a more privileged mode, trap everywhere: `sys`.
# The real PROBE checks the pages against the less privileged of its operand and
# the previous mode; with relocation and bound all modes see the same.
profile vax;
title  "DEC VAX";
story  "MOVPSL and PROBE show the real mode and map, and REI traps for some operands only; the VAX was changed to carry a VMM.";
source "DEC, VAX Architecture Reference Manual, 1987; Hall and Robinson, Virtualizing the VAX Architecture, ISCA 1991";

modes 4;
mmu   bounds;
io    ports;

outside lpsw  = check as "REI" source "VAX Architecture Reference Manual, REI";
outside rdpsw = full as "MOVPSL" source "Hall and Robinson 1991";
outside probe = full as "PROBER, PROBEW" source "Hall and Robinson 1991";

outside mfcr = trap as "MFPR" source "VAX Architecture Reference Manual, MFPR";
outside mtcr = trap as "MTPR" source "VAX Architecture Reference Manual, MTPR";
outside spl  = trap as "MTPR to IPL" source "VAX Architecture Reference Manual, IPL";
outside halt = trap as "HALT" source "VAX Architecture Reference Manual, HALT";

real "MOVPSL" = rdpsw "DEC changed the architecture, by microcode, for a VMM of its own" source "Hall and Robinson 1991";
real "PROBER, PROBEW" = probe "changed likewise" source "Hall and Robinson 1991";
real "REI" = lpsw "changed likewise" source "Hall and Robinson 1991";
