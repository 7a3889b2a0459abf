/* A VMM and its VMs, restored together with the machine below, are what they were to the
 * last bit, the real machine's leftovers included, and become the same again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/checkpoint.h"
#include "machine/devices/ports.h"
#include "tests/common/chaos.h"
#include "tests/common/twin.h"
#include "tests/unit/vmm/crowd.h"

#define SECTORS 16u
#define STEP    130u
#define STEPS   24u

static const enum vmm_technique techniques[] = {VMM_TECHNIQUE_TRAP_AND_EMULATE,
                                                VMM_TECHNIQUE_TRAP_AND_EMULATE,
                                                VMM_TECHNIQUE_HYBRID,
                                                VMM_TECHNIQUE_TRAP_AND_EMULATE,
                                                VMM_TECHNIQUE_INTERPRET,
                                                VMM_TECHNIQUE_TRANSLATE_ALL,
                                                VMM_TECHNIQUE_PATCH};
#define TECHNIQUE(n) techniques[(n) % (sizeof techniques / sizeof techniques[0])]
#define ON_BOUNDS(n) techniques[(n) % 5] /* of those that need no pages */

/* Of those that are interpreted the pages come and go. */
static const struct vmm_storage_policy paging = {
    .scattered = true, .frames = 5, .scan_ticks = 3, .scan_pages = 2};
#define SWAP 80u /* pages */

static struct vmm_storage_policy policy_of(enum vmm_technique technique)
{
  return technique == VMM_TECHNIQUE_INTERPRET ? paging : (struct vmm_storage_policy){0};
}

struct saved {
  struct checkpoint *real;
  struct vmm_checkpoint *vmm[TWIN_MAX_DEPTH];
};

static void take(struct twin *t, struct saved *s, const struct saved *like)
{
  const char *reason = NULL;
  s->real = checkpoint_take(t->real, like ? like->real : NULL);
  assert_non_null(s->real);
  for (unsigned i = 0; i < t->depth; i++) {
    s->vmm[i] = vmm_checkpoint_take(t->vmm[i], &reason);
    assert_non_null(s->vmm[i]);
    assert_true(vmm_checkpoint_bytes(s->vmm[i]) < 200000);
  }
}

static void restore(struct twin *t, const struct saved *s)
{
  checkpoint_restore(t->real, s->real);
  for (unsigned i = 0; i < t->depth; i++) {
    assert_true(vmm_checkpoint_restore(t->vmm[i], s->vmm[i]));
  }
}

static void give_up(struct twin *t, struct saved *s)
{
  checkpoint_destroy(s->real);
  for (unsigned i = 0; i < t->depth; i++) {
    vmm_checkpoint_destroy(s->vmm[i]);
  }
}

/* A translation cache begins anew when it is restored, so that only the guest is as it was. */
static uint64_t hash_of(struct twin *t)
{
  bool hides = vmm_technique_needs_pages(vmm_vm_technique(t->vm));
  uint64_t hash = 0;
  for (struct machine *m = t->vm; m; m = hides ? NULL : machine_parent(m)) {
    hash = hash * 31 + machine_state_hash(m);
  }
  return hash * 31 + (hides ? 0 : vmm_vm_stats(t->vm)->direct);
}

static void start_reading(struct machine *m, struct random *r)
{
  machine_port_out(m, PORT_DISK_SECTOR, random_below(r, SECTORS - 4));
  machine_port_out(m, PORT_DISK_ADDRESS, 0x8000);
  machine_port_out(m, PORT_DISK_COUNT, 1 + random_below(r, 4));
  machine_port_out(m, PORT_DISK_COMMAND,
                   random_below(r, 3) ? DISK_COMMAND_READ : DISK_COMMAND_WRITE);
}

static void one_step(struct twin *t, uint64_t seed, uint64_t i)
{
  struct random r = random_from(seed * 100 + i);
  if (i % 3 == 0) {
    stir_chaos(t->vm, &r);
  }
  if (i % 5 == 1) {
    start_reading(t->vm, &r);
  }
  machine_console_input(t->vm, machine_tick(t->vm) + random_below(&r, 200), (uint8_t)i);
  machine_advance(t->vm, (i + 1) * STEP);
}

static void back_and_forth(uint64_t seed, unsigned depth, bool steady)
{
  struct twin t;
  struct saved saved[STEPS];
  uint64_t hash[STEPS + 1];
  twin_open(&t, &(struct twin_config){.depth = depth,
                                      .sectors = SECTORS,
                                      .technique = TECHNIQUE(seed),
                                      .policy = policy_of(TECHNIQUE(seed)),
                                      .swap = SWAP});
  struct random r = random_from(seed);
  load_chaos(t.vm, &r, SECTORS);
  for (unsigned i = 0; i < depth; i++) {
    vmm_set_steady(t.vmm[i], steady);
  }
  for (uint64_t i = 0; i < STEPS; i++) {
    take(&t, &saved[i], i ? &saved[i - 1] : NULL);
    hash[i] = hash_of(&t);
    one_step(&t, seed, i);
  }
  hash[STEPS] = hash_of(&t);
  for (unsigned k = 0; k < 5; k++) {
    uint64_t i = random_below(&r, STEPS);
    restore(&t, &saved[i]);
    for (; i < STEPS; i++) {
      assert_int_equal(hash_of(&t), hash[i]);
      one_step(&t, seed, i);
    }
    assert_int_equal(hash_of(&t), hash[STEPS]);
  }
  for (uint64_t i = 0; i < STEPS; i++) {
    give_up(&t, &saved[i]);
  }
  twin_close(&t);
}

static void test_back_and_forth(void **state)
{
  (void)state;
  for (unsigned seed = 1; seed <= 60; seed++) {
    back_and_forth(seed, 1 + seed % 2, seed % 3 != 0);
  }
}

/* With steady loans it makes no difference where a run is cut, not even in the real
 * machine. */
static void steps_like_one(uint64_t seed, unsigned depth)
{
  struct twin whole, cut;
  struct twin *both[] = {&whole, &cut};
  for (unsigned k = 0; k < 2; k++) {
    twin_open(both[k], &(struct twin_config){.depth = depth,
                                             .sectors = SECTORS,
                                             .technique = TECHNIQUE(seed),
                                             .policy = policy_of(TECHNIQUE(seed)),
                                             .swap = SWAP});
    struct random r = random_from(seed);
    load_chaos(both[k]->vm, &r, SECTORS);
    for (unsigned i = 0; i < depth; i++) {
      vmm_set_steady(both[k]->vmm[i], true);
    }
  }
  for (uint64_t until = 0; until < 3000; until += 500) {
    machine_advance(whole.vm, until);
    struct random r = random_from(seed + until);
    for (uint64_t at = machine_tick(cut.vm); at < until; at += 1 + random_below(&r, 9)) {
      machine_advance(cut.vm, at);
    }
    machine_advance(cut.vm, until);
    assert_int_equal(hash_of(&whole), hash_of(&cut));
    struct random stir = random_from(seed ^ until), same = stir;
    stir_chaos(whole.vm, &stir);
    stir_chaos(cut.vm, &same);
  }
  twin_close(&whole);
  twin_close(&cut);
}

static void test_steady_loans(void **state)
{
  (void)state;
  for (unsigned seed = 1; seed <= 60; seed++) {
    steps_like_one(seed, 1 + seed % 2);
  }
}

/* ------------------------------------------------------------- VMs under vmm_run() */

static void add_chaos(struct crowd *c, uint64_t seed, bool real)
{
  crowd_add(c, (struct vmm_vm_config){.share = 1 + (uint32_t)seed % 5,
                                      .timer_real = real,
                                      .technique = ON_BOUNDS(seed / 10)});
  struct random r = random_from(seed);
  load_chaos(c->member[c->count - 1].vm, &r, CROWD_SECTORS);
}

/* A real timer every 110,000 ticks, and a loop that only waits for it. */
static void add_spinner(struct crowd *c)
{
  struct program p = {.origin = 0x800};
  put_set_cr(&p, CR_TIMER, 110000, REG_T0);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_add(c, (struct vmm_vm_config){.timer_real = true});
  crowd_load(c, &p);
  crowd_vectors(c, 0x800);
  p = (struct program){.origin = ISA_RESET_PC};
  put_set_cr(&p, CR_TIMER, 110000, REG_T0);
  put(&p, ISA_STI, 0, 0, 0, 0);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, 0);
  crowd_load(c, &p);
}

/* Back to some places in the past, and from there the same way again. */
static void test_scheduled(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 12; seed++) {
    struct crowd c;
    uint64_t met[STEPS];
    struct checkpoint *real[STEPS / 4];
    struct vmm_checkpoint *vmm[STEPS / 4];
    crowd_open(&c, 4);
    c.alone = true;
    add_spinner(&c);
    for (unsigned i = 0; i < 3; i++) {
      add_chaos(&c, seed * 10 + i, i == 2);
    }
    vmm_set_costs(c.vmm, seed % 2 ? &vmm_default_costs : &(struct vmm_costs){0});
    vmm_set_quantum(c.vmm, 3000);
    for (unsigned i = 0; i < STEPS; i++) {
      if (i % 4 == 0) {
        real[i / 4] = checkpoint_take(c.real, i ? real[i / 4 - 1] : NULL);
        vmm[i / 4] = vmm_checkpoint_take(c.vmm, &(const char *){NULL});
        assert_true(real[i / 4] && vmm[i / 4]);
      }
      vmm_run(c.vmm, (i + 1) * 7123);
      met[i] = crowd_hash(&c);
    }
    for (unsigned i = STEPS; i > 0; i -= 4) {
      checkpoint_restore(c.real, real[i / 4 - 1]);
      assert_true(vmm_checkpoint_restore(c.vmm, vmm[i / 4 - 1]));
      for (unsigned k = i - 4; k < STEPS && k < i + 4; k++) {
        vmm_run(c.vmm, (k + 1) * 7123);
        if (crowd_hash(&c) != met[k]) {
          fail_msg("seed %u: another way at step %u, from %u", (unsigned)seed, k, i - 4);
        }
      }
    }
    for (unsigned i = 0; i < STEPS / 4; i++) {
      checkpoint_destroy(real[i]);
      vmm_checkpoint_destroy(vmm[i]);
    }
    crowd_close(&c);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_back_and_forth),
      cmocka_unit_test(test_steady_loans),
      cmocka_unit_test(test_scheduled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
