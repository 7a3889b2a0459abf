/* Route 2. The scope is the same for every instruction and follows from formats and
 * components alone: nothing here knows what an instruction does. It is 64 KiB of storage
 * with data at two addresses, one of which a tight BOUND hides; every combination of
 * mode, previous mode (0 and the least privileged), IE, TE, two values of BASE, two of
 * BOUND and, where there are storage keys, two of PSW.key; with every control register
 * or up to four immediates as operand, four values of each register operand, and up to
 * four of the data; and with each of these, for two values of each register operand and
 * one of the data, every other control register, C, V, the console's input, each disk
 * register and a storage key, one at a time away from reset.
 *
 * States are enumerated so that those of a pair lie close together. Within one
 * situation (an encoding, values of registers and words, C and V) all states are
 * equal outside K; the loops inside go over everything else, relocation and mode
 * innermost. A group is a set of states any two of which a question may compare. As
 * long as no pair in it is a witness, all that complete have the same outcome, so each
 * new state needs comparing only with the first: pairs cost no more than states.
 */
#include "classify/route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "machine/devices/channel.h"

enum {
  STORAGE = MACHINE_MIN_STORAGE,
  /* Data, on either side of the tight bound, and in other blocks than pc. */
  NEAR = 0x0800,
  FAR = 0x2000,
  BASE_AWAY = 0x4000,
  BOUND_TIGHT = 0x1800,
  BOUND_WIDE = 0x8000,
  SECOND_WORD = 0x2000,
  KEY_AWAY = 3,
  CHANNEL_PROGRAM = CHANNEL_NOP | 1 << CHANNEL_COUNT_SHIFT,
  MODES = 4,
  PLACES = 2 * 2 * 2, /* TE, BASE, BOUND; or TE off in two spaces, on in each */
  /* With pages. Their tables and the frames to which pages are shifted need room. */
  PAGES_STORAGE = 2 * MACHINE_MIN_STORAGE,
  SPACES = PLACES - 2,
  DIRECTORIES = PAGES_STORAGE - SPACES * ISA_PAGE_SIZE,
  SHIFT = 0x3000, /* below SPARE */
  SPARE = 0x8000, /* a page and a frame that nothing uses */
  MAX_ENCODINGS = 64,
  MAX_RESTS = ISA_CR_COUNT + 12,
};

static const uint32_t words[] = {0x55555555, 0xaaaaaaaa, 0, 0xffffffff};
enum { WORDS = 4, FEW_WORDS = 2, VALUES = 4, BRIEF_VALUES = 2 };

/* In what states are away from the state after reset, one after the other. */
enum rest_kind { REST_NONE, REST_PSW, REST_CR, REST_KEYS, REST_INPUT, REST_DISK, REST_TLB };
struct rest {
  enum rest_kind what;
  unsigned n; /* control register, disk register */
  uint32_t value;
};

struct encoding {
  uint32_t word;
  unsigned regs; /* register operands that differ; their registers: */
  uint8_t reg[3];
  /* One names a unit of the channel: of the values NEAR is the disk's, and of the data one
   * is a channel program. */
  bool unit;
  bool alias; /* all operands are one register: without states away from reset */
};

/* Outside of K, what came of it. */
struct outcome {
  uint32_t pc, flags, stored;
  uint32_t reg[ISA_REG_COUNT];
  struct trial_cell store;
};

/* Where in the enumeration a state is. */
struct place {
  bool brief; /* among the two values of each operand */
  unsigned encoding, situation, rest, pmode, ie, key, where, mode;
};

struct seen {
  bool any;
  struct place place;
};

struct group {
  struct seen completed;
  struct outcome outcome; /* of completed */
  struct seen completed_in[MODES], trapped_in[MODES];
  enum isa_cause cause[MODES];
};

/* What mode 0 made of a state. */
struct master {
  struct seen seen;
  bool trapped;
};

struct exhaust {
  const struct profile *profile;
  struct trial_machine *machine;
  unsigned modes, keys;  /* values of PSW.key: 2 where there are storage keys */
  uint32_t storage, far; /* far: FAR, or where there is an unmapped segment there */
  uint32_t values[VALUES];
  struct map map; /* of every state: spaces, one for each map */
  struct rest rest[MAX_RESTS];
  unsigned rest_count;
};

/* One instruction under way. */
struct work {
  struct exhaust *e;
  enum model model;
  component_set resources; /* K */
  struct route_findings *out;
  struct encoding encoding[MAX_ENCODINGS];
  unsigned encoding_count;
  /* Extended K: by C and V. Paper's K, then R by mode, then M by the place. */
  struct group resource[4], user_resource[4], location[MODES], mode[PLACES];
  struct master master[PLACES];
};

/* -------------------------------------------------------------------- scope */

static void add_rest(struct exhaust *e, enum rest_kind what, unsigned n, uint32_t value)
{
  assert(e->rest_count < MAX_RESTS);
  e->rest[e->rest_count++] = (struct rest){what, n, value};
}

/* ASID chooses the map, or it is one more register. */
static bool is_space(const struct exhaust *e, unsigned cr)
{
  return cr == CR_ASID && e->map.mmu & ISA_FEATURE_MMU_TLB;
}

static void list_rests(struct exhaust *e)
{
  add_rest(e, REST_NONE, 0, 0);
  add_rest(e, REST_PSW, 0, PSW_C_MASK);
  add_rest(e, REST_PSW, 0, PSW_V_MASK);
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    const struct isa_cr_info *info = isa_cr_info((enum isa_cr)n);
    if (n == CR_PSW || n == CR_BASE || n == CR_BOUND || n == CR_PTBR || is_space(e, n) ||
        !profile_has_cr(e->profile, (enum isa_cr)n)) {
      continue;
    }
    uint32_t away = n == CR_TICK || n == CR_CPUID ? 0xaaaaaaaa
                    : info->is_psw                ? profile_legal_psw(e->profile, 0xffffffff)
                                                  : 0xaaaaaaaa & info->write_mask;
    add_rest(e, REST_CR, n, away);
  }
  add_rest(e, REST_CR, CR_TIMER, 1);
  if (e->keys > 1) {
    add_rest(e, REST_KEYS, 0, 0x15);
  } else {
    add_rest(e, REST_PSW, 0, psw_set_key(0, KEY_AWAY));
  }
  if (e->map.mmu & ISA_FEATURE_MMU_TLB) {
    add_rest(e, REST_TLB, 0, 0);
  }
  add_rest(e, REST_INPUT, 0, 0x5a);
  for (unsigned n = 0; n < 3; n++) {
    add_rest(e, REST_DISK, n, 0x10);
  }
}

/* The values of an operand that is no register. */
static unsigned list_immediates(const struct isa_operand *o, uint32_t *out)
{
  int64_t min, max;
  isa_operand_range(o, &min, &max);
  switch (o->kind) {
  case ISA_OPERAND_CR:
    for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
      out[n] = n;
    }
    return ISA_CR_COUNT;
  case ISA_OPERAND_UIMM:
    for (unsigned n = 0; n <= 3; n++) {
      out[n] = n;
    }
    out[2] = max > 3 ? (uint32_t)max : 2;
    return max > 3 ? 3 : (unsigned)max + 1;
  case ISA_OPERAND_UPPER:
    out[0] = 0;
    out[1] = (uint32_t)max;
    return 2;
  default:
    out[0] = 0;
    out[1] = 16;
    return 2;
  }
}

static void add_encoding(struct work *w, struct isa_decoded *d,
                         const struct isa_format_info *format, bool alias)
{
  static const uint8_t own[3] = {REG_A0, REG_A1, REG_A2};
  struct encoding *e = &w->encoding[w->encoding_count];
  *e = (struct encoding){.alias = alias, .unit = d->insn == ISA_SIO || d->insn == ISA_TIO};
  for (size_t i = 0; i < format->operand_count; i++) {
    if (format->operands[i].kind == ISA_OPERAND_REG) {
      uint8_t reg = alias ? REG_SP : own[e->regs];
      isa_set_slot(d, format->operands[i].slot, reg);
      e->reg[e->regs++] = reg;
    }
  }
  struct isa_decoded back;
  if (isa_encode(d, &e->word, NULL, NULL, NULL) == ISA_ENCODE_OK &&
      profile_decode(w->e->profile, e->word, &back) && (!alias || e->regs > 1)) {
    e->regs = alias ? 1 : e->regs;
    w->encoding_count++;
  }
}

static void list_encodings(struct work *w, enum isa_insn insn)
{
  const struct isa_format_info *format = isa_format_info(isa_insn_info(insn)->format);
  uint32_t immediate[ISA_CR_COUNT + 5] = {0};
  unsigned count = 1;
  const struct isa_operand *o = NULL;
  for (size_t i = 0; i < format->operand_count; i++) {
    if (format->operands[i].kind != ISA_OPERAND_REG) {
      o = &format->operands[i];
      count = list_immediates(o, immediate);
    }
  }
  for (unsigned alias = 0; alias < 2; alias++) {
    for (unsigned i = 0; i < count; i++) {
      struct isa_decoded d = {.insn = insn};
      if (o) {
        isa_set_slot(&d, o->slot, immediate[i]);
      }
      add_encoding(w, &d, format, alias != 0);
    }
  }
}

/* ------------------------------------------------------------------- states */

static unsigned power(unsigned base, unsigned exponent)
{
  return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

static uint32_t space_of(const struct map *m, unsigned number)
{
  return m->mmu & ISA_FEATURE_MMU_TLB ? number : DIRECTORIES + number * ISA_PAGE_SIZE;
}

static void add_page(struct map *m, unsigned number, uint32_t at, uint32_t word)
{
  m->entry[m->count++] = (struct map_entry){space_of(m, number), pte_frame(at), word};
}

/* Where the page that is near lies. With the segment not where it would with translation off:
 * what lies there then is not the same, for what a channel finds by real addresses. */
static uint32_t near_frame(const struct map *m, bool elsewhere)
{
  uint32_t frame = map_has_segment(m) ? SHIFT : pte_frame(NEAR);
  return elsewhere ? frame + SHIFT : frame;
}

/* Of the page that is near, each space has something else: all rights; the same elsewhere;
 * no right to store; none outside mode 0; that of fetching alone; no such page. */
static void make_maps(struct exhaust *e)
{
  const uint32_t near[SPACES] = {MAP_RIGHTS,
                                 MAP_RIGHTS,
                                 MAP_RIGHTS & ~PTE_WRITE,
                                 MAP_RIGHTS & ~PTE_LEVEL_MASK,
                                 MAP_RIGHTS | PTE_FETCH_ONLY,
                                 0};
  for (unsigned n = 0; n < SPACES && e->map.mmu != 0; n++) {
    bool segment = map_has_segment(&e->map);
    uint32_t shift = n == 1 && !segment ? SHIFT : 0;
    add_page(&e->map, n, ISA_RESET_PC, (ISA_RESET_PC + shift) | MAP_RIGHTS);
    if (near[n] != 0) {
      add_page(&e->map, n, NEAR, near_frame(&e->map, n == 1) | near[n]);
    }
    if (!segment && n != 4) {
      add_page(&e->map, n, FAR, (FAR + shift) | MAP_RIGHTS);
    }
  }
}

/* How many values the data has. */
static unsigned data_choices(const struct encoding *e, bool brief)
{
  return brief ? 1 : e->regs > 2 ? FEW_WORDS : WORDS;
}

/* Situations of an encoding: the data, each register operand, and sp if there are few
 * of those. */
static unsigned situations(const struct encoding *e, bool brief)
{
  unsigned sp = e->regs < 2 && !e->alias && !brief ? 2 : 1;
  return data_choices(e, brief) * power(brief ? BRIEF_VALUES : VALUES, e->regs) * sp;
}

static void put(struct trial_state *s, uint32_t at, uint32_t word)
{
  uint32_t pa;
  if (trial_shows(s, at, &pa)) {
    s->view[s->view_count++] = (struct trial_cell){at, word};
  }
}

static void set_rest(struct trial_state *s, const struct rest *r)
{
  switch (r->what) {
  case REST_NONE:
    break;
  case REST_PSW:
    s->cr[CR_PSW] |= r->value;
    break;
  case REST_CR:
    s->cr[r->n] = r->value;
    break;
  case REST_KEYS:
    s->key_count = 1;
    s->key[0] = (struct trial_key){NEAR >> KEY_BLOCK_SHIFT, (uint8_t)r->value};
    break;
  case REST_INPUT:
    s->input = true;
    s->input_byte = (uint8_t)r->value;
    break;
  case REST_TLB:
    s->map.entry[s->map.count++] = (struct map_entry){0, SPARE, SPARE | MAP_RIGHTS};
    break;
  case REST_DISK:
    *(r->n == 0 ? &s->disk_sector : r->n == 1 ? &s->disk_address : &s->disk_count) = r->value;
    break;
  }
}

/* Everything but PSW, BASE, BOUND and the view; the word of the data. */
static uint32_t make_situation(const struct work *w, const struct place *p, struct trial_state *s)
{
  const struct encoding *e = &w->encoding[p->encoding];
  unsigned n = p->situation, data = data_choices(e, p->brief);
  unsigned choices = p->brief ? BRIEF_VALUES : VALUES;
  trial_reset(s, w->e->storage);
  s->map = w->e->map;
  uint32_t word = e->unit && n % data == 0 ? CHANNEL_PROGRAM : words[n % data];
  n /= data;
  s->reg[REG_SP] = NEAR;
  for (unsigned i = 0; i < e->regs; i++) {
    uint32_t value = w->e->values[n % choices];
    s->reg[e->reg[i]] = value == NEAR && e->unit ? NEAR | CHANNEL_UNIT_DISK : value;
    n /= choices;
  }
  if (n > 0) {
    s->reg[REG_SP] = w->e->far;
  }
  set_rest(s, &w->e->rest[p->rest]);
  return word;
}

static void relocate(const struct work *w, const struct place *p, struct trial_state *s)
{
  const struct map *map = &s->map;
  if (map->mmu == 0) {
    s->cr[CR_PSW] = psw_set_te(s->cr[CR_PSW], p->where & 1);
    s->cr[CR_BASE] = p->where & 2 ? BASE_AWAY : 0;
    s->cr[CR_BOUND] = p->where & 4 ? BOUND_TIGHT : BOUND_WIDE;
    return;
  }
  unsigned number = p->where % SPACES;
  s->cr[CR_PSW] = psw_set_te(s->cr[CR_PSW], p->where < SPACES);
  s->cr[is_space(w->e, CR_ASID) ? CR_ASID : CR_PTBR] = space_of(map, number);
}

/* The unmapped segment shows the frames of all spaces: so that states which are compared
 * show the same there, each has a copy of the words that are near. */
static void put_copies(struct trial_state *s, uint32_t word)
{
  for (unsigned i = 0; i < 2; i++) {
    uint32_t va, at = KSEG_START + near_frame(&s->map, i == 1) + NEAR % ISA_PAGE_SIZE;
    if (!trial_shows_twice(s, at, &va)) {
      put(s, at, word);
      put(s, at + 4, SECOND_WORD);
    }
  }
}

/* Of a state that is the situation, but for what is set here. */
static void make_state(const struct work *w, const struct place *p,
                       const struct trial_state *situation, uint32_t word, struct trial_state *s)
{
  const struct profile *profile = w->e->profile;
  uint32_t psw = situation->cr[CR_PSW];
  s->view_count = 0;
  psw = psw_set_mode(psw, p->mode);
  psw = psw_set_pmode(psw, p->pmode ? profile_user_mode(profile) : 0);
  psw = psw_set_ie(psw, p->ie);
  s->cr[CR_PSW] = p->key ? psw_set_key(psw, KEY_AWAY) : psw;
  relocate(w, p, s);
  put(s, s->pc, w->encoding[p->encoding].word);
  put(s, NEAR, word);
  put(s, NEAR + 4, SECOND_WORD);
  put(s, w->e->far, word);
  put(s, w->e->far + 4, SECOND_WORD);
  if (map_has_segment(&s->map) && psw_te(s->cr[CR_PSW])) {
    put_copies(s, word);
  }
}

/* ---------------------------------------------------------------- witnesses */

static void remake(const struct work *w, const struct place *p, struct trial_state *s)
{
  struct trial_state situation;
  uint32_t word = make_situation(w, p, &situation);
  *s = situation;
  make_state(w, p, &situation, word, s);
}

/* The states at `a` and, if the question compares two, at `b`. */
static void found(struct work *w, enum question q, const struct place *a, const struct place *b)
{
  struct route_finding *f = &w->out->finding[q];
  if (f->answer == ROUTE_YES) {
    return;
  }
  memset(&f->witness, 0, sizeof f->witness);
  const struct place *place[2] = {a, b};
  for (unsigned i = 0; i < question_states(q); i++) {
    remake(w, place[i], &f->witness.state[i]);
    bool is_state = trial_run(w->e->machine, &f->witness.state[i], &f->witness.result[i]);
    assert(is_state);
    (void)is_state;
  }
  assert(question_judge(q, w->model, w->e->profile, &f->witness));
  f->answer = ROUTE_YES;
  f->has_witness = true;
}

static void note(struct seen *seen, const struct place *p)
{
  if (!seen->any) {
    *seen = (struct seen){true, *p};
  }
}

/* A state that trapped: it counts against those of its own mode. */
static void compare_trap(struct work *w, enum question q, struct group *g, const struct place *p,
                         enum isa_cause cause)
{
  unsigned mode = p->mode;
  if (g->completed_in[mode].any) {
    found(w, q, &g->completed_in[mode].place, p);
  }
  if (g->trapped_in[mode].any && g->cause[mode] != cause) {
    found(w, q, &g->trapped_in[mode].place, p);
  }
  if (!g->trapped_in[mode].any) {
    g->cause[mode] = cause;
    note(&g->trapped_in[mode], p);
  }
}

static void compare(struct work *w, enum question q, struct group *g, const struct place *p,
                    const struct trial_result *r, const struct outcome *outcome)
{
  if (w->out->finding[q].answer == ROUTE_YES) {
    return;
  }
  if (r->trapped) {
    compare_trap(w, q, g, p, r->trap.cause);
    return;
  }
  if (g->trapped_in[p->mode].any) {
    found(w, q, &g->trapped_in[p->mode].place, p);
  }
  if (!g->completed.any) {
    g->outcome = *outcome;
    note(&g->completed, p);
  } else if (memcmp(&g->outcome, outcome, sizeof *outcome) != 0) {
    found(w, q, &g->completed.place, p);
  }
  note(&g->completed_in[p->mode], p);
}

/* Mode 0, which comes first, against the least privileged mode, all else equal. */
static void compare_privilege(struct work *w, struct master *m, const struct place *p, bool trapped)
{
  if (p->mode == 0) {
    *m = (struct master){{true, *p}, trapped};
  } else if (p->mode == w->e->modes - 1 && m->seen.any && (m->trapped || !trapped)) {
    found(w, QUESTION_UNPRIVILEGED, &m->seen.place, p);
  }
}

static void judge(struct work *w, const struct place *p, const struct trial_state *s,
                  const struct trial_result *r)
{
  if (question_shows_nothing(r)) {
    return;
  }
  const struct profile *profile = w->e->profile;
  uint32_t psw = s->cr[CR_PSW];
  unsigned flags = w->model == MODEL_PAPER ? 0 : 2 * psw_v(psw) + psw_c(psw);
  bool user = p->mode == w->e->modes - 1;
  if (question_changed(profile, s, r) & w->resources) {
    found(w, QUESTION_CONTROL, p, p);
    if (user) {
      found(w, QUESTION_USER_CONTROL, p, p);
    }
  }
  struct outcome outcome = {.pc = r->pc,
                            .flags = r->cr[CR_PSW] & (PSW_C_MASK | PSW_V_MASK),
                            .stored = r->stored == TRIAL_STORE_VIEW,
                            .store = r->store};
  memcpy(outcome.reg, r->reg, sizeof outcome.reg);
  if (!outcome.stored) {
    outcome.store = (struct trial_cell){0, 0};
  }
  compare(w, QUESTION_RESOURCE, &w->resource[flags], p, r, &outcome);
  if (user) {
    compare(w, QUESTION_USER_RESOURCE, &w->user_resource[flags], p, r, &outcome);
  }
  compare(w, QUESTION_LOCATION, &w->location[p->mode], p, r, &outcome);
  compare_privilege(w, &w->master[p->where], p, r->trapped);
  compare(w, QUESTION_MODE, &w->mode[p->where], p, r, &outcome);
}

/* --------------------------------------------------------------------- loops */

static void forget(struct group *groups, size_t count)
{
  memset(groups, 0, count * sizeof *groups);
}

/* All relocations and modes, everything else being fixed: what the paper's K is. */
static void go_places(struct work *w, struct place *p, const struct trial_state *situation,
                      uint32_t word)
{
  struct trial_state s = *situation;
  struct trial_result r;
  if (w->model == MODEL_PAPER) {
    forget(w->resource, 1);
    forget(w->user_resource, 1);
  }
  forget(w->location, MODES);
  forget(w->mode, PLACES);
  memset(w->master, 0, sizeof w->master);
  for (p->where = 0; p->where < PLACES; p->where++) {
    for (p->mode = 0; p->mode < w->e->modes; p->mode++) {
      make_state(w, p, situation, word, &s);
      if (trial_run(w->e->machine, &s, &r)) {
        w->out->states++;
        judge(w, p, &s, &r);
      }
    }
  }
}

static void go_rest(struct work *w, struct place *p)
{
  struct trial_state situation;
  uint32_t word = make_situation(w, p, &situation);
  for (p->key = 0; p->key < w->e->keys; p->key++) {
    for (p->ie = 0; p->ie < 2; p->ie++) {
      for (p->pmode = 0; p->pmode < 2; p->pmode++) {
        go_places(w, p, &situation, word);
      }
    }
  }
}

static void go_situations(struct work *w, struct place *p, bool brief)
{
  unsigned count = situations(&w->encoding[p->encoding], brief);
  p->brief = brief;
  for (p->situation = 0; p->situation < count; p->situation++) {
    forget(w->resource, 4);
    forget(w->user_resource, 4);
    for (p->rest = 0; p->rest < (brief ? w->e->rest_count : 1); p->rest++) {
      go_rest(w, p);
    }
  }
}

void exhaust_ask(struct exhaust *e, enum isa_insn insn, enum model model,
                 struct route_findings *out)
{
  memset(out, 0, sizeof *out);
  for (unsigned q = 0; q < QUESTION_COUNT; q++) {
    out->finding[q].answer = ROUTE_NO;
  }
  struct work w = {.e = e, .model = model, .out = out};
  w.resources = model_resources(model, e->profile);
  list_encodings(&w, insn);
  struct place p = {0};
  for (p.encoding = 0; p.encoding < w.encoding_count; p.encoding++) {
    go_situations(&w, &p, false);
    if (!w.encoding[p.encoding].alias) {
      go_situations(&w, &p, true);
    }
  }
  out->host_failed = trial_host_failed(e->machine);
}

/* ---------------------------------------------------------------------- life */

struct exhaust *exhaust_create(const struct profile *profile, const char **reason)
{
  struct exhaust *e = calloc(1, sizeof *e);
  if (!e) {
    goto no_exhaust;
  }
  e->profile = profile;
  e->modes = profile_modes(profile);
  e->keys = profile_features(profile) & ISA_FEATURE_KEYS ? 2 : 1;
  e->map.mmu = map_mmu(profile);
  e->storage = e->map.mmu ? PAGES_STORAGE : STORAGE;
  e->far = map_has_segment(&e->map) ? KSEG_START + FAR : FAR;
  memcpy(e->values, (uint32_t[VALUES]){0, NEAR, e->far, 0xffffffff}, sizeof e->values);
  e->machine = trial_machine_create(profile, e->storage, MACHINE_ENGINE_FAST);
  if (!e->machine) {
    goto no_machine;
  }
  make_maps(e);
  list_rests(e);
  return e;

no_machine:
  free(e);
no_exhaust:
  if (reason) {
    *reason = "the host has no memory for the machine";
  }
  return NULL;
}

void exhaust_destroy(struct exhaust *e)
{
  if (e) {
    trial_machine_destroy(e->machine);
    free(e);
  }
}
