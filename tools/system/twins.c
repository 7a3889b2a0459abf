#include "tools/system/twins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/message.h"

static int out_of_memory(const struct system_config *c)
{
  message_error(c->command, "out of memory");
  return STATUS_OURS;
}

/* ------------------------------------------------------------------------- making */

/* What the virtual disk holds and refuses. NULL: no memory, or it cannot be read. */
static struct disk_store *copy_disk(struct machine *vm)
{
  uint32_t sectors = machine_disk_sectors(vm), at = 0;
  struct disk_store *d = disk_store_memory(sectors);
  struct vmm_allocation a = vmm_vm_allocation(vm);
  bool done = d != NULL;
  for (uint32_t i = 0; done && i < sectors; i++) {
    uint8_t buf[MACHINE_SECTOR_SIZE];
    done = machine_disk_peek(vm, i, buf) && disk_store_write(d, i, buf);
  }
  for (unsigned i = 0; done && i < a.extent_count; i++) {
    if (a.extents[i].readonly && !a.overlaid[i])
      done = disk_store_protect(d, at, a.extents[i].sectors);
    at += a.extents[i].sectors;
  }
  if (done)
    return d;
  disk_store_destroy(d);
  return NULL;
}

/* What arrives is the VM's input: recorded by its clock, and replayed. */
static void hear(void *ctx, enum machine_frame way, const uint8_t *frame, uint32_t len)
{
  struct twin *t = ctx;
  if (way == MACHINE_FRAME_SENT || t->over || t->verdict != TWIN_EQUAL)
    return;
  t->frames++;
  machine_net_arrive(t->bare, machine_tick(t->user->vm), frame, len);
}

static int make_twin(struct twin *t, const struct system *s, const struct system_config *c)
{
  const char *reason = "out of memory";
  if (machine_disk_sectors(t->user->vm) > 0 && !(t->disk = copy_disk(t->user->vm)))
    return out_of_memory(c);
  t->bare = machine_create(&(struct machine_config){.profile = s->directory->profile,
                                                    .storage = machine_storage_size(t->user->vm),
                                                    .disk = t->disk,
                                                    .station = t->user->entry->address,
                                                    .engine = c->engine},
                           &reason);
  if (!t->bare) {
    message_error(c->command, "no bare machine for '%s': %s", t->user->entry->name, reason);
    return STATUS_OURS;
  }
  inputlog_feed(&t->user->input, t->bare);
  machine_net_on_frame(t->user->vm, hear, t);
  return image_load(t->user->program->image, t->bare, stderr) ? STATUS_DONE : STATUS_OURS;
}

static int find_user(const struct system *s, const struct system_config *c, const char *only)
{
  struct suggestion near = suggest_begin(only, strlen(only));
  for (size_t i = 0; i < s->count; i++) {
    if (strcmp(s->users[i].entry->name, only) == 0)
      return STATUS_DONE;
    suggest_offer(&near, s->users[i].entry->name);
  }
  if (near.best)
    message_error(c->command, "there is no user '%s'; did you mean '%s'?", only, near.best);
  else
    message_error(c->command, "there is no user '%s'", only);
  return STATUS_USAGE;
}

static int make_twins(struct twins *t, const struct system_config *c, const char *only)
{
  int status = STATUS_DONE;
  struct system *s = &t->system;
  t->twin = calloc(s->count, sizeof *t->twin);
  if (!t->twin)
    return out_of_memory(c);
  for (size_t i = 0; i < s->count && status == STATUS_DONE; i++) {
    struct twin *one = &t->twin[i];
    one->user = &s->users[i];
    if (only && strcmp(one->user->entry->name, only) != 0)
      one->verdict = TWIN_LEFT_OUT;
    else if (one->user->entry->timer == DIRECTORY_REAL)
      one->verdict = TWIN_REAL_TIME;
    else
      status = make_twin(one, s, c);
    if (one->bare)
      observe(one->bare, &one->before);
  }
  return status;
}

int twins_create(struct twins *t, const struct system_config *config, const char *only)
{
  *t = (struct twins){0};
  int status = system_create(&t->system, config);
  if (status == STATUS_DONE && only)
    status = find_user(&t->system, config, only);
  return status == STATUS_DONE ? make_twins(t, config, only) : status;
}

int twins_destroy(struct twins *t, int status)
{
  for (size_t i = 0; t->twin && i < t->system.count; i++) {
    machine_destroy(t->twin[i].bare);
    disk_store_destroy(t->twin[i].disk);
  }
  free(t->twin);
  return system_destroy(&t->system, status);
}

/* ---------------------------------------------------------------------- comparing */

/* An interrupt has come at this very tick. Waking takes no time: the VM may have done so
 * and executed nothing yet, if the VMM was interrupted in between. */
static bool is_about_to_wake(const struct observation *o)
{
  return o->run_state == MACHINE_WAITING && (o->cr[CR_IPEND] & o->cr[CR_IMASK]) != 0;
}

static bool same(struct twin *t, enum machine_why bare_why)
{
  struct observation *bare = &t->bare_state, *vm = &t->vm_state;
  if (bare_why == MACHINE_WAITS) { /* its clock goes on or not: nothing hangs on it */
    bare->tick = vm->tick;
    bare->cr[CR_TICK] = vm->cr[CR_TICK];
  } else if (is_about_to_wake(bare) && vm->run_state == MACHINE_RUNNING) {
    bare->run_state = MACHINE_RUNNING;
  }
  return observation_equal(bare, vm);
}

/* What of the state differs, in the order of what a reader can look at. */
static const char *differing_part(struct twin *t, enum machine_why bare, enum machine_why vm)
{
  struct observation *a = &t->bare_state, *b = &t->vm_state;
  if (bare != vm && (bare != MACHINE_LIMIT || vm != MACHINE_WAITS))
    return "how they stopped";
  if (a->pc != b->pc || memcmp(a->reg, b->reg, sizeof a->reg) != 0)
    return "registers";
  if (a->run_state != b->run_state || memcmp(a->cr, b->cr, sizeof a->cr) != 0)
    return "control registers";
  if (a->storage != b->storage)
    return "storage";
  return "devices: output, disk, network or what is under way";
}

static bool is_final(enum machine_why why)
{
  return why != MACHINE_LIMIT && why != MACHINE_WAITS;
}

static const char *failure_of(const struct machine_stop *stop)
{
  if (stop->why != MACHINE_HOST_ERROR)
    return NULL;
  return stop->reason ? stop->reason : "the host failed for no reason given";
}

/* NULL, or what the host refused. */
static const char *compare(struct twin *t, uint64_t real)
{
  struct machine *vm = t->user->vm;
  struct machine_stop vm_stop = vmm_vm_stop(vm);
  enum machine_why vm_why = vm_stop.why;
  struct machine_stop bare = machine_advance(t->bare, machine_tick(vm));
  const char *failure = failure_of(&vm_stop) ? failure_of(&vm_stop) : failure_of(&bare);
  if (failure)
    return failure;
  observe(t->bare, &t->bare_state);
  observe(vm, &t->vm_state);
  bool equal = same(t, bare.why);
  /* At its last tick a bare machine has not been asked why it goes no further. */
  if (is_final(vm_why) && bare.why == MACHINE_LIMIT)
    bare = machine_advance(t->bare, machine_tick(vm) + 1);
  if (!equal || (is_final(vm_why) && bare.why != vm_why)) {
    t->verdict = TWIN_DIFFERS;
    t->differs_real = real;
    t->part = differing_part(t, bare.why, vm_why);
    return NULL;
  }
  t->over = is_final(vm_why);
  t->compared++;
  t->tick = machine_tick(vm);
  t->real_tick = real;
  t->before = t->vm_state;
  return NULL;
}

void twins_look(struct twin *t)
{
  t->word_known = observe_instruction(t->bare, &t->word);
}

bool twins_run(struct twins *t, uint64_t until)
{
  struct system *s = &t->system;
  struct vmm_stop stop = vmm_run(s->vmm, until);
  if (stop.why == VMM_HOST_ERROR)
    t->failure = stop.reason ? stop.reason : "the host failed for no reason given";
  for (size_t i = 0; i < s->count && !t->failure; i++) {
    struct twin *one = &t->twin[i];
    if (!one->bare || one->over || one->verdict != TWIN_EQUAL)
      continue;
    t->failure = compare(one, machine_tick(s->real));
    t->differing += one->verdict == TWIN_DIFFERS;
  }
  return stop.why == VMM_LIMIT && !t->failure;
}
