/* Hints of a guest about its storage: where the VMM's and the guest's management of it meet.
 *
 * A VMM that only sees loads and stores keeps a page that the guest has freed, writes it to the
 * swap file, reads it back so that the guest can overwrite it, and zeroes pages that the
 * guest will zero again: the information gap. A guest that says which page it clears closes it.
 * And one that asks how many pages it should do without (a balloon) chooses itself which: it
 * knows better.
 */
#include "vmm/memory/hints.h"

#include "vmm/internal.h"

#define AT_ONCE 8u /* pages that are asked for more than before */

/* As long as there are not frames for all pages in the swap file the guests that listen are to
 * give some more; when there is room again they may have theirs back. */
static uint32_t wanted(const struct vm *vm)
{
  const struct frames *f = &vm->vmm->frames;
  uint32_t swapped = f->swap.slots - f->swap.unused;
  if (!pmap_is_scattered(vm)) {
    return 0;
  }
  if (swapped <= f->free_count) {
    return f->free_count - swapped > f->count / 4 ? 0 : vm->given;
  }
  swapped -= f->free_count;
  uint32_t most = vm->pmap.pages - vm->given;
  uint32_t more = swapped < AT_ONCE ? swapped : AT_ONCE;
  return vm->given + (more < most ? more : most);
}

static uint32_t clear(struct vm *vm, uint32_t at)
{
  static const uint8_t zeros[ISA_PAGE_SIZE];
  if (at % ISA_PAGE_SIZE != 0 || at >= vm->storage.size) {
    return HINT_REFUSED;
  }
  if (vm->stops.watch_count > 0) {
    vm_note_transfer(vm, gpa(at), zeros, sizeof zeros);
  }
  memory_writing(vm, gpa(at), ISA_PAGE_SIZE);
  bool done = pmap_clear(vm, gpa(at));
  memory_written(vm, gpa(at), ISA_PAGE_SIZE);
  return done ? 0 : HINT_REFUSED;
}

bool hint_is(const struct vm *vm, uint32_t number)
{
  return vm->hints && number >= HINT_VERSION && number < HINTS_END;
}

void hint_take(struct vm *vm, uint32_t number)
{
  uint32_t a0 = vcpu_get_reg(vm, REG_A0), answer = HINTS_VERSION_1;
  vm_touch(vm);
  if (number == HINT_CLEAR) {
    answer = clear(vm, a0);
  } else if (number == HINT_PAGES) {
    vm->given = a0 < vm->pmap.pages ? a0 : vm->pmap.pages;
    answer = wanted(vm);
  }
  vcpu_set_reg(vm, REG_A0, answer);
  vcpu_set_pc(vm, vcpu_get_pc(vm) + (uint32_t)sizeof(uint32_t));
  vm->stats.hypercalls++;
}

void hint_missed(struct vm *vm, struct trap real)
{
  struct vmm_insn insn = vm->env.decode(vm, real.insn);
  enum isa_insn i = insn.decoded.insn;
  bool store = insn.legal && (i == ISA_SW || i == ISA_SH || i == ISA_SB);
  vm->paging.zeroed_twice += store && vcpu_get_reg(vm, insn.decoded.a) == 0;
}
