/* The state after n back and n forth is the same to the last bit: of the machine that is
 * debugged, of every other one, and of the real machine below them.
 */
#include "tests/unit/tools/testing.h"

#include <stdlib.h>
#include <string.h>

#include "tests/common/chaos.h"
#include "tools/debug/timeline.h"
#include "vmm/modules.h"

#define STORAGE (128u << 10)
#define SECTORS 16u
#define TICKS   4000u

/* ------------------------------------------------------------------ the worlds */

struct scene {
  const char *profile;
  unsigned depth;
  bool neighbour; /* two VMs take turns */
  uint64_t seed;
  const struct vmm_modules *modules;
  unsigned made;
};

struct parts {
  struct profile *profile;
  struct machine *level[DEBUG_WORLD_VMMS];
};

static struct machine *new_vm(struct vmm *vmm, const struct scene *s, unsigned above,
                              uint32_t first)
{
  const char *reason = NULL;
  struct vmm_vm_config config = {.name = "vm",
                                 .storage = STORAGE + above * VMM_OWN_STORAGE,
                                 .disk_first = first,
                                 .disk_sectors = SECTORS};
  struct machine *m = vmm_create_vm(vmm, &config, &reason);
  insist(m != NULL, reason ? reason : "no VM");
  (void)s;
  return m;
}

static void fill(struct machine *m, const struct scene *s, uint64_t salt)
{
  struct random r = random_from(s->seed * 7 + salt);
  load_chaos(m, &r, SECTORS);
  for (unsigned i = 0; i < 40; i++) {
    machine_console_input(m, i * 90 + random_below(&r, 60), (uint8_t)random_word(&r));
  }
}

static bool make(void *ctx, struct debug_world *w, const char **reason)
{
  struct scene *s = ctx;
  struct parts *p = calloc(1, sizeof *p);
  insist(p != NULL, "memory");
  *w = (struct debug_world){.owned = p};
  s->made++;
  p->profile = profile_load(s->profile, stderr);
  insist(p->profile != NULL, s->profile);
  w->disk = disk_store_memory(2 * SECTORS);
  struct machine_config config = {
      .profile = p->profile, .storage = 2 * STORAGE + s->depth * VMM_OWN_STORAGE, .disk = w->disk};
  if (s->depth == 0) {
    config.storage = STORAGE;
  }
  w->real = w->focus = machine_create(&config, reason);
  insist(w->real != NULL, "machine");
  for (unsigned i = 0; i < s->depth; i++) {
    w->vmm[i] =
        s->modules ? vmm_create_with(w->focus, s->modules, reason) : vmm_create(w->focus, reason);
    insist(w->vmm[i] != NULL, *reason ? *reason : "VMM");
    w->vmms++;
    w->focus = p->level[i] = new_vm(w->vmm[i], s, s->depth - 1 - i, 0);
  }
  if (s->neighbour) {
    w->other[w->others++] = new_vm(w->vmm[0], s, 0, SECTORS);
    w->quantum = 97;
    fill(w->other[0], s, 2);
  }
  fill(w->focus, s, 1);
  return true;
}

static void destroy(void *ctx, struct debug_world *w)
{
  (void)ctx;
  struct parts *p = w->owned;
  for (unsigned i = 0; i < w->others; i++) {
    machine_destroy(w->other[i]);
  }
  for (unsigned i = w->vmms; i-- > 0;) {
    machine_destroy(p->level[i]);
    vmm_destroy(w->vmm[i]);
  }
  machine_destroy(w->real);
  disk_store_destroy(w->disk);
  profile_destroy(p->profile);
  free(p);
}

static struct debug_world_maker maker(struct scene *s)
{
  return (struct debug_world_maker){make, destroy, s};
}

/* ------------------------------------------------------------------ the oracle */

static uint64_t hash_all(struct debug_world *w)
{
  uint64_t hash = machine_state_hash(w->focus);
  for (struct machine *m = machine_parent(w->focus); m; m = machine_parent(m)) {
    hash = hash * 31 + machine_state_hash(m);
  }
  for (unsigned i = 0; i < w->others; i++) {
    hash = hash * 31 + machine_state_hash(w->other[i]);
  }
  return hash;
}

/* What there is at each tick, by going there one by one, once. */
struct truth {
  uint64_t end;
  uint64_t hash[TICKS + 1];
};

static void others_to(struct debug_world *w, uint64_t tick)
{
  for (unsigned i = 0; i < w->others; i++) {
    uint64_t to = tick - tick % w->quantum;
    if (machine_tick(w->other[i]) < to) {
      machine_advance(w->other[i], to);
    }
  }
}

static void find_truth(struct scene *s, struct truth *truth)
{
  struct debug_world w;
  const char *reason = NULL;
  insist(make(s, &w, &reason), "a world");
  for (unsigned i = 0; i < w.vmms; i++) {
    vmm_set_steady(w.vmm[i], true);
  }
  truth->end = 0;
  truth->hash[0] = hash_all(&w);
  for (uint64_t tick = 0; tick < TICKS;) {
    struct machine_stop stop = machine_run(w.focus, tick + 1);
    if (stop.why != MACHINE_LIMIT && stop.why != MACHINE_HALTED &&
        (stop.why != MACHINE_TRAP || !machine_deliver(w.focus, &stop.trap))) {
      break;
    }
    if (machine_tick(w.focus) == tick) {
      break;
    }
    tick = machine_tick(w.focus);
    others_to(&w, tick);
    truth->hash[tick] = hash_all(&w);
    truth->end = tick;
  }
  destroy(s, &w);
}

static void check_place(struct timeline *t, const struct truth *truth, const char *after)
{
  uint64_t tick = timeline_tick(t);
  if (tick <= truth->end && hash_all(timeline_world(t)) != truth->hash[tick]) {
    fail_msg("tick %llu is another one after %s", (unsigned long long)tick, after);
  }
}

/* ------------------------------------------------------------------- the tests */

static void wander(struct timeline *t, const struct truth *truth, struct random *r)
{
  uint64_t n = random_below(r, random_below(r, 4) == 0 ? 1500 : 40), before = timeline_tick(t);
  struct timeline_stop stop;
  switch (random_below(r, 4)) {
  case 0:
    stop = timeline_step(t, n);
    check_place(t, truth, "steps");
    assert_true(stop.why == TIMELINE_ARRIVED || stop.why == TIMELINE_ENDED);
    if (stop.why == TIMELINE_ARRIVED) {
      assert_true(timeline_tick(t) >= before + n);
    }
    break;
  case 1:
    stop = timeline_back(t, n);
    check_place(t, truth, "steps back");
    assert_true(stop.why == TIMELINE_ARRIVED || stop.why == TIMELINE_START);
    break;
  case 2:
    stop = timeline_goto(t, random_below(r, (uint32_t)truth->end + 1));
    check_place(t, truth, "goto");
    assert_int_equal(stop.why, TIMELINE_ARRIVED);
    break;
  default:               /* n forth and n back; n back and n forth */
    timeline_step(t, 1); /* to a place that steps lead to */
    before = timeline_tick(t);
    if (timeline_back(t, n).why == TIMELINE_ARRIVED) {
      timeline_step(t, n);
      assert_int_equal(timeline_tick(t), before);
      check_place(t, truth, "n back and n forth");
    }
    break;
  }
}

static void try_scene(struct scene s, unsigned moves)
{
  static struct truth truth;
  const char *reason = NULL;
  find_truth(&s, &truth);
  if (getenv("V"))
    printf("# %s depth %u seed %u: %u ticks\n", s.profile, s.depth, (unsigned)s.seed,
           (unsigned)truth.end);
  struct debug_world_maker m = maker(&s);
  struct timeline_options options = {.spacing = 300, .memory = 3u << 20};
  struct timeline *t = timeline_create(&m, &options, &reason);
  assert_non_null(t);
  struct random r = random_from(s.seed + 99);
  for (unsigned i = 0; i < moves; i++) {
    wander(t, &truth, &r);
  }
  assert_true(timeline_cost(t).bytes <= options.memory);
  timeline_destroy(t);
}

static void test_bare(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 12; seed++) {
    try_scene((struct scene){.profile = "pg", .seed = seed}, 40);
  }
}

static void test_vm(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    try_scene((struct scene){.profile = "pg", .depth = 1, .seed = seed}, 40);
  }
}

static void test_depth_2(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    try_scene((struct scene){.profile = "pg", .depth = 2, .seed = seed}, 25);
  }
}

static void test_two_vms(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    try_scene((struct scene){.profile = "pg", .depth = 1, .neighbour = true, .seed = seed}, 40);
  }
}

/* Where guests see and change what is real, the real machine must come back too. */
static void test_leaky_profiles(void **state)
{
  (void)state;
  static const char *const leaky[] = {"x86", "vax", "pdp10", "mips", "s360", "armv7"};
  for (size_t i = 0; i < sizeof leaky / sizeof *leaky; i++) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
      try_scene((struct scene){.profile = leaky[i], .depth = 1, .neighbour = true, .seed = seed},
                25);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bare),           cmocka_unit_test(test_vm),
      cmocka_unit_test(test_depth_2),        cmocka_unit_test(test_two_vms),
      cmocka_unit_test(test_leaky_profiles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
