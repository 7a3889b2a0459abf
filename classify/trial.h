/* One instruction tried in one concrete state: the experiment of which every
 * witness is made. A trial is run by the machine's own engine (trial_run) or
 * evaluated from the solver's terms (terms.h); both answer the same result.
 *
 * Where devices' registers are words above storage (`io mmio`), a trial has none: to reach
 * beyond storage is a memory trap, as the paper has it, and the map decides who may.
 */
#ifndef TRAPEZE_CLASSIFY_TRIAL_H
#define TRAPEZE_CLASSIFY_TRIAL_H

#include "classify/map.h"
#include "classify/model.h"
#include "machine/machine.h"

#define TRIAL_CELLS 8u
#define TRIAL_KEYS  4u

struct trial_cell {
  uint32_t at; /* of a word: multiple of 4 */
  uint32_t word;
};
struct trial_key {
  uint32_t block; /* physical address / size of a block that has a key */
  uint8_t key;
};

/* The state before. Words that no cell names are 0, blocks that no key names
 * have key 0. No interrupt is about to be taken: not (IE and IPEND & IMASK). */
struct trial_state {
  uint32_t storage; /* q: bytes, as machine_config.storage */
  uint32_t pc;
  uint32_t reg[ISA_REG_COUNT];
  uint32_t cr[ISA_CR_COUNT]; /* the PSW, TICK and TIMER too; 0 for those the profile lacks */
  struct map map;            /* with pages: its mmu is that of the machine's profile */
  /* view: addresses as the current relocation has them; the instruction word at
   * pc is one of them. outside: physical addresses that the view does not show. The words
   * of page tables are in neither. */
  unsigned view_count, outside_count, key_count;
  struct trial_cell view[TRIAL_CELLS], outside[TRIAL_CELLS];
  struct trial_key key[TRIAL_KEYS];
  /* Devices: a byte that waits on the console or none, and the disk's registers. */
  bool input;
  uint8_t input_byte;
  uint32_t disk_sector, disk_address, disk_count;
};

/* The state after reset of a machine with that much storage, all of which is 0. */
void trial_reset(struct trial_state *s, uint32_t storage);

/* What the instruction made of it. If it trapped, nothing else is set. */
struct trial_result {
  bool trapped;
  struct trap trap;
  uint32_t pc;
  uint32_t reg[ISA_REG_COUNT];
  /* As if no time had passed: TICK, TIMER and the timer's line of IPEND are those
   * before, unless the instruction wrote them. */
  uint32_t cr[ISA_CR_COUNT];
  /* At most one word of storage changes: where, and what it is then. A store of what
   * was there changes none. A store through a BASE that is no multiple of 4 can
   * straddle two words of the view; it is then told as a word at its first byte. */
  enum { TRIAL_NO_STORE, TRIAL_STORE_VIEW, TRIAL_STORE_OUTSIDE } stored;
  struct trial_cell store; /* at: as in the view; physical if outside */
  /* The view showed it at another address too (a page and the unmapped segment). Where it
   * was stored cannot be told then, and nothing is to be learned from it. */
  bool stored_twice;
  bool key_changed;
  struct trial_key key;
  bool tlb_changed;
  bool device_changed;
  enum machine_run_state run_state;
};

/* A machine kept for trials: made once, set to each state in turn. NULL: the host
 * has no memory. The profile is borrowed. */
struct trial_machine;
struct trial_machine *trial_machine_create(const struct profile *profile, uint32_t storage,
                                           enum machine_engine engine);
void trial_machine_destroy(struct trial_machine *t);
/* In one of its trials the host had no memory, and so trial_run may have been false. */
bool trial_host_failed(const struct trial_machine *t);
/* False: there is no such state (storage differs from the machine's, the
 * instruction is not accessible at pc, a cell of the view is not shown or a cell
 * lies outside storage, view and outside overlap, two cells have one address, the map is
 * none (map_legal()) or a cell lies in its tables, a control register has bits that cannot
 * be set, an interrupt would be taken first, …), or the host failed. */
bool trial_run(struct trial_machine *t, const struct trial_state *s, struct trial_result *r);

/* Of what makes a state one, that each of its cells can lie somewhere, and its map be. */
bool trial_is_laid_out(const struct trial_state *s);

/* The word of storage that the view shows at `at`; of page tables too. */
uint32_t trial_view_word(const struct trial_state *s, uint32_t at);
/* Whether there is such a word: the current relocation shows its first byte, and all
 * of it lies in storage, from physical address *pa. */
bool trial_shows(const struct trial_state *s, uint32_t at, uint32_t *pa);
/* Whether the current relocation shows the byte at physical address pa, and where; by a
 * page if not only the unmapped segment does. */
bool trial_shown(const struct trial_state *s, uint32_t pa, uint32_t *va);
/* Whether what the view shows at va it shows at another address too, and where. */
bool trial_shows_twice(const struct trial_state *s, uint32_t va, uint32_t *other);

#endif
