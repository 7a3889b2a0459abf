/* Lab 5: what is sensitive and does not trap is replaced by a hypercall. */
#include <stdlib.h>

#include "labs/patch.h"

struct place {
  uint32_t at, word;
};

struct memory {
  struct place *place;
  size_t count, room;
};

static void *create(void *with)
{
  (void)with;
  return calloc(1, sizeof(struct memory));
}

static void destroy(void *state)
{
  struct memory *m = state;
  free(m->place);
  free(m);
}

/* A system instruction that does something where it should trap. */
static bool stands_in_the_way(const struct vmm_env *env, uint32_t word)
{
  struct vmm_insn insn = env->decode(env->ctx, word);
  if (!insn.legal || isa_insn_info(insn.decoded.insn)->group != ISA_GROUP_SYSTEM) {
    return false;
  }
  return env->behaviour(env->ctx, insn.decoded.insn, env->user_mode(env->ctx)) != PROFILE_TRAP;
}

/* Any hypercall does: where it stands says which it is. */
static uint32_t hypercall(void)
{
  struct isa_decoded d = {.insn = ISA_HCALL, .imm = 0xffff};
  uint32_t word = 0;
  isa_encode(&d, &word, NULL, NULL, NULL);
  return word;
}

static struct patch_word patch(void *state, const struct vmm_env *env, gpa_t at)
{
  struct memory *m = state;
  struct vmm_word there = env->load(env->ctx, at);
  if (!there.ok || !stands_in_the_way(env, there.word)) {
    return (struct patch_word){.replace = false};
  }
  if (m->count == m->room) {
    size_t room = m->room ? 2 * m->room : 64;
    struct place *grown = realloc(m->place, room * sizeof *grown);
    if (!grown) {
      return (struct patch_word){.replace = false};
    }
    m->place = grown;
    m->room = room;
  }
  m->place[m->count++] = (struct place){at.v, there.word};
  return (struct patch_word){.replace = true, .word = hypercall()};
}

static struct vmm_word original(void *state, const struct vmm_env *env, gpa_t at)
{
  const struct memory *m = state;
  (void)env;
  for (size_t i = 0; i < m->count; i++) {
    if (m->place[i].at == at.v) {
      return (struct vmm_word){true, m->place[i].word};
    }
  }
  return (struct vmm_word){.ok = false};
}

const struct patch_module lab_patch = {
    .create = create, .destroy = destroy, .patch = patch, .original = original};
