#include "tests/own/small.h"

#include <string.h>

#include "tests/common/program.h"

struct trying {
  const struct classification *c;
  enum isa_insn insn;
  enum question q;
  const struct witness *w;
  struct trial_machine *t;
  struct trial_state reset;
  unsigned states, found;
  bool padded; /* it may no longer be a witness: the register is one of the operands */
  FILE *out;
};

/* The changed witness is one. What no longer is a state is none. */
static void try(struct trying *y, struct witness *changed, const char *what)
{
  const struct profile *p = classification_profile(y->c);
  if (memcmp(changed->state, y->w->state, y->states * sizeof *changed->state) == 0) {
    return;
  }
  for (unsigned i = 0; i < y->states; i++) {
    if (!trial_run(y->t, &changed->state[i], &changed->result[i])) {
      return;
    }
  }
  if (question_judge(y->q, classification_model(y->c), p, changed)) {
    y->found++;
    fprintf(y->out, "# %s, %s, '%s', %s: it would do with %s as after reset, or alike\n",
            profile_name(p), model_name(classification_model(y->c)),
            isa_insn_info(y->insn)->mnemonic, question_name(y->q), what);
  }
}

/* Bits of one word: in both as after reset; in the second as in the first, and the other way. */
static void try_word(struct trying *y, size_t offset, uint32_t bits, const char *what)
{
  for (unsigned way = 0; way < 1 + 2 * (y->states - 1); way++) {
    struct witness changed = *y->w;
    uint32_t *word[2], reset;
    memcpy(&reset, (const char *)&y->reset + offset, sizeof reset);
    for (unsigned i = 0; i < 2; i++) {
      word[i] = (uint32_t *)(void *)((char *)&changed.state[i] + offset);
    }
    uint32_t from = way == 0 ? reset : *word[way - 1];
    for (unsigned i = 0; i < y->states; i++) {
      *word[i] = (*word[i] & ~bits) | (from & bits);
    }
    try(y, &changed, what);
  }
}

static void try_crs(struct trying *y)
{
  const struct isa_psw_field_info *f = isa_psw_fields();
  size_t psw = offsetof(struct trial_state, cr) + CR_PSW * sizeof(uint32_t);
  for (unsigned i = 0; f[i].name; i++) {
    try_word(y, psw, (2u << f[i].high) - (1u << f[i].low), f[i].name);
  }
  for (unsigned n = 0; n < ISA_CR_COUNT; n++) {
    if (n != CR_PSW) {
      try_word(y, offsetof(struct trial_state, cr) + n * sizeof(uint32_t), ~0u,
               isa_cr_info((enum isa_cr)n)->name);
    }
  }
}

static void drop_cell(struct trial_cell *cell, unsigned *count, uint32_t at)
{
  for (unsigned i = 0; i < *count; i++) {
    if (cell[i].at == at) {
      memmove(&cell[i], &cell[i + 1], (*count - i - 1) * sizeof *cell);
      --*count;
    }
  }
}

static void try_cells(struct trying *y)
{
  for (unsigned s = 0; s < y->states; s++) {
    const struct trial_state *state = &y->w->state[s];
    for (unsigned i = 0; i < state->view_count + state->outside_count; i++) {
      bool outside = i >= state->view_count;
      uint32_t at = outside ? state->outside[i - state->view_count].at : state->view[i].at;
      struct witness changed = *y->w;
      for (unsigned k = 0; k < y->states; k++) {
        struct trial_state *t = &changed.state[k];
        drop_cell(outside ? t->outside : t->view, outside ? &t->outside_count : &t->view_count, at);
      }
      if (outside || at != state->pc) {
        try(y, &changed, "a cell");
      }
    }
  }
}

static void try_rest(struct trying *y)
{
  struct witness changed = *y->w;
  changed.state[0].key_count = changed.state[1].key_count = 0;
  try(y, &changed, "every key");
  changed = *y->w;
  for (unsigned i = 0; i < 2; i++) {
    changed.state[i].input = false;
    changed.state[i].input_byte = 0;
  }
  try(y, &changed, "console input");
  try_word(y, offsetof(struct trial_state, disk_sector), ~0u, "the disk's sector");
  try_word(y, offsetof(struct trial_state, disk_address), ~0u, "the disk's address");
  try_word(y, offsetof(struct trial_state, disk_count), ~0u, "the disk's count");
}

static bool is_one(const struct trying *y)
{
  struct witness same = *y->w;
  bool run = true;
  for (unsigned i = 0; i < y->states; i++) {
    run = run && trial_run(y->t, &same.state[i], &same.result[i]);
  }
  return run &&
         question_judge(y->q, classification_model(y->c), classification_profile(y->c), &same);
}

static void try_witness(struct trying *y)
{
  y->states = question_states(y->q);
  y->t = trial_machine_create(classification_profile(y->c), y->w->state[0].storage,
                              MACHINE_ENGINE_STEPPER);
  insist(y->t, "no memory");
  trial_reset(&y->reset, y->w->state[0].storage);
  bool is = is_one(y);
  insist(is || y->padded, "a witness is one");
  if (is) {
    try_crs(y);
    for (unsigned r = 1; r < ISA_REG_COUNT; r++) {
      try_word(y, offsetof(struct trial_state, reg) + r * sizeof(uint32_t), ~0u, isa_reg_name(r));
    }
    try_cells(y);
    try_rest(y);
  }
  trial_machine_destroy(y->t);
}

unsigned small_check(const struct classification *c, bool padded, unsigned *seen, FILE *out)
{
  struct trying y = {.c = c, .padded = padded, .out = out};
  struct witness large;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct classify_insn *i = classification_insn(c, (enum isa_insn)n);
    for (unsigned q = 0; i->present && q < QUESTION_COUNT; q++) {
      y.insn = i->insn;
      y.q = (enum question)q;
      y.w = i->answer[q].witness;
      if (y.w) {
        ++*seen;
        large = *y.w;
        large.state[0].reg[REG_TP] = large.state[1].reg[REG_TP] = 5;
        y.w = padded ? &large : y.w;
        try_witness(&y);
      }
    }
  }
  return y.found;
}
