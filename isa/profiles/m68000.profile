# The 68000 could not be virtualized for a second reason that PG32 does not model:
# after a bus error it cannot continue the instruction.
profile m68000;
title  "Motorola 68000";
story  "One instruction too many for user programs: MOVE from SR shows the supervisor bit.";
source "Motorola, M68000 Family Programmer's Reference Manual";

modes 2;
mmu   bounds;
io    ports;

outside rdpsw = full as "MOVE from SR" source "M68000 Family Programmer's Reference Manual, MOVE from SR (MC68000, MC68008)";

outside rfe  = trap as "RTE" source "M68000 Family Programmer's Reference Manual, RTE";
outside lpsw = trap as "RTE" source "M68000 Family Programmer's Reference Manual, RTE";
outside popf = trap as "MOVE to SR" source "M68000 Family Programmer's Reference Manual, MOVE to SR";
outside sti  = trap as "ANDI to SR" source "M68000 Family Programmer's Reference Manual, ANDI to SR";
outside cli  = trap as "ORI to SR" source "M68000 Family Programmer's Reference Manual, ORI to SR";
outside spl  = trap as "MOVE to SR" source "M68000 Family Programmer's Reference Manual, MOVE to SR";
outside mfcr = trap as "MOVE USP" source "M68000 Family Programmer's Reference Manual, MOVE USP";
outside mtcr = trap as "MOVE USP" source "M68000 Family Programmer's Reference Manual, MOVE USP";
outside wfi  = trap as "STOP" source "M68000 Family Programmer's Reference Manual, STOP";
outside halt = trap as "STOP" source "M68000 Family Programmer's Reference Manual, STOP";

real "MOVE from SR" = rdpsw "the 68010 made it privileged, and gave programs MOVE from CCR for the flags";
