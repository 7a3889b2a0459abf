/* Translation (docs/machine.md for `bounds` and storage keys, docs/mmu.md for `paged`,
 * `tlb` and the unmapped segment), and the caches that let the engine skip it.
 *
 * An address space is what decides a translation: TE, and with it
 *   bounds: BASE and BOUND, and on a machine with storage keys PSW.key;
 *   paged:  PTBR and the mode;
 *   nested: in guest mode, the table base in NPTBR, and TE, PTBR and the translation mode;
 *   tlb:    ASID and the mode.
 * Each has its own tags, so that a change of mode or of process, or of virtual machine,
 * swaps a pointer and forgets nothing. Under `bounds` only pages that lie wholly within the
 * bound, in storage, and on a physical page boundary, and both of whose blocks allow the
 * access, are ever entered; all others are translated at each access. A change of a key takes
 * the tags of its page away. A machine without keys pays nothing for them: its spaces all have
 * key 0.
 *
 * Under `paged` a tag stands for entries that a walk has read, all valid, with A set, and D
 * set for a write tag. The pages that these entries lie in are *tables*: they have no write
 * tags, so that every store there comes to mmu_storing(), which takes away the tags that the
 * old entry may have led to. An entry that was not valid has led to none, so mapping a page
 * costs no tag. That needs no list of who used what: ten bits of an entry's place are
 * the low bits of the page numbers that it maps, and choose the places of their tags.
 * Under `nested`, in guest mode, a tag stands for entries of the second level too, whose
 * places say nothing of addresses: a store to a valid one takes all tags of guest mode away.
 * When stores to tables become many, all tags and tables are forgotten, since pages that were
 * tables once may have become something else.
 *
 * Under `tlb` a tag stands for the entry that matched; a change of an entry takes away what
 * its old and its new page number choose.
 */
#ifndef TRAPEZE_MACHINE_MMU_H
#define TRAPEZE_MACHINE_MMU_H

#include "isa/isa.h"
#include "isa/pages.h"
#include "machine/machine.h"

struct bare;
struct code_page;

#define MMU_DATA_ENTRIES 256u
#define MMU_CODE_ENTRIES 64u
#define MMU_SPACES       16u
/* No fetch compares equal: a tag has bits 31:12 of an address, and a fetch is compared with
 * these and its low alignment bits. */
#define MMU_NO_TAG 0x800u
/* No access compares equal: it is compared by its page's number, with its low alignment bits
 * above. */
#define MMU_NO_PAGE UINT32_MAX

/* For whom an access is translated. */
struct mmu_who {
  bool te;
  uint8_t mode;
  bool guest; /* guest mode: through the second level */
};

struct code_entry {
  uint32_t tag;
  intptr_t bias; /* of its page's slots: engine_core.h */
};

/* Numbers of pages, by these modulo MMU_DATA_ENTRIES; write only for pages that are dirty and
 * hold no code. */
struct data_tags {
  uint32_t read[MMU_DATA_ENTRIES], write[MMU_DATA_ENTRIES];
};

/* Under `bounds` all pages of a space lie at one offset, and elsewhere most often do. So that
 * the address of an access does not wait for an entry to be loaded, those that lie at `linear`
 * have a second tag. */
struct space {
  struct data_tags straight;          /* … these; first: the engine's addressing */
  struct data_tags any;               /* all */
  uintptr_t offset[MMU_DATA_ENTRIES]; /* host address - va, where there is a tag */
  uintptr_t linear;
  unsigned votes; /* of pages filled for `linear`, the others' taken off */
  struct code_entry code[MMU_CODE_ENTRIES];
  struct mmu_who who;   /* the mode has no meaning while te is off, or under bounds */
  uint32_t base, bound; /* 0 while te is off */
  uint32_t key;
};

/* What a space is known by. */
struct space_id {
  uint32_t selector;    /* of the PSW: TE and key or, but for bounds, mode; 0: no space yet */
  uint32_t base, bound; /* 0 while TE is off; base is PTBR or ASID but for bounds; in guest
                         * mode bound is the second level's directory, whatever TE */
};

enum mmu_kind { MMU_BOUNDS, MMU_PAGED, MMU_TLB };

struct tlb_entry {
  uint32_t hi, lo;
};

#define MMU_TABLES 1024u /* pages known as tables at most */

/* The space of a PSW while BASE, BOUND, PTBR, ASID and NPTBR are what they are. */
#define MMU_RECALLED    8u
#define MMU_RECALLED_BY (PSW_MODE_MASK | PSW_TE_MASK | PSW_KEY_MASK)
struct recalled_space {
  uint32_t psw;        /* mode, TE and key of it */
  struct space *space; /* NULL: nothing */
};

struct mmu {
  struct recalled_space recalled[MMU_RECALLED]; /* by mode and TE */
  struct space *space; /* MMU_SPACES of them, known by … */
  struct space_id id[MMU_SPACES];
  unsigned next; /* to be replaced */
  enum mmu_kind kind;
  bool mmio;   /* the profile has memory-mapped devices */
  bool kseg;   /* … the unmapped kernel segment */
  bool nested; /* … a second level */
  /* What the engine is executing may have changed, or where it lies. */
  bool stale;
  struct tlb_entry *tlb; /* MMU_TLB: TLB_ENTRIES of them */
  uint32_t *table;       /* MMU_PAGED: pages that are tables */
  unsigned table_count, table_stores;
};

bool mmu_init(struct mmu *mmu, const struct profile *profile); /* false: no memory */
void mmu_free(struct mmu *mmu);

/* PSW.mode is not 0, and the second level is on. */
bool mmu_in_guest_mode(const struct bare *b, uint32_t psw);
/* What an access of `size` bytes at va meets; alignment is not looked at. Pure. */
struct translation mmu_translate(const struct bare *b, uint32_t va, uint32_t size,
                                 enum machine_access access, struct mmu_who who);
struct mmu_walk;
/* The same, with the entries that were read for it. */
struct translation mmu_translate_by(const struct bare *b, uint32_t va, uint32_t size,
                                    enum machine_access access, struct mmu_who who,
                                    struct mmu_walk *walk);
/* The access that was translated so is about to be made: sets A and D. */
void mmu_commit(struct bare *b, const struct translation *t);

static inline struct recalled_space *mmu_recalled(struct mmu *mmu, uint32_t psw)
{
  return &mmu->recalled[psw_mode(psw) * 2 + psw_te(psw)];
}
/* One of those control registers has changed. */
void mmu_forget_recalled(struct mmu *mmu);
/* mmu_space() of bare.h, where the space is not recalled. */
struct space *mmu_look_up_space(struct bare *b);
/* Enters va's page into the space's data tags, if it may be. */
void mmu_fill_data(struct bare *b, struct space *space, uint32_t va);
/* If instructions at va's page can be run from decoded slots: the physical page
 * and how many whole words of it, from its start, are accessible. */
bool mmu_code_extent(struct bare *b, const struct space *space, uint32_t va, uint32_t *page,
                     uint32_t *words);
/* Takes the write tags of a physical page away, in every space. */
void mmu_forget_write(struct bare *b, uint32_t page);
/* Takes all its tags away: its rights have changed. */
void mmu_forget_page(struct bare *b, uint32_t page);
void mmu_forget_code(struct bare *b);
/* Storage [pa, pa+len) is about to be written; len is not 0. */
void mmu_storing(struct bare *b, uint32_t pa, uint32_t len);

/* ------------------------------------------- for the files that translate only */

/* paged: where the entries lie that a walk has read, and as what. In guest mode each of the
 * guest's two, and the address itself, has cost two entries of the second level. */
enum mmu_table { MMU_DIRECTORY = 1, MMU_LEAF = 2, MMU_SECOND = 4 };
#define MMU_WALK 8u
struct mmu_walk {
  unsigned count;
  struct {
    uint32_t at;
    uint8_t as; /* enum mmu_table */
  } entry[MMU_WALK];
};
/* Under TE and outside the unmapped segment; as mmu_translate(). */
struct translation mmu_translate_paged(const struct bare *b, uint32_t va, uint32_t size,
                                       enum machine_access access, struct mmu_who who,
                                       struct mmu_walk *walk);
/* In guest mode: `at` through the second level, with what t says so far of the access. False:
 * t says why. */
bool mmu_second_level(const struct bare *b, uint32_t at, uint32_t size, enum machine_access access,
                      struct mmu_walk *walk, struct translation *t);
struct translation mmu_translate_tlb(const struct bare *b, uint32_t va, uint32_t size,
                                     enum machine_access access, struct mmu_who who);
/* Storage or a device at pa, at the end of a translation. */
struct translation mmu_physical(const struct bare *b, uint64_t pa, uint32_t size);
/* Whether the entry lets them; *cause if not. */
bool mmu_entry_allows(uint32_t entry, enum machine_access access, struct mmu_who who,
                      enum isa_cause *cause);
/* The cause of an access for whose page there is no entry. */
enum isa_cause mmu_page_fault(enum machine_access access);

/* Takes away the tags in the places of a virtual page number, in every space with TE; of
 * those in 4 MiB from `va` on; of all. */
void mmu_drop_page(struct bare *b, uint32_t number);
void mmu_drop_region(struct bare *b, uint32_t va);
void mmu_drop_all(struct bare *b);
/* … all of guest mode. */
void mmu_drop_guest(struct bare *b);
/* The entries that the walk has read are in use for a tag from now on. */
void mmu_note_tables(struct bare *b, const struct mmu_walk *walk);

/* ------------------------------------------------------------------ mmu_tlb.c */

/* The tlbw, tlbp and tlbi of docs/mmu.md. */
void mmu_tlb_write(struct bare *b);
uint32_t mmu_tlb_probe(const struct bare *b, uint32_t hi);
void mmu_tlb_invalidate(struct bare *b, uint32_t va, uint32_t space);
void mmu_tlb_set(struct bare *b, unsigned index, struct tlb_entry entry);

#endif
