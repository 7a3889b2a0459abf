/* What docs/mmu.md says, a second time: translation by tables and by the TLB, the bits that
 * accesses set, and tlbw, tlbp, tlbi; written from the page, with numbers of its own, over a
 * plain copy of storage. And what an instruction that accesses memory must then do.
 */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_WALKER_H
#define TRAPEZE_TESTS_UNIT_MACHINE_WALKER_H

#include "machine/machine.h"

/* Mistakes that it makes on request, to show that a comparison with it would notice. */
enum walker_wrong {
  WALKER_RIGHT,
  WALKER_NO_DIRTY,      /* a store sets A alone */
  WALKER_LEVEL_LESS,    /* a page is for modes below its level */
  WALKER_MODE_0_WRITES, /* W does not bind mode 0 */
  WALKER_FETCH_NEEDS_NO_X,
  WALKER_ALL_CAN_BE_READ,  /* F means nothing */
  WALKER_DIRECTORY_MARKED, /* A is set in the directory's entry too */
  WALKER_TRAP_MARKS,       /* a refused access sets A */
  WALKER_TABLE_FAULT,      /* a table that is nowhere is a page fault */
  WALKER_PREVIOUS_RIGHTS,  /* ldprev and stprev have the current mode's rights */
  WALKER_SECOND_AT_FIRST,  /* BADVA is that of lpsw's first word */
  WALKER_ASID_IGNORED,
  WALKER_GLOBAL_IGNORED,
  WALKER_HIGHEST_MATCH,
  WALKER_KSEG_FOR_ALL,
  WALKER_SECOND_RIGHTS,   /* the second level's rights mean nothing */
  WALKER_SECOND_LEVEL,    /* … its levels do */
  WALKER_SECOND_UNMARKED, /* … nothing is marked there */
  WALKER_TABLES_BY_ONE,   /* the guest's tables lie where it says, in the machine */
  WALKER_MARKS_BY_LOAD,   /* a table that is read-only there can be marked */
  WALKER_GUEST_MODE_0,    /* the second level is for mode 0 too */
  WALKER_MODE_OF_THE_PSW, /* levels are compared with PSW.mode in guest mode */
  WALKER_WRONGS
};

struct walker {
  uint8_t *storage; /* its own copy */
  uint32_t size;
  bool paged, tlb, kseg, mmio, nested;
  uint32_t nptbr, ptbr, asid, tlbhi, tlblo, tlbix, tlbrnd, psw;
  uint32_t hi[64], lo[64];
  enum walker_wrong wrong;
};

/* NULL: none. The machine's storage, registers and TLB as they are. */
void walker_load(struct walker *w, struct machine *m);
/* Whether the machine still is as the walker's copy: storage and TLB. */
bool walker_agrees(struct walker *w, struct machine *m);

struct walked {
  bool ok;
  uint32_t pa;
  enum isa_cause cause;
  bool marks;
  uint32_t entry; /* physical, of the one that is marked */
  uint32_t ngpa;
  unsigned seconds; /* entries of the second level that are marked */
  uint32_t second[4], bits[4];
};
/* With whose rights levels are compared. */
unsigned walker_mode(const struct walker *w);
struct walked walker_walk(struct walker *w, uint32_t va, enum machine_access access, bool te,
                          unsigned mode);
/* The access is made: sets bits. */
bool walker_access(struct walker *w, uint32_t va, uint32_t size, enum machine_access access,
                   bool te, unsigned mode, uint32_t *pa, struct trap *trap);

/* The instruction at pc of the state loaded. Fills trap (cause 0xff: none known of; epc and
 * insn are not). What it does to storage and the TLB is done to the copy. False: an
 * instruction whose effects on storage the walker does not know. */
#define WALKER_NO_TRAP 0xff
bool walker_step(struct walker *w, struct machine *m, struct trap *trap);

#endif
