# The same with a second level.
profile second;
extends x86;
mmu nested;
