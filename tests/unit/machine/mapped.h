/* Machines with page tables or a TLB, full of seeded programs that map, alias, recurse,
 * switch, forget to invalidate, and write into their own code and tables. */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_MAPPED_H
#define TRAPEZE_TESTS_UNIT_MACHINE_MAPPED_H

#include "machine/machine.h"

#define MAPPED_STORAGE MACHINE_MIN_STORAGE

/* The profile of a seed: paged or tlb, two to four modes, with the unmapped segment or
 * without, ports or devices in memory. */
struct profile *mapped_profile(uint64_t seed);
/* A machine full of a program; the same seed, the same but for the engine. */
struct machine *mapped_create(const struct profile *p, uint64_t seed, enum machine_engine engine);
/* What its owner does between runs. revive: it is stuck, start it anew somewhere. */
void mapped_kick(struct machine *m, uint64_t seed, bool revive);
/* An address that is likely to matter. */
uint32_t mapped_address(uint64_t *seed);

#endif
