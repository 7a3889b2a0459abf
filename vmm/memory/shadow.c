/* Shadow page tables, after VM/370: the real machine walks tables that the VMM makes, and
 * that lead from the guest's virtual addresses straight to frames of the real machine.
 *
 * A *space* is what decides the guest's translations: its PTBR and virtual mode, or that
 * translation is off; of a guest with relocation, BASE and BOUND. Each has a directory of its
 * own, since every virtual mode runs in the same real one: what the guest's kernel may touch and
 * its user may not cannot be told apart by levels. But where the guest's kernel runs in a middle
 * mode (docs/profiles.md) they can be, and these two share a space. Spaces are kept until their
 * frames are wanted for others.
 *
 * Invariant: an entry of a shadow allows no more than the guest's own entries do *now*, bits A
 * and D included. It is made at the first access, once A is set, and allows stores only once D
 * is; so the access that would set a bit always faults. The pages in which the guest's own
 * entries lie are traced while a shadow rests on them, and traced pages are never writable. So a
 * store into a table, through whatever mapping, comes by here, and what it makes untrue goes.
 * What a fault finds missing is made; nothing is made before it is needed.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"
#include "vmm/modules.h"

#define SPACES    32u
#define LEAVES    256u
#define NO_SOURCE 1u /* no page begins there */
#define WORD_SIZE 4u
#define PAGE_MASK (ISA_PAGE_SIZE - 1)

/* What a space is known by: under relocation root and bound are BASE and BOUND. */
struct key {
  bool te;
  unsigned mode; /* 0 where it makes no difference, and for all who share by levels */
  uint32_t root, bound;
};

struct space {
  bool used;
  struct key key;
  uint32_t directory; /* of the real machine */
  uint64_t at;        /* the last time that it was the guest's */
};

/* A table of a space: 4 MiB of it. */
struct leaf {
  uint32_t frame;  /* of the real machine */
  uint32_t space;  /* index */
  uint32_t index;  /* in its directory */
  uint32_t source; /* the guest's table of which it is the shadow, or NO_SOURCE */
  uint32_t made[PAGE_TABLE_ENTRIES / 32]; /* a bit for each entry that is valid */
};

struct shadow {
  struct space space[SPACES];
  uint32_t current; /* the guest's, or SPACES */
  uint64_t clock;   /* of compositions */
  uint32_t leaves;  /* how many there are */
  uint32_t hand;    /* the leaf that goes next, where there is only one space */
  struct leaf leaf[LEAVES];
};

static uint32_t page_of(uint32_t at)
{
  return at & ~PAGE_MASK;
}

static bool has(const struct vmm_env *env, uint32_t feature)
{
  return env->features(env->ctx) & feature;
}

static bool is_made(const struct leaf *l, uint32_t k)
{
  return l->made[k / 32] >> (k % 32) & 1;
}

/* ---------------------------------------------------------- what is traced
 * The guest's directories and tables that a space or a leaf rests on. */

static bool is_needed(const struct shadow *s, uint32_t page)
{
  for (uint32_t i = 0; i < s->leaves; i++) {
    if (s->leaf[i].source == page) {
      return true;
    }
  }
  for (uint32_t i = 0; i < SPACES; i++) {
    if (s->space[i].used && s->space[i].key.te && s->space[i].key.root == page) {
      return true;
    }
  }
  return false;
}

static void untrace(const struct shadow *s, const struct vmm_env *env, uint32_t page)
{
  if (page % ISA_PAGE_SIZE == 0 && !is_needed(s, page)) {
    env->trace(env->ctx, gpa(page), false);
  }
}

/* ------------------------------------------------------- spaces and leaves go */

static void clear_entry(struct leaf *l, const struct vmm_env *env, uint32_t k)
{
  if (is_made(l, k)) {
    env->table_store(env->ctx, mpa(l->frame + WORD_SIZE * k), 0);
    l->made[k / 32] &= ~(1u << k % 32);
  }
}

static void drop_leaf(struct shadow *s, const struct vmm_env *env, uint32_t which)
{
  struct leaf gone = s->leaf[which];
  const struct space *space = &s->space[gone.space];
  env->table_store(env->ctx, mpa(space->directory + WORD_SIZE * gone.index), 0);
  env->table_give(env->ctx, mpa(gone.frame));
  s->leaf[which] = s->leaf[--s->leaves];
  untrace(s, env, gone.source);
}

static void drop_space(struct shadow *s, const struct vmm_env *env, uint32_t which)
{
  struct space *space = &s->space[which];
  for (uint32_t i = s->leaves; i-- > 0;) {
    if (s->leaf[i].space == which) {
      drop_leaf(s, env, i);
    }
  }
  env->table_give(env->ctx, mpa(space->directory));
  space->used = false;
  untrace(s, env, space->key.te ? space->key.root : NO_SOURCE);
}

/* The space that was the guest's longest ago, and is not now; SPACES: there is none. */
static uint32_t oldest(const struct shadow *s)
{
  uint32_t found = SPACES;
  for (uint32_t i = 0; i < SPACES; i++) {
    if (s->space[i].used && i != s->current &&
        (found == SPACES || s->space[i].at < s->space[found].at)) {
      found = i;
    }
  }
  return found;
}

/* Makes room for one more table. False: there is nothing left that could go. */
static bool evict(struct shadow *s, const struct vmm_env *env)
{
  uint32_t victim = oldest(s);
  if (victim != SPACES) {
    drop_space(s, env, victim);
  } else if (s->leaves > 0) {
    s->hand = (s->hand + 1) % s->leaves;
    drop_leaf(s, env, s->hand);
  } else {
    return false;
  }
  env->count(env->ctx, VMM_MEMORY_EVICT);
  return true;
}

static struct vmm_frame take(struct shadow *s, const struct vmm_env *env, enum vmm_table kind)
{
  struct vmm_frame frame = env->table_take(env->ctx, kind);
  while (!frame.ok && evict(s, env)) {
    frame = env->table_take(env->ctx, kind);
  }
  return frame;
}

/* -------------------------------------------------------- … and are made */

static bool same_key(const struct key *a, const struct key *b)
{
  return a->te == b->te && a->mode == b->mode && a->root == b->root && a->bound == b->bound;
}

/* The space in which the guest is now. */
static struct key current_key(const struct vmm_env *env)
{
  uint32_t psw = env->get_cr(env->ctx, CR_PSW);
  if (!psw_te(psw)) {
    return (struct key){.te = false};
  }
  if (has(env, ISA_FEATURE_MMU_BOUNDS)) {
    return (struct key){.te = true,
                        .root = env->get_cr(env->ctx, CR_BASE),
                        .bound = env->get_cr(env->ctx, CR_BOUND)};
  }
  unsigned mode = psw_mode(psw);
  return (struct key){
      .te = true,
      .mode = mode == env->user_mode(env->ctx) && has(env, ISA_FEATURE_MIDDLE) ? 0 : mode,
      .root = page_of(env->get_cr(env->ctx, CR_PTBR))};
}

static uint32_t make_space(struct shadow *s, const struct vmm_env *env, const struct key *key)
{
  uint32_t free = 0;
  s->current = SPACES;
  while (free < SPACES && s->space[free].used) {
    free++;
  }
  if (free == SPACES) {
    free = oldest(s);
    drop_space(s, env, free);
  }
  struct vmm_frame directory = take(s, env, VMM_TABLE_DIRECTORY);
  s->space[free] = (struct space){.used = directory.ok, .key = *key, .directory = directory.at.v};
  if (directory.ok && key->te && has(env, ISA_FEATURE_MMU_PAGED)) {
    env->trace(env->ctx, gpa(key->root), true);
  }
  env->count(env->ctx, VMM_MEMORY_MAKE);
  return directory.ok ? free : SPACES;
}

static uint32_t find_space(struct shadow *s, const struct vmm_env *env)
{
  struct key key = current_key(env);
  for (uint32_t i = 0; i < SPACES; i++) {
    if (s->space[i].used && same_key(&s->space[i].key, &key)) {
      return i;
    }
  }
  return make_space(s, env, &key);
}

/* The leaf of the current space for va; NULL: there is none. */
static struct leaf *find_leaf(struct shadow *s, uint32_t va)
{
  for (uint32_t i = 0; i < s->leaves; i++) {
    if (s->leaf[i].space == s->current && s->leaf[i].index == page_directory_index(va)) {
      return &s->leaf[i];
    }
  }
  return NULL;
}

/* source: the guest's table in which va's entry lies. NULL: no frame. */
static struct leaf *make_leaf(struct shadow *s, const struct vmm_env *env, uint32_t va,
                              uint32_t source)
{
  if (s->leaves == LEAVES && !evict(s, env)) {
    return NULL;
  }
  struct vmm_frame frame = take(s, env, VMM_TABLE_LEAF);
  if (!frame.ok) {
    return NULL;
  }
  struct leaf *l = &s->leaf[s->leaves++];
  *l = (struct leaf){.frame = frame.at.v,
                     .space = s->current,
                     .index = page_directory_index(va),
                     .source = source};
  env->table_store(env->ctx, mpa(s->space[s->current].directory + WORD_SIZE * l->index),
                   frame.at.v | PTE_VALID);
  if (source != NO_SOURCE) {
    env->trace(env->ctx, gpa(source), true);
  }
  return l;
}

/* --------------------------------------------------------------------- faults */

/* An entry of the guest's where it has none: translation is off. */
#define EVERYTHING (PTE_VALID | PTE_WRITE | PTE_DIRTY | PTE_EXECUTE)

/* One entry of a shadow, to be. */
struct wanted {
  uint32_t va;
  enum machine_access access; /* for which it is made, and maybe others */
  uint32_t source;            /* the guest's table in which its own entry lies, or NO_SOURCE */
  uint32_t entry;             /* that entry, as the access leaves it */
  uint32_t page;              /* of the guest's storage, to which it leads */
};

/* Everybody who is in the space; or, of the two who may share it, those whom the guest's own entry
 * lets in: its kernel is in the real mode above user. */
static uint32_t real_level(const struct shadow *s, const struct vmm_env *env, uint32_t entry)
{
  const struct key *key = &s->space[s->current].key;
  unsigned user = env->user_mode(env->ctx);
  bool kernel_alone = has(env, ISA_FEATURE_MIDDLE) && has(env, ISA_FEATURE_MMU_PAGED) && key->te &&
                      key->mode == 0 && pte_level(entry) < user;
  return kernel_alone ? (user - 1) << PTE_LEVEL_SHIFT : PTE_LEVEL_MASK;
}

/* Real bits A and D are set, lest the real machine write. Only a fetch lets fetches in: where
 * code is looked at before it runs, that is when. */
static uint32_t rights(const struct wanted *w, uint32_t level, bool write)
{
  uint32_t fetch = w->access == MACHINE_FETCH ? w->entry & PTE_EXECUTE : 0;
  return PTE_VALID | level | PTE_ACCESSED | PTE_DIRTY | (write ? PTE_WRITE : 0) | fetch |
         (w->entry & PTE_FETCH_ONLY);
}

/* False: there is no room for it, or the page has no frame. */
static bool fill(struct shadow *s, const struct vmm_env *env, const struct wanted *w)
{
  uint32_t va = w->va, source = w->source, entry = w->entry, page = w->page;
  struct leaf *l = find_leaf(s, va);
  if (!l && !(l = make_leaf(s, env, va, source))) {
    return false;
  }
  bool write = (entry & PTE_WRITE) && (entry & PTE_DIRTY) && !env->traced(env->ctx, gpa(page));
  struct vmm_frame frame = env->frame(env->ctx, gpa(page), write && w->access == MACHINE_STORE);
  write = write && frame.writable; /* or else a store that comes will say so */
  uint32_t k = page_table_index(va), bits = rights(w, real_level(s, env, entry), write);
  if (!frame.ok || !env->table_store(env->ctx, mpa(l->frame + WORD_SIZE * k), frame.at.v | bits)) {
    return false;
  }
  l->made[k / 32] |= 1u << k % 32;
  env->count(env->ctx, VMM_MEMORY_FILL);
  return true;
}

static bool is_store(enum isa_insn insn)
{
  return insn == ISA_SB || insn == ISA_SH || insn == ISA_SW || insn == ISA_SVBR ||
         insn == ISA_PUSHF || insn == ISA_STPREV;
}

/* Which access of the instruction the real machine refused. */
static enum machine_access refused(const struct vmm_env *env, struct trap real)
{
  switch (real.cause) {
  case CAUSE_FETCH_FAULT:
    return MACHINE_FETCH;
  case CAUSE_LOAD_FAULT:
    return MACHINE_LOAD;
  case CAUSE_STORE_FAULT:
    return MACHINE_STORE;
  default:
    break;
  }
  if (real.insn == 0) {
    return MACHINE_FETCH;
  }
  struct vmm_insn insn = env->decode(env->ctx, real.insn);
  return insn.legal && is_store(insn.decoded.insn) ? MACHINE_STORE : MACHINE_LOAD;
}

/* With relocation a page can be mapped if all of it may be accessed, and lies in one page of
 * storage. */
static enum vmm_fault fault_in_bounds(struct shadow *s, const struct vmm_env *env, uint32_t va,
                                      enum machine_access access, bool te)
{
  if (!env->translate(env->ctx, gva(va), 1, access, te, 0).ok) {
    return VMM_FAULT_TRUE;
  }
  struct translation t = env->translate(env->ctx, gva(page_of(va)), ISA_PAGE_SIZE, access, te, 0);
  struct wanted w = {va, access, NO_SOURCE, EVERYTHING, t.pa.v};
  return t.ok && t.pa.v % ISA_PAGE_SIZE == 0 &&
                 !(access == MACHINE_STORE && env->traced(env->ctx, t.pa)) && fill(s, env, &w)
             ? VMM_FAULT_HIDDEN
             : VMM_FAULT_INTERPRET;
}

static enum vmm_fault fault(void *state, const struct vmm_env *env, struct trap real)
{
  struct shadow *s = state;
  uint32_t psw = env->get_cr(env->ctx, CR_PSW), va = real.value;
  bool te = psw_te(psw);
  enum machine_access access = refused(env, real);
  if (real.cause == CAUSE_ALIGNMENT || s->current == SPACES) {
    return VMM_FAULT_TRUE;
  }
  if (has(env, ISA_FEATURE_MMU_BOUNDS)) {
    return fault_in_bounds(s, env, va, access, te);
  }
  struct translation t = env->translate(env->ctx, gva(va), 1, access, te, psw_mode(psw));
  if (!t.ok) {
    return VMM_FAULT_TRUE;
  }
  if (te && has(env, ISA_FEATURE_KSEG) && kseg_has(va)) {
    return VMM_FAULT_INTERPRET; /* the real machine's is for its mode 0 */
  }
  if (access == MACHINE_STORE && env->traced(env->ctx, t.pa)) {
    return VMM_FAULT_INTERPRET;
  }
  struct wanted w = {va, access, NO_SOURCE, EVERYTHING, page_of(t.pa.v)};
  if (te) {
    w.source = page_of(t.entry.v);
    w.entry = t.marked;
  }
  if (!fill(s, env, &w)) {
    return VMM_FAULT_INTERPRET;
  }
  /* The bits are set by the access, when it is made: not before. */
  return t.marks ? VMM_FAULT_MARKS : VMM_FAULT_HIDDEN;
}

/* ------------------------------------------------ what the guest makes untrue */

/* The guest's directory entry for the leaf has been written: it may still lead to the same
 * table. */
static bool still_leads_there(const struct vmm_env *env, const struct leaf *l, uint32_t root)
{
  struct vmm_word entry =
      env->read(env->ctx, gpa(root + WORD_SIZE * l->index), WORD_SIZE, MACHINE_FETCH);
  return entry.ok && (entry.word & PTE_VALID) && pte_frame(entry.word) == l->source;
}

/* Entries first to last, of the guest's page at `page`. */
static void entries_written(struct shadow *s, const struct vmm_env *env, uint32_t page,
                            uint32_t first, uint32_t last)
{
  for (uint32_t i = s->leaves; i-- > 0;) {
    struct leaf *l = &s->leaf[i];
    const struct key *key = &s->space[l->space].key;
    for (uint32_t k = first; l->source == page && k <= last; k++) {
      clear_entry(l, env, k);
    }
    if (l->source != NO_SOURCE && key->root == page && l->index >= first && l->index <= last &&
        !still_leads_there(env, l, page)) {
      drop_leaf(s, env, i);
    }
  }
}

static void written(void *state, const struct vmm_env *env, gpa_t at, uint32_t len)
{
  uint32_t from = at.v;
  while (len > 0) {
    uint32_t room = ISA_PAGE_SIZE - from % ISA_PAGE_SIZE, part = len < room ? len : room;
    entries_written(state, env, page_of(from), from % ISA_PAGE_SIZE / WORD_SIZE,
                    (from % ISA_PAGE_SIZE + part - 1) / WORD_SIZE);
    from += part;
    len -= part;
  }
}

/* The page of the guest's storage to which a leaf's entry leads. The guest's own entry is as
 * it was when this one was made, or this one were gone. */
static uint32_t page_behind(const struct shadow *s, const struct vmm_env *env, const struct leaf *l,
                            uint32_t k)
{
  const struct key *key = &s->space[l->space].key;
  if (l->source == NO_SOURCE) {
    return (key->te ? key->root : 0) + (l->index << 22) + k * ISA_PAGE_SIZE;
  }
  struct vmm_word entry =
      env->read(env->ctx, gpa(l->source + WORD_SIZE * k), WORD_SIZE, MACHINE_FETCH);
  return pte_frame(entry.word);
}

static void forget(void *state, const struct vmm_env *env, gpa_t at)
{
  struct shadow *s = state;
  for (uint32_t i = 0; i < s->leaves; i++) {
    struct leaf *l = &s->leaf[i];
    for (uint32_t k = 0; k < PAGE_TABLE_ENTRIES; k++) {
      if (l->made[k / 32] == 0) {
        k |= 31; /* none of these */
      } else if (is_made(l, k) && page_behind(s, env, l, k) == page_of(at.v)) {
        clear_entry(l, env, k);
      }
    }
  }
}

/* ---------------------------------------------------------------- the module */

static struct vmm_real_map compose(void *state, const struct vmm_env *env)
{
  struct shadow *s = state;
  s->current = find_space(s, env);
  if (s->current == SPACES) {
    return (struct vmm_real_map){.ptbr = 0};
  }
  struct space *space = &s->space[s->current];
  space->at = ++s->clock;
  return (struct vmm_real_map){.ptbr = space->directory};
}

static void *create(void *with)
{
  (void)with;
  struct shadow *s = calloc(1, sizeof *s);
  if (s) {
    s->current = SPACES;
  }
  return s;
}

static uint32_t saved_size(const struct shadow *s)
{
  return (uint32_t)(offsetof(struct shadow, leaf) + s->leaves * sizeof *s->leaf);
}

static uint32_t save(void *state, void *bytes, uint32_t room)
{
  uint32_t len = saved_size(state);
  if (len <= room) {
    memcpy(bytes, state, len);
  }
  return len;
}

static bool load(void *state, const void *bytes, uint32_t len)
{
  struct shadow s;
  if (len < offsetof(struct shadow, leaf) || len > sizeof s) {
    return false;
  }
  memcpy(&s, bytes, len);
  if (s.leaves > LEAVES || saved_size(&s) != len) {
    return false;
  }
  memcpy(state, &s, len);
  return true;
}

const struct vmm_memory_module vmm_memory_shadow = {.create = create,
                                                    .destroy = free,
                                                    .compose = compose,
                                                    .fault = fault,
                                                    .written = written,
                                                    .forget = forget,
                                                    .save = save,
                                                    .load = load};
