/* Many VMs on one processor: vmm_run(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/common/chaos.h"
#include "tests/unit/vmm/crowd.h"

/* Counts in a0 for ever. */
static struct program counting(void)
{
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  return p;
}

static struct machine *add_counting(struct crowd *c, uint32_t share)
{
  struct machine *vm = crowd_add(c, (struct vmm_vm_config){.share = share});
  struct program p = counting();
  crowd_load(c, &p);
  return vm;
}

/* Within 2 % over 10 million ticks: shares of the processor, whatever the VMM's work costs. */
static void shares(void **state)
{
  (void)state;
  static const struct vmm_costs none;
  for (unsigned i = 0; i < 2; i++) {
    struct crowd c;
    crowd_open(&c, 3);
    vmm_set_costs(c.vmm, i ? &vmm_default_costs : &none);
    struct machine *vm[3];
    for (unsigned k = 0; k < 3; k++) {
      vm[k] = add_counting(&c, 1u << k);
    }
    assert_int_equal(vmm_run(c.vmm, 10000000).why, VMM_LIMIT);
    assert_int_equal(machine_tick(c.real), 10000000);
    for (unsigned k = 0; k < 3; k++) {
      struct vmm_account a = vmm_vm_account(vm[k]);
      uint64_t had = a.executed + a.overhead, due = 10000000ull * (1u << k) / 7;
      assert_in_range(had, due - due / 50, due + due / 50);
      assert_in_range(machine_tick(vm[k]), due - due / 50, due + due / 50);
      assert_int_equal(had + a.ready, 10000000);
    }
    crowd_check_account(&c);
    crowd_compare(&c, "at the end");
    crowd_close(&c);
  }
}

/* Guests of several techniques beside one another. */
static enum vmm_technique technique_of(uint64_t n)
{
  static const enum vmm_technique techniques[] = {
      VMM_TECHNIQUE_TRAP_AND_EMULATE, VMM_TECHNIQUE_TRAP_AND_EMULATE, VMM_TECHNIQUE_INTERPRET,
      VMM_TECHNIQUE_TRAP_AND_EMULATE, VMM_TECHNIQUE_HYBRID};
  return techniques[n % (sizeof techniques / sizeof techniques[0])];
}

static void add_chaos(struct crowd *c, uint64_t seed, unsigned count)
{
  for (unsigned i = 0; i < count; i++) {
    crowd_add(c, (struct vmm_vm_config){.share = 1 + i,
                                        .timer_real = c->alone && i % 2,
                                        .technique = technique_of(seed + i)});
    struct random a = random_from(seed * 100 + i), b = a;
    load_chaos(c->member[i].vm, &a, CROWD_SECTORS);
    if (c->member[i].bare) {
      load_chaos(c->member[i].bare, &b, CROWD_SECTORS);
    }
  }
}

static void open_chaos(struct crowd *c, uint64_t seed, unsigned count)
{
  crowd_open(c, count);
  add_chaos(c, seed, count);
}

/* Random guests, cut at random: each is as alone, at whatever tick it is looked at. */
static void chaos(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 30; seed++) {
    struct crowd c;
    struct random r = random_from(seed);
    open_chaos(&c, seed, 4);
    vmm_set_costs(c.vmm, seed % 2 ? &vmm_default_costs : &(struct vmm_costs){0});
    vmm_set_quantum(c.vmm, 1 + random_below(&r, seed % 3 ? 3000 : 30));
    for (unsigned turn = 0; turn < 200; turn++) {
      char when[40];
      snprintf(when, sizeof when, "seed %u, turn %u", (unsigned)seed, turn);
      vmm_run(c.vmm, machine_tick(c.real) + random_below(&r, 4000));
      if (random_below(&r, 4) == 0) {
        crowd_type(&c, random_below(&r, 4), (uint8_t)turn);
      }
      crowd_compare(&c, when);
      crowd_check_account(&c);
    }
    crowd_close(&c);
  }
}

/* Random guests, half of them with real timers, and one in a loop that waits. */
static void open_mixture(struct crowd *c, uint64_t seed, uint32_t quantum)
{
  crowd_open(c, 5);
  c->alone = true;
  add_chaos(c, seed, 4);
  crowd_add(c, (struct vmm_vm_config){.share = 2});
  struct program p = {.origin = 0x800};
  put_set_cr(&p, CR_TIMER, 70001, REG_T0);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_load(c, &p);
  crowd_vectors(c, 0x800);
  p = (struct program){.origin = ISA_RESET_PC};
  put_set_cr(&p, CR_TIMER, 70001, REG_T0);
  put(&p, ISA_STI, 0, 0, 0, 0);
  put(&p, ISA_ADDI, REG_A0, REG_ZERO, 0, 1);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  crowd_load(c, &p);
  vmm_set_quantum(c->vmm, quantum);
  vmm_set_costs(c->vmm, seed % 2 ? &vmm_default_costs : &(struct vmm_costs){0});
}

/* To t, then to t + n, is to t + n. */
static void cuts_make_no_difference(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 30; seed++) {
    struct crowd whole, cut;
    struct random r = random_from(seed);
    uint32_t quantum = 1 + random_below(&r, 3000);
    open_mixture(&whole, seed, quantum);
    open_mixture(&cut, seed, quantum);
    uint64_t until = 0;
    for (unsigned turn = 0; turn < 20; turn++) {
      uint64_t from = machine_tick(cut.real);
      until = machine_tick(whole.real) + 20000;
      struct vmm_stop stop = vmm_run(whole.vmm, until);
      for (uint64_t t = from; t < until;) {
        t += 1 + random_below(&r, seed % 5 ? 5000 : 50);
        t = t < until ? t : until;
        if (vmm_run(cut.vmm, t).why != VMM_LIMIT) {
          break;
        }
      }
      if (crowd_hash(&whole) != crowd_hash(&cut)) {
        fail_msg("seed %u, turn %u: ticks %llu and %llu", (unsigned)seed, turn,
                 (unsigned long long)machine_tick(whole.real),
                 (unsigned long long)machine_tick(cut.real));
      }
      if (stop.why != VMM_LIMIT) {
        break;
      }
    }
    crowd_close(&whole);
    crowd_close(&cut);
  }
}

/* The machine of which they have shares is a virtual one. */
static void nested(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    struct crowd c;
    struct random r = random_from(seed);
    crowd_open_nested(&c, 3);
    add_chaos(&c, seed, 3);
    vmm_set_costs(c.vmm, seed % 2 ? &vmm_default_costs : &(struct vmm_costs){0});
    for (unsigned turn = 0; turn < 100; turn++) {
      vmm_run(c.vmm, machine_tick(c.real) + random_below(&r, 4000));
      crowd_compare(&c, "nested");
      crowd_check_account(&c);
    }
    crowd_close(&c);
  }
}

/* ------------------------------------------------- share modules that are no good */

static uint32_t wrong_answer;

static uint32_t always(void *state)
{
  (void)state;
  return wrong_answer++;
}

static uint32_t nobody(void *state)
{
  (void)state;
  return VMM_NOBODY;
}

static uint32_t no_time(void *state, uint32_t slot, uint32_t usual)
{
  (void)state, (void)slot, (void)usual;
  return 0;
}

/* Whatever such a module answers, all run to their end, and as alone. */
static void bad_modules(void **state)
{
  (void)state;
  struct vmm_share_module share[3] = {vmm_share, vmm_share, vmm_share};
  share[0].next = always;
  share[1].next = nobody;
  share[2].quantum = no_time;
  for (unsigned i = 0; i < 3; i++) {
    struct vmm_modules modules = vmm_default_modules;
    struct crowd c;
    modules.share = &share[i];
    crowd_open_with(&c, 4, &modules, NULL);
    for (unsigned k = 0; k < 4; k++) {
      crowd_add(&c, (struct vmm_vm_config){.share = 1});
      struct program p = {.origin = ISA_RESET_PC};
      put_li(&p, REG_A0, 5000 * (k + 1));
      put(&p, ISA_ADDI, REG_A0, REG_A0, 0, (uint32_t)-1);
      put(&p, ISA_BNE, REG_A0, REG_ZERO, 0, (uint32_t)-4);
      put(&p, ISA_HALT, 0, 0, 0, 0);
      crowd_load(&c, &p);
    }
    assert_int_equal(vmm_run(c.vmm, 20000).why, VMM_LIMIT);
    crowd_compare(&c, "in between");
    assert_int_equal(vmm_run(c.vmm, 10000000).why, VMM_STOPPED);
    crowd_compare(&c, "at the end");
    crowd_close(&c);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shares),
      cmocka_unit_test(chaos),
      cmocka_unit_test(cuts_make_no_difference),
      cmocka_unit_test(nested),
      cmocka_unit_test(bad_modules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
