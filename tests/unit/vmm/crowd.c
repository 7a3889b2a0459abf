#include "tests/unit/vmm/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine/ops.h"

void crowd_open(struct crowd *c, unsigned room)
{
  crowd_open_with(c, room, NULL, NULL);
}

static void open_parts(struct crowd *c, unsigned room, const char *profile)
{
  *c = (struct crowd){.room = room, .member = calloc(room, sizeof *c->member)};
  c->profile = profile ? profile_parse("crowd", profile, strlen(profile), stderr)
                       : profile_load("pg", stderr);
  c->disk = disk_store_memory(room * CROWD_SECTORS);
  insist(c->member && c->profile && c->disk, "a crowd's parts");
}

static struct machine *open_machine(struct crowd *c, uint32_t more)
{
  struct machine *m = machine_create(
      &(struct machine_config){.profile = c->profile,
                               .storage = VMM_OWN_STORAGE + more + c->room * CROWD_STORAGE,
                               .disk = c->disk},
      NULL);
  insist(m != NULL, "a crowd's machine");
  return m;
}

void crowd_open_with(struct crowd *c, unsigned room, const struct vmm_modules *modules,
                     const char *profile)
{
  open_parts(c, room, profile);
  c->real = open_machine(c, 0);
  c->vmm = vmm_create_with(c->real, modules ? modules : &vmm_default_modules, NULL);
  insist(c->vmm != NULL, "a crowd's VMM");
}

void crowd_open_nested(struct crowd *c, unsigned room)
{
  open_parts(c, room, NULL);
  c->below = open_machine(c, VMM_OWN_STORAGE);
  c->lower = vmm_create(c->below, NULL);
  insist(c->lower != NULL, "a crowd's lower VMM");
  struct vmm_vm_config config = {.storage = VMM_OWN_STORAGE + room * CROWD_STORAGE,
                                 .disk_sectors = room * CROWD_SECTORS};
  c->real = vmm_create_vm(c->lower, &config, NULL);
  c->vmm = c->real ? vmm_create(c->real, NULL) : NULL;
  insist(c->vmm != NULL, "a crowd's VMM");
}

void crowd_close(struct crowd *c)
{
  for (unsigned i = 0; i < c->count; i++) {
    machine_destroy(c->member[i].vm);
    machine_destroy(c->member[i].bare);
    disk_store_destroy(c->member[i].disk);
  }
  vmm_destroy(c->vmm);
  machine_destroy(c->real);
  vmm_destroy(c->lower);
  machine_destroy(c->below);
  disk_store_destroy(c->disk);
  profile_destroy(c->profile);
  free(c->member);
}

/* What a VM hears, its bare twin hears at the same tick of its own. */
static void heard(void *ctx, enum machine_frame way, const uint8_t *frame, uint32_t len)
{
  struct member *m = ctx;
  if (way == MACHINE_FRAME_SENT) {
    return;
  }
  m->arrived++;
  if (m->bare) {
    machine_net_arrive(m->bare, machine_tick(m->vm) + m->late, frame, len);
  }
}

struct machine *crowd_add(struct crowd *c, struct vmm_vm_config config)
{
  const char *reason = NULL;
  insist(c->count < c->room, "room in the crowd");
  struct member *m = &c->member[c->count];
  config.name = "member";
  config.storage = CROWD_STORAGE;
  config.disk_first = c->count * CROWD_SECTORS;
  config.disk_sectors = CROWD_SECTORS;
  config.console_private = true;
  m->vm = vmm_create_vm(c->vmm, &config, &reason);
  insist(m->vm != NULL, reason);
  m->joined = machine_tick(c->real);
  machine_net_on_frame(m->vm, heard, m);
  if (!config.timer_real && !c->alone) {
    m->disk = disk_store_memory(CROWD_SECTORS);
    m->bare = machine_create(
        &(struct machine_config){.profile = c->profile,
                                 .storage = CROWD_STORAGE,
                                 .disk = m->disk,
                                 .station = config.station ? config.station->address : 0},
        NULL);
    insist(m->disk && m->bare, "a bare twin");
  }
  c->count++;
  return m->vm;
}

void crowd_load(struct crowd *c, const struct program *p)
{
  struct member *m = &c->member[c->count - 1];
  load_program(m->vm, p);
  if (m->bare) {
    load_program(m->bare, p);
  }
}

void crowd_vectors(struct crowd *c, uint32_t handler)
{
  struct member *m = &c->member[c->count - 1];
  for (uint32_t cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    machine_phys_write_word(m->vm, gpa(4 * cause), handler);
    if (m->bare) {
      machine_phys_write_word(m->bare, gpa(4 * cause), handler);
    }
  }
}

void crowd_compare(struct crowd *c, const char *when)
{
  for (unsigned i = 0; i < c->count; i++) {
    const struct member *m = &c->member[i];
    uint64_t tick = machine_tick(m->vm);
    if (!m->bare) {
      continue;
    }
    struct machine_stop stop = machine_advance(m->bare, tick);
    if (stop.why == MACHINE_WAITS) { /* a sleeper's clock goes on */
      m->bare->ops->set_tick(m->bare, tick);
    }
    if (machine_state_hash(m->bare) != machine_state_hash(m->vm)) {
      uint32_t crs[2][ISA_CR_COUNT];
      machine_get_crs(m->bare, crs[0]);
      machine_get_crs(m->vm, crs[1]);
      for (unsigned k = 0; k < ISA_CR_COUNT; k++) {
        if (crs[0][k] != crs[1][k]) {
          print_error("# CR %u: bare %08x, VM %08x\n", k, crs[0][k], crs[1][k]);
        }
      }
      fail_msg("%s: VM %u (stop %d) at its tick %llu is not as alone: bare tick %llu, stop %d, run "
               "state %d, pc %x; VM run state %d, pc %x",
               when, i, vmm_vm_stop(m->vm).why, (unsigned long long)tick,
               (unsigned long long)machine_tick(m->bare), stop.why, machine_run_state(m->bare),
               machine_get_pc(m->bare), machine_run_state(m->vm), machine_get_pc(m->vm));
    }
  }
}

void crowd_check_account(struct crowd *c)
{
  uint64_t sum = vmm_idle_ticks(c->vmm);
  for (unsigned i = 0; i < c->count; i++) {
    struct vmm_account a = vmm_vm_account(c->member[i].vm);
    sum += a.executed + a.overhead;
    enum machine_why why = vmm_vm_stop(c->member[i].vm).why;
    if (why == MACHINE_LIMIT || why == MACHINE_WAITS) {
      assert_int_equal(a.executed + a.overhead + a.ready + a.asleep + a.frozen +
                           c->member[i].joined,
                       machine_tick(c->real));
    }
  }
  assert_int_equal(sum, machine_tick(c->real));
}

void crowd_type(struct crowd *c, unsigned i, uint8_t byte)
{
  const struct member *m = &c->member[i];
  machine_console_input(m->vm, machine_tick(m->vm), byte);
  if (m->bare) {
    machine_console_input(m->bare, machine_tick(m->vm), byte);
  }
}

uint64_t crowd_hash(struct crowd *c)
{
  uint64_t hash = machine_state_hash(c->real);
  for (unsigned i = 0; i < c->count; i++) {
    struct vmm_account a = vmm_vm_account(c->member[i].vm);
    const uint64_t parts[] = {machine_state_hash(c->member[i].vm),
                              a.executed,
                              a.overhead,
                              a.ready,
                              a.asleep,
                              a.frozen,
                              a.skipped,
                              a.quanta,
                              a.wakeups};
    for (unsigned k = 0; k < sizeof parts / sizeof parts[0]; k++) {
      hash = (hash ^ parts[k]) * 0x9fb21c651e98df25u;
      hash ^= hash >> 29;
    }
  }
  return hash;
}
