/* The technique `translate`: virtual privileged code executes from a translation cache
 * (tcache.h), user code as it is. docs/translate.md.
 *
 * The cache lies in frames of the machine below, at the top of the guest's addresses, on pages
 * for fetches only. Each directory that the memory module has made has a twin, which leads to
 * the same tables and besides to the cache: the real machine uses the twin while privileged
 * code executes and the directory itself for user code. So neither can look at the cache, and
 * user code cannot jump there; privileged code jumps where its translation leads it.
 *
 * While the processor is lent for privileged code, the real pc is one of the cache. Everything
 * else sees the guest's: get_pc and leave are where it is translated back.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"
#include "vmm/techniques/tcache.h"

#define CACHE_VA    0xffc00000u /* the last 4 MiB: one entry of a directory */
#define TWINS       4u
#define SPACES      16u
#define PAGE_WORDS  (ISA_PAGE_SIZE / 4)
#define CACHE_ENTRY (PTE_VALID | PTE_EXECUTE | PTE_FETCH_ONLY | PTE_LEVEL_MASK | PTE_ACCESSED)

/* What is known of a page of guest storage. */
#define USE_CODE  1u /* words of it are translated */
#define USE_TABLE 2u /* by an entry there code was found */

/* Of what the guest's code depends besides its pc. */
struct space {
  uint32_t psw; /* mode, TE, key */
  uint32_t base, bound, ptbr;
};

/* A directory of the memory module's (0: none), and the frame that is its twin. */
struct twin {
  uint32_t of, frame;
};

struct translation_cache {
  struct tcache *t;
  uint32_t leaf, frame[TCACHE_MAX_WORDS / PAGE_WORDS];
  struct twin twin[TWINS];
  unsigned next_twin;
  struct space space[SPACES];
  unsigned spaces;
  uint8_t *uses; /* of each page of guest storage, USE_… */
  bool by_tables;
  uint32_t pc;    /* of the guest: where the code that is translated now begins */
  uint32_t entry; /* the word of the cache that is next */
  bool inside;    /* the real pc is one of the cache, or will be when the processor is lent */
  struct tcache_place left; /* where in the cache the last loan ended, … */
  uint32_t left_at;         /* … by its word; TCACHE_NOWHERE: elsewhere */
};

uint32_t translate_frames(const struct vmm_vm_config *config)
{
  uint32_t bytes = config->cache ? config->cache : VMM_CACHE;
  uint32_t most = TCACHE_MAX_WORDS * 4, pages = (bytes < most ? bytes : most) / ISA_PAGE_SIZE;
  return (pages ? pages : 1) + 1 + TWINS;
}

static uint32_t cache_pages(const struct vmm_vm_config *config)
{
  return translate_frames(config) - 1 - TWINS;
}

bool translate_applies(const struct vm *vm)
{
  return vm->cache && (vm->technique == VMM_TECHNIQUE_TRANSLATE_ALL ||
                       psw_mode(vm->cpu.cr[CR_PSW]) != profile_user_mode(vm->machine.profile));
}

/* ------------------------------------------------------------- what tcache asks */

static void use(struct vm *vm, uint32_t page, uint8_t what, bool on)
{
  uint8_t *uses = &vm->cache->uses[page / ISA_PAGE_SIZE];
  *uses = (uint8_t)(on ? *uses | what : *uses & ~what);
  memory_trace(vm, TRACE_BY_CODE, gpa(page), *uses != 0);
}

/* Where the guest has page tables, a write to one that led to code changes what is fetched. */
static void note_tables(struct vm *vm, uint32_t pc, uint32_t entry)
{
  uint32_t directory = vm->cpu.cr[CR_PTBR] + 4 * page_directory_index(pc);
  if (psw_te(vm->cpu.cr[CR_PSW]) &&
      (profile_features(vm->machine.profile) & ISA_FEATURE_MMU_PAGED)) {
    use(vm, directory, USE_TABLE, true);
    use(vm, entry, USE_TABLE, true);
    vm->cache->by_tables = true;
  }
}

static void flush(struct vm *vm)
{
  struct translation_cache *c = vm->cache;
  tcache_flush(c->t);
  for (uint32_t page = 0; c->by_tables && page < vm->storage.size; page += ISA_PAGE_SIZE) {
    use(vm, page, USE_TABLE, false);
  }
  c->by_tables = false;
  c->spaces = 0;
}

/* A page of which the guest must not see that it was fetched from, before it is, ends a block. */
static struct tcache_fetched fetch(void *ctx, uint32_t pc)
{
  struct vm *vm = ctx;
  uint32_t psw = vm->cpu.cr[CR_PSW];
  struct tcache_fetched f = {.ok = false};
  struct translation t =
      vm->env.translate(vm, gva(pc), 4, MACHINE_FETCH, psw_te(psw), psw_mode(psw));
  if (!t.ok || (t.marks && pc != vm->cache->pc) || t.pa.v % 4 != 0 ||
      !machine_phys_read_word(&vm->machine, t.pa, &f.word)) {
    return f;
  }
  memory_commit(vm, t);
  note_tables(vm, pc, t.entry.v);
  f.ok = true;
  f.at = t.pa.v;
  return f;
}

static void put_word(void *ctx, uint32_t index, uint32_t word)
{
  const struct vm *vm = ctx;
  uint32_t frame = vm->cache->frame[index / PAGE_WORDS];
  machine_phys_write_word(vm->vmm->real, gpa(frame + index % PAGE_WORDS * 4), word);
}

static void watch(void *ctx, uint32_t page, bool on)
{
  use(ctx, page, USE_CODE, on);
}

/* ---------------------------------------------------------------------- life */

static bool take_frames(struct vm *vm, uint32_t pages)
{
  struct translation_cache *c = vm->cache;
  struct vmm_frame f = memory_take_table(vm, VMM_TABLE_CODE);
  c->leaf = f.at.v;
  for (uint32_t i = 0; f.ok && i < TWINS; i++) {
    f = memory_take_table(vm, VMM_TABLE_DIRECTORY);
    c->twin[i].frame = f.at.v;
  }
  for (uint32_t i = 0; f.ok && i < pages; i++) {
    f = memory_take_table(vm, VMM_TABLE_CODE);
    c->frame[i] = f.at.v;
    machine_phys_write_word(vm->vmm->real, gpa(c->leaf + 4 * i), c->frame[i] | CACHE_ENTRY);
  }
  return f.ok;
}

bool translate_create(struct vm *vm, const struct vmm_vm_config *config)
{
  struct tcache_config cache = {.profile = vm->machine.profile,
                                .real = machine_profile(vm->vmm->real),
                                .words = cache_pages(config) * PAGE_WORDS,
                                .storage = vm->storage.size,
                                .fetch = fetch,
                                .put = put_word,
                                .watch = watch,
                                .ctx = vm};
  vm->cache = calloc(1, sizeof *vm->cache);
  if (!vm->cache) {
    return false;
  }
  vm->cache->left_at = TCACHE_NOWHERE;
  vm->cache->uses = calloc(vm->storage.size / ISA_PAGE_SIZE, 1);
  vm->cache->t = tcache_create(&cache);
  return vm->cache->t && vm->cache->uses && take_frames(vm, cache_pages(config));
}

void translate_destroy(struct vm *vm)
{
  if (vm->cache) {
    tcache_destroy(vm->cache->t);
    free(vm->cache->uses);
  }
  free(vm->cache);
}

/* ---------------------------------------------------------------- directories */

static struct twin *twin_of(const struct vm *vm, uint32_t directory)
{
  for (unsigned i = 0; vm->cache && i < TWINS; i++) {
    if (vm->cache->twin[i].of == directory) {
      return &vm->cache->twin[i];
    }
  }
  return NULL;
}

static void store_twin(const struct vm *vm, const struct twin *twin, uint32_t index, uint32_t word)
{
  if (index == page_directory_index(CACHE_VA)) {
    word = vm->cache->leaf | PTE_VALID;
  }
  machine_phys_write_word(vm->vmm->real, gpa(twin->frame + 4 * index), word);
}

static void fill_twin(const struct vm *vm, const struct twin *twin)
{
  for (uint32_t i = 0; i < PAGE_TABLE_ENTRIES; i++) {
    uint32_t word = 0;
    machine_phys_read_word(vm->vmm->real, gpa(twin->of + 4 * i), &word);
    store_twin(vm, twin, i, word);
  }
}

uint32_t translate_directory(struct vm *vm, uint32_t directory)
{
  struct twin *twin = twin_of(vm, directory);
  if (!twin) {
    twin = &vm->cache->twin[vm->cache->next_twin++ % TWINS];
    twin->of = directory;
    fill_twin(vm, twin);
  }
  return twin->frame;
}

void translate_table_stored(const struct vm *vm, uint32_t at, uint32_t word)
{
  const struct twin *twin = twin_of(vm, at & ~(ISA_PAGE_SIZE - 1));
  if (twin) {
    store_twin(vm, twin, at % ISA_PAGE_SIZE / 4, word);
  }
}

void translate_table_gone(const struct vm *vm, uint32_t frame)
{
  struct twin *twin = twin_of(vm, frame);
  if (twin) {
    twin->of = 0;
  }
}

/* --------------------------------------------------------------------- the trace */

static uint32_t block_words(const struct tcache *t, uint32_t first)
{
  uint32_t words = 0;
  for (struct tcache_place p = tcache_at(t, first); p.kind != TCACHE_NONE && p.block == first;) {
    p = tcache_at(t, first + ++words);
  }
  return words;
}

/* What the cache has done since `before` for the guest's code at pc, which is at `entry` now; it
 * was asked from the exit `from`, or from none. */
static void tell(const struct vm *vm, const struct tcache_stats *before, uint32_t pc,
                 uint32_t entry, uint32_t from)
{
  const struct tcache *t = vm->cache->t;
  const struct tcache_stats *now = tcache_stats(t);
  if (now->flushes != before->flushes) {
    vm_trace(vm, TRACE_CODE, TRACE_CODE_EMPTY, pc, 0, 0);
  }
  if (now->blocks != before->blocks && entry != TCACHE_NOWHERE) {
    uint32_t first = tcache_at(t, entry).block;
    vm_trace(vm, TRACE_CODE, TRACE_CODE_BLOCK, pc, CACHE_VA + 4 * first, block_words(t, first));
  }
  if (now->chained != before->chained && from != TCACHE_NOWHERE) {
    vm_trace(vm, TRACE_CODE, TRACE_CODE_CHAIN, pc, CACHE_VA + 4 * from, 0);
  }
}

/* ------------------------------------------------------------------ executing */

static struct space current_space(const struct vm *vm)
{
  uint32_t psw = vm->cpu.cr[CR_PSW];
  struct space now = {.psw = psw & (PSW_MODE_MASK | PSW_TE_MASK | PSW_KEY_MASK)};
  if (psw_te(psw)) {
    now.base = vm->cpu.cr[CR_BASE];
    now.bound = vm->cpu.cr[CR_BOUND];
    now.ptbr = vm->cpu.cr[CR_PTBR];
  }
  return now;
}

/* Its number, or how many there are. */
static unsigned find_space(const struct translation_cache *c, const struct space *wanted)
{
  unsigned i = 0;
  while (i < c->spaces && memcmp(&c->space[i], wanted, sizeof *wanted) != 0) {
    i++;
  }
  return i;
}

static uint32_t space_of(struct vm *vm)
{
  struct translation_cache *c = vm->cache;
  struct space now = current_space(vm);
  unsigned i = find_space(c, &now);
  if (i == SPACES) {
    flush(vm);
    i = 0;
  }
  if (i == c->spaces) {
    c->space[c->spaces++] = now;
  }
  return i;
}

bool translate_ready(struct vm *vm)
{
  struct translation_cache *c = vm->cache;
  if (!c->inside) {
    struct tcache_stats before = *tcache_stats(c->t);
    c->pc = vcpu_get_pc(vm);
    c->entry = tcache_enter(c->t, space_of(vm), c->pc);
    if (vm->machine.tracer) {
      tell(vm, &before, c->pc, c->entry, TCACHE_NOWHERE);
    }
    return c->entry != TCACHE_NOWHERE;
  }
  return true;
}

void translate_enter(struct vm *vm)
{
  vm->cache->inside = true;
  machine_set_pc(vm->vmm->real, CACHE_VA + 4 * vm->cache->entry);
}

static uint32_t word_at(uint32_t real_pc)
{
  return (real_pc - CACHE_VA) / 4;
}

bool translate_inside(const struct vm *vm)
{
  return vm->cache && vm->cache->inside;
}

uint32_t translate_pc(const struct vm *vm, uint32_t real_pc)
{
  return translate_inside(vm) ? tcache_at(vm->cache->t, word_at(real_pc)).pc : real_pc;
}

void translate_leave(struct vm *vm)
{
  struct translation_cache *c = vm->cache;
  if (!c) {
    return;
  }
  c->left_at = TCACHE_NOWHERE;
  if (c->inside) {
    c->left_at = word_at(machine_get_pc(vm->vmm->real));
    c->left = tcache_at(c->t, c->left_at);
    machine_set_pc(vm->vmm->real, c->left.pc);
    c->inside = false;
  }
}

enum translate_trap translate_trap(struct vm *vm, struct trap *real)
{
  struct translation_cache *c = vm->cache;
  if (c->left_at == TCACHE_NOWHERE) {
    return TRANSLATE_GUEST;
  }
  real->epc = c->left.pc;
  if (c->left.kind == TCACHE_EXIT && real->cause == CAUSE_BREAKPOINT) {
    struct tcache_stats before = *tcache_stats(c->t);
    c->pc = c->left.pc;
    tcache_exit(c->t, c->left_at);
    if (vm->machine.tracer) {
      tell(vm, &before, c->pc, tcache_find(c->t, space_of(vm), c->pc), c->left_at);
    }
    vm->stats.exits++;
    return TRANSLATE_EXIT;
  }
  if (c->left.kind == TCACHE_CALLOUT && real->cause == CAUSE_HYPERCALL) {
    real->insn = c->left.word;
    vm->stats.callouts++;
    return TRANSLATE_CALLOUT;
  }
  return real->cause < ISA_CAUSE_LIMIT && isa_cause_info(real->cause)->kind == ISA_CAUSE_MEMORY &&
                 page_directory_index(real->value) == page_directory_index(CACHE_VA)
             ? TRANSLATE_HIDDEN
             : TRANSLATE_GUEST;
}

void translate_written(struct vm *vm, gpa_t at, uint32_t len)
{
  uint32_t last = (at.v + len - 1) / ISA_PAGE_SIZE;
  for (uint32_t page = at.v / ISA_PAGE_SIZE; page <= last; page++) {
    if (vm->cache->uses[page] & USE_TABLE) {
      flush(vm);
      vm_trace(vm, TRACE_CODE, TRACE_CODE_EMPTY, vcpu_get_pc(vm), 0, 0);
    }
  }
  uint64_t before = tcache_stats(vm->cache->t)->invalidated;
  tcache_written(vm->cache->t, at.v, len);
  uint64_t gone = tcache_stats(vm->cache->t)->invalidated - before;
  if (gone) {
    vm_trace(vm, TRACE_CODE, TRACE_CODE_FORGET, at.v, 0, (uint32_t)gone);
  }
}

/* What is in the cache's frames is not what is known of them: it begins anew. A loan that was
 * under way goes on where it was. */
void translate_restored(struct vm *vm, bool inside, uint32_t pc)
{
  struct translation_cache *c = vm->cache;
  memset(c->uses, 0, vm->storage.size / ISA_PAGE_SIZE);
  flush(vm);
  for (unsigned i = 0; i < TWINS; i++) {
    c->twin[i].of = 0;
  }
  vm->cpu.map_stale = true;
  c->inside = false;
  c->left_at = TCACHE_NOWHERE;
  if (inside) {
    machine_set_pc(vm->vmm->real, pc);
    if (translate_ready(vm)) {
      translate_enter(vm);
    }
  }
}

void translate_count(struct vm *vm)
{
  if (vm->cache) {
    const struct tcache_stats *s = tcache_stats(vm->cache->t);
    vm->stats.blocks = s->blocks;
    vm->stats.identical = s->identical;
    vm->stats.inlined = s->inlined;
    vm->stats.callout = s->callout;
    vm->stats.chained = s->chained;
    vm->stats.unchained = s->unchained;
    vm->stats.invalidated = s->invalidated;
    vm->stats.flushes = s->flushes;
  }
}

static const enum vmm_code_kind kinds[] = {[TCACHE_NONE] = VMM_CODE_NONE,
                                           [TCACHE_IDENTICAL] = VMM_CODE_IDENTICAL,
                                           [TCACHE_INLINE] = VMM_CODE_INLINE,
                                           [TCACHE_CALLOUT] = VMM_CODE_CALLOUT,
                                           [TCACHE_EXIT] = VMM_CODE_EXIT};

/* The block that begins at word `first`. */
static uint32_t list_block(const struct tcache *t, uint32_t first, struct vmm_code *code,
                           uint32_t room)
{
  uint32_t words = 0;
  for (struct tcache_place p = tcache_at(t, first); p.kind != TCACHE_NONE && p.block == first;
       p = tcache_at(t, first + ++words)) {
    if (words < room) {
      code[words] = (struct vmm_code){.kind = kinds[p.kind],
                                      .pc = p.pc,
                                      .word = p.word,
                                      .at = CACHE_VA + 4 * (first + words),
                                      .now = p.now};
    }
  }
  return words;
}

uint32_t translate_block(const struct vm *vm, uint32_t pc, struct vmm_code *code, uint32_t room)
{
  const struct translation_cache *c = vm->cache;
  struct space now = current_space(vm);
  unsigned space = find_space(c, &now);
  uint32_t at = space < c->spaces ? tcache_find(c->t, space, pc) : TCACHE_NOWHERE;
  return at == TCACHE_NOWHERE ? 0 : list_block(c->t, tcache_at(c->t, at).block, code, room);
}

/* --------------------------------------------------------------------- a preview */

struct preview {
  struct vm *vm;
  uint32_t pc;
};

/* As fetch(), but nothing is marked and nothing is watched. */
static struct tcache_fetched look_ahead(void *ctx, uint32_t pc)
{
  const struct preview *p = ctx;
  uint32_t psw = p->vm->cpu.cr[CR_PSW];
  struct tcache_fetched f = {.ok = false};
  struct translation t =
      p->vm->env.translate(p->vm, gva(pc), 4, MACHINE_FETCH, psw_te(psw), psw_mode(psw));
  f.ok = t.ok && !(t.marks && pc != p->pc) && t.pa.v % 4 == 0 &&
         machine_phys_read_word(&p->vm->machine, t.pa, &f.word);
  f.at = t.pa.v;
  return f;
}

static void put_nowhere(void *ctx, uint32_t index, uint32_t word)
{
  (void)ctx;
  (void)index;
  (void)word;
}

static void watch_nothing(void *ctx, uint32_t page, bool on)
{
  (void)ctx;
  (void)page;
  (void)on;
}

uint32_t translate_preview(struct vm *vm, uint32_t pc, struct vmm_code *code, uint32_t room)
{
  struct preview p = {vm, pc};
  struct tcache_config config = {.profile = vm->machine.profile,
                                 .real = machine_profile(vm->vmm->real),
                                 .words = TCACHE_MIN_WORDS,
                                 .storage = vm->storage.size,
                                 .fetch = look_ahead,
                                 .put = put_nowhere,
                                 .watch = watch_nothing,
                                 .ctx = &p};
  struct tcache *t = translate_applies(vm) ? tcache_create(&config) : NULL;
  uint32_t at = t ? tcache_enter(t, 0, pc) : TCACHE_NOWHERE;
  uint32_t words = at == TCACHE_NOWHERE ? 0 : list_block(t, at, code, room);
  tcache_destroy(t);
  return words;
}
