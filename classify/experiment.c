/* Route 3. Random states of full size. A pair is a state and another that differs in
 * some components of K; several pairs share their first state, which is run once.
 *
 * Chance alone would seldom hit anything: addresses would lie beyond storage, and no
 * two random states differ in nothing but K. So words, registers and immediates come
 * from a mixture of random, small and telling values, and some of the data lies where
 * registers and stack pointer point. What an instruction does is not looked at. */
#include "classify/route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"
#include "machine/devices/channel.h"

#define STORAGE   MACHINE_MIN_STORAGE
#define SPACES    2u   /* with pages; their tables lie in as much storage again */
#define PER_STATE 4u   /* pairs with the same first state */
#define TRIES     100u /* at a state that exists */

struct experiment {
  const struct profile *profile;
  struct trial_machine *machine;
  uint32_t mmu, storage;
  uint64_t seed, count;
  /* Components of K that two states can differ in. */
  unsigned component[COMPONENT_COUNT], component_count;
  unsigned psw_fields; /* the first of them */
};

/* One instruction under way. */
struct lot {
  struct experiment *e;
  enum isa_insn insn;
  enum model model;
  struct route_findings *out;
  uint64_t random;
  struct witness w;
  /* Every word of data that a pair may show, whatever the relocation. */
  struct trial_cell data[TRIAL_CELLS];
  unsigned data_count;
  uint32_t space[SPACES];
};

/* ------------------------------------------------------------------- chance */

/* splitmix64: Steele, Lea and Flood 2014. */
static uint64_t next(struct lot *l)
{
  uint64_t z = l->random += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static uint32_t word(struct lot *l)
{
  return (uint32_t)(next(l) >> 32);
}

static uint32_t below(struct lot *l, uint32_t limit)
{
  return (uint32_t)((next(l) >> 32) * limit >> 32);
}

static bool one_in(struct lot *l, uint32_t n)
{
  return below(l, n) == 0;
}

/* Small, the smaller the likelier: a port, a key, a shift. */
static uint32_t small(struct lot *l)
{
  return below(l, 1u << below(l, 6));
}

/* A value that tells something: few bits, all bits, a small number, anything. */
static uint32_t telling(struct lot *l)
{
  switch (below(l, 6)) {
  case 0:
    return 0;
  case 1:
    return 1u << below(l, 32);
  case 2:
    return 0xffffffff;
  case 3:
    return small(l);
  default:
    return word(l);
  }
}

/* What a register may point to. Few words are the command of a channel. */
static uint32_t data_word(struct lot *l)
{
  bool channel = profile_features(l->e->profile) & ISA_FEATURE_IO_CHANNEL;
  return channel && one_in(l, 4) ? CHANNEL_NOP | 1u << CHANNEL_COUNT_SHIFT : telling(l);
}

static uint32_t address(struct lot *l)
{
  uint32_t at = below(l, one_in(l, 4) ? STORAGE : STORAGE / 4);
  return one_in(l, 8) ? at : at & ~3u;
}

/* Where a page has to be for it to be seen that rights, or frames, differ. */
static uint32_t data_address(struct lot *l)
{
  uint32_t at = address(l);
  return l->e->mmu & ISA_FEATURE_KSEG && one_in(l, 8) ? KSEG_START + at : at;
}

static uint32_t register_value(struct lot *l)
{
  return one_in(l, 3) ? telling(l) : data_address(l);
}

/* -------------------------------------------------------- parts of components */

static uint32_t legal_cr(const struct lot *l, unsigned n, uint32_t value)
{
  if (n == CR_TICK || n == CR_CPUID) {
    return value;
  }
  if (n == CR_NPTBR) {
    value &= ~NPTBR_ON; /* as in the solver's states */
  }
  return profile_cr_write(l->e->profile, (enum isa_cr)n, 0, value);
}

static void random_base(struct lot *l, struct trial_state *s)
{
  uint32_t base = 0;
  if (!one_in(l, 4)) {
    base = address(l);
    base &= one_in(l, 2) ? ~(ISA_PAGE_SIZE - 1) : ~0u;
  }
  s->cr[CR_BASE] = base;
}

static void random_bound(struct lot *l, struct trial_state *s)
{
  s->cr[CR_BOUND] = one_in(l, 2) ? s->pc + 4 + below(l, STORAGE / 2) : word(l) | STORAGE;
}

static void random_key(struct lot *l, struct trial_state *s)
{
  uint32_t at = one_in(l, 2) ? l->data[below(l, l->data_count)].at : address(l);
  uint32_t base = psw_te(s->cr[CR_PSW]) ? s->cr[CR_BASE] : 0;
  s->key_count = 1;
  s->key[0] =
      (struct trial_key){(at + base) % STORAGE >> KEY_BLOCK_SHIFT, (uint8_t)(word(l) & KEY_MASK)};
}

static void random_devices(struct lot *l, struct trial_state *s)
{
  s->input = one_in(l, 2);
  s->input_byte = s->input ? (uint8_t)word(l) : 0;
  s->disk_sector = telling(l);
  s->disk_address = telling(l);
  s->disk_count = telling(l);
}

static void random_psw_field(struct lot *l, unsigned field, struct trial_state *s)
{
  const struct isa_psw_field_info *f = &isa_psw_fields()[field];
  uint32_t mask = (2u << f->high) - (1u << f->low);
  uint32_t value =
      f->is_mode && one_in(l, 2) ? profile_user_mode(l->e->profile) << f->low : word(l);
  s->cr[CR_PSW] = profile_legal_psw(l->e->profile, (s->cr[CR_PSW] & ~mask) | (value & mask));
}

/* -------------------------------------------------------------------- maps */

static uint32_t random_rights(struct lot *l)
{
  uint32_t rights = MAP_RIGHTS;
  switch (below(l, 8)) {
  case 0:
    rights ^= PTE_WRITE;
    break;
  case 1:
    rights ^= PTE_EXECUTE;
    break;
  case 2:
    rights ^= PTE_LEVEL_MASK;
    break;
  case 3:
    rights ^= PTE_LEVEL_MASK & word(l);
    break;
  case 4:
    rights ^= PTE_FETCH_ONLY;
    break;
  default:
    break;
  }
  return rights;
}

/* A frame of the lower half of storage that no page of the space has. */
static uint32_t random_frame(struct lot *l, const struct map *m, uint32_t space, uint32_t page)
{
  uint32_t frame = page, va;
  if (frame >= STORAGE || one_in(l, 2)) {
    frame = below(l, STORAGE) & PTE_FRAME_MASK;
  }
  while (map_reaches(m, space, frame, &va)) {
    frame = (frame + ISA_PAGE_SIZE) % STORAGE;
  }
  return frame;
}

/* The page of the instruction has all rights most often, else there were no such state. */
static void add_page(struct lot *l, struct trial_state *s, uint32_t space, uint32_t page)
{
  struct map *m = &s->map;
  bool here = page == pte_frame(s->pc);
  if (m->count == MAP_ENTRIES || map_find(m, space, page) || (!here && one_in(l, 8)) ||
      (map_has_segment(m) && kseg_has(page))) {
    return;
  }
  uint32_t frame = random_frame(l, m, space, page), rights = random_rights(l);
  if (here && !one_in(l, 8)) {
    rights |= PTE_LEVEL_MASK | PTE_EXECUTE;
  }
  m->entry[m->count++] = (struct map_entry){space, page, frame | rights};
}

/* Page tables lie in the upper half of storage, and directories on top of it. */
static void random_map(struct lot *l, struct trial_state *s)
{
  bool tlb = (l->e->mmu & ISA_FEATURE_MMU_TLB) != 0;
  s->map = (struct map){.mmu = l->e->mmu};
  for (unsigned i = 0; i < SPACES; i++) {
    l->space[i] = tlb ? i : l->e->storage - (1 + i) * ISA_PAGE_SIZE;
    for (unsigned k = 0; k < l->data_count; k++) {
      add_page(l, s, l->space[i], pte_frame(l->data[k].at));
    }
  }
}

/* Another one most often. */
static void random_space(struct lot *l, unsigned n, struct trial_state *s)
{
  uint32_t other = l->space[s->cr[n] == l->space[0]];
  s->cr[n] = one_in(l, 8) ? legal_cr(l, n, telling(l)) : other;
}

/* An entry of the TLB goes, or has other rights or another frame. */
static void random_tlb(struct lot *l, struct trial_state *s)
{
  struct map *m = &s->map;
  if (m->count == 0) {
    return;
  }
  struct map_entry *e = &m->entry[below(l, m->count)];
  if (one_in(l, 2)) {
    *e = m->entry[--m->count];
  } else if (one_in(l, 2)) {
    e->word = pte_frame(e->word) | random_rights(l);
  } else {
    e->word = random_frame(l, m, e->space, e->page) | (e->word & ~PTE_FRAME_MASK);
  }
}

static bool is_space(const struct lot *l, unsigned cr)
{
  return l->e->mmu != 0 && cr == (l->e->mmu & ISA_FEATURE_MMU_TLB ? CR_ASID : CR_PTBR);
}

/* ------------------------------------------------------------ one component */

static void random_component(struct lot *l, unsigned component, struct trial_state *s)
{
  if (component < COMPONENT_CR) {
    random_psw_field(l, component - COMPONENT_PSW, s);
  } else if (component == COMPONENT_CR + CR_BASE) {
    random_base(l, s);
  } else if (component == COMPONENT_CR + CR_BOUND) {
    random_bound(l, s);
  } else if (component < COMPONENT_CR + ISA_CR_COUNT && is_space(l, component - COMPONENT_CR)) {
    random_space(l, component - COMPONENT_CR, s);
  } else if (component < COMPONENT_CR + ISA_CR_COUNT) {
    unsigned n = component - COMPONENT_CR;
    s->cr[n] = legal_cr(l, n, one_in(l, 4) ? address(l) : telling(l));
  } else if (component == COMPONENT_KEYS) {
    random_key(l, s);
  } else if (component == COMPONENT_TLB) {
    random_tlb(l, s);
  } else {
    random_devices(l, s);
  }
}

/* -------------------------------------------------------------- whole states */

static uint32_t random_immediate(struct lot *l, const struct isa_operand *o)
{
  int64_t min, max;
  isa_operand_range(o, &min, &max);
  uint32_t range = (uint32_t)(max - min + 1);
  switch (o->kind) {
  case ISA_OPERAND_REG:
    return below(l, ISA_REG_COUNT);
  case ISA_OPERAND_CR:
    return below(l, ISA_CR_COUNT);
  case ISA_OPERAND_REL:
    return (word(l) % range + (uint32_t)min) & ~3u;
  case ISA_OPERAND_UPPER:
    return word(l) & ~0xfffu;
  default:
    return one_in(l, 2) ? small(l) % range : (uint32_t)min + below(l, range);
  }
}

/* An encoding that the profile has. Its second operand and immediate are made to point
 * somewhere; reach: where they do, and where another operand does. */
static uint32_t random_instruction(struct lot *l, uint32_t *reach)
{
  const struct isa_format_info *format = isa_format_info(isa_insn_info(l->insn)->format);
  for (unsigned i = 0; i < TRIES; i++) {
    struct isa_decoded d = {.insn = l->insn}, back;
    uint32_t w;
    for (size_t k = 0; k < format->operand_count; k++) {
      isa_set_slot(&d, format->operands[k].slot, random_immediate(l, &format->operands[k]));
    }
    if (isa_encode(&d, &w, NULL, NULL, NULL) == ISA_ENCODE_OK &&
        profile_decode(l->e->profile, w, &back)) {
      uint32_t *reg = l->w.state[0].reg;
      if (d.b != REG_ZERO && !one_in(l, 4)) {
        reg[d.b] = (one_in(l, 3) ? small(l) : data_address(l)) - d.imm;
      }
      reach[0] = reg[d.b] + d.imm;
      reach[1] = reg[one_in(l, 2) ? d.a : d.c];
      return w;
    }
  }
  return 0;
}

static void add_data(struct lot *l, uint32_t at, uint32_t w)
{
  for (unsigned i = 0; i < l->data_count; i++) {
    if (l->data[i].at == at) {
      return;
    }
  }
  if (l->data_count < TRIAL_CELLS) {
    l->data[l->data_count++] = (struct trial_cell){at, w};
  }
}

/* The cells that this state's relocation shows. */
static void show(const struct lot *l, struct trial_state *s)
{
  uint32_t pa;
  s->view_count = 0;
  for (unsigned i = 0; i < l->data_count; i++) {
    if (trial_shows(s, l->data[i].at, &pa)) {
      s->view[s->view_count++] = l->data[i];
    }
  }
}

/* An interrupt is not to be taken first: some line is masked, or IE is off. */
static void hold_interrupts(struct lot *l, struct trial_state *s)
{
  if (psw_ie(s->cr[CR_PSW]) && s->cr[CR_IPEND] & s->cr[CR_IMASK]) {
    if (one_in(l, 2)) {
      s->cr[CR_IMASK] &= ~s->cr[CR_IPEND];
    } else {
      s->cr[CR_IPEND] &= ~s->cr[CR_IMASK];
    }
  }
}

static void random_registers(struct lot *l, struct trial_state *s)
{
  for (unsigned i = 1; i < ISA_REG_COUNT; i++) {
    s->reg[i] = register_value(l);
  }
  if (!one_in(l, 4)) {
    s->reg[REG_SP] &= ~3u;
  }
}

/* Mode 0 and the least privileged one oftener than those between; key 0, that opens
 * every block, oftener than others. */
static uint32_t random_psw(struct lot *l)
{
  uint32_t psw = word(l);
  if (one_in(l, 2)) {
    psw = psw_set_mode(psw, 0);
  } else if (one_in(l, 2)) {
    psw = psw_set_mode(psw, profile_user_mode(l->e->profile));
  }
  if (one_in(l, 2)) {
    psw = psw_set_key(psw, 0);
  }
  return profile_legal_psw(l->e->profile, psw);
}

static void random_state(struct lot *l)
{
  struct trial_state *s = &l->w.state[0];
  trial_reset(s, l->e->storage);
  s->pc = below(l, STORAGE / 4) & ~3u;
  random_registers(l, s);
  s->cr[CR_PSW] = random_psw(l);
  uint32_t reach[2] = {0, 0};
  l->data_count = 0;
  add_data(l, s->pc, random_instruction(l, reach));
  add_data(l, reach[0] & ~3u, data_word(l));
  add_data(l, s->reg[REG_SP] & ~3u, telling(l));
  add_data(l, (reach[0] & ~3u) + 4, telling(l));
  uint32_t there = telling(l);
  add_data(l, one_in(l, 2) ? reach[1] & ~3u : (reach[0] + word(l) % STORAGE) & ~3u, there);
  if (l->e->mmu != 0) {
    random_map(l, s);
    s->cr[CR_PSW] = psw_set_te(s->cr[CR_PSW], !one_in(l, 3));
    s->cr[l->e->mmu & ISA_FEATURE_MMU_TLB ? CR_ASID : CR_PTBR] = l->space[0];
  }
  for (unsigned i = 0; i < l->e->component_count; i++) {
    if (l->e->component[i] >= COMPONENT_CR && !one_in(l, 3)) {
      random_component(l, l->e->component[i], s);
    }
  }
  hold_interrupts(l, s);
  show(l, s);
}

/* Components in which a second state may differ from the first. */
static component_set random_components(struct lot *l)
{
  const struct experiment *e = l->e;
  component_set one = component_bit(e->component[below(l, e->component_count)]);
  component_set location = model_location(e->profile) & next(l), some;
  switch (below(l, 8)) {
  case 0:
    return model_mode();
  case 1:
    return location;
  case 2:
    return model_mode() | location;
  case 3:
  case 4:
    return component_bit(e->component[below(l, e->psw_fields)]);
  case 5:
    return component_bit(COMPONENT_KEYS) | component_bit(COMPONENT_DEVICES);
  case 6:
    some = next(l);
    return one | (some & next(l));
  default:
    return one;
  }
}

static void vary(struct lot *l)
{
  struct trial_state *s = &l->w.state[1];
  const struct experiment *e = l->e;
  component_set which = random_components(l);
  *s = l->w.state[0];
  for (unsigned i = 0; i < e->component_count; i++) {
    if (which & component_bit(e->component[i])) {
      random_component(l, e->component[i], s);
    }
  }
  hold_interrupts(l, s);
  show(l, s);
}

/* ------------------------------------------------------------------- asking */

static void judge(struct lot *l, unsigned states)
{
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    struct route_finding *f = &l->out->finding[q];
    if (f->answer == ROUTE_NO && question_states((enum question)q) == states &&
        question_judge((enum question)q, l->model, l->e->profile, &l->w)) {
      f->answer = ROUTE_YES;
      f->has_witness = true;
      f->witness = l->w;
    }
  }
}

/* Whether there is such a state, and its execution can witness something. */
static bool run(struct lot *l, unsigned i)
{
  return trial_run(l->e->machine, &l->w.state[i], &l->w.result[i]) &&
         !question_shows_nothing(&l->w.result[i]);
}

static bool first_state(struct lot *l)
{
  for (unsigned i = 0; i < TRIES; i++) {
    random_state(l);
    if (run(l, 0)) {
      judge(l, 1);
      return true;
    }
  }
  return false;
}

void experiment_ask(struct experiment *e, enum isa_insn insn, enum model model,
                    struct route_findings *out)
{
  memset(out, 0, sizeof *out);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    out->finding[q].answer = ROUTE_NO;
  }
  struct lot l = {.e = e, .insn = insn, .model = model, .out = out};
  l.random = e->seed ^ insn * 0x100000000u;
  while (out->states < e->count && first_state(&l)) {
    for (unsigned i = 0; i < PER_STATE && out->states < e->count; i++) {
      vary(&l);
      out->states++;
      if (run(&l, 1)) {
        judge(&l, 2);
      }
    }
  }
  out->host_failed = trial_host_failed(e->machine);
}

/* ---------------------------------------------------------------------- life */

struct experiment *experiment_create(const struct profile *profile, uint64_t seed, uint64_t count,
                                     const char **reason)
{
  struct experiment *e = calloc(1, sizeof *e);
  if (!e) {
    goto no_experiment;
  }
  *e = (struct experiment){.profile = profile, .seed = seed, .count = count};
  e->mmu = map_mmu(profile);
  e->storage = e->mmu ? 2 * STORAGE : STORAGE;
  e->machine = trial_machine_create(profile, e->storage, MACHINE_ENGINE_FAST);
  if (!e->machine) {
    goto no_machine;
  }
  component_set all = model_resources(MODEL_EXTENDED, profile) &
                      ~(component_bit(COMPONENT_OUTSIDE) | component_bit(COMPONENT_RUN));
  for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
    if (all & component_bit(c)) {
      e->component[e->component_count++] = c;
      e->psw_fields += c < COMPONENT_CR;
    }
  }
  return e;

no_machine:
  free(e);
no_experiment:
  if (reason) {
    *reason = "the host has no memory for the machine";
  }
  return NULL;
}

void experiment_destroy(struct experiment *e)
{
  if (e) {
    trial_machine_destroy(e->machine);
    free(e);
  }
}
