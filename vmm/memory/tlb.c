/* Emulated TLB, as Disco's: for a guest that refills its TLB itself, on a machine whose TLB is
 * refilled by software too. docs/memory.md, "A TLB over a TLB".
 *
 * The guest's TLB is virtual: tlbw, tlbp and tlbi trap, and change 64 entries that the VMM
 * keeps, in guest-physical addresses. The real TLB holds some of what these say, in addresses
 * of the machine below, and is filled when the guest misses in it: *silently*, at no virtual
 * tick, if the virtual TLB has an entry; else the miss is the guest's own. So what the real TLB
 * happens to hold is never seen.
 *
 * Rights differ by virtual mode and the real mode never does, so each virtual mode has a real
 * address space of its own; and one is the virtual machine's physical storage, for TE off.
 *
 * Two settings. `exact` is this. `disco` is what Disco did besides: a second, larger TLB of the
 * VMM's behind the virtual one, which keeps what the guest has loaded and *the machine* has
 * chosen to displace. A miss that it can answer is silent. To the guest it is as if the machine had
 * a TLB of more entries, which it cannot name: so whatever entitles a guest to believe that a
 * translation is in its TLB no longer, takes it out of the second level too:
 *   tlbi of its address and space;
 *   a tlbp for it that finds nothing in the virtual TLB;
 *   a tlbw of an entry for the same page and space, or over such an entry by number;
 *   tlbw by number to all the entries that the machine chooses from: this empties it.
 */
#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"
#include "vmm/modules.h"

#define SETS 256u
#define WAYS 4u

/* The second level, and which entries were written by number since it was last emptied. */
struct set {
  struct vmm_tlb_entry entry[WAYS];
  uint32_t next; /* to be replaced */
};
struct second {
  struct set set[SETS];
  uint64_t named;
};

static struct set *set_of(struct second *s, uint32_t hi)
{
  return &s->set[(hi >> 12 ^ hi >> 20) % SETS];
}

/* Whether one of them could hide the other. */
static bool overlap(struct vmm_tlb_entry a, struct vmm_tlb_entry b)
{
  return (b.lo & PTE_VALID) && tlb_matches(a.hi, a.lo | (b.lo & PTE_GLOBAL), b.hi, b.hi);
}

/* The real TLB may hold what this entry says, or what it hid. */
static void drop_real(const struct vmm_env *env, struct vmm_tlb_entry e)
{
  if (e.lo & PTE_VALID) {
    bool everybodys = e.lo & PTE_GLOBAL;
    env->real_drop(env->ctx, gva(e.hi), VMM_SPACE_TE | (everybodys ? 0 : TLB_HI_SPACE),
                   VMM_SPACE_TE | (e.hi & TLB_HI_SPACE));
  }
}

/* -------------------------------------------------------------- the second level */

static void second_drop(struct second *s, const struct vmm_env *env, struct vmm_tlb_entry like)
{
  struct vmm_tlb_entry *e = set_of(s, like.hi)->entry;
  for (unsigned i = 0; i < WAYS; i++) {
    if (overlap(e[i], like)) {
      drop_real(env, e[i]);
      e[i] = (struct vmm_tlb_entry){.ok = false};
    }
  }
}

static void second_empty(struct second *s, const struct vmm_env *env)
{
  for (unsigned i = 0; i < SETS * WAYS; i++) {
    drop_real(env, s->set[i / WAYS].entry[i % WAYS]);
  }
  memset(s, 0, sizeof *s);
}

static void second_keep(struct second *s, const struct vmm_env *env, struct vmm_tlb_entry e)
{
  if (!(e.lo & PTE_VALID)) {
    return;
  }
  second_drop(s, env, e);
  struct set *set = set_of(s, e.hi);
  drop_real(env, set->entry[set->next]);
  set->entry[set->next] = e;
  set->next = (set->next + 1) % WAYS;
}

static void second_note(struct second *s, const struct vmm_env *env, struct vmm_tlb_act act)
{
  const uint64_t chosen_from = ~0ull << TLB_WIRED;
  struct vmm_tlb_entry named = {true, act.was.hi, PTE_VALID};
  switch (act.kind) {
  case VMM_TLB_BY_CHANCE:
    second_keep(s, env, act.was);
    second_drop(s, env, act.is);
    break;
  case VMM_TLB_BY_NUMBER:
    second_drop(s, env, act.was);
    second_drop(s, env, act.is);
    s->named |= 1ull << act.index;
    if ((s->named & chosen_from) == chosen_from) {
      second_empty(s, env);
    }
    break;
  case VMM_TLB_INVALIDATED:
    break;
  case VMM_TLB_PROBED_IN_VAIN:
  case VMM_TLB_INVALIDATED_ALL:
    second_drop(s, env, named);
    break;
  case VMM_TLB_BY_OWNER:
    second_empty(s, env);
    break;
  }
}

/* Asked where the virtual TLB has none. */
static struct vmm_tlb_entry second_find(void *state, uint32_t va, uint32_t space)
{
  const struct vmm_tlb_entry *e = set_of(state, va)->entry;
  for (unsigned i = 0; i < WAYS; i++) {
    if (tlb_matches(e[i].hi, e[i].lo, va, space)) {
      return e[i];
    }
  }
  return (struct vmm_tlb_entry){.ok = false};
}

/* --------------------------------------------------------------- the real TLB */

static uint32_t current_space(const struct vmm_env *env)
{
  uint32_t psw = env->get_cr(env->ctx, CR_PSW), asid = env->get_cr(env->ctx, CR_ASID);
  return psw_te(psw) ? VMM_SPACE_TE | psw_mode(psw) << VMM_SPACE_MODE_SHIFT | asid : 0;
}

static struct vmm_real_map compose(void *state, const struct vmm_env *env)
{
  (void)state;
  return (struct vmm_real_map){.asid = env->real_space(env->ctx, current_space(env))};
}

static bool is_store(const struct vmm_env *env, uint32_t word)
{
  struct vmm_insn insn = env->decode(env->ctx, word);
  switch (insn.legal ? insn.decoded.insn : ISA_INSN_COUNT) {
  case ISA_SB:
  case ISA_SH:
  case ISA_SW:
  case ISA_STPREV:
  case ISA_PUSHF:
  case ISA_SVBR:
    return true;
  default:
    return false;
  }
}

/* What the virtual machine would answer to it, in the virtual mode. */
static struct translation ask(const struct vmm_env *env, uint32_t va, enum machine_access access)
{
  uint32_t psw = env->get_cr(env->ctx, CR_PSW);
  return env->translate(env->ctx, gva(va), 1, access, psw_te(psw), psw_mode(psw));
}

/* All that it allows there; the VMM may have reasons to allow less. */
static uint32_t rights(const struct vmm_env *env, uint32_t va)
{
  return (ask(env, va, MACHINE_STORE).ok ? PTE_WRITE : 0) |
         (ask(env, va, MACHINE_FETCH).ok ? PTE_EXECUTE : 0) |
         (ask(env, va, MACHINE_LOAD).ok ? 0 : PTE_FETCH_ONLY);
}

/* The real machine's unmapped segment is its kernel's, and no guest runs there: the guest's own
 * can only be interpreted. */
static enum vmm_fault fault(void *state, const struct vmm_env *env, struct trap real)
{
  if (real.cause == CAUSE_ALIGNMENT || real.cause == CAUSE_BUS) {
    return VMM_FAULT_TRUE;
  }
  uint32_t va = real.value;
  enum machine_access access = real.insn == 0             ? MACHINE_FETCH
                               : is_store(env, real.insn) ? MACHINE_STORE
                                                          : MACHINE_LOAD;
  struct translation t = ask(env, va, access);
  if (!t.ok) {
    return VMM_FAULT_TRUE;
  }
  if ((env->features(env->ctx) & ISA_FEATURE_KSEG) && kseg_has(va)) {
    return VMM_FAULT_INTERPRET;
  }
  if (state && second_find(state, va, env->get_cr(env->ctx, CR_ASID)).ok) {
    env->count(env->ctx, VMM_MEMORY_BEHIND);
  }
  bool filled = env->real_fill(env->ctx, current_space(env), gva(va), t.pa, rights(env, va),
                               access == MACHINE_STORE);
  return filled ? VMM_FAULT_HIDDEN : VMM_FAULT_INTERPRET;
}

static void forget(void *state, const struct vmm_env *env, gpa_t at)
{
  (void)state;
  env->real_forget(env->ctx, at);
}

/* What entries show or hide is decided by their page numbers. */
static void tlb_acted(void *state, const struct vmm_env *env, struct vmm_tlb_act act)
{
  if (act.kind != VMM_TLB_PROBED_IN_VAIN && act.kind != VMM_TLB_INVALIDATED_ALL) {
    drop_real(env, act.was);
    drop_real(env, act.is);
  }
  if (state) {
    second_note(state, env, act);
  }
}

/* ------------------------------------------------------------------- the modules */

static void *create(void *with)
{
  (void)with;
  return calloc(1, sizeof(struct second));
}

static uint32_t save(void *state, void *bytes, uint32_t room)
{
  if (room >= sizeof(struct second)) {
    memcpy(bytes, state, sizeof(struct second));
  }
  return sizeof(struct second);
}

static bool load(void *state, const void *bytes, uint32_t len)
{
  if (len == sizeof(struct second)) {
    memcpy(state, bytes, len);
  }
  return len == sizeof(struct second);
}

const struct vmm_memory_module vmm_memory_exact = {
    .compose = compose, .fault = fault, .forget = forget, .tlb_acted = tlb_acted};
const struct vmm_memory_module vmm_memory_disco = {.create = create,
                                                   .destroy = free,
                                                   .compose = compose,
                                                   .fault = fault,
                                                   .forget = forget,
                                                   .tlb_acted = tlb_acted,
                                                   .tlb_behind = second_find,
                                                   .save = save,
                                                   .load = load};
