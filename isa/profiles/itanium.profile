# Privilege levels 0 to 3. thash and ttag give where the translation of an address
# is kept, and so show the base of the real table: svbr stores the base of ours.
# cover (register stack) and fc (caches) are sensitive too and have no counterpart.
profile itanium;
title  "Intel Itanium before VT-i";
story  "thash and ttag show where the VMM keeps its tables, cpuid which processor it is; the paper's own state has neither.";
source "Intel, Itanium Architecture Software Developer's Manual; Magenheimer and Christian, vBlades, VM 2004";

modes 4;
mmu   bounds;
io    ports;

outside svbr  = full as "thash, ttag" source "Magenheimer and Christian 2004";
outside cpuid = full as "mov from cpuid" source "Magenheimer and Christian 2004";

outside rfe    = trap as "rfi" source "Itanium SDM volume 3, rfi";
outside sti    = trap as "ssm psr.i" source "Itanium SDM volume 3, ssm";
outside cli    = trap as "rsm psr.i" source "Itanium SDM volume 3, rsm";
outside rdpsw  = trap as "mov from psr" source "Itanium SDM volume 3, mov psr";
outside mfcr   = trap as "mov from cr" source "Itanium SDM volume 3, mov cr";
outside mtcr   = trap as "mov to cr" source "Itanium SDM volume 3, mov cr";
outside lra    = trap as "tpa" source "Itanium SDM volume 3, tpa";
outside rdtick = trap as "mov from ar.itc, psr.si set" source "Itanium SDM volume 3, mov ar";

real "thash, ttag" = svbr "in Xen's first guests they were replaced, in the binary, by patterns that trap" source "Magenheimer, xen-devel, December 2004";
