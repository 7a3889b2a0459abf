#include "tests/unit/classify/trying.h"

#include <stdlib.h>
#include <string.h>

#include "tests/common/program.h"

struct profile *trying_profile(const char *name)
{
  struct profile *p = profile_load(name, stderr);
  insist(p != NULL, name);
  return p;
}

const char *const *trying_profiles(void)
{
  static const char *const few[] = {"s360", "x86", "itanium", NULL};
  const char *which = getenv("TRAPEZE_PROFILES");
  return which && strcmp(which, "all") == 0 ? profile_shipped() : few;
}

struct profile *trying_profile_of(const char *lines)
{
  char text[2000];
  int len = snprintf(text, sizeof text,
                     "profile trying;\ntitle \"T\";\nstory \"S\";\nsource \"S\";\n%s\n", lines);
  insist(len > 0 && (size_t)len < sizeof text, "the profile is short");
  struct profile *p = profile_parse("trying.profile", text, (size_t)len, stderr);
  insist(p != NULL, lines);
  return p;
}

static uint32_t encode(const struct isa_decoded *d)
{
  uint32_t word = 0;
  insist(isa_encode(d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK, "the instruction exists");
  return word;
}

uint32_t trying_word(enum isa_insn insn, unsigned a, unsigned b, unsigned c, uint32_t imm)
{
  struct isa_decoded d = {insn, (uint8_t)a, (uint8_t)b, (uint8_t)c, 0, imm};
  return encode(&d);
}

uint32_t trying_word_cr(enum isa_insn insn, unsigned a, enum isa_cr n)
{
  struct isa_decoded d = {.insn = insn, .a = (uint8_t)a, .n = (uint8_t)n};
  return encode(&d);
}

struct trial_state trying_state(uint32_t word)
{
  struct trial_state s = {.storage = TRYING_STORAGE, .pc = TRYING_PC};
  s.cr[CR_IMASK] = isa_cr_info(CR_IMASK)->write_mask;
  s.cr[CR_CPUID] = 0x50470001;
  trying_view(&s, TRYING_PC, word);
  return s;
}

void trying_view(struct trial_state *s, uint32_t at, uint32_t word)
{
  insist(s->view_count < TRIAL_CELLS, "there is room for a cell");
  s->view[s->view_count++] = (struct trial_cell){at, word};
}

void trying_outside(struct trial_state *s, uint32_t at, uint32_t word)
{
  insist(s->outside_count < TRIAL_CELLS, "there is room for a cell");
  s->outside[s->outside_count++] = (struct trial_cell){at, word};
}

struct trial_result trying_run(struct trial_machine *t, const struct trial_state *s)
{
  struct trial_result r;
  insist(trial_run(t, s, &r), "there is such a state");
  return r;
}

bool trying_same(const struct trial_result *a, const struct trial_result *b)
{
  return a->trapped == b->trapped && a->trap.cause == b->trap.cause && a->trap.epc == b->trap.epc &&
         a->trap.value == b->trap.value && a->trap.insn == b->trap.insn && a->pc == b->pc &&
         memcmp(a->reg, b->reg, sizeof a->reg) == 0 && memcmp(a->cr, b->cr, sizeof a->cr) == 0 &&
         a->stored == b->stored && a->stored_twice == b->stored_twice &&
         a->tlb_changed == b->tlb_changed && a->store.at == b->store.at &&
         a->store.word == b->store.word && a->key_changed == b->key_changed &&
         a->key.block == b->key.block && a->key.key == b->key.key &&
         a->device_changed == b->device_changed && a->run_state == b->run_state;
}
