/* The technique `patch`: everything executes directly at its own address, but from copies of
 * the guest's pages in which a trap stands in the place of each instruction that must not
 * execute in user mode. docs/patch.md.
 *
 * A page is copied when it is first fetched from. The copy is mapped for fetches only: a load
 * there is interpreted and finds the original, a store is interpreted and copied.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"
#include "vmm/techniques/tcache.h"

#define PAGE_MASK (ISA_PAGE_SIZE - 1)
#define NO_PAGE   UINT32_MAX

struct patching {
  uint32_t count, next; /* frames for copies; the one to be used next */
  uint16_t *copy_of;    /* of each page of guest storage: its copy's number, and 1; 0: none */
  struct copy {
    uint32_t frame, page; /* page: NO_PAGE, if it is none */
  } copy[];
};

uint32_t patch_frames(const struct vmm_vm_config *config)
{
  uint32_t bytes = config->cache ? config->cache : VMM_CACHE;
  uint32_t pages = bytes / ISA_PAGE_SIZE;
  return pages == 0 ? 1 : pages < UINT16_MAX ? pages : UINT16_MAX - 1;
}

bool patch_create(struct vm *vm, const struct vmm_vm_config *config)
{
  uint32_t count = patch_frames(config);
  struct patching *p = calloc(1, sizeof *p + count * sizeof p->copy[0]);
  vm->patching = p;
  if (!p) {
    return false;
  }
  p->copy_of = calloc(vm->storage.size / ISA_PAGE_SIZE, sizeof *p->copy_of);
  bool ok = p->copy_of != NULL;
  for (; ok && p->count < count; p->count++) {
    struct vmm_frame f = memory_take_table(vm, VMM_TABLE_CODE);
    p->copy[p->count] = (struct copy){f.at.v, NO_PAGE};
    ok = f.ok;
  }
  return ok;
}

void patch_destroy(struct vm *vm)
{
  if (vm->patching) {
    free(vm->patching->copy_of);
  }
  free(vm->patching);
}

static struct copy *copy_of(const struct vm *vm, uint32_t at)
{
  struct patching *p = vm->patching;
  unsigned n = at < vm->storage.size ? p->copy_of[at / ISA_PAGE_SIZE] : 0;
  return n ? &p->copy[n - 1] : NULL;
}

/* ------------------------------------------------------------------- copying */

static bool must_call_out(const struct vm *vm, uint32_t word)
{
  return tcache_must_call_out(vm->machine.profile, machine_profile(vm->vmm->real), word);
}

static void copy_word(struct vm *vm, const struct copy *c, uint32_t offset)
{
  uint32_t word = 0;
  machine_phys_read_word(&vm->machine, gpa(c->page + offset), &word);
  bool patched = must_call_out(vm, word);
  vm->stats.patched += patched;
  machine_phys_write_word(vm->vmm->real, gpa(c->frame + offset),
                          patched ? tcache_callout_word() : word);
}

static void forget_copy(struct vm *vm, struct copy *c)
{
  if (c->page != NO_PAGE) {
    uint32_t page = c->page;
    vm->patching->copy_of[page / ISA_PAGE_SIZE] = 0;
    c->page = NO_PAGE;
    memory_forget(vm, gpa(page));
    memory_trace(vm, TRACE_BY_CODE, gpa(page), false);
  }
}

static void make_copy(struct vm *vm, uint32_t page)
{
  struct patching *p = vm->patching;
  uint32_t n = p->next++ % p->count;
  struct copy *c = &p->copy[n];
  vm->stats.flushes += c->page != NO_PAGE;
  forget_copy(vm, c);
  c->page = page;
  p->copy_of[page / ISA_PAGE_SIZE] = (uint16_t)(n + 1);
  uint64_t patched = vm->stats.patched;
  for (uint32_t offset = 0; offset < ISA_PAGE_SIZE; offset += 4) {
    copy_word(vm, c, offset);
  }
  vm_trace(vm, TRACE_CODE, TRACE_CODE_COPY, page, c->frame,
           (uint32_t)(vm->stats.patched - patched));
  memory_forget(vm, gpa(page));
  memory_trace(vm, TRACE_BY_CODE, gpa(page), true);
  vm->stats.blocks++;
}

void patch_written(struct vm *vm, gpa_t at, uint32_t len)
{
  for (uint32_t word = at.v & ~3u; word < at.v + len; word += 4) {
    const struct copy *c = copy_of(vm, word);
    if (c) {
      copy_word(vm, c, word & PAGE_MASK);
      vm->stats.invalidated++;
    }
  }
}

void patch_reset(struct vm *vm)
{
  for (uint32_t i = 0; i < vm->patching->count; i++) {
    forget_copy(vm, &vm->patching->copy[i]);
  }
}

/* ------------------------------------------------------------------ the real map */

bool patch_frame(const struct vm *vm, gpa_t at, mpa_t *frame)
{
  const struct copy *c = vm->patching ? copy_of(vm, at.v) : NULL;
  *frame = mpa(c ? c->frame : 0);
  return c != NULL;
}

static bool is_copy(const struct vm *vm, uint32_t frame)
{
  const struct patching *p = vm->patching;
  for (uint32_t i = 0; i < p->count; i++) {
    if (p->copy[i].frame == frame) {
      return p->copy[i].page != NO_PAGE;
    }
  }
  return false;
}

/* An original cannot be fetched from, and a copy only that. */
uint32_t patch_entry(const struct vm *vm, uint32_t entry)
{
  return is_copy(vm, pte_frame(entry)) ? (entry & ~PTE_WRITE) | PTE_FETCH_ONLY
                                       : entry & ~PTE_EXECUTE;
}

bool patch_may_lead_to(const struct vm *vm, uint32_t frame)
{
  return vm->patching && is_copy(vm, frame);
}

/* ----------------------------------------------------------------------- traps */

static struct translation translate(struct vm *vm, uint32_t va, enum machine_access access)
{
  uint32_t psw = vm->cpu.cr[CR_PSW];
  return vm->env.translate(vm, gva(va), 1, access, psw_te(psw), psw_mode(psw));
}

static bool is_fetch(struct trap real)
{
  return real.insn == 0 && real.value == real.epc;
}

/* A page that does not lie on a page of storage cannot be mapped at all. */
enum translate_trap patch_trap(struct vm *vm, struct trap *real)
{
  if (real->cause == CAUSE_HYPERCALL) {
    struct translation t = translate(vm, real->epc, MACHINE_FETCH);
    uint32_t word = 0;
    if (t.ok && machine_phys_read_word(&vm->machine, t.pa, &word) && must_call_out(vm, word)) {
      real->insn = word;
      vm->stats.callouts++;
      return TRANSLATE_CALLOUT;
    }
  }
  if (isa_cause_info(real->cause)->kind != ISA_CAUSE_MEMORY) {
    return TRANSLATE_GUEST;
  }
  struct translation t = translate(vm, real->value, is_fetch(*real) ? MACHINE_FETCH : MACHINE_LOAD);
  if (!t.ok || ((t.pa.v ^ real->value) & PAGE_MASK)) {
    return TRANSLATE_GUEST;
  }
  if (!is_fetch(*real)) {
    return copy_of(vm, t.pa.v) ? TRANSLATE_HIDDEN : TRANSLATE_GUEST;
  }
  if (copy_of(vm, t.pa.v)) {
    return TRANSLATE_GUEST;
  }
  make_copy(vm, t.pa.v & ~PAGE_MASK);
  return TRANSLATE_EXIT;
}
