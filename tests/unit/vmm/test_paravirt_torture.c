/* Page tables by hypercall, at random: guests that pin, unpin and update, of their own tables and
 * of others that nobody has looked at, run through all of them, and are compared with a model of
 * docs/paravirt.md and docs/mmu.md that knows storage, what is pinned, and nothing of a VMM.
 * TRAPEZE_SEEDS=n in the environment makes so many guests; TRAPEZE_SEED=n begins there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyper_rig.h"
#include "isa/pages.h"
#include "tests/common/program.h"
#include "tests/common/random.h"

#define PAGES  (HYPER_RIG_STORAGE / ISA_PAGE_SIZE)
#define FIRST  5u /* below: the rig's own */
#define WORDS  (ISA_PAGE_SIZE / 4)
#define STEPS  60u
#define BATCH  8u
#define NONE   0xffu
#define NO_WAY UINT32_MAX

static const char *const profiles[] = {"tests/common/paged.profile", "tests/common/second.profile"};

/* Mistakes for the model to make, to see that they are found. */
enum mistake { RIGHT, PINNED_ARE_WRITABLE, WRITABLE_TABLES, STALE_ENTRIES, MISTAKES };

struct model {
  uint32_t word[PAGES * WORDS];
  unsigned kind[PAGES]; /* 0: not pinned */
  uint32_t ptbr;
  enum mistake mistake;
  uint64_t seed;
  struct machine *vm;
};

static uint32_t below(struct model *m, uint32_t n)
{
  return (uint32_t)(next_random(&m->seed) >> 33) % n;
}

static uint32_t any_page(struct model *m)
{
  return (FIRST + below(m, PAGES - FIRST)) * ISA_PAGE_SIZE;
}

static uint32_t *at(struct model *m, uint32_t address)
{
  return &m->word[address / 4];
}

static void poke(struct model *m, uint32_t address, uint32_t word)
{
  assert_true(machine_phys_write_word(m->vm, gpa(address), word));
  *at(m, address) = word;
}

/* Mostly few virtual pages, so that they meet. What is drawn here and below is drawn one
 * after the other: a compiler takes operands and arguments in its own order. */
static uint32_t any_va(struct model *m)
{
  uint32_t va = below(m, 3) << 22;
  va |= below(m, 12) << 12;
  return va | below(m, WORDS) * 4;
}

static uint32_t any_entry(struct model *m)
{
  uint32_t bits = below(m, 8);
  bits |= below(m, 4) << PTE_LEVEL_SHIFT;
  bits |= below(m, 4) ? PTE_VALID : 0;
  bits |= below(m, 3) ? PTE_LEVEL_MASK : 0;
  bits |= below(m, 16) ? 0 : PTE_FETCH_ONLY;
  return any_page(m) | bits;
}

/* ------------------------------------------------------------------ what docs/mmu.md says */

struct way {
  unsigned cause;
  uint32_t entry_at, to;
};

static struct way find_way(struct model *m, uint32_t va, enum machine_access access, unsigned mode)
{
  static const unsigned faults[] = {[MACHINE_FETCH] = CAUSE_FETCH_FAULT,
                                    [MACHINE_LOAD] = CAUSE_LOAD_FAULT,
                                    [MACHINE_STORE] = CAUSE_STORE_FAULT};
  uint32_t directory = *at(m, m->ptbr + 4 * page_directory_index(va));
  struct way w = {.cause = faults[access]};
  if (!(directory & PTE_VALID)) {
    return w;
  }
  w.entry_at = pte_frame(directory) + 4 * page_table_index(va);
  if (w.entry_at >= HYPER_RIG_STORAGE) {
    w.cause = CAUSE_BUS;
    return w;
  }
  uint32_t e = *at(m, w.entry_at);
  if (!(e & PTE_VALID)) {
    return w;
  }
  bool refused = mode > pte_level(e) || (access == MACHINE_STORE && !(e & PTE_WRITE)) ||
                 (access == MACHINE_FETCH && !(e & PTE_EXECUTE)) ||
                 (access != MACHINE_FETCH && (e & PTE_FETCH_ONLY));
  w.to = pte_frame(e) | va % ISA_PAGE_SIZE;
  bool beyond = w.to >= HYPER_RIG_STORAGE;
  if (access == MACHINE_STORE && !beyond && m->kind[w.to / ISA_PAGE_SIZE] &&
      m->mistake != PINNED_ARE_WRITABLE) {
    refused = true;
  }
  w.cause = refused ? CAUSE_PROTECTION : beyond ? CAUSE_BUS : NONE;
  return w;
}

static struct way go(struct model *m, uint32_t va, enum machine_access access, unsigned mode)
{
  struct way w = find_way(m, va, access, mode);
  if (w.cause == NONE) {
    *at(m, w.entry_at) |= PTE_ACCESSED | (access == MACHINE_STORE ? PTE_DIRTY : 0);
  }
  return w;
}

/* ------------------------------------------------------------- what docs/paravirt.md says */

static bool may_hold(struct model *m, unsigned kind, uint32_t e)
{
  if (!(e & PTE_VALID)) {
    return true;
  }
  if (pte_frame(e) >= HYPER_RIG_STORAGE) {
    return false;
  }
  unsigned to = m->kind[pte_frame(e) / ISA_PAGE_SIZE];
  return kind == HYPER_DIRECTORY ? to == HYPER_LEAF
                                 : !((e & PTE_WRITE) && to) || m->mistake == WRITABLE_TABLES;
}

static bool all_hold(struct model *m)
{
  bool ok = true;
  for (uint32_t i = 0; i < PAGES * WORDS; i++) {
    ok &= !m->kind[i / WORDS] || may_hold(m, m->kind[i / WORDS], m->word[i]);
  }
  return ok;
}

static uint32_t pin(struct model *m, uint32_t page, unsigned kind)
{
  unsigned *k = &m->kind[page / ISA_PAGE_SIZE];
  if (*k) {
    return HYPER_ERROR_TABLE;
  }
  *k = kind;
  if (!all_hold(m)) {
    *k = 0;
    return HYPER_ERROR_ENTRY;
  }
  return HYPER_OK;
}

static uint32_t unpin(struct model *m, uint32_t page)
{
  unsigned *k = &m->kind[page / ISA_PAGE_SIZE], was = *k;
  if (!was || page == m->ptbr) {
    return HYPER_ERROR_TABLE;
  }
  *k = 0;
  if (!all_hold(m)) {
    *k = was;
    return HYPER_ERROR_TABLE;
  }
  return HYPER_OK;
}

static uint32_t update(struct model *m, uint32_t place, uint32_t entry)
{
  unsigned kind = place < HYPER_RIG_STORAGE ? m->kind[place / ISA_PAGE_SIZE] : 0;
  if (!kind || place % 4) {
    return HYPER_ERROR_TABLE;
  }
  if (!may_hold(m, kind, entry)) {
    return HYPER_ERROR_ENTRY;
  }
  if (m->mistake != STALE_ENTRIES || !(*at(m, place) & PTE_VALID)) {
    *at(m, place) = entry;
  }
  return HYPER_OK;
}

/* -------------------------------------------------------------------------- the steps */

static uint32_t some_table(struct model *m)
{
  uint32_t page = any_page(m);
  for (uint32_t i = 0; i < PAGES && !m->kind[page / ISA_PAGE_SIZE]; i++) {
    page = any_page(m);
  }
  return page;
}

/* Within a table, where addresses lead. */
static uint32_t some_place(struct model *m, uint32_t table)
{
  return table + 4 * (below(m, 8) ? below(m, 12) : below(m, WORDS));
}

static uint32_t call_pin(struct model *m)
{
  uint32_t page = any_page(m);
  unsigned kind = below(m, 3) ? HYPER_LEAF : HYPER_DIRECTORY;
  return hyper_ask(m->vm, HYPER_PIN, page, kind) == pin(m, page, kind);
}

static uint32_t call_unpin(struct model *m)
{
  uint32_t page = some_table(m);
  return hyper_ask(m->vm, HYPER_UNPIN, page, 0) == unpin(m, page);
}

static uint32_t call_update(struct model *m)
{
  uint32_t list = any_page(m), count = 1 + below(m, BATCH), done = 0, error = HYPER_OK;
  if (m->kind[list / ISA_PAGE_SIZE]) {
    return true;
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t table = some_table(m), entry = any_entry(m);
    if (m->kind[table / ISA_PAGE_SIZE] == HYPER_DIRECTORY && below(m, 4)) {
      entry = some_table(m) | PTE_VALID;
    }
    if (below(m, 32) == 0) {
      entry = (HYPER_RIG_STORAGE + any_page(m)) | PTE_VALID;
    }
    uint32_t place = some_place(m, table);
    poke(m, list + 8 * i, place + (below(m, 64) == 0));
    poke(m, list + 8 * i + 4, entry);
  }
  while (done < count &&
         (error = update(m, *at(m, list + 8 * done), *at(m, list + 8 * done + 4))) == HYPER_OK) {
    done++;
  }
  uint32_t answer = hyper_ask(m->vm, HYPER_UPDATE, list, count);
  return answer == error && machine_get_reg(m->vm, REG_A1) == done;
}

/* By the owner, where nothing is pinned: tables that nobody has looked at. */
static uint32_t scribble(struct model *m)
{
  uint32_t page = any_page(m);
  for (unsigned i = 0; i < BATCH && !m->kind[page / ISA_PAGE_SIZE]; i++) {
    uint32_t place = some_place(m, page);
    poke(m, place, any_entry(m));
  }
  return true;
}

static uint32_t turn(struct model *m)
{
  m->ptbr = below(m, 4) ? some_table(m) : any_page(m);
  machine_set_cr(m->vm, CR_PTBR, m->ptbr);
  return true;
}

/* One instruction, a load or a store, with translation on. */
static uint32_t access(struct model *m)
{
  unsigned mode = below(m, 2);
  uint32_t pc = any_va(m), va = any_va(m), value = any_entry(m);
  bool store = below(m, 2);
  uint32_t insn = word_of(store ? ISA_SW : ISA_LW, REG_A4, REG_A3, 0, 0);
  struct way fetch = find_way(m, pc, MACHINE_FETCH, mode);
  if (fetch.cause == NONE && !m->kind[fetch.to / ISA_PAGE_SIZE]) {
    poke(m, fetch.to, insn); /* which may change the way there */
    fetch = find_way(m, pc, MACHINE_FETCH, mode);
  }
  if (fetch.cause == NONE && *at(m, fetch.to) != insn) {
    return true;
  }
  fetch = go(m, pc, MACHINE_FETCH, mode);
  struct way data = {.cause = fetch.cause};
  if (fetch.cause == NONE) {
    data = go(m, va, store ? MACHINE_STORE : MACHINE_LOAD, mode);
  }
  uint32_t loaded = data.cause == NONE ? *at(m, data.to) : 0;
  if (data.cause == NONE && store) {
    *at(m, data.to) = value;
  }
  machine_set_pc(m->vm, pc);
  machine_set_reg(m->vm, REG_A3, va);
  machine_set_reg(m->vm, REG_A4, value);
  uint32_t psw = machine_get_cr(m->vm, CR_PSW);
  machine_set_cr(m->vm, CR_PSW, psw_set_te(psw_set_mode(psw, mode), 1));
  struct machine_stop s = machine_run(m->vm, machine_tick(m->vm) + 1);
  machine_set_cr(m->vm, CR_PSW, psw);
  unsigned cause = s.why == MACHINE_TRAP ? (unsigned)s.trap.cause : NONE;
  return cause == data.cause &&
         (cause != NONE || store || machine_get_reg(m->vm, REG_A4) == loaded);
}

static bool same_storage(struct model *m)
{
  for (uint32_t a = FIRST * ISA_PAGE_SIZE; a < HYPER_RIG_STORAGE; a += 4) {
    uint32_t word = ~*at(m, a);
    machine_phys_read_word(m->vm, gpa(a), &word);
    if (word != *at(m, a)) {
      return false;
    }
  }
  return true;
}

/* What happened, over all guests. */
struct met {
  uint64_t steps, pinned, refused, hidden;
};

/* A directory and a table, from which a guest can get anywhere. */
static void begin(struct model *m)
{
  for (uint32_t i = 0; i < 12; i++) {
    uint32_t page = FIRST + i % (PAGES - FIRST);
    uint32_t rights = page < FIRST + 2 ? PTE_VALID | PTE_EXECUTE | PTE_LEVEL_MASK
                                       : PTE_VALID | PTE_WRITE | PTE_EXECUTE | PTE_LEVEL_MASK;
    poke(m, (FIRST + 1) * ISA_PAGE_SIZE + 4 * i, page * ISA_PAGE_SIZE | rights);
  }
  poke(m, FIRST * ISA_PAGE_SIZE, (FIRST + 1) * ISA_PAGE_SIZE | PTE_VALID);
  m->ptbr = FIRST * ISA_PAGE_SIZE;
  machine_set_cr(m->vm, CR_PTBR, m->ptbr);
}

static bool guest(uint64_t seed, enum mistake mistake, struct met *met)
{
  static uint32_t (*const steps[])(struct model *) = {
      call_pin, call_unpin, call_update, call_update, scribble,
      turn,     access,     access,      access,      access};
  struct hyper_rig r;
  struct model *m = calloc(1, sizeof *m);
  hyper_rig_open(&r, profiles[seed % 2], VMM_TECHNIQUE_PARAVIRT);
  hyper_register(r.vm);
  m->mistake = mistake;
  m->seed = seed * 2 + 1;
  m->vm = r.vm;
  begin(m);
  bool ok = true;
  for (unsigned i = 0; i < STEPS && ok; i++) {
    unsigned step = below(m, sizeof steps / sizeof *steps);
    ok = steps[step](m) && (i % 16 != 0 || same_storage(m));
    if (!ok && mistake == RIGHT) {
      print_message("# guest %llu: step %u, of kind %u\n", (unsigned long long)seed, i, step);
    }
    met->steps++;
  }
  ok = ok && same_storage(m) && vmm_violations(r.vmm, NULL) == 0;
  for (uint32_t page = FIRST; page < PAGES; page++) {
    met->pinned += m->kind[page] != 0;
  }
  met->hidden += vmm_vm_stats(r.vm)->hidden_faults;
  hyper_rig_close(&r);
  free(m);
  return ok;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 10) : otherwise;
}

static void guests(void **state)
{
  (void)state;
  uint64_t from = setting("TRAPEZE_SEED", 1), count = setting("TRAPEZE_SEEDS", 200), bad = 0;
  struct met met = {0};
  for (uint64_t seed = from; seed < from + count && bad < 5; seed++) {
    bad += !guest(seed, RIGHT, &met);
  }
  print_message("# %llu guests, %llu steps; tables pinned in the end %llu, hidden faults %llu\n",
                (unsigned long long)count, (unsigned long long)met.steps,
                (unsigned long long)met.pinned, (unsigned long long)met.hidden);
  assert_int_equal(bad, 0);
  assert_true(met.pinned > count && met.hidden > count);
}

static void mistakes_are_found(void **state)
{
  (void)state;
  for (unsigned mistake = RIGHT + 1; mistake < MISTAKES; mistake++) {
    struct met met = {0};
    uint64_t seed = 1;
    while (seed <= 300 && guest(seed, (enum mistake)mistake, &met)) {
      seed++;
    }
    print_message("# mistake %u: found by guest %llu\n", mistake, (unsigned long long)seed);
    assert_true(seed <= 300);
  }
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(guests),
      cmocka_unit_test(mistakes_are_found),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("paravirtual tables at random", tests, NULL, NULL) != 0;
}
