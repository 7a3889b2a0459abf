/* See patcher.h. */
#include "tools/grade/patcher.h"

#include <inttypes.h>
#include <stdio.h>

static struct vmm_word load(void *ctx, gpa_t at)
{
  struct patcher_storage *s = ctx;
  struct vmm_word w = {.ok = false};
  w.ok = at.v % 4 == 0 && s->read(s->ctx, at, &w.word);
  return w.ok ? w : (struct vmm_word){.ok = false};
}

static struct vmm_insn decode(void *ctx, uint32_t word)
{
  struct patcher_storage *s = ctx;
  struct vmm_insn i = {.legal = false};
  i.legal = profile_decode(s->profile, word, &i.decoded);
  return i;
}

static enum profile_behaviour_kind behaviour(void *ctx, enum isa_insn insn, unsigned mode)
{
  return profile_behaviour(((struct patcher_storage *)ctx)->profile, insn, mode)->kind;
}

static struct vmm_behaviour behaviour_of(void *ctx, enum isa_insn insn, unsigned mode)
{
  const struct profile_behaviour *b =
      profile_behaviour(((struct patcher_storage *)ctx)->profile, insn, mode);
  return (struct vmm_behaviour){b->kind, b->body};
}

static unsigned user_mode(void *ctx)
{
  return profile_user_mode(((struct patcher_storage *)ctx)->profile);
}

struct vmm_env patcher_env(struct patcher_storage *s)
{
  return (struct vmm_env){.ctx = s,
                          .load = load,
                          .decode = decode,
                          .behaviour = behaviour,
                          .behaviour_of = behaviour_of,
                          .user_mode = user_mode};
}

const char *patcher_refuses(const struct profile *p, uint32_t word)
{
  struct isa_decoded d;
  return profile_decode(p, word, &d) && d.insn == ISA_HCALL
             ? NULL
             : "what stands in its place is no hypercall";
}

char *patcher_text(uint32_t at, uint32_t word, char buf[PATCHER_TEXT_SIZE])
{
  int n = snprintf(buf, PATCHER_TEXT_SIZE, "0x%08" PRIx32 ": 0x%08" PRIx32 " ", at, word);
  isa_print(buf + n, PATCHER_TEXT_SIZE - (size_t)n, word, at, NULL, NULL);
  return buf;
}
