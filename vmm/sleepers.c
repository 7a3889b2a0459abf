/* VMs that sleep until a tick of the real machine: a heap, the earliest first and among
 * equals the one with the lower slot, so that the order of waking does not hang on how
 * the heap came about. Room for every VM is made when the VM is (processor.c).
 */
#include "vmm/internal.h"

static bool before(const struct vm *a, const struct vm *b)
{
  return a->place.wake != b->place.wake ? a->place.wake < b->place.wake
                                        : a->place.slot < b->place.slot;
}

static void put_at(struct processor *p, uint32_t at, struct vm *vm)
{
  p->sleeper[at] = vm;
  vm->place.at = at;
}

static void sift(struct processor *p, uint32_t at, struct vm *vm)
{
  while (at > 0 && before(vm, p->sleeper[(at - 1) / 2])) {
    put_at(p, at, p->sleeper[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child + 1 < p->sleepers && before(p->sleeper[child + 1], p->sleeper[child])) {
      child++;
    }
    if (child >= p->sleepers || before(vm, p->sleeper[child])) {
      break;
    }
    put_at(p, at, p->sleeper[child]);
    at = child;
  }
  put_at(p, at, vm);
}

void sleepers_add(struct processor *p, struct vm *vm)
{
  sift(p, p->sleepers++, vm);
}

void sleepers_remove(struct processor *p, struct vm *vm)
{
  struct vm *last = p->sleeper[--p->sleepers];
  if (last != vm) {
    sift(p, vm->place.at, last);
  }
}

struct vm *sleepers_first(const struct processor *p)
{
  return p->sleepers > 0 ? p->sleeper[0] : NULL;
}
