#include "tools/verify/divergence.h"

#define CHUNK 4096u

struct chunk {
  uint32_t before[CHUNK / 4], bare[CHUNK / 4], vm[CHUNK / 4];
};

static void compare_chunk(struct divergence *d, const struct chunk *c, uint32_t at)
{
  for (uint32_t i = 0; i < CHUNK / 4; i++) {
    bool differ = c->bare[i] != c->vm[i];
    if (!differ && c->before[i] == c->bare[i])
      continue;
    d->words_differing += differ;
    if (d->word_count < DIVERGENCE_WORDS)
      d->words[d->word_count++] =
          (struct divergence_word){at + 4 * i, c->before[i], c->bare[i], c->vm[i]};
  }
}

/* The storage of all three, page by page. Without the state before, what both
 * changed alike is not shown. */
static void compare_storage(struct divergence *d, struct machine *bare, struct machine *vm,
                            struct machine *at_before)
{
  struct chunk c;
  for (uint32_t at = 0; at < machine_storage_size(bare); at += CHUNK) {
    machine_phys_read(bare, gpa(at), c.bare, CHUNK);
    machine_phys_read(vm, gpa(at), c.vm, CHUNK);
    machine_phys_read(at_before ? at_before : bare, gpa(at), c.before, CHUNK);
    compare_chunk(d, &c, at);
  }
}

/* The storage keys of all three; none on a profile without. */
static void compare_keys(struct divergence *d, struct machine *bare, struct machine *vm,
                         struct machine *at_before)
{
  for (uint32_t at = 0; at < machine_storage_size(bare); at += KEY_BLOCK_SIZE) {
    uint8_t key[3];
    machine_key_get(at_before ? at_before : bare, gpa(at), &key[0]);
    machine_key_get(bare, gpa(at), &key[1]);
    machine_key_get(vm, gpa(at), &key[2]);
    bool changed = key[0] != key[1] || key[1] != key[2];
    if (changed && d->key_count < DIVERGENCE_WORDS)
      d->keys[d->key_count++] = (struct divergence_word){at, key[0], key[1], key[2]};
  }
}

void divergence_look(struct divergence *d, struct machine *bare, struct machine *vm,
                     struct machine *at_before)
{
  d->devices_differ = machine_device_digest(bare) != machine_device_digest(vm);
  if (machine_storage_digest(bare) != machine_storage_digest(vm) || at_before) {
    compare_storage(d, bare, vm, at_before);
    compare_keys(d, bare, vm, at_before);
  }
  d->word_known = at_before && observe_instruction(at_before, &d->word);
}

void divergence_from_lockstep(struct divergence *d, const struct lockstep *l,
                              struct machine *at_before)
{
  *d = (struct divergence){.initially = l->initially,
                           .before = l->before,
                           .step = {l->step[0], l->step[1]},
                           .after = {l->after[0], l->after[1]}};
  divergence_look(d, l->machine[0], l->machine[1], at_before);
}

static bool took_interrupt(const struct step *s)
{
  return s->stop.why == MACHINE_TRAP && isa_cause_is_interrupt((unsigned)s->stop.trap.cause);
}

/* Sensitive, and executed by the real machine without the VMM hearing of it. */
static bool is_hole(const struct explanation *e)
{
  const struct isa_insn_info *info = isa_insn_info(e->insn);
  return info->group == ISA_GROUP_SYSTEM && info->sensitive[0] &&
         (e->vm->kind == PROFILE_NOP || e->vm->kind == PROFILE_BODY);
}

struct explanation divergence_explain(const struct divergence *d, const struct profile *p)
{
  struct explanation e = {.mode = psw_mode(d->before.cr[CR_PSW]),
                          .real_mode = profile_user_mode(p)};
  struct isa_decoded decoded;
  e.has_insn = d->word_known && profile_decode(p, d->word, &decoded);
  if (e.has_insn) {
    e.insn = decoded.insn;
    e.bare = profile_behaviour(p, e.insn, e.mode);
    e.vm = profile_behaviour(p, e.insn, e.real_mode);
  }
  if (d->initially)
    e.cause = DIVERGENCE_INITIAL;
  else if (took_interrupt(&d->step[0]) || took_interrupt(&d->step[1]))
    e.cause = DIVERGENCE_INTERRUPT;
  else if (e.has_insn && is_hole(&e))
    e.cause = DIVERGENCE_HOLE;
  else
    e.cause = DIVERGENCE_VMM;
  return e;
}
