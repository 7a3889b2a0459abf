#include "classify/question.h"

#include <string.h>

#define USER_FIELDS (PSW_C_MASK | PSW_V_MASK)

static const char *const names[QUESTION_COUNT] = {
    [QUESTION_UNPRIVILEGED] = "unprivileged",   [QUESTION_CONTROL] = "control",
    [QUESTION_LOCATION] = "location",           [QUESTION_MODE] = "mode",
    [QUESTION_RESOURCE] = "resource",           [QUESTION_USER_CONTROL] = "user control",
    [QUESTION_USER_RESOURCE] = "user resource",
};

const char *question_name(enum question q)
{
  return names[q];
}

unsigned question_states(enum question q)
{
  return q == QUESTION_CONTROL || q == QUESTION_USER_CONTROL ? 1 : 2;
}

/* --------------------------------------------------------------- components */

/* Components whose bits differ between two sets of control registers. */
static component_set differing_crs(const uint32_t *a, const uint32_t *b)
{
  component_set set = 0;
  const struct isa_psw_field_info *fields = isa_psw_fields();
  uint32_t psw = (a[CR_PSW] ^ b[CR_PSW]) & ~USER_FIELDS;
  for (unsigned i = 0; psw != 0 && fields[i].name; i++) {
    uint32_t mask = (2u << fields[i].high) - (1u << fields[i].low);
    if (psw & mask) {
      set |= component_bit(COMPONENT_PSW + i);
    }
  }
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (n != CR_PSW && a[n] != b[n]) {
      set |= component_bit(COMPONENT_CR + n);
    }
  }
  return set;
}

static uint8_t key_of(const struct trial_state *s, uint32_t block)
{
  for (unsigned i = 0; i < s->key_count; i++) {
    if (s->key[i].block == block) {
      return s->key[i].key;
    }
  }
  return 0;
}

static bool covers_keys(const struct trial_state *a, const struct trial_state *b)
{
  for (unsigned i = 0; i < a->key_count; i++) {
    if (a->key[i].key != key_of(b, a->key[i].block)) {
      return false;
    }
  }
  return true;
}

static bool same_devices(const struct trial_state *a, const struct trial_state *b)
{
  return a->input == b->input && (!a->input || a->input_byte == b->input_byte) &&
         a->disk_sector == b->disk_sector && a->disk_address == b->disk_address &&
         a->disk_count == b->disk_count;
}

static uint32_t outside_word(const struct trial_state *s, uint32_t at)
{
  for (unsigned i = 0; i < s->outside_count; i++) {
    if (s->outside[i].at == at) {
      return s->outside[i].word;
    }
  }
  return 0;
}

/* Whether the word at physical address pa is outside the view, all of it. */
static bool is_outside(const struct trial_state *s, uint32_t pa)
{
  uint32_t va;
  return !trial_shown(s, pa, &va) && !trial_shown(s, pa + 1, &va) && !trial_shown(s, pa + 2, &va) &&
         !trial_shown(s, pa + 3, &va);
}

/* What is outside both views is the same. */
static bool covers_outside(const struct trial_state *a, const struct trial_state *b)
{
  for (unsigned i = 0; i < a->outside_count; i++) {
    const struct trial_cell *c = &a->outside[i];
    if (is_outside(b, c->at) && outside_word(b, c->at) != c->word) {
      return false;
    }
  }
  return true;
}

component_set question_differing(const struct profile *profile, const struct witness *w)
{
  const struct trial_state *a = &w->state[0], *b = &w->state[1];
  (void)profile;
  component_set set = differing_crs(a->cr, b->cr);
  if (!covers_keys(a, b) || !covers_keys(b, a)) {
    set |= component_bit(COMPONENT_KEYS);
  }
  if (!covers_outside(a, b) || !covers_outside(b, a)) {
    set |= component_bit(COMPONENT_OUTSIDE);
  }
  if (!map_same(&a->map, &b->map)) {
    bool tlb = (a->map.mmu & ISA_FEATURE_MMU_TLB) != 0;
    set |= component_bit(tlb ? COMPONENT_TLB : COMPONENT_OUTSIDE); /* tables lie there */
  }
  if (!same_devices(a, b)) {
    set |= component_bit(COMPONENT_DEVICES);
  }
  return set;
}

component_set question_changed(const struct profile *profile, const struct trial_state *before,
                               const struct trial_result *after)
{
  (void)profile;
  if (after->trapped) {
    return 0;
  }
  component_set set = differing_crs(before->cr, after->cr);
  if (after->key_changed) {
    set |= component_bit(COMPONENT_KEYS);
  }
  if (after->stored == TRIAL_STORE_OUTSIDE) {
    set |= component_bit(COMPONENT_OUTSIDE);
  }
  if (after->tlb_changed) {
    set |= component_bit(COMPONENT_TLB);
  }
  if (after->device_changed) {
    set |= component_bit(COMPONENT_DEVICES);
  }
  if (after->run_state != MACHINE_RUNNING) {
    set |= component_bit(COMPONENT_RUN);
  }
  return set;
}

/* ------------------------------------------------------------- outside of K */

static bool shows_other(const struct trial_state *s, uint32_t at, uint32_t word)
{
  uint32_t pa;
  return trial_shows(s, at, &pa) && trial_view_word(s, at) != word;
}

/* Where both show a word, it is the same. */
static bool covers_view(const struct trial_state *a, const struct trial_state *b)
{
  uint32_t twice;
  for (unsigned i = 0; i < a->view_count; i++) {
    const struct trial_cell *c = &a->view[i];
    if (shows_other(b, c->at, c->word) ||
        (map_has_segment(&a->map) && trial_shows_twice(a, c->at, &twice) &&
         shows_other(b, twice, c->word))) {
      return false;
    }
  }
  return true;
}

bool question_same_view(const struct trial_state *a, const struct trial_state *b)
{
  return covers_view(a, b) && covers_view(b, a);
}

static bool same_program(const struct trial_state *a, const struct trial_state *b)
{
  return a->storage == b->storage && a->pc == b->pc && memcmp(a->reg, b->reg, sizeof a->reg) == 0 &&
         ((a->cr[CR_PSW] ^ b->cr[CR_PSW]) & USER_FIELDS) == 0 && question_same_view(a, b);
}

/* Results outside K. The views were the same, so that they differ now if and only if
 * the stores do. */
static bool same_outcome(const struct trial_result *a, const struct trial_result *b)
{
  if (a->trapped || b->trapped) {
    return a->trapped == b->trapped && a->trap.cause == b->trap.cause;
  }
  bool a_stored = a->stored == TRIAL_STORE_VIEW, b_stored = b->stored == TRIAL_STORE_VIEW;
  return a->pc == b->pc && memcmp(a->reg, b->reg, sizeof a->reg) == 0 &&
         ((a->cr[CR_PSW] ^ b->cr[CR_PSW]) & USER_FIELDS) == 0 && a_stored == b_stored &&
         (!a_stored || (a->store.at == b->store.at && a->store.word == b->store.word));
}

/* ----------------------------------------------------------------- judging */

static uint32_t mode_of(const struct trial_state *s)
{
  return psw_mode(s->cr[CR_PSW]);
}

bool question_shows_nothing(const struct trial_result *r)
{
  return r->stored_twice || (r->trapped && isa_cause_info(r->trap.cause)->kind == ISA_CAUSE_MEMORY);
}

static bool judge_unprivileged(const struct profile *profile, const struct witness *w)
{
  unsigned s = mode_of(&w->state[0]) == 0 ? 0 : 1, u = 1 - s;
  return question_differing(profile, w) == model_mode() && mode_of(&w->state[s]) == 0 &&
         mode_of(&w->state[u]) == profile_user_mode(profile) &&
         !(w->result[u].trapped && !w->result[s].trapped);
}

/* Whether the states differ in nothing but `allowed`, and what comes of them differs. */
static bool judge_behaviour(const struct profile *profile, const struct witness *w,
                            component_set allowed)
{
  if ((question_differing(profile, w) & ~allowed) != 0) {
    return false;
  }
  if (mode_of(&w->state[0]) != mode_of(&w->state[1]) &&
      (w->result[0].trapped || w->result[1].trapped)) {
    return false;
  }
  return !same_outcome(&w->result[0], &w->result[1]);
}

static component_set compared_resources(enum model model, const struct profile *profile)
{
  return model_resources(model, profile) & ~component_bit(COMPONENT_OUTSIDE);
}

bool question_judge(enum question q, enum model model, const struct profile *profile,
                    const struct witness *w)
{
  bool user[2] = {true, true};
  for (unsigned i = 0; i < question_states(q); i++) {
    if (question_shows_nothing(&w->result[i])) {
      return false;
    }
    user[i] = mode_of(&w->state[i]) == profile_user_mode(profile);
  }
  if (question_states(q) == 1) {
    component_set changed = question_changed(profile, &w->state[0], &w->result[0]);
    return (q == QUESTION_CONTROL || user[0]) && changed != 0 &&
           (changed & model_resources(model, profile)) != 0;
  }
  if (!same_program(&w->state[0], &w->state[1])) {
    return false;
  }
  switch (q) {
  case QUESTION_UNPRIVILEGED:
    return judge_unprivileged(profile, w);
  case QUESTION_LOCATION:
    return judge_behaviour(profile, w, model_location(profile));
  case QUESTION_MODE:
    return judge_behaviour(profile, w, model_mode());
  case QUESTION_RESOURCE:
    return judge_behaviour(profile, w, compared_resources(model, profile));
  default:
    return user[0] && user[1] && judge_behaviour(profile, w, compared_resources(model, profile));
  }
}

/* ------------------------------------------------------------------ how small */

enum { COST_COMPONENT = 64, COST_CELL = 24, COST_VALUE = 8 };

static unsigned value_size(uint32_t value, uint32_t reset)
{
  return value == reset ? 0 : COST_VALUE + (unsigned)__builtin_popcount(value ^ reset);
}

/* The plainest entry has all rights, and its frame is its page. */
static unsigned entry_size(const struct map_entry *e)
{
  return COST_CELL + (unsigned)__builtin_popcount(e->word ^ (e->page | MAP_RIGHTS)) +
         (unsigned)__builtin_popcount(e->page ^ e->space);
}

static unsigned state_size(const struct trial_state *s)
{
  struct trial_state reset;
  trial_reset(&reset, s->storage);
  unsigned size = value_size(s->pc, reset.pc);
  for (unsigned i = 0; i < ISA_REG_COUNT; i++) {
    size += value_size(s->reg[i], 0);
  }
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    size += value_size(s->cr[n], reset.cr[n]);
  }
  for (unsigned i = 0; i < s->view_count; i++) {
    unsigned here = s->view[i].at == s->pc ? 0 : COST_CELL;
    size += here + (unsigned)__builtin_popcount(s->view[i].word);
  }
  for (unsigned i = 0; i < s->outside_count; i++) {
    size += COST_CELL + (unsigned)__builtin_popcount(s->outside[i].word);
  }
  for (unsigned i = 0; i < s->key_count; i++) {
    size += COST_CELL + (unsigned)__builtin_popcount(s->key[i].key);
  }
  for (unsigned i = 0; i < s->map.count; i++) {
    size += entry_size(&s->map.entry[i]);
  }
  return size + (s->input ? value_size(s->input_byte, 0) + 1 : 0) + value_size(s->disk_sector, 0) +
         value_size(s->disk_address, 0) + value_size(s->disk_count, 0);
}

unsigned question_size(const struct profile *profile, enum question q, const struct witness *w)
{
  unsigned size = state_size(&w->state[0]);
  if (question_states(q) == 1) {
    return size;
  }
  return size + state_size(&w->state[1]) +
         COST_COMPONENT * (unsigned)__builtin_popcountll(question_differing(profile, w));
}
