/* Makes a witness smaller, greedily: each change that brings a state nearer to the one
 * after reset, or two states nearer to each other, is tried by running it, and kept if
 * the witness still is one and smaller. Rounds go on until one changes nothing. Words
 * go to 0 (or what reset makes them) at once if they can, else bit by bit. */
#include "classify/question.h"

#include <string.h>

#define MAX_ROUNDS 8u /* each makes it smaller; this is only for certainty */

struct shrink {
  enum question q;
  enum model model;
  const struct profile *profile;
  struct trial_machine *t;
  struct witness *w;
  struct trial_state reset;
  unsigned states, size;
};

/* Whether the witness may be replaced by this one; if so it is. */
static bool try(struct shrink *s, struct witness *changed)
{
  unsigned size = question_size(s->profile, s->q, changed);
  if (size >= s->size) {
    return false;
  }
  for (unsigned i = 0; i < s->states; i++) {
    if (!trial_run(s->t, &changed->state[i], &changed->result[i])) {
      return false;
    }
  }
  if (!question_judge(s->q, s->model, s->profile, changed)) {
    return false;
  }
  *s->w = *changed;
  s->size = size;
  return true;
}

/* -------------------------------------------------------------------- words */

/* A word of the state, by its offset. */
static uint32_t *word_at(struct witness *w, unsigned state, size_t offset)
{
  return (uint32_t *)(void *)((char *)&w->state[state] + offset);
}

/* The states of `which` (bits) get this value. */
static bool set_word(struct shrink *s, unsigned which, size_t offset, const uint32_t value[2])
{
  struct witness changed = *s->w;
  bool differs = false;
  for (unsigned i = 0; i < s->states; i++) {
    if (which >> i & 1) {
      differs = differs || *word_at(&changed, i, offset) != value[i];
      *word_at(&changed, i, offset) = value[i];
    }
  }
  return differs && try(s, &changed);
}

/* One bit after the other, in the states of `which`, to what it is after reset. */
static bool shrink_bits(struct shrink *s, unsigned which, size_t offset, uint32_t reset)
{
  bool any = false;
  for (unsigned bit = 32; bit-- > 0;) {
    uint32_t value[2];
    for (unsigned i = 0; i < 2; i++) {
      uint32_t old = *word_at(s->w, i, offset);
      value[i] = old ^ ((old ^ reset) & 1u << bit);
    }
    any = set_word(s, which, offset, value) || any;
  }
  return any;
}

static bool shrink_word(struct shrink *s, size_t offset)
{
  uint32_t reset = *(const uint32_t *)(const void *)((const char *)&s->reset + offset);
  uint32_t a = *word_at(s->w, 0, offset), b = *word_at(s->w, s->states - 1, offset);
  if (a == reset && b == reset) {
    return false;
  }
  const uint32_t both[2] = {reset, reset}, first[2] = {a, a}, second[2] = {b, b};
  bool any = set_word(s, 3, offset, both);
  if (any) {
    return true;
  }
  any = set_word(s, 2, offset, first) || set_word(s, 1, offset, second);
  any = set_word(s, 1, offset, both) || any;
  any = set_word(s, 2, offset, both) || any;
  any = shrink_bits(s, 3, offset, reset) || any;
  if (*word_at(s->w, 0, offset) != *word_at(s->w, s->states - 1, offset)) {
    any = shrink_bits(s, 1, offset, reset) || any;
    any = shrink_bits(s, 2, offset, reset) || any;
  }
  return any;
}

static bool shrink_words(struct shrink *s)
{
  bool any = false;
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    any = shrink_word(s, offsetof(struct trial_state, cr) + n * sizeof(uint32_t)) || any;
  }
  for (unsigned i = 1; i < ISA_REG_COUNT; i++) {
    any = shrink_word(s, offsetof(struct trial_state, reg) + i * sizeof(uint32_t)) || any;
  }
  any = shrink_word(s, offsetof(struct trial_state, disk_sector)) || any;
  any = shrink_word(s, offsetof(struct trial_state, disk_address)) || any;
  return shrink_word(s, offsetof(struct trial_state, disk_count)) || any;
}

/* -------------------------------------------------------------------- cells */

static void set_cell(struct trial_cell *cells, unsigned *count, uint32_t at, uint32_t word)
{
  for (unsigned i = 0; i < *count; i++) {
    if (cells[i].at != at) {
      continue;
    }
    cells[i].word = word;
    if (word == 0) {
      memmove(&cells[i], &cells[i + 1], (*count - i - 1) * sizeof *cells);
      --*count;
    }
    return;
  }
}

/* What the unmapped segment shows of a page is the same word, if not in one state then in
 * the other. */
static void set_copies(struct trial_state *t, uint32_t at, uint32_t word)
{
  uint32_t old = trial_view_word(t, at);
  for (unsigned i = t->view_count; map_has_segment(&t->map) && i-- > 0;) {
    const struct trial_cell *c = &t->view[i];
    if (c->word == old && (c->at ^ at) % ISA_PAGE_SIZE == 0) {
      set_cell(t->view, &t->view_count, c->at, word);
    }
  }
}

/* The word at `at`, in both states, becomes this one; 0 takes the cell away. */
static bool try_cell(struct shrink *s, bool view, uint32_t at, uint32_t word)
{
  struct witness changed = *s->w;
  for (unsigned i = 0; i < s->states; i++) {
    struct trial_state *t = &changed.state[i];
    if (view) {
      set_copies(t, at, word);
      set_cell(t->view, &t->view_count, at, word);
    } else {
      set_cell(t->outside, &t->outside_count, at, word);
    }
  }
  return try(s, &changed);
}

static bool shrink_cell(struct shrink *s, bool view, struct trial_cell cell)
{
  if (try_cell(s, view, cell.at, 0)) {
    return true;
  }
  bool any = false;
  for (unsigned bit = 32; bit-- > 0;) {
    if (cell.word >> bit & 1 && try_cell(s, view, cell.at, cell.word & ~(1u << bit))) {
      cell.word &= ~(1u << bit);
      any = true;
    }
  }
  return any;
}

static bool shrink_cells(struct shrink *s)
{
  bool any = false;
  for (unsigned state = 0; state < s->states; state++) {
    struct trial_state before = s->w->state[state];
    for (unsigned i = 0; i < before.view_count; i++) {
      if (before.view[i].at != before.pc) {
        any = shrink_cell(s, true, before.view[i]) || any;
      }
    }
    for (unsigned i = 0; i < before.outside_count; i++) {
      any = shrink_cell(s, false, before.outside[i]) || any;
    }
  }
  return any;
}

/* --------------------------------------------------------------------- maps */

static void drop_entry(struct map *m, unsigned i)
{
  memmove(&m->entry[i], &m->entry[i + 1], (m->count - i - 1) * sizeof *m->entry);
  m->count--;
}

/* The entry for that page of that space in both states becomes this word; 0 takes it away. */
static bool try_entry(struct shrink *s, const struct map_entry *which, uint32_t word)
{
  struct witness changed = *s->w;
  for (unsigned i = 0; i < s->states; i++) {
    struct map *m = &changed.state[i].map;
    for (unsigned k = m->count; k-- > 0;) {
      if (m->entry[k].space != which->space || m->entry[k].page != which->page) {
        continue;
      }
      if (word == 0) {
        drop_entry(m, k);
      } else {
        m->entry[k].word = word;
      }
    }
  }
  return try(s, &changed);
}

/* Both have the same TLB. */
static bool try_one_map(struct shrink *s, unsigned from)
{
  struct witness changed = *s->w;
  if (s->states == 1 || map_same(&changed.state[0].map, &changed.state[1].map)) {
    return false;
  }
  changed.state[!from].map = changed.state[from].map;
  return try(s, &changed);
}

static bool shrink_entry(struct shrink *s, struct map_entry e)
{
  uint32_t rights = e.word & ~PTE_FRAME_MASK;
  return try_entry(s, &e, 0) || try_entry(s, &e, e.page | MAP_RIGHTS) ||
         try_entry(s, &e, pte_frame(e.word) | MAP_RIGHTS) || try_entry(s, &e, e.page | rights);
}

static bool shrink_maps(struct shrink *s)
{
  bool any = try_one_map(s, 0) || try_one_map(s, 1);
  for (unsigned state = 0; state < s->states; state++) {
    struct map before = s->w->state[state].map;
    for (unsigned i = 0; i < before.count; i++) {
      any = shrink_entry(s, before.entry[i]) || any;
    }
  }
  return any;
}

/* A page of every space moves, and its frame with it if that is where it lies. */
static void move_page(struct map *m, uint32_t from, uint32_t to)
{
  for (unsigned i = 0; i < m->count; i++) {
    struct map_entry *e = &m->entry[i];
    if (e->page == from) {
      bool same = pte_frame(e->word) == from;
      e->page = to;
      e->word = same ? to | (e->word & ~PTE_FRAME_MASK) : e->word;
    }
  }
}

/* The instruction moves to where reset starts, and so does its page. */
static bool shrink_pc(struct shrink *s)
{
  struct witness changed = *s->w;
  for (unsigned i = 0; i < s->states; i++) {
    struct trial_state *t = &changed.state[i];
    for (unsigned k = 0; k < t->view_count; k++) {
      if (t->view[k].at == t->pc) {
        t->view[k].at = s->reset.pc;
      }
    }
    move_page(&t->map, pte_frame(t->pc), pte_frame(s->reset.pc));
    t->pc = s->reset.pc;
  }
  return changed.state[0].pc != s->w->state[0].pc && try(s, &changed);
}

/* --------------------------------------------------------- the instruction */

/* The instruction with another operand, in both states. */
static bool try_operand(struct shrink *s, struct isa_decoded d, enum isa_operand_slot slot,
                        uint32_t value)
{
  struct witness changed = *s->w;
  uint32_t word;
  if (isa_get_slot(&d, slot) == value) {
    return false;
  }
  isa_set_slot(&d, slot, value);
  struct isa_decoded back;
  if (isa_encode(&d, &word, NULL, NULL, NULL) != ISA_ENCODE_OK ||
      !profile_decode(s->profile, word, &back)) {
    return false;
  }
  for (unsigned i = 0; i < s->states; i++) {
    struct trial_state *t = &changed.state[i];
    set_cell(t->view, &t->view_count, t->pc, word);
  }
  return try(s, &changed);
}

static bool shrink_operands(struct shrink *s)
{
  struct isa_decoded d;
  bool any = false;
  const struct trial_state *t = &s->w->state[0];
  if (!profile_decode(s->profile, trial_view_word(t, t->pc), &d)) {
    return false;
  }
  const struct isa_format_info *format = isa_format_info(isa_insn_info(d.insn)->format);
  for (size_t i = 0; i < format->operand_count; i++) {
    enum isa_operand_slot slot = format->operands[i].slot;
    if (format->operands[i].kind != ISA_OPERAND_REG && try_operand(s, d, slot, 0)) {
      isa_set_slot(&d, slot, 0);
      any = true;
    }
  }
  return any;
}

/* ----------------------------------------------------------- keys, devices */

static void drop_key(struct trial_state *t, uint32_t block)
{
  for (unsigned i = 0; i < t->key_count; i++) {
    if (t->key[i].block == block) {
      t->key[i] = t->key[--t->key_count];
    }
  }
}

/* The key of a block in the states of `which` goes. */
static bool try_key(struct shrink *s, unsigned which, uint32_t block)
{
  struct witness changed = *s->w;
  for (unsigned i = 0; i < s->states; i++) {
    if (which >> i & 1) {
      drop_key(&changed.state[i], block);
    }
  }
  return try(s, &changed);
}

static bool shrink_keys(struct shrink *s)
{
  bool any = false;
  for (unsigned state = 0; state < s->states; state++) {
    struct trial_state before = s->w->state[state];
    for (unsigned i = 0; i < before.key_count; i++) {
      uint32_t block = before.key[i].block;
      any = try_key(s, 3, block) || try_key(s, 1, block) || try_key(s, 2, block) || any;
    }
  }
  return any;
}

static bool shrink_input(struct shrink *s)
{
  bool any = false;
  for (unsigned which = 3; which > 0; which--) {
    for (unsigned keep = 0; keep < 2; keep++) {
      struct witness changed = *s->w;
      for (unsigned i = 0; i < s->states; i++) {
        if (which >> i & 1) {
          changed.state[i].input = changed.state[i].input && keep;
          changed.state[i].input_byte = 0;
        }
      }
      any = try(s, &changed) || any;
    }
  }
  return any;
}

void question_shrink(enum question q, enum model model, const struct profile *profile,
                     struct trial_machine *t, struct witness *w)
{
  struct shrink s = {.q = q, .model = model, .profile = profile, .t = t, .w = w};
  s.states = question_states(q);
  s.size = question_size(profile, q, w);
  trial_reset(&s.reset, w->state[0].storage);
  bool any = true;
  for (unsigned round = 0; any && round < MAX_ROUNDS; round++) {
    any = shrink_words(&s);
    any = shrink_maps(&s) || any;
    any = shrink_cells(&s) || any;
    any = shrink_keys(&s) || any;
    any = shrink_input(&s) || any;
    any = shrink_pc(&s) || any;
    any = shrink_operands(&s) || any;
  }
}
