/* Machines with page tables or a TLB, full of seeded programs that map, alias, recurse,
 * switch, forget to invalidate, and write into their own code and tables. */
#ifndef TRAPEZE_TESTS_COMMON_MAPPED_H
#define TRAPEZE_TESTS_COMMON_MAPPED_H

#include "machine/machine.h"

#define MAPPED_STORAGE MACHINE_MIN_STORAGE

/* The profile of a seed, with two to four modes, the unmapped segment or not, ports or devices in
 * memory. mmu: one on which Theorem 1 holds, with that mmu; NULL: any. */
struct profile *mapped_profile(uint64_t seed, const char *mmu);
/* Fills a machine of MAPPED_STORAGE that was just reset with a program; the same seed, the
 * same. */
void mapped_fill(struct machine *m, uint64_t seed);
/* A machine full of it. */
struct machine *mapped_create(const struct profile *p, uint64_t seed, enum machine_engine engine);
/* What its owner does between runs. revive: it is stuck, start it anew somewhere. */
void mapped_kick(struct machine *m, uint64_t seed, bool revive);
/* An address that is likely to matter. */
uint32_t mapped_address(uint64_t *seed);

#endif
