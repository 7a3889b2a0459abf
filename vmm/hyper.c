/* The frame around the module of the technique `paravirt`: what the main loop asks of it,
 * and its state as a part of the virtual machine's.
 */
#include <stdlib.h>
#include <string.h>

#include "machine/digest.h"
#include "vmm/internal.h"
#include "vmm/techniques/paravirt.h"

const struct vmm_paravirt_module *hyper_module(const struct vmm *vmm)
{
  return vmm->modules->paravirt ? vmm->modules->paravirt : &vmm_paravirt;
}

bool hyper_has_taken_over(const struct vm *vm)
{
  return hyper_module(vm->vmm)->takes_over(vm->state.paravirt);
}

/* With nothing pending nothing may be taken, and nothing has happened that the guest
 * would have to be told. */
bool hyper_open(struct vm *vm)
{
  const struct vmm_paravirt_module *module = hyper_module(vm->vmm);
  if (vm->cpu.cr[CR_IPEND] == 0) {
    return false;
  }
  module->boundary(vm->state.paravirt, &vm->env);
  return module->open(vm->state.paravirt, &vm->env);
}

uint32_t hyper_psw(const struct vm *vm, uint32_t psw)
{
  return psw_set_ie(psw, hyper_module(vm->vmm)->open(vm->state.paravirt, &vm->env));
}

/* What is pinned is traced, so that no store reaches it directly. */
void hyper_protect(struct vm *vm)
{
  const struct vmm_paravirt_module *module = hyper_module(vm->vmm);
  for (uint32_t i = 0; i < vm->pinned_count; i++) {
    memory_trace(vm, TRACE_BY_TABLES, gpa(vm->pinned[i]), false);
  }
  vm->pinned_count = 0;
  for (uint32_t i = 0; module->table && i < VMM_MAX_PINNED; i++) {
    uint32_t page = module->table(vm->state.paravirt, i);
    if (page >= vm->storage.size) {
      return;
    }
    vm->pinned[vm->pinned_count++] = page;
    memory_trace(vm, TRACE_BY_TABLES, gpa(page), true);
  }
}

void hyper_call(struct vm *vm, uint32_t number)
{
  vm->emulating = true;
  struct vmm_hyper_work work =
      hyper_module(vm->vmm)->hypercall(vm->state.paravirt, &vm->env, number);
  vm->emulating = false;
  if (number == HYPER_PIN || number == HYPER_UNPIN) {
    hyper_protect(vm);
  }
  vm->stats.hypercalls++;
  vm->stats.refused += !work.done;
  vm->stats.ring_requests += work.requests;
  vm->stats.ring_bytes += work.bytes;
}

/* ------------------------------------------------------------------ its state
 * Saved devices of a guest that has not made itself known are those of any machine. Else
 * the state follows them: its bytes, their number, a mark. */

#define MARK 0x564d31u

struct tail {
  uint32_t len, mark;
};

static uint32_t save(const struct vm *vm, uint8_t *bytes)
{
  uint32_t len = hyper_module(vm->vmm)->save(vm->state.paravirt, bytes, VMM_PARAVIRT_STATE);
  return len <= VMM_PARAVIRT_STATE ? len : 0;
}

uint64_t hyper_digest(const struct vm *vm, uint64_t digest)
{
  uint8_t bytes[VMM_PARAVIRT_STATE];
  for (uint32_t i = 0, len = save(vm, bytes); i < len; i++) {
    digest = digest_add(digest, bytes[i]);
  }
  return digest;
}

bool hyper_save(const struct vm *vm, struct machine_blob *blob)
{
  uint8_t state[VMM_PARAVIRT_STATE];
  struct tail tail = {save(vm, state), MARK};
  uint8_t *bytes = realloc(blob->bytes, blob->len + tail.len + sizeof tail);
  if (!bytes) {
    free(blob->bytes);
    *blob = (struct machine_blob){0};
    return false;
  }
  memcpy(bytes + blob->len, state, tail.len);
  memcpy(bytes + blob->len + tail.len, &tail, sizeof tail);
  *blob = (struct machine_blob){bytes, blob->len + tail.len + sizeof tail};
  return true;
}

/* As it is after create(). */
static bool forget(struct vm *vm)
{
  const struct vmm_paravirt_module *module = hyper_module(vm->vmm);
  void *fresh = module->create(vm->vmm->modules->with);
  if (fresh) {
    module->destroy(vm->state.paravirt);
    vm->state.paravirt = fresh;
    hyper_protect(vm);
  }
  return fresh != NULL;
}

/* The devices' own reader takes exactly theirs: so a blob is one kind or the other. */
bool hyper_load(struct vm *vm, const struct machine_blob *blob)
{
  const struct vmm_paravirt_module *module = hyper_module(vm->vmm);
  uint8_t old[VMM_PARAVIRT_STATE];
  uint32_t old_len = save(vm, old);
  struct tail tail;
  if (devices_load(&vm->devices, blob)) {
    return forget(vm);
  }
  if (blob->len < sizeof tail) {
    return false;
  }
  memcpy(&tail, blob->bytes + blob->len - sizeof tail, sizeof tail);
  if (tail.mark != MARK || tail.len > blob->len - sizeof tail) {
    return false;
  }
  struct machine_blob devices = {blob->bytes, blob->len - sizeof tail - tail.len};
  if (!module->load(vm->state.paravirt, blob->bytes + devices.len, tail.len)) {
    return false;
  }
  if (!devices_load(&vm->devices, &devices)) {
    module->load(vm->state.paravirt, old, old_len);
    return false;
  }
  hyper_protect(vm);
  return true;
}
