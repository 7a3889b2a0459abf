/* Where a VM's owner wants its runs to stop (machine_set_stops). Direct execution is
 * stopped by the real machine; what a guest does by way of the VMM is noted here.
 */
#include <stdlib.h>

#include "vmm/internal.h"

bool vm_set_stops(struct machine *m, const struct machine_stops *wanted)
{
  struct vm *vm = vm_of(m);
  if (vm->vmm->stopper == vm) {
    machine_set_stops(vm->vmm->real, NULL);
    vm->vmm->stopper = NULL;
  }
  pmap_unpin_all(vm);
  return stops_set(&vm->stops, wanted);
}

void vm_stops_from(struct machine *m, uint64_t tick)
{
  stops_from(&vm_of(m)->stops, vm_of(m)->cpu.tick, tick);
}

/* What the real machine is to watch for `wanted`, of storage in frames the part of each page.
 * Answers how many, and writes them if there is a place. */
static unsigned watched_parts(struct vm *vm, const struct machine_watch *wanted,
                              struct machine_watch *part)
{
  gpa_range_t left = wanted->range;
  unsigned count = 0;
  while (left.size > 0 && left.start.v < vm->storage.size) {
    uint32_t room = ISA_PAGE_SIZE - left.start.v % ISA_PAGE_SIZE;
    uint32_t n = left.size < room ? left.size : room;
    if (part) {
      struct pmap_frame f = pmap_frame(vm, left.start, true);
      part[count].on = wanted->on;
      part[count].range = (gpa_range_t){gpa(f.frame.v + left.start.v % ISA_PAGE_SIZE), n};
    }
    count++;
    left = (gpa_range_t){gpa(left.start.v + n), left.size - n};
  }
  return count;
}

/* Each page of it in a frame of its own, where it stays: an access to another's is none of this
 * VM's. False: there are not so many. */
static bool pin(struct vm *vm, gpa_range_t range)
{
  uint64_t end = (uint64_t)range.start.v + range.size;
  bool ok = true;
  for (uint64_t at = range.start.v; ok && at < end && at < vm->storage.size;
       at += ISA_PAGE_SIZE - at % ISA_PAGE_SIZE) {
    ok = pmap_pin(vm, gpa((uint32_t)at));
  }
  return ok;
}

/* NULL: no memory. */
static struct machine_watch *real_watches(struct vm *vm, unsigned *count)
{
  const struct stops *s = &vm->stops;
  unsigned most = s->watch_count + 1;
  *count = 0;
  for (unsigned i = 0; pmap_is_scattered(vm) && i < s->watch_count; i++) {
    if (!pin(vm, s->watches[i].range)) {
      return NULL;
    }
    most += watched_parts(vm, &s->watches[i], NULL);
  }
  struct machine_watch *watches = calloc(most, sizeof *watches);
  for (unsigned i = 0; watches && i < s->watch_count; i++) {
    if (pmap_is_scattered(vm)) {
      *count += watched_parts(vm, &s->watches[i], watches + *count);
    } else {
      watches[*count] = s->watches[i];
      watches[(*count)++].range.start.v += vm->storage.start.v;
    }
  }
  return watches;
}

/* Which of the VM's own watches it was, where those of the real machine are parts of them. */
static void find_watch(const struct stops *s, struct machine_hit *hit)
{
  unsigned on = hit->event == MACHINE_EVENT_LOAD ? MACHINE_ON_LOAD
                : hit->changed                   ? MACHINE_ON_STORE | MACHINE_ON_CHANGE
                                                 : MACHINE_ON_STORE;
  for (hit->id = 0; hit->id + 1 < s->watch_count; hit->id++) {
    const struct machine_watch *w = &s->watches[hit->id];
    if (range_overlaps(w->range.start.v, w->range.size, hit->at.v, hit->size) && (w->on & on)) {
      return;
    }
  }
}

void vm_own_hit(struct vm *vm, struct machine_hit *hit)
{
  pmap_find(vm, mpa(hit->at.v), &hit->at);
  if (pmap_is_scattered(vm)) {
    find_watch(&vm->stops, hit);
  }
}

/* Virtual addresses are the same in the real machine; physical ones lie where the VM's
 * storage does. The mode is the VMM's, and so is waiting. */
bool vm_load_stops(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  const struct stops *s = &vm->stops;
  struct machine_stops real = {
      .breaks = s->breaks, .break_count = s->break_count, .io = s->io, .watch_count = 0};
  struct machine_watch *watches = real_watches(vm, &real.watch_count);
  vmm->stopper = NULL;
  if (!watches || !s->armed) {
    machine_set_stops(vmm->real, NULL);
    free(watches);
    return !s->armed;
  }
  real.watches = watches;
  if (machine_set_stops(vmm->real, &real)) {
    vmm->stopper = vm;
  }
  free(watches);
  return vmm->stopper == vm;
}

/* Reflecting reads storage as well; that is no access of the guest's. */
void vm_note_load(struct vm *vm, gpa_t at, uint32_t size, uint32_t value)
{
  if (vm->emulating) {
    stops_access(&vm->stops, MACHINE_EVENT_LOAD, at.v, size, value, value);
  }
}

void vm_note_store(struct vm *vm, gpa_t at, uint32_t size, uint32_t value)
{
  uint32_t old = 0, mask = UINT32_MAX >> (32 - 8 * size);
  if (vm->emulating && machine_phys_read(&vm->machine, at, &old, size)) {
    stops_access(&vm->stops, MACHINE_EVENT_STORE, at.v, size, old, value & mask);
  }
}

void vm_note_port(struct vm *vm, enum machine_event event, uint32_t port, uint32_t value)
{
  if (vm->emulating && vm->stops.io) {
    stops_note(&vm->stops, &(struct machine_hit){.event = event, .port = port, .value = value});
  }
}

void vm_note_transfer(struct vm *vm, gpa_t at, const uint8_t *bytes, uint32_t len)
{
  uint8_t *before = malloc(len);
  if (before && machine_phys_read(&vm->machine, at, before, len)) {
    stops_transfer(&vm->stops, at.v, before, bytes, len);
  }
  free(before);
}
