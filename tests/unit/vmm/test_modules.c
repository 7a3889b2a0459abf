/* The frame around the VMM's modules: their states' lives, what they may ask for
 * and get no answer to, and a real disk that fails under a mini-disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "tests/common/program.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

#define STORAGE MACHINE_MIN_STORAGE

struct host {
  struct profile *profile;
  struct machine *real;
  struct vmm *vmm;
};

static void open_host(struct host *h, const char *profile, const struct vmm_modules *modules,
                      struct disk_store *disk)
{
  h->profile = profile_load(profile, stderr);
  h->real = machine_create(&(struct machine_config){.profile = h->profile,
                                                    .storage = VMM_OWN_STORAGE + 2 * STORAGE,
                                                    .disk = disk},
                           NULL);
  h->vmm = vmm_create_with(h->real, modules, NULL);
  assert_non_null(h->vmm);
}

static void close_host(struct host *h)
{
  vmm_destroy(h->vmm);
  machine_destroy(h->real);
  profile_destroy(h->profile);
}

/* ------------------------------------------------------------ states' lives
 * Modules whose states are counted; the one with this number gets no memory. */

static unsigned alive, created, refused;

static void *create_state(void *with)
{
  (void)with;
  void *state = ++created == refused ? NULL : malloc(1);
  alive += state != NULL;
  return state;
}

static void destroy_state(void *state)
{
  alive--;
  free(state);
}

struct counted {
  struct vmm_dispatch_module dispatch;
  struct vmm_emulate_module emulate;
  struct vmm_interpret_module interpret;
  struct vmm_reflect_module reflect;
  struct vmm_memory_module memory;
  struct vmm_timer_module timer;
  struct vmm_schedule_module schedule;
  struct vmm_minidisk_module minidisk;
  struct vmm_chain_module chain;
  struct vmm_modules all;
};

/* The default modules but the timer use no state, so any will do for them. */
static void set(void *state, uint64_t now, uint32_t ticks)
{
  (void)state, (void)now, (void)ticks;
}

static uint32_t left(void *state, uint64_t now)
{
  (void)state, (void)now;
  return 0;
}

static uint64_t next_event(void *state)
{
  (void)state;
  return MACHINE_NEVER;
}

static bool fire(void *state, uint64_t now)
{
  (void)state, (void)now;
  return false;
}

static void make_counted(struct counted *c)
{
  c->timer =
      (struct vmm_timer_module){.set = set, .left = left, .next_event = next_event, .fire = fire};
#define COUNTED(module, from)                                                                      \
  c->module = from;                                                                                \
  c->module.create = create_state;                                                                 \
  c->module.destroy = destroy_state;                                                               \
  c->all.module = &c->module
  COUNTED(dispatch, vmm_dispatch);
  COUNTED(emulate, vmm_emulate);
  COUNTED(interpret, vmm_interpret);
  COUNTED(reflect, vmm_reflect);
  COUNTED(memory, vmm_memory_bounds);
  COUNTED(timer, c->timer);
  COUNTED(schedule, vmm_schedule);
  COUNTED(minidisk, vmm_minidisk);
  COUNTED(chain, vmm_chain);
#undef COUNTED
  c->all.share = NULL; /* there is one for all VMs, with its own test */
}

#define MODULES 9u

/* Each VM has states of its own, and they go with it. */
static void states_live_with_their_vm(void **state)
{
  (void)state;
  struct counted c;
  struct host h;
  make_counted(&c);
  alive = created = refused = 0;
  open_host(&h, "pg", &c.all, NULL);
  assert_int_equal(created, 0);
  struct machine *vm[2];
  for (unsigned i = 0; i < 2; i++) {
    vm[i] = vmm_create_vm(h.vmm, &(struct vmm_vm_config){.storage = STORAGE}, NULL);
    assert_non_null(vm[i]);
    assert_string_equal(machine_name(vm[i]), "vm");
    assert_int_equal(alive, (i + 1) * MODULES);
  }
  machine_destroy(vm[0]);
  assert_int_equal(alive, MODULES);
  assert_int_equal(machine_advance(vm[1], 10).why, MACHINE_LIMIT);
  machine_destroy(vm[1]);
  assert_int_equal(alive, 0);
  close_host(&h);
}

/* A module that gets no memory: no VM, and the states made before it are gone. */
static void no_state_no_vm(void **state)
{
  (void)state;
  for (unsigned module = 1; module <= MODULES; module++) {
    struct counted c;
    struct host h;
    const char *reason = NULL;
    make_counted(&c);
    alive = created = 0;
    refused = module;
    open_host(&h, "pg", &c.all, NULL);
    assert_null(vmm_create_vm(h.vmm, &(struct vmm_vm_config){.storage = STORAGE}, &reason));
    assert_string_equal(reason, "no memory for a virtual machine");
    assert_int_equal(created, module);
    assert_int_equal(alive, 0);
    close_host(&h);
  }
}

/* ------------------------------------------------------ questions without answer */

static bool nothing_there;

/* Asks for what no machine has before it does its work. */
static enum vmm_action probing_dispatch(void *state, const struct vmm_env *env, struct trap real)
{
  void *ctx = env->ctx;
  env->set_reg(ctx, ISA_REG_COUNT, 1);
  env->set_cr(ctx, CR_PTBR, 0x5000);
  env->set_cr(ctx, (enum isa_cr)ISA_CR_COUNT, 1);
  nothing_there = env->get_reg(ctx, ISA_REG_COUNT) == 0 && env->get_cr(ctx, CR_PTBR) == 0 &&
                  env->get_cr(ctx, (enum isa_cr)ISA_CR_COUNT) == 0 &&
                  !env->load(ctx, gpa(STORAGE)).ok && !env->store(ctx, gpa(STORAGE), 1) &&
                  !env->load(ctx, gpa(STORAGE - 2)).ok && !env->port_exists(ctx, 0x7777) &&
                  !env->decode(ctx, 0xffffffffu).legal;
  return vmm_dispatch.dispatch(state, env, real);
}

static void modules_get_no_more_than_there_is(void **state)
{
  (void)state;
  struct vmm_dispatch_module probing = {.dispatch = probing_dispatch};
  struct vmm_modules modules = vmm_default_modules;
  modules.dispatch = &probing;
  struct host h;
  open_host(&h, "pg", &modules, NULL);
  struct machine *vm = vmm_create_vm(h.vmm, &(struct vmm_vm_config){.storage = STORAGE}, NULL);
  machine_phys_write_word(vm, gpa(ISA_RESET_PC), word_of(ISA_STI, 0, 0, 0, 0));
  nothing_there = false;
  assert_int_equal(machine_run(vm, 1).why, MACHINE_LIMIT);
  assert_true(nothing_there);
  assert_true(psw_ie(machine_get_cr(vm, CR_PSW)));
  machine_destroy(vm);
  close_host(&h);
}

/* The real TIMER has 32 bits; a longer loan is made in pieces. */
static void loans_fit_the_timer(void **state)
{
  (void)state;
  assert_int_equal(vmm_schedule.lend(NULL, 5, MACHINE_NEVER, MACHINE_NEVER), UINT32_MAX);
  assert_int_equal(vmm_schedule.lend(NULL, 5, MACHINE_NEVER, 5 + (uint64_t)UINT32_MAX), UINT32_MAX);
  assert_int_equal(vmm_schedule.lend(NULL, 5, MACHINE_NEVER, 4 + (uint64_t)UINT32_MAX),
                   UINT32_MAX - 1);
  assert_int_equal(vmm_schedule.lend(NULL, 5, 9, 7), 2);
  assert_int_equal(vmm_schedule.lend(NULL, 5, 7, 9), 2);
}

/* Whoever does not want to know why is not told. */
static void reasons_are_optional(void **state)
{
  (void)state;
  struct host h;
  open_host(&h, "pg", &vmm_default_modules, NULL);
  assert_null(vmm_create_vm(h.vmm, &(struct vmm_vm_config){.storage = 1}, NULL));
  assert_int_equal(vmm_violations(h.vmm, NULL), 0);
  machine_idle(h.real, 1);
  assert_null(vmm_create(h.real, NULL));
  close_host(&h);
}

/* ------------------------------------------ modules over a machine of strings
 * The reflector and the routines are given an environment that answers what a
 * real one hardly would. */

struct stage {
  struct translation translation;
  struct vmm_word word;
  bool legal;
};

static uint32_t stage_reg(void *ctx, unsigned reg)
{
  (void)ctx, (void)reg;
  return 0x2000;
}

static uint32_t stage_pc(void *ctx)
{
  (void)ctx;
  return 0x1000;
}

static uint32_t stage_cr(void *ctx, enum isa_cr cr)
{
  (void)ctx, (void)cr;
  return 0;
}

static struct translation stage_translate(void *ctx, gva_t va, uint32_t size,
                                          enum machine_access access, bool te, unsigned mode)
{
  (void)va, (void)size, (void)access, (void)te, (void)mode;
  return ((struct stage *)ctx)->translation;
}

static void stage_commit(void *ctx, struct translation t)
{
  (void)ctx, (void)t;
}

static struct vmm_word stage_load(void *ctx, gpa_t at)
{
  (void)at;
  return ((struct stage *)ctx)->word;
}

static struct vmm_insn stage_decode(void *ctx, uint32_t word)
{
  struct vmm_insn insn = {.legal = ((struct stage *)ctx)->legal};
  insn.legal = insn.legal && isa_decode(word, &insn.decoded);
  return insn;
}

static struct vmm_env env_of(struct stage *s)
{
  return (struct vmm_env){.ctx = s,
                          .get_reg = stage_reg,
                          .get_pc = stage_pc,
                          .get_cr = stage_cr,
                          .translate = stage_translate,
                          .commit = stage_commit,
                          .load = stage_load,
                          .decode = stage_decode};
}

/* A memory trap for which the virtual machine has no reason is not made one. */
static void no_reason_is_invented(void **state)
{
  (void)state;
  struct trap real = {.cause = CAUSE_BOUNDS, .epc = 0x1000, .value = 0x2000};
  struct stage s = {.translation = {.ok = true}, .word = {true, word_of(ISA_LW, 5, 6, 0, 0)}};
  struct vmm_env env = env_of(&s);
  assert_false(vmm_reflect.derive(NULL, &env, real).raised); /* illegal: does not touch memory */
  s.legal = true;
  assert_false(vmm_reflect.derive(NULL, &env, real).raised); /* the load is allowed */
  s.word.word = word_of(ISA_ADD, 5, 6, 7, 0);
  assert_false(vmm_reflect.derive(NULL, &env, real).raised); /* no operand in memory */
  s.word.ok = false;
  struct vmm_trap t = vmm_reflect.derive(NULL, &env, real); /* no storage under the pc */
  assert_true(t.raised && t.trap.cause == CAUSE_BUS && t.trap.value == 0x1000 && t.trap.insn == 0);
}

/* A word that traps as privileged without being an instruction is the guest's. */
static void no_instruction_is_emulated(void **state)
{
  (void)state;
  struct trap real = {
      .cause = CAUSE_PRIVILEGED, .epc = 0x1000, .insn = word_of(ISA_CLI, 0, 0, 0, 0)};
  struct stage s = {.legal = false};
  struct vmm_env env = env_of(&s);
  assert_int_equal(vmm_dispatch.dispatch(NULL, &env, real), VMM_REFLECT);
  struct vmm_trap t = vmm_emulate.emulate(NULL, &env, real.insn);
  assert_true(t.raised && t.trap.cause == CAUSE_ILLEGAL && t.trap.insn == real.insn);
  s.legal = true; /* an instruction, but not one for which there is a routine */
  t = vmm_emulate.emulate(NULL, &env, word_of(ISA_ADD, 5, 6, 7, 0));
  assert_true(t.raised && t.trap.cause == CAUSE_ILLEGAL);
}

/* Translation allows it, storage is not there: a bus error, and nothing done. */
static void storage_missing_behind_a_translation(void **state)
{
  (void)state;
  struct stage s = {.translation = {.ok = true}, .word = {.ok = false}, .legal = true};
  struct vmm_env env = env_of(&s);
  struct vmm_trap t = vmm_emulate.emulate(NULL, &env, word_of(ISA_LPSW, 0, 6, 0, 0));
  assert_true(t.raised && t.trap.cause == CAUSE_BUS && t.trap.value == 0x2000);
}

/* ------------------------------------------------- a real disk that fails */

#define SECTORS 4u
#define BUFFER  0x4000u

struct disk_host {
  char path[64];
  int file;
  struct disk_store *store;
  struct host host;
  struct machine *vm;
};

static void open_disk(struct disk_host *d, enum disk_store_mode mode)
{
  strcpy(d->path, "/tmp/trapeze-modules-XXXXXX");
  d->file = mkstemp(d->path);
  assert_true(d->file >= 0);
  assert_int_equal(ftruncate(d->file, SECTORS * MACHINE_SECTOR_SIZE), 0);
  d->store = disk_store_open(d->path, mode, NULL);
  assert_non_null(d->store);
  open_host(&d->host, "pg", &vmm_default_modules, d->store);
  struct vmm_vm_config config = {.storage = STORAGE, .disk_sectors = SECTORS};
  d->vm = vmm_create_vm(d->host.vmm, &config, NULL);
  assert_non_null(d->vm);
}

static void close_disk(struct disk_host *d)
{
  machine_destroy(d->vm);
  close_host(&d->host);
  disk_store_destroy(d->store);
  close(d->file);
  unlink(d->path);
}

static void give_command(struct machine *m, uint32_t command)
{
  machine_port_out(m, PORT_DISK_SECTOR, 1);
  machine_port_out(m, PORT_DISK_ADDRESS, BUFFER);
  machine_port_out(m, PORT_DISK_COUNT, 2);
  machine_port_out(m, PORT_DISK_COMMAND, command);
}

/* The status once the command is done, at the tick at which it always is. */
static uint32_t status_of(struct machine *m)
{
  uint64_t start = machine_tick(m);
  uint32_t status = 0;
  assert_int_equal(machine_idle(m, MACHINE_NEVER), start + 1200);
  assert_true(machine_port_in(m, PORT_DISK_STATUS, &status));
  machine_set_cr(m, CR_IPEND, 0);
  return status >> 1;
}

static void host_refuses_writes(void **state)
{
  (void)state;
  struct disk_host d;
  open_disk(&d, DISK_STORE_READONLY);
  give_command(d.vm, DISK_COMMAND_WRITE);
  assert_int_equal(status_of(d.vm), 3);
  give_command(d.vm, DISK_COMMAND_READ);
  assert_int_equal(status_of(d.vm), 0);
  close_disk(&d);
}

/* The file is cut short while the guest uses it: reads fail, early ones too, and
 * nothing is moved to storage. */
static void host_loses_the_file(void **state)
{
  (void)state;
  struct disk_host d;
  uint32_t word = 0;
  open_disk(&d, DISK_STORE_WRITE);
  machine_phys_write_word(d.vm, gpa(BUFFER), 0x12345678);
  give_command(d.vm, DISK_COMMAND_WRITE);
  assert_int_equal(status_of(d.vm), 0);
  machine_phys_write_word(d.vm, gpa(BUFFER), 0x55555555);
  assert_int_equal(ftruncate(d.file, 0), 0);
  give_command(d.vm, DISK_COMMAND_READ);
  assert_int_equal(status_of(d.vm), 3);
  assert_true(machine_phys_read_word(d.vm, gpa(BUFFER), &word));
  assert_int_equal(word, 0x55555555);
  assert_int_equal(ftruncate(d.file, SECTORS * MACHINE_SECTOR_SIZE), 0);
  give_command(d.vm, DISK_COMMAND_READ);
  assert_int_equal(status_of(d.vm), 0);
  close_disk(&d);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(states_live_with_their_vm),
      cmocka_unit_test(no_state_no_vm),
      cmocka_unit_test(modules_get_no_more_than_there_is),
      cmocka_unit_test(loans_fit_the_timer),
      cmocka_unit_test(reasons_are_optional),
      cmocka_unit_test(no_reason_is_invented),
      cmocka_unit_test(no_instruction_is_emulated),
      cmocka_unit_test(storage_missing_behind_a_translation),
      cmocka_unit_test(host_refuses_writes),
      cmocka_unit_test(host_loses_the_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
