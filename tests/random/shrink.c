#include "tests/random/shrink.h"

#include <stdlib.h>
#include <string.h>

#include "tests/common/program.h"

#define ROUNDS    8u
#define AFTERMATH 200u /* ticks that a guest cut short may still take to part */

struct shrinker {
  struct guest *g;
  struct guest *blank, *trial; /* scratch */
  struct trial_way *way;
  struct finding *f; /* of g */
  bool changed;
};

static uint32_t nop(void)
{
  return word_of(ISA_ADDI, REG_ZERO, REG_ZERO, 0, 0);
}

static bool parts(const struct guest *g, const struct trial_way *way, struct finding *f)
{
  struct finding found;
  if (trial(g, way, NULL, NULL, &found)) {
    return false;
  }
  *f = found;
  return true;
}

/* g has been changed for the better: does it still part? */
static bool keeps(struct shrinker *s)
{
  if (!parts(s->g, s->way, s->f)) {
    return false;
  }
  s->g->ticks = s->way->stride == 1 ? s->f->tick + 1 : s->g->ticks;
  s->changed = true;
  return true;
}

/* ----------------------------------------------------------------- the beginning */

/* From the last states before they parted on, the latest that will do. */
static void begin_late(struct shrinker *s)
{
  uint64_t parted = s->f->tick;
  for (uint64_t back = 0; back < parted; back += 1 + back / 2) {
    trial_advance(s->trial, s->g, parted - back);
    s->trial->ticks = back + AFTERMATH;
    struct finding f;
    if (parts(s->trial, s->way, &f)) {
      *s->g = *s->trial;
      *s->f = f;
      s->g->ticks = s->way->stride == 1 ? f.tick + 1 : s->g->ticks;
      return;
    }
  }
}

/* -------------------------------------------------------------- storage, by halves */

static bool is_blank(const struct guest *g, uint32_t from, uint32_t to)
{
  for (uint32_t i = from; i < to; i++) {
    if (g->word[i] != 0) {
      return false;
    }
  }
  return true;
}

static void clear_words(struct shrinker *s, uint32_t from, uint32_t to)
{
  if (is_blank(s->g, from, to)) {
    return;
  }
  uint32_t *saved = &s->trial->word[from];
  memcpy(saved, &s->g->word[from], 4 * (to - from));
  memset(&s->g->word[from], 0, 4 * (to - from));
  if (keeps(s)) {
    return;
  }
  memcpy(&s->g->word[from], saved, 4 * (to - from));
  if (to - from > 1) {
    uint32_t middle = from + (to - from) / 2;
    clear_words(s, from, middle);
    clear_words(s, middle, to);
  }
}

static void try_word(struct shrinker *s, uint32_t *at, uint32_t value)
{
  uint32_t saved = *at;
  if (saved == value) {
    return;
  }
  *at = value;
  if (!keeps(s)) {
    *at = saved;
  }
}

/* Operands to zero, one by one. */
static void simplify_insn(struct shrinker *s, uint32_t *at)
{
  static const enum isa_operand_slot slots[] = {ISA_SLOT_A, ISA_SLOT_B, ISA_SLOT_C, ISA_SLOT_IMM};
  for (unsigned i = 0; i < 4; i++) {
    struct isa_decoded d;
    uint32_t word;
    if (!isa_decode(*at, &d)) {
      return;
    }
    switch (slots[i]) {
    case ISA_SLOT_A:
      d.a = 0;
      break;
    case ISA_SLOT_B:
      d.b = 0;
      break;
    case ISA_SLOT_C:
      d.c = 0;
      break;
    default:
      d.imm = 0;
    }
    if (isa_encode(&d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK) {
      try_word(s, at, word);
    }
  }
}

/* What follows a word moves up into its place. */
static void delete_word(struct shrinker *s, uint32_t at)
{
  uint32_t last = at;
  while (last + 1 < GUEST_WORDS && s->g->word[last + 1] != 0) {
    last++;
  }
  uint32_t gone = s->g->word[at];
  memmove(&s->g->word[at], &s->g->word[at + 1], 4 * (last - at));
  s->g->word[last] = 0;
  if (!keeps(s)) {
    memmove(&s->g->word[at + 1], &s->g->word[at], 4 * (last - at));
    s->g->word[at] = gone;
  }
}

static unsigned trace(const struct shrinker *s, bool executed[GUEST_WORDS])
{
  unsigned count = 0;
  trial_trace(s->g, s->f->tick, executed);
  for (uint32_t i = 0; i < GUEST_WORDS; i++) {
    count += executed[i];
  }
  return count;
}

/* What only lets time pass until a device is done can be one instruction. */
static void wait_instead(struct shrinker *s, bool executed[GUEST_WORDS])
{
  bool *then = calloc(GUEST_WORDS, sizeof *then);
  insist(then, "no memory");
  unsigned count = trace(s, executed);
  for (uint32_t i = 0; i < GUEST_WORDS; i++) {
    uint32_t saved = s->g->word[i], wait = word_of(ISA_WFI, 0, 0, 0, 0);
    uint64_t ticks = s->g->ticks;
    struct finding f = *s->f;
    if (!executed[i] || saved == wait) {
      continue;
    }
    s->g->word[i] = wait;
    bool better = parts(s->g, s->way, s->f);
    unsigned now = better ? trace(s, then) : count;
    if (now < count) {
      count = now;
      memcpy(executed, then, GUEST_WORDS * sizeof *then);
      s->changed = true;
    } else {
      s->g->word[i] = saved;
      s->g->ticks = ticks;
      *s->f = f;
    }
  }
  free(then);
}

static void simplify_code(struct shrinker *s)
{
  bool *executed = calloc(GUEST_WORDS, sizeof *executed);
  insist(executed, "no memory");
  wait_instead(s, executed);
  trace(s, executed);
  for (uint32_t i = GUEST_WORDS; i-- > 0;) {
    if (executed[i] && s->g->word[i] != 0) {
      delete_word(s, i);
      try_word(s, &s->g->word[i], nop());
      simplify_insn(s, &s->g->word[i]);
    }
  }
  free(executed);
}

/* ------------------------------------------------------------------- the rest */

static void drop_keys(struct shrinker *s)
{
  for (uint32_t i = 0; i < GUEST_BLOCKS; i++) {
    uint8_t saved = s->g->key[i];
    s->g->key[i] = 0;
    if (saved != 0 && !keeps(s)) {
      s->g->key[i] = saved;
    }
  }
}

static void simplify_processor(struct shrinker *s)
{
  drop_keys(s);
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    try_word(s, &s->g->reg[reg], 0);
  }
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    try_word(s, &s->g->cr[cr], s->blank->cr[cr]);
  }
  static const enum isa_cr psws[] = {CR_PSW, CR_EPSW};
  for (unsigned i = 0; i < 2; i++) {
    for (unsigned bit = 0; bit < 32; bit++) {
      try_word(s, &s->g->cr[psws[i]], s->g->cr[psws[i]] & ~(1u << bit));
    }
  }
}

static void drop_inputs(struct shrinker *s)
{
  for (unsigned i = s->g->inputs; i-- > 0;) {
    *s->trial = *s->g;
    memmove(&s->g->input[i], &s->g->input[i + 1], (s->g->inputs - i - 1) * sizeof s->g->input[0]);
    s->g->inputs--;
    if (!keeps(s)) {
      *s->g = *s->trial;
    }
  }
  if (s->g->sectors) {
    uint32_t sectors = s->g->sectors;
    s->g->sectors = 0;
    if (!keeps(s)) {
      s->g->sectors = sectors;
    }
  }
}

/* Every tick, one VMM and the stepper, if that shows it too. */
static void simplify_way(struct shrinker *s)
{
  struct trial_way tries[] = {*s->way, *s->way, *s->way};
  tries[0].stride = 1;
  tries[1].depth = tries[1].depth ? 1 : 0;
  tries[2].engine = s->way->engines ? s->way->engine : MACHINE_ENGINE_STEPPER;
  for (unsigned i = 0; i < 3; i++) {
    struct trial_way saved = *s->way;
    s->way->stride = i == 0 ? 1 : s->way->stride;
    s->way->depth = i == 1 ? tries[1].depth : s->way->depth;
    s->way->engine = i == 2 ? tries[2].engine : s->way->engine;
    if (!parts(s->g, s->way, s->f)) {
      *s->way = saved;
    }
  }
}

void shrink(struct guest *g, struct trial_way *way, struct finding *f)
{
  struct shrinker s = {
      .g = g, .blank = malloc(sizeof *g), .trial = malloc(sizeof *g), .way = way, .f = f};
  insist(s.blank && s.trial, "no memory");
  guest_blank(s.blank, g->profile);
  simplify_way(&s);
  begin_late(&s);
  for (unsigned round = 0; round < ROUNDS; round++) {
    s.changed = false;
    clear_words(&s, 0, GUEST_WORDS);
    drop_inputs(&s);
    simplify_processor(&s);
    simplify_code(&s);
    if (!s.changed) {
      break;
    }
    begin_late(&s);
  }
  parts(g, way, f);
  free(s.blank);
  free(s.trial);
}

/* ------------------------------------------------------------------- printing */

static void print_state(const struct guest *g, FILE *out)
{
  fprintf(out, "#   profile %s, pc %08x, %llu ticks, %u sectors\n", profile_name(g->profile), g->pc,
          (unsigned long long)g->ticks, g->sectors);
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    if (g->reg[reg]) {
      fprintf(out, "#   %-5s = %08x\n", isa_reg_name(reg), g->reg[reg]);
    }
  }
  for (unsigned cr = 0; cr < ISA_CR_COUNT; cr++) {
    if (g->cr[cr] != (cr == CR_IMASK ? isa_cr_info(CR_IMASK)->write_mask : 0) && cr != CR_CPUID &&
        cr != CR_TICK) {
      fprintf(out, "#   %-5s = %08x\n", isa_cr_info((enum isa_cr)cr)->name, g->cr[cr]);
    }
  }
  for (uint32_t i = 0; i < GUEST_BLOCKS; i++) {
    if (g->key[i]) {
      fprintf(out, "#   key of %04x = %02x\n", i * KEY_BLOCK_SIZE, g->key[i]);
    }
  }
  for (unsigned i = 0; i < g->inputs; i++) {
    fprintf(out, "#   console input %02x at tick %llu\n", g->input[i].byte,
            (unsigned long long)g->input[i].at);
  }
}

unsigned shrink_print(const struct guest *g, const struct finding *f, FILE *out)
{
  bool *executed = calloc(GUEST_WORDS, sizeof *executed);
  insist(executed, "no memory");
  trial_trace(g, f->tick, executed);
  unsigned count = 0;
  uint32_t expected = 0;
  print_state(g, out);
  for (uint32_t i = 0; i < GUEST_WORDS; i++) {
    if (g->word[i] == 0 && !executed[i]) {
      continue;
    }
    char text[80];
    snprintf(text, sizeof text, ".word 0x%08x", g->word[i]);
    if (executed[i]) {
      isa_print(text, sizeof text, g->word[i], 4 * i, NULL, NULL);
      count++;
    }
    if (i != expected) {
      fprintf(out, "#         .org 0x%x\n", 4 * i);
    }
    expected = i + 1;
    fprintf(out, "#     %04x: %08x  %s\n", 4 * i, g->word[i], text);
  }
  free(executed);
  return count;
}
