/* A virtual machine stops where a bare one does: the same breakpoints, accesses, ports,
 * modes and waits, at the same ticks with the same details, although some of it is
 * executed by the real machine and some by the VMM.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/common/chaos.h"
#include "tests/common/twin.h"

#define SECTORS 16u
#define STIR    300u
#define TICKS   6000u

static unsigned breaks, watches, catches, transfers;

static struct machine_stop run(struct machine *m, uint64_t until)
{
  for (;;) {
    struct machine_stop stop = machine_run(m, until);
    if (stop.why != MACHINE_TRAP) {
      return stop;
    }
    machine_deliver(m, &stop.trap);
  }
}

static void same_hit(const struct machine_stop *bare, const struct machine_stop *vm, uint64_t tick)
{
  const struct machine_hit *a = &bare->hit, *b = &vm->hit;
  if (bare->why != vm->why || a->event != b->event || a->id != b->id || a->pc != b->pc ||
      a->device != b->device || a->at.v != b->at.v || a->size != b->size || a->old != b->old ||
      a->value != b->value || a->port != b->port || a->changed != b->changed) {
    fail_msg("tick %u: why %d %d event %d %d id %u %u pc %x %x at %x %x size %u %u old %x %x "
             "value %x %x",
             (unsigned)tick, (int)bare->why, (int)vm->why, (int)a->event, (int)b->event, a->id,
             b->id, a->pc, b->pc, a->at.v, b->at.v, a->size, b->size, a->old, b->old, a->value,
             b->value);
  }
  breaks += bare->why == MACHINE_BREAK;
  watches += bare->why == MACHINE_WATCH;
  catches += bare->why == MACHINE_CATCH;
  transfers += bare->why == MACHINE_WATCH && a->device;
}

static void random_stops(struct twin *t, struct random *r)
{
  uint32_t pcs[20];
  struct machine_watch w[2];
  for (unsigned i = 0; i < 20; i++) {
    pcs[i] = 0x1000 + 4 * random_below(r, 1500);
  }
  for (unsigned i = 0; i < 2; i++) {
    uint32_t at = random_below(r, machine_storage_size(t->bare) - 5000);
    w[i] = (struct machine_watch){{gpa(at), 1 + random_below(r, 5000)}, 1u << random_below(r, 3)};
  }
  if (random_below(r, 3) == 0) { /* where the disk writes: also while the program waits */
    w[1] = (struct machine_watch){{gpa(CHAOS_DATA), CHAOS_DATA_SIZE}, MACHINE_ON_STORE};
  }
  struct machine_stops stops = {.breaks = pcs,
                                .break_count = 20,
                                .watches = w,
                                .watch_count = 2,
                                .mode = random_below(r, 3) == 0,
                                .io = random_below(r, 3) == 0,
                                .wait = random_below(r, 3) == 0};
  assert_true(machine_set_stops(t->bare, &stops));
  assert_true(machine_set_stops(t->vm, &stops));
}

static bool stop_together(struct twin *t, uint64_t until)
{
  struct machine_stop bare = run(t->bare, until), vm = run(t->vm, until);
  assert_int_equal(bare.why, vm.why);
  if (!twin_equal(t)) {
    fail_msg("%s; bare %d event %d at %x pc %x, virtual %d event %d at %x pc %x", t->difference,
             (int)bare.why, (int)bare.hit.event, bare.hit.at.v, bare.hit.pc, (int)vm.why,
             (int)vm.hit.event, vm.hit.at.v, vm.hit.pc);
  }
  uint64_t tick = machine_tick(t->bare);
  if (bare.why != MACHINE_BREAK && bare.why != MACHINE_WATCH && bare.why != MACHINE_CATCH) {
    return false;
  }
  same_hit(&bare, &vm, tick);
  machine_stops_from(t->bare, tick + (bare.why == MACHINE_BREAK));
  machine_stops_from(t->vm, tick + (bare.why == MACHINE_BREAK));
  return true;
}

static void compare(uint64_t seed, unsigned depth, bool steady, enum vmm_technique technique)
{
  struct twin t;
  twin_open(&t, &(struct twin_config){.depth = depth, .sectors = SECTORS, .technique = technique});
  struct random r = random_from(seed), again = r;
  load_chaos(t.bare, &r, SECTORS);
  load_chaos(t.vm, &again, SECTORS);
  for (unsigned i = 0; i < depth; i++) {
    vmm_set_steady(t.vmm[i], steady);
  }
  for (uint64_t until = STIR; until <= TICKS; until += STIR) {
    random_stops(&t, &r);
    while (stop_together(&t, until)) {
    }
    struct random stir = random_from(seed ^ until), same = stir;
    stir_chaos(t.bare, &stir);
    stir_chaos(t.vm, &same);
  }
  twin_close(&t);
}

static void stop_alike(enum vmm_technique technique, uint64_t seeds)
{
  breaks = watches = catches = transfers = 0;
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    compare(seed, 1 + seed % 2, seed % 3 == 0, technique);
  }
  assert_true(breaks > 100 && watches > 100 && catches > 100 && transfers > 0);
}

static void test_stops_alike(void **state)
{
  (void)state;
  stop_alike(VMM_TECHNIQUE_TRAP_AND_EMULATE, 300);
}

static void test_stops_alike_interpreted(void **state)
{
  (void)state;
  stop_alike(VMM_TECHNIQUE_INTERPRET, 150);
}

static void test_stops_alike_hybrid(void **state)
{
  (void)state;
  stop_alike(VMM_TECHNIQUE_HYBRID, 150);
}

static void test_stops_alike_translated(void **state)
{
  (void)state;
  stop_alike(VMM_TECHNIQUE_TRANSLATE_ALL, 40);
}

static void test_stops_alike_patched(void **state)
{
  (void)state;
  stop_alike(VMM_TECHNIQUE_PATCH, 40);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stops_alike),
      cmocka_unit_test(test_stops_alike_interpreted),
      cmocka_unit_test(test_stops_alike_hybrid),
      cmocka_unit_test(test_stops_alike_translated),
      cmocka_unit_test(test_stops_alike_patched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
