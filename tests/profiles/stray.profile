profile bad;
title "T";
modes 2;
mmu bounds;
io ports;
	outside	popf = partial, as "POPF";
@
= 3;
naïve;
colour
modes 2;
