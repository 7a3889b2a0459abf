# Kernel, supervisor and user are 0, 1 and 2 here (00, 01 and 11 there). RESET,
# which sets all devices back and so takes their interrupts away, has no
# instruction of its own in PG32; spl 8 comes nearest. The real machine's PSW and
# devices are locations of the I/O page, kept from a program by its mapping.
# WAIT executes in every mode there; it only waits, and the next interrupt is the
# VMM's, so it is taken to trap.
profile pdp11;
title  "DEC PDP-11/45";
story  "RESET and SPL are silently ignored outside the kernel, and MFPI reaches the previous mode's space without a check.";
source "DEC, PDP-11/45 Processor Handbook, 1973; Popek and Goldberg, CACM 17(7), 1974";

modes 3;
mmu   bounds;
io    ports;

outside lpsw   = partial as "RTI, RTT: the mode bits of the PSW are kept" source "PDP-11/45 Processor Handbook, RTI and RTT";
outside spl    = nop as "SPL; RESET" source "PDP-11/45 Processor Handbook, SPL and RESET";
outside ldprev = full as "MFPI, MFPD" source "PDP-11/45 Processor Handbook, MFPI; Popek and Goldberg 1974, mode sensitive";
outside stprev = full as "MTPI, MTPD" source "PDP-11/45 Processor Handbook, MTPI";

outside halt  = trap as "HALT" source "PDP-11/45 Processor Handbook, HALT";
outside rdpsw = trap as "MOV from the PSW's location" source "PDP-11/45 Processor Handbook, memory management: the I/O page is not mapped";
outside mfcr  = trap as "MOV from a location of the I/O page" source "PDP-11/45 Processor Handbook, memory management";
outside mtcr  = trap as "MOV to a location of the I/O page" source "PDP-11/45 Processor Handbook, memory management";
outside in    = trap as "MOV from a device register" source "PDP-11/45 Processor Handbook, memory management";
outside out   = trap as "MOV to a device register" source "PDP-11/45 Processor Handbook, memory management";

real "MFPI" = ldprev "the paper's example of a mode sensitive instruction";
