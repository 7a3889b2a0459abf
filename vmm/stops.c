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
  return stops_set(&vm->stops, wanted);
}

void vm_stops_from(struct machine *m, uint64_t tick)
{
  stops_from(&vm_of(m)->stops, vm_of(m)->cpu.tick, tick);
}

/* Virtual addresses are the same in the real machine; physical ones lie where the VM's
 * storage does. The mode is the VMM's, and so is waiting. */
bool vm_load_stops(struct vm *vm)
{
  struct vmm *vmm = vm->vmm;
  const struct stops *s = &vm->stops;
  struct machine_stops real = {
      .breaks = s->breaks, .break_count = s->break_count, .io = s->io, .watch_count = 0};
  struct machine_watch *watches = calloc(s->watch_count + 1, sizeof *watches);
  vmm->stopper = NULL;
  if (!watches || !s->armed) {
    machine_set_stops(vmm->real, NULL);
    free(watches);
    return !s->armed;
  }
  for (unsigned i = 0; i < s->watch_count; i++) {
    watches[i] = s->watches[i];
    watches[i].range.start.v += vm->storage.start.v;
  }
  real.watches = watches;
  real.watch_count = s->watch_count;
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
