/* A VMM and its virtual machines, kept and restored: what is not in the machine below.
 * Together with a checkpoint of that it is the state to the last bit, a read of the real
 * disk that is under way included, which a snapshot of the VMs would not be.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/internal.h"

enum {
  DISPATCH,
  EMULATE,
  INTERPRET,
  REFLECT,
  MEMORY,
  TIMER,
  SCHEDULE,
  MINIDISK,
  CHAIN,
  PARAVIRT,
  MODULES
};

struct saved_bytes {
  uint8_t *bytes;
  uint32_t len;
};

struct saved_vm {
  struct vm *vm;
  struct vcpu cpu;
  struct vdisk vdisk; /* its buffer is a copy, or NULL where it does not count */
  struct devices_mark devices;
  struct station station; /* of which only what changes counts */
  struct saved_bytes module[MODULES];
  struct vm_table *table; /* the memory module's side of the frame */
  uint8_t *traced;
  uint32_t traced_pages;
  struct place place;
  struct spin spin;
  uint64_t lag;
  uint64_t served_at;
  unsigned served_there;
  uint32_t last_pc;
  enum machine_why fate;
  char reason[REASON_SIZE];
  struct vmm_stats stats;
  struct vmm_paging paging;
  uint32_t given;
  struct machine_stats machine_stats;
  struct technique_mark technique;
};

struct vmm_checkpoint {
  struct vm *loaded, *disk_for;
  uint32_t disk_waiting;
  uint64_t disk_jobs;
  struct world world;
  struct rtlb rtlb;
  struct processor processor; /* of which not all is restored */
  struct saved_bytes share;   /* its module's state; bytes NULL: it has none */
  struct frames_saved *frames;
  uint8_t *keys;
  bool keys_known; /* the real machine's keys were looked at */
  unsigned violations;
  char first_violation[REASON_SIZE];
  size_t bytes;
  unsigned count;
  struct saved_vm vm[];
};

/* Every module in the same words. */
struct module_state {
  void *state;
  uint32_t (*save)(void *state, void *bytes, uint32_t room);
  bool (*load)(void *state, const void *bytes, uint32_t len);
  const char *unsaved;
};

#define MODULE(vm, name)                                                                           \
  {                                                                                                \
    (vm)->state.name, (vm)->vmm->modules->name->save, (vm)->vmm->modules->name->load,              \
        "the VMM's " #name " module cannot be saved: it has a state, and no save and load"         \
  }

static void list_modules(const struct vm *vm, struct module_state *list)
{
  const struct vmm_paravirt_module *paravirt = hyper_module(vm->vmm);
  const struct module_state all[MODULES] = {
      [DISPATCH] = MODULE(vm, dispatch),
      [EMULATE] = MODULE(vm, emulate),
      [INTERPRET] = MODULE(vm, interpret),
      [REFLECT] = MODULE(vm, reflect),
      [MEMORY] = {vm->state.memory, vm->memory->save, vm->memory->load,
                  "the VMM's memory module cannot be saved: it has a state, and no save and load"},
      [TIMER] = MODULE(vm, timer),
      [SCHEDULE] = MODULE(vm, schedule),
      [MINIDISK] = MODULE(vm, minidisk),
      [CHAIN] = MODULE(vm, chain),
      [PARAVIRT] = {vm->state.paravirt, paravirt->save, paravirt->load,
                    "the VMM's paravirt module cannot be saved: it has no save and load"}};
  memcpy(list, all, sizeof all);
}

/* ------------------------------------------------------------------- taking */

static const char *save_module(const struct module_state *m, struct saved_bytes *to,
                               struct vmm_checkpoint *c)
{
  if (!m->state) {
    return NULL;
  }
  if (!m->save || !m->load) {
    return m->unsaved;
  }
  to->len = m->save(m->state, NULL, 0);
  to->bytes = malloc(to->len + 1u);
  if (!to->bytes || m->save(m->state, to->bytes, to->len) != to->len) {
    return "no memory to save a module of the VMM";
  }
  c->bytes += to->len;
  return NULL;
}

static const char *save_modules(struct saved_vm *s, struct vmm_checkpoint *c)
{
  struct module_state list[MODULES];
  const char *refusal = NULL;
  list_modules(s->vm, list);
  for (unsigned i = 0; i < MODULES && !refusal; i++) {
    refusal = save_module(&list[i], &s->module[i], c);
  }
  return refusal;
}

/* The processor's own books. Where every VM is run by its owner nothing is in them, and a
 * share module need not be able to say so. */
static const char *save_processor(struct vmm_checkpoint *c, struct vmm *vmm)
{
  const struct processor *p = &vmm->processor;
  const struct module_state share = {
      p->share, p->module->save, p->module->load,
      "the VMM's share module cannot be saved: it has a state, and no save and load"};
  bool has_run = false;
  for (const struct vm *vm = vmm->vms; vm; vm = vm->next) {
    has_run |= vm->place.where != PLACE_NEW;
  }
  c->processor = *p;
  return has_run || share.save ? save_module(&share, &c->share, c) : NULL;
}

#define KEPT_AT (DISK_MAX_COUNT * MACHINE_SECTOR_SIZE) /* in a virtual disk's buffer */

static size_t job_bytes(const struct vdisk *v)
{
  return v->job.wanted * MACHINE_SECTOR_SIZE;
}

/* What is transferred, and what is kept, each at its place. */
static void copy_job(struct vdisk *to, size_t to_kept, const struct vdisk *from, size_t from_kept)
{
  memcpy(to->buffer, from->buffer, job_bytes(from));
  memcpy(to->buffer + to_kept, from->buffer + from_kept, job_bytes(from));
}

static const char *save_devices(struct saved_vm *s, struct vmm_checkpoint *c)
{
  const struct vm *vm = s->vm;
  for (unsigned i = 0; i < vm->vdisk.extent_count; i++) {
    if (vm->vdisk.overlays[i]) {
      return "a copy-on-write mini-disk cannot be saved: its overlay is not part of the machine";
    }
  }
  s->vdisk = vm->vdisk;
  s->vdisk.buffer = NULL;
  if (vm->vdisk.job.state != JOB_NONE) {
    s->vdisk.buffer = malloc(2 * job_bytes(&vm->vdisk));
    if (!s->vdisk.buffer) {
      return "no memory to save a virtual disk";
    }
    copy_job(&s->vdisk, job_bytes(&vm->vdisk), &vm->vdisk, KEPT_AT);
    c->bytes += 2 * job_bytes(&vm->vdisk);
  }
  return devices_mark(&vm->devices, &s->devices) ? NULL : "no memory to save a virtual disk";
}

static size_t table_bytes(const struct vm *vm)
{
  return vm->table_count * sizeof *vm->table;
}

static size_t page_count(const struct vm *vm)
{
  return vm->storage.size / ISA_PAGE_SIZE;
}

static const char *save_memory(struct saved_vm *s, struct vmm_checkpoint *c)
{
  const struct vm *vm = s->vm;
  s->table = malloc(table_bytes(vm) + 1);
  s->traced = malloc(page_count(vm));
  if (!s->table || !s->traced) {
    return "no memory to save a virtual machine's tables";
  }
  memcpy(s->table, vm->table, table_bytes(vm));
  memcpy(s->traced, vm->traced, page_count(vm));
  s->traced_pages = vm->traced_pages;
  c->bytes += table_bytes(vm) + page_count(vm);
  return NULL;
}

static const char *save_vm(struct saved_vm *s, struct vm *vm, struct vmm_checkpoint *c)
{
  s->vm = vm;
  s->cpu = vm->cpu;
  s->place = vm->place;
  s->spin = vm->spin;
  s->station = vm->station;
  s->lag = vm->lag;
  s->served_at = vm->served_at;
  s->served_there = vm->served_there;
  s->last_pc = vm->last_pc;
  s->fate = vm->fate;
  memcpy(s->reason, vm->reason, sizeof s->reason);
  s->stats = vm->stats;
  s->paging = vm->paging;
  s->given = vm->given;
  s->machine_stats = vm->machine_stats;
  s->technique = technique_mark(vm);
  const char *refusal = save_memory(s, c);
  if (!refusal) {
    refusal = save_devices(s, c);
  }
  return refusal ? refusal : save_modules(s, c);
}

static const char *save_vmm(struct vmm_checkpoint *c, struct vmm *vmm)
{
  c->loaded = vmm->loaded;
  c->disk_for = vmm->disk_for;
  c->disk_waiting = vmm->disk_waiting;
  c->disk_jobs = vmm->disk_jobs;
  c->world = vmm->world;
  c->rtlb = vmm->rtlb;
  c->violations = vmm->violations;
  memcpy(c->first_violation, vmm->first_violation, sizeof c->first_violation);
  c->keys_known = vmm->key_changes == machine_key_changes(vmm->real);
  if (vmm->keys) {
    size_t len = machine_storage_size(vmm->real) / KEY_BLOCK_SIZE;
    c->keys = malloc(len);
    if (!c->keys) {
      return "no memory to save storage keys";
    }
    memcpy(c->keys, vmm->keys, len);
    c->bytes += len;
  }
  c->frames = frames_save(vmm);
  if (!c->frames) {
    return "no memory to save the VMM's page frames, or its swap file cannot be read";
  }
  c->bytes += frames_saved_bytes(c->frames);
  const char *refusal = save_processor(c, vmm);
  for (struct vm *vm = vmm->vms; vm && !refusal; vm = vm->next) {
    refusal = save_vm(&c->vm[c->count++], vm, c);
  }
  return refusal;
}

struct vmm_checkpoint *vmm_checkpoint_take(struct vmm *vmm, const char **reason)
{
  unsigned count = 0;
  for (struct vm *vm = vmm->vms; vm; vm = vm->next) {
    count++;
  }
  size_t size = sizeof(struct vmm_checkpoint) + count * sizeof(struct saved_vm);
  struct vmm_checkpoint *c = calloc(1, size);
  const char *refusal = "no memory to save the VMM";
  if (c) {
    c->bytes = size;
    refusal = save_vmm(c, vmm);
  }
  if (refusal) {
    vmm_checkpoint_destroy(c);
    *reason = refusal;
    return NULL;
  }
  return c;
}

void vmm_checkpoint_destroy(struct vmm_checkpoint *c)
{
  for (unsigned i = 0; c && i < c->count; i++) {
    free(c->vm[i].vdisk.buffer);
    free(c->vm[i].table);
    free(c->vm[i].traced);
    devices_mark_release(&c->vm[i].devices);
    for (unsigned k = 0; k < MODULES; k++) {
      free(c->vm[i].module[k].bytes);
    }
  }
  frames_saved_destroy(c ? c->frames : NULL);
  free(c ? c->share.bytes : NULL);
  free(c ? c->keys : NULL);
  free(c);
}

size_t vmm_checkpoint_bytes(const struct vmm_checkpoint *c)
{
  return c->bytes;
}

/* ---------------------------------------------------------------- restoring */

static bool restore_modules(const struct saved_vm *s)
{
  struct module_state list[MODULES];
  bool ok = true;
  list_modules(s->vm, list);
  for (unsigned i = 0; i < MODULES; i++) {
    if (list[i].state) {
      ok = list[i].load(list[i].state, s->module[i].bytes, s->module[i].len) && ok;
    }
  }
  return ok;
}

static void restore_vdisk(struct vdisk *to, const struct vdisk *from)
{
  uint8_t *buffer = to->buffer;
  if (from->buffer) {
    copy_job(to, KEPT_AT, from, job_bytes(from));
  }
  *to = *from;
  to->buffer = buffer;
}

static bool restore_vm(const struct saved_vm *s)
{
  struct vm *vm = s->vm;
  vm->cpu = s->cpu;
  vm->cr_writes++;
  restore_vdisk(&vm->vdisk, &s->vdisk);
  devices_return(&vm->devices, &s->devices);
  vm->place = s->place;
  vm->spin = s->spin;
  vm->station.credit = s->station.credit;
  vm->station.paid_at = s->station.paid_at;
  vm->station.counts = s->station.counts;
  vm->lag = s->lag;
  vm->served_at = s->served_at;
  vm->served_there = s->served_there;
  vm->last_pc = s->last_pc;
  vm->fate = s->fate;
  memcpy(vm->reason, s->reason, sizeof vm->reason);
  vm->stats = s->stats;
  vm->paging = s->paging;
  vm->given = s->given;
  vm->machine_stats = s->machine_stats;
  vm->stops.queued = 0;
  memcpy(vm->table, s->table, table_bytes(vm));
  memcpy(vm->traced, s->traced, page_count(vm));
  vm->traced_pages = s->traced_pages;
  bool ok = restore_modules(s);
  vm_timer_learn(vm);
  return ok;
}

/* Settings stay as they are, and so do the arrays; after the VMs' places. */
static bool restore_processor(struct vmm *vmm, const struct vmm_checkpoint *c)
{
  struct processor *p = &vmm->processor;
  p->current = c->processor.current;
  p->began = c->processor.began;
  p->end = c->processor.end;
  p->calm = c->processor.calm;
  p->switching = c->processor.switching;
  p->debtor = c->processor.debtor;
  p->owed = c->processor.owed;
  p->idle = c->processor.idle;
  p->ready = c->processor.ready;
  p->frozen = c->processor.frozen;
  p->sleepers = 0;
  for (struct vm *vm = vmm->vms; vm; vm = vm->next) {
    if (vm->place.where == PLACE_ASLEEP && vm->place.wake != MACHINE_NEVER) {
      sleepers_add(p, vm);
    }
  }
  return !c->share.bytes || p->module->load(p->share, c->share.bytes, c->share.len);
}

bool vmm_checkpoint_restore(struct vmm *vmm, const struct vmm_checkpoint *c)
{
  bool ok = true;
  vmm->loaded = c->loaded;
  vmm->disk_for = c->disk_for;
  vmm->disk_waiting = c->disk_waiting;
  vmm->disk_jobs = c->disk_jobs;
  vmm->world = c->world;
  vmm->rtlb = c->rtlb;
  vmm->violations = c->violations;
  memcpy(vmm->first_violation, c->first_violation, sizeof vmm->first_violation);
  if (c->keys) {
    memcpy(vmm->keys, c->keys, machine_storage_size(vmm->real) / KEY_BLOCK_SIZE);
  }
  /* The count never goes back: if the keys were known then, they are now. */
  vmm->key_changes = machine_key_changes(vmm->real) - (c->keys_known ? 0 : 1);
  for (unsigned i = 0; i < c->count; i++) {
    ok = restore_vm(&c->vm[i]) && ok;
    vcpu_find(c->vm[i].vm);
  }
  ok = restore_processor(vmm, c) && ok;
  ok = frames_restore(vmm, c->frames) && ok;
  for (unsigned i = 0; i < c->count; i++) {
    technique_restored(c->vm[i].vm, c->vm[i].technique);
    if (c->vm[i].vm->state.paravirt) {
      hyper_protect(c->vm[i].vm);
    }
  }
  return ok;
}
