# What the 68000 became when its makers wanted virtual machines: one changed line.
# Programs get the condition codes by a new instruction, MOVE from CCR.
profile m68010;
extends m68000;
title  "Motorola 68010";
story  "The 68000 repaired: MOVE from SR traps in user programs, and nothing sensitive is left to them.";
source "Motorola, M68000 Family Programmer's Reference Manual; MacGregor and Mothersole, Virtual Memory and the MC68010, IEEE Micro 3(3), 1983";

outside rdpsw  = trap as "MOVE from SR" source "M68000 Family Programmer's Reference Manual, MOVE from SR (MC68010 and later)";
outside svbr   = trap as "MOVEC from VBR" source "M68000 Family Programmer's Reference Manual, MOVEC";
outside mfcr   = trap as "MOVEC" source "M68000 Family Programmer's Reference Manual, MOVEC";
outside mtcr   = trap as "MOVEC" source "M68000 Family Programmer's Reference Manual, MOVEC";
outside ldprev = trap as "MOVES" source "M68000 Family Programmer's Reference Manual, MOVES";
outside stprev = trap as "MOVES" source "M68000 Family Programmer's Reference Manual, MOVES";
