/* The state after n back and n forth is the same to the last bit: of the machine that is
 * debugged, of every other one, and of the real machine below them.
 */
#include "tests/unit/tools/testing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

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
    uint8_t byte = (uint8_t)random_word(&r);
    machine_console_input(m, i * 90 + random_below(&r, 60), byte);
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
  struct debug_world_maker m = maker(&s);
  struct timeline_options options = {
      .spacing = s.seed % 2 ? 300 : 3000, .near = 20, .memory = 3u << 20};
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

/* ------------------------------------------------------------------------ stops */

/* Every stop of the run forward, by continue; then the same ones backward. */
#define STOPS 400u

struct place {
  enum timeline_why why;
  uint64_t tick;
};

static uint64_t place_of(const struct timeline_stop *stop)
{
  bool before = stop->why == TIMELINE_BREAK || stop->why == TIMELINE_TRAP;
  return stop->tick - (before ? 0 : 1);
}

static size_t go_forward(struct timeline *t, const struct truth *truth, uint64_t end,
                         struct place *places)
{
  size_t count = 0;
  for (;;) {
    struct timeline_stop stop = timeline_continue(t, end);
    if (stop.why == TIMELINE_ARRIVED || stop.why == TIMELINE_ENDED) {
      return count;
    }
    assert_true(count < STOPS);
    check_place(t, truth, "continuing");
    uint64_t place = place_of(&stop);
    /* Two stops may have one place: coming back they are one. */
    if (count == 0 || places[count - 1].tick != place) {
      places[count++] = (struct place){stop.why, place};
    }
  }
}

static unsigned both_ways(struct scene s)
{
  static struct truth truth;
  const char *reason = NULL;
  uint32_t pcs[64];
  struct place places[STOPS];
  find_truth(&s, &truth);
  struct debug_world_maker m = maker(&s);
  struct timeline_options options = {.spacing = 500};
  struct timeline *t = timeline_create(&m, &options, &reason);
  struct random r = random_from(s.seed);
  for (unsigned i = 0; i < 64; i++) {
    pcs[i] = 0x1000 + 4 * random_below(&r, 1500);
  }
  struct machine_watch watch = {{gpa(0x6000), 0x1000}, MACHINE_ON_CHANGE};
  struct timeline_stops stops = {.breaks = pcs,
                                 .break_count = 64,
                                 .watches = &watch,
                                 .watch_count = 1,
                                 .mode = s.seed % 2 == 0,
                                 .io = s.seed % 3 == 0,
                                 .traps = UINT64_C(1) << CAUSE_TIMER};
  assert_true(timeline_set_stops(t, &stops));
  uint64_t end = truth.end < 300 ? truth.end : 300;
  size_t count = go_forward(t, &truth, end, places);
  timeline_goto(t, end);
  for (size_t i = count; i-- > 0;) {
    if (places[i].tick >= end) {
      continue;
    }
    struct timeline_stop stop = timeline_back_continue(t);
    if (stop.why == TIMELINE_BREAK && stop.tick == places[i].tick + 1) {
      /* A break where it had stopped already, for what the instruction before did. */
      stop = timeline_back_continue(t);
    }
    assert_int_equal(stop.tick, places[i].tick);
    assert_int_equal(timeline_tick(t), places[i].tick);
    check_place(t, &truth, "continuing back");
  }
  /* Nothing before it, unless there is a breakpoint at the very beginning. */
  assert_int_equal(timeline_back_continue(t).tick, 0);
  timeline_destroy(t);
  return (unsigned)count;
}

static void test_stops_both_ways(void **state)
{
  (void)state;
  unsigned count = 0;
  for (unsigned seed = 1; seed <= 30; seed++) {
    count += both_ways((struct scene){.profile = "pg", .depth = seed % 3, .seed = seed});
  }
  assert_true(count > 200);
}

/* ------------------------------------------------------------------ small programs */

struct small {
  const char *text;
  unsigned depth;
  struct scene scene;
};

static bool make_small(void *ctx, struct debug_world *w, const char **reason)
{
  struct small *s = ctx;
  s->scene.profile = s->scene.profile ? s->scene.profile : "pg";
  s->scene.depth = s->depth;
  if (!make(&s->scene, w, reason)) {
    return false;
  }
  /* Nothing is left of the chaos. */
  struct machine *m = w->focus;
  for (uint32_t at = 0; at < machine_storage_size(m); at += 4) {
    machine_phys_write_word(m, gpa(at), 0);
  }
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    machine_set_reg(m, reg, 0);
  }
  machine_console_forget(m);
  machine_set_cr(m, CR_PSW, 0);
  machine_set_cr(m, CR_TIMER, 0);
  machine_set_cr(m, CR_VBR, 0);
  machine_set_cr(m, CR_IPEND, 0);
  machine_set_cr(m, CR_IMASK, 0x1f);
  machine_set_pc(m, ISA_RESET_PC);
  load_text(m, s->text);
  return true;
}

static struct timeline *small_timeline(struct small *s, const struct timeline_options *options)
{
  const char *reason = NULL;
  struct debug_world_maker m = {make_small, destroy, s};
  struct timeline *t = timeline_create(&m, options, &reason);
  assert_non_null(t);
  return t;
}

static const char counting[] = ""
                               "loop:   addi a0, a0, 1\n"
                               "        andi a1, a0, 1023\n"
                               "        bne a1, zero, loop\n"
                               "        sw a0, 0x700(zero)\n"
                               "        jal zero, loop\n";
#define ROUND (3u * 1024u + 2u) /* ticks to a store and the jump after it */

/* 100 million ticks: what a step back costs, counted. */
static void test_long_run(void **state)
{
  (void)state;
  struct small s = {.text = counting};
  struct timeline_options options = {0};
  struct timeline *t = small_timeline(&s, &options);
  assert_int_equal(timeline_goto(t, 100000000).why, TIMELINE_ARRIVED);
  uint64_t hash = hash_all(timeline_world(t));
  assert_true(timeline_cost(t).checkpoints > 10);
  uint64_t before = timeline_cost(t).reexecuted;
  assert_int_equal(before, 0);
  assert_int_equal(timeline_back(t, 1).tick, 99999999);
  /* To count steps and to go there; a checkpoint is never further than its spacing. */
  assert_true(timeline_cost(t).reexecuted - before < 2 * 8000000);
  assert_int_equal(timeline_step(t, 1).tick, 100000000);
  assert_int_equal(hash_all(timeline_world(t)), hash);
  assert_true(timeline_cost(t).bytes < (256u << 20));
  timeline_destroy(t);
}

static const char trapping[] = "        auipc t0, 0\n"
                               "        addi t1, t0, 28\n"
                               "        sw t1, 0x108(zero)\n" /* cause 2: sys */
                               "        addi t1, zero, 0x100\n"
                               "        mtcr vbr, t1\n"
                               "loop:   sys 0\n"
                               "        jal zero, loop\n"
                               "        mfcr t1, epc\n"
                               "        addi t1, t1, 4\n"
                               "        mtcr epc, t1\n"
                               "        rfe\n";

/* TRAPEZE_SECONDS=0.2, in the soak test: after 100 million ticks a step back takes less
 * processor time than that, bare and virtual, and all of it stays within 256 MiB. */
static void step_back_in(double seconds, const char *text, unsigned depth)
{
  struct small s = {.text = text, .depth = depth};
  struct timeline_options options = {0};
  struct timeline *t = small_timeline(&s, &options);
  struct rusage usage;
  double most = 0;
  for (uint64_t at = 100000000; at > 50000000; at -= 24999999) {
    assert_int_equal(timeline_goto(t, at).why, TIMELINE_ARRIVED);
    clock_t start = clock();
    assert_int_equal(timeline_back(t, 1).tick, at - 1);
    double taken = (double)(clock() - start) / CLOCKS_PER_SEC;
    most = taken > most ? taken : most;
  }
  getrusage(RUSAGE_SELF, &usage);
  printf("# depth %u: a step back took %.3f s, checkpoints %zu MiB, process %ld MiB\n", depth, most,
         timeline_cost(t).bytes >> 20, usage.ru_maxrss >> 10);
  assert_true(most < seconds);
  assert_true(usage.ru_maxrss >> 10 < 256);
  timeline_destroy(t);
}

static void test_seconds(void **state)
{
  (void)state;
  const char *seconds = getenv("TRAPEZE_SECONDS");
  for (unsigned depth = 0; seconds && depth < 3; depth++) {
    step_back_in(atof(seconds), counting, depth);
    step_back_in(atof(seconds), trapping, depth);
  }
}

/* A VM that stores all over its storage, within little memory. */
static void test_memory_is_bounded(void **state)
{
  (void)state;
  struct small s = {.text = ""
                            "loop:   add a1, a1, a0\n"
                            "        andi a2, a0, 0x3fff\n"
                            "        slli a2, a2, 2\n"
                            "        sw a1, 0x4000(a2)\n"
                            "        addi a0, a0, 129\n"
                            "        jal zero, loop\n",
                    .depth = 1};
  struct timeline_options options = {.memory = 2u << 20, .spacing = 20000};
  struct timeline *t = small_timeline(&s, &options);
  timeline_goto(t, 3000000);
  uint64_t hash = hash_all(timeline_world(t));
  assert_true(timeline_cost(t).bytes <= options.memory);
  assert_true(timeline_cost(t).checkpoints > 3);
  uint64_t before = timeline_cost(t).reexecuted;
  timeline_back(t, 1);
  assert_true(timeline_cost(t).reexecuted - before < 6 * options.spacing); /* near now: dense */
  timeline_goto(t, 1234567);
  before = timeline_cost(t).reexecuted;
  timeline_back(t, 1); /* and here, since we have been here */
  assert_true(timeline_cost(t).reexecuted - before < 6 * options.spacing);
  timeline_goto(t, 3000000);
  assert_int_equal(hash_all(timeline_world(t)), hash);
  assert_true(timeline_cost(t).bytes <= options.memory);
  timeline_destroy(t);
}

static void test_last_write(void **state)
{
  (void)state;
  for (unsigned depth = 0; depth < 3; depth++) {
    struct small s = {.text = counting, .depth = depth};
    struct timeline_options options = {.spacing = 1000};
    struct timeline *t = small_timeline(&s, &options);
    gpa_range_t range = {gpa(0x702), 1}, other = {gpa(0x704), 4};
    assert_int_equal(timeline_last_write(t, range).why, TIMELINE_START);
    timeline_goto(t, 5 * ROUND + 77);
    struct timeline_stop stop = timeline_last_write(t, range);
    assert_int_equal(stop.why, TIMELINE_WATCH);
    assert_int_equal(stop.tick, 5 * ROUND - 2);
    assert_int_equal(timeline_tick(t), 5 * ROUND - 2);
    assert_int_equal(machine_get_pc(timeline_machine(t)), 0x100c);
    assert_int_equal(stop.machine.hit.pc, 0x100c);
    assert_int_equal(stop.machine.hit.old, 4 * 1024);
    assert_int_equal(timeline_last_write(t, range).tick, 4 * ROUND - 2);
    assert_int_equal(timeline_last_write(t, other).why, TIMELINE_START);
    assert_int_equal(timeline_tick(t), 4 * ROUND - 2);
    timeline_destroy(t);
  }
}

static bool every_third(void *ctx, struct machine *m, const struct timeline_stop *stop)
{
  (void)ctx;
  assert_int_equal(stop->why, TIMELINE_WATCH);
  return machine_get_reg(m, REG_A0) % 3072 == 0;
}

static void test_conditions(void **state)
{
  (void)state;
  struct small s = {.text = counting, .depth = 1};
  struct timeline_options options = {.spacing = 1000};
  struct timeline *t = small_timeline(&s, &options);
  struct machine_watch watch = {{gpa(0x700), 4}, MACHINE_ON_STORE};
  struct timeline_stops stops = {.watches = &watch, .watch_count = 1, .wanted = every_third};
  timeline_set_stops(t, &stops);
  assert_int_equal(timeline_continue(t, MACHINE_NEVER).tick, 3 * ROUND - 1);
  assert_int_equal(timeline_continue(t, MACHINE_NEVER).tick, 6 * ROUND - 1);
  timeline_step(t, 2 * ROUND);
  assert_int_equal(timeline_back_continue(t).tick, 6 * ROUND - 2);
  assert_int_equal(timeline_back_continue(t).tick, 3 * ROUND - 2);
  assert_int_equal(timeline_back_continue(t).why, TIMELINE_START);
  timeline_destroy(t);
}

/* Refuses each; a timeline that meets the same one again and again asks for ever. */
static bool refuse(void *ctx, struct machine *m, const struct timeline_stop *stop)
{
  unsigned *asked = ctx;
  assert_int_equal(stop->why, TIMELINE_BREAK);
  assert_int_equal(machine_get_pc(m), 0x100c);
  insist(++*asked < 100, "a refused breakpoint is met for ever");
  return false;
}

/* A breakpoint whose condition does not hold is passed, once each time. */
static void test_refused_breaks(void **state)
{
  (void)state;
  for (unsigned depth = 0; depth <= 2; depth++) {
    struct small s = {.text = counting, .depth = depth};
    struct timeline_options options = {.spacing = 1000};
    struct timeline *t = small_timeline(&s, &options);
    const uint32_t pc = 0x100c;
    unsigned asked = 0;
    struct timeline_stops stops = {
        .breaks = &pc, .break_count = 1, .wanted = refuse, .ctx = &asked};
    timeline_set_stops(t, &stops);
    struct timeline_stop stop = timeline_continue(t, 5 * ROUND + 10);
    assert_int_equal(stop.why, TIMELINE_ARRIVED);
    assert_int_equal(stop.tick, 5 * ROUND + 10);
    assert_int_equal(asked, 5);
    assert_int_equal(timeline_back_continue(t).why, TIMELINE_START);
    assert_int_equal(timeline_tick(t), 0);
    timeline_destroy(t);
  }
}

/* What moves do is told to a tracer, executing again included; the state is the same. */
static void count_event(struct tracer *tracer, const struct trace_event *event)
{
  struct counted {
    struct tracer tracer;
    uint64_t instructions, others;
  } *c = (struct counted *)tracer;
  c->instructions += event->kind == TRACE_INSN;
  c->others += event->kind != TRACE_INSN;
}

static void test_tracer(void **state)
{
  (void)state;
  for (unsigned depth = 0; depth <= 1; depth++) {
    struct small s = {.text = counting, .depth = depth};
    struct timeline_options options = {.spacing = 1000};
    struct timeline *t = small_timeline(&s, &options);
    struct {
      struct tracer tracer;
      uint64_t instructions, others;
    } c = {.tracer = {.record = count_event, .instructions = true}};
    timeline_goto(t, 5000);
    uint64_t hash = hash_all(timeline_world(t));
    timeline_goto(t, 0);
    timeline_trace(t, &c.tracer);
    timeline_goto(t, 5000);
    assert_int_equal(c.instructions, 5000);
    assert_int_equal(hash_all(timeline_world(t)), hash);
    timeline_back(t, 1);
    assert_true(c.instructions > 5000);
    timeline_trace(t, NULL);
    uint64_t before = c.instructions;
    timeline_step(t, 1);
    assert_int_equal(c.instructions, before);
    assert_int_equal(hash_all(timeline_world(t)), hash);
    timeline_destroy(t);
  }
}

/* A replay executes each tick once, wherever one is, and may be left off. */
struct replayed {
  struct tracer tracer;
  uint64_t instructions, others, until;
  bool refuses, there;
  unsigned ends;
};

static bool replay_begins(void *ctx, struct debug_world *w)
{
  struct replayed *c = ctx;
  assert_int_equal(machine_tick(w->focus), 0);
  for (struct machine *m = w->focus; m && !c->refuses; m = machine_parent(m)) {
    machine_set_tracer(m, &c->tracer);
  }
  return !c->refuses;
}

static bool replay_goes_on(void *ctx, uint64_t tick)
{
  const struct replayed *c = ctx;
  return tick < c->until;
}

static void replay_ends(void *ctx, struct debug_world *w, bool there)
{
  struct replayed *c = ctx;
  c->there = there;
  c->ends++;
  for (struct machine *m = w->focus; m; m = machine_parent(m)) {
    machine_set_tracer(m, NULL);
  }
}

static void test_replay(void **state)
{
  (void)state;
  for (unsigned depth = 0; depth <= 2; depth++) {
    struct small s = {.text = counting, .depth = depth};
    struct timeline_options options = {.spacing = 1000};
    struct timeline *t = small_timeline(&s, &options);
    struct replayed c = {.tracer = {.record = count_event, .instructions = true}};
    const struct timeline_replay replay = {replay_begins, replay_goes_on, replay_ends, &c};
    timeline_goto(t, 600000);
    timeline_goto(t, 300000);
    uint64_t hash = hash_all(timeline_world(t));
    c.until = UINT64_MAX;
    assert_int_equal(timeline_replay(t, &replay, false).why, TIMELINE_ARRIVED);
    assert_true(c.there);
    assert_int_equal(c.instructions, 300000);
    assert_int_equal(hash_all(timeline_world(t)), hash);
    c.until = 1;
    assert_int_equal(timeline_replay(t, &replay, false).why, TIMELINE_INTERRUPTED);
    assert_false(c.there);
    assert_true(c.instructions < 600000);
    assert_int_equal(hash_all(timeline_world(t)), hash);
    c.refuses = true;
    assert_int_equal(timeline_replay(t, &replay, false).why, TIMELINE_INTERRUPTED);
    assert_int_equal(c.ends, 2);
    assert_int_equal(timeline_tick(t), 300000);
    timeline_destroy(t);
  }
}

/* A step over a wait, there and back. */
static void test_waits(void **state)
{
  (void)state;
  for (unsigned depth = 0; depth < 3; depth++) {
    struct small s = {.text = ""
                              "loop:   addi a0, zero, 1000\n"
                              "        mtcr timer, a0\n"
                              "        wfi\n"
                              "        mtcr ipend, zero\n"
                              "        jal zero, loop\n",
                      .depth = depth};
    struct timeline_options options = {.spacing = 400};
    struct timeline *t = small_timeline(&s, &options);
    assert_int_equal(timeline_step(t, 3).tick, 3);
    assert_int_equal(timeline_step(t, 1).tick, 1002);
    assert_int_equal(timeline_step(t, 1).tick, 1003);
    assert_int_equal(timeline_back(t, 1).tick, 1002);
    assert_int_equal(timeline_back(t, 1).tick, 3);
    assert_int_equal(timeline_back(t, 1).tick, 2);
    timeline_step(t, 6 * 100);
    uint64_t tick = timeline_tick(t), hash = hash_all(timeline_world(t));
    assert_int_equal(timeline_back(t, 6 * 70).why, TIMELINE_ARRIVED);
    assert_int_equal(timeline_goto(t, 20500).tick, 20500); /* within a wait */
    uint64_t within = hash_all(timeline_world(t));
    timeline_goto(t, tick);
    assert_int_equal(hash_all(timeline_world(t)), hash);
    timeline_back(t, 6 * 50);
    timeline_step(t, 6 * 50);
    assert_int_equal(timeline_tick(t), tick);
    timeline_goto(t, 20500);
    assert_int_equal(hash_all(timeline_world(t)), within);
    timeline_destroy(t);
  }
}

static const char echoing[] = ""
                              "loop:   in a0, 0(a1)\n"
                              "        blt a0, zero, loop\n"
                              "        out a0, 0(a1)\n"
                              "        jal zero, loop\n";

static void shows(struct timeline *t, const char *text)
{
  size_t len;
  const uint8_t *bytes = machine_console_output(timeline_machine(t), &len);
  assert_int_equal(len, strlen(text));
  assert_memory_equal(bytes, text, len);
}

static unsigned type(struct timeline *t, const char *text)
{
  return timeline_type(t, (const uint8_t *)text, strlen(text));
}

static void test_typing(void **state)
{
  (void)state;
  for (unsigned depth = 0; depth < 3; depth++) {
    struct small s = {.text = echoing, .depth = depth};
    struct timeline_options options = {.spacing = 300};
    struct timeline *t = small_timeline(&s, &options);
    timeline_goto(t, 1000);
    assert_int_equal(type(t, "ab"), 0);
    assert_int_equal(type(t, "c"), 0);
    timeline_goto(t, 2000);
    shows(t, "abc");
    assert_int_equal(type(t, "d"), 0);
    timeline_goto(t, 3000);
    shows(t, "abcd");
    uint64_t hash = hash_all(timeline_world(t));
    timeline_goto(t, 500);
    shows(t, "");
    assert_int_equal(timeline_input_ahead(t), 4);
    timeline_goto(t, 3000);
    assert_int_equal(hash_all(timeline_world(t)), hash);
    timeline_goto(t, 1500);
    shows(t, "abc");
    assert_int_equal(type(t, "xy"), 1); /* and d will never have been typed */
    timeline_goto(t, 3000);
    shows(t, "abcxy");
    timeline_goto(t, 1000);
    timeline_goto(t, 3000);
    shows(t, "abcxy");
    timeline_destroy(t);
  }
}

static void test_changes(void **state)
{
  (void)state;
  for (unsigned depth = 0; depth < 3; depth++) {
    struct small s = {.text = counting, .depth = depth};
    struct timeline_options options = {.spacing = 300};
    struct timeline *t = small_timeline(&s, &options);
    timeline_goto(t, 999);
    assert_int_equal(machine_get_reg(timeline_machine(t), REG_A0), 333);
    machine_set_reg(timeline_machine(t), REG_A0, 10);
    assert_true(timeline_changed(t));
    timeline_goto(t, 2001);
    assert_int_equal(machine_get_reg(timeline_machine(t), REG_A0), 10 + 334);
    uint64_t hash = hash_all(timeline_world(t));
    timeline_goto(t, 990);
    assert_int_equal(machine_get_reg(timeline_machine(t), REG_A0), 330);
    timeline_step(t, 9);
    assert_int_equal(machine_get_reg(timeline_machine(t), REG_A0), 10);
    timeline_step(t, 1002);
    assert_int_equal(hash_all(timeline_world(t)), hash);
    timeline_destroy(t);
  }
}

static void test_checkpoints(void **state)
{
  (void)state;
  struct small s = {.text = counting, .depth = 1};
  struct timeline_options options = {.spacing = 1000};
  struct timeline *t = small_timeline(&s, &options);
  uint64_t tick = 0;
  timeline_goto(t, 5000);
  assert_int_equal(timeline_checkpoint(t), 1);
  timeline_goto(t, 9000);
  assert_int_equal(timeline_checkpoint(t), 2);
  assert_true(timeline_checkpoint_tick(t, 1, &tick));
  assert_int_equal(tick, 5000);
  timeline_goto(t, 7000);
  type(t, "x");
  assert_true(timeline_checkpoint_tick(t, 1, &tick));
  assert_false(timeline_checkpoint_tick(t, 2, &tick)); /* of another history */
  assert_true(timeline_checkpoint_delete(t, 1));
  assert_false(timeline_checkpoint_tick(t, 1, &tick));
  timeline_destroy(t);
}

static void test_interrupt(void **state)
{
  (void)state;
  static volatile sig_atomic_t flag;
  struct small s = {.text = counting, .depth = 1};
  struct timeline_options options = {.spacing = 1000, .interrupt = &flag};
  struct timeline *t = small_timeline(&s, &options);
  timeline_goto(t, 20000);
  flag = 1;
  assert_int_equal(timeline_continue(t, MACHINE_NEVER).why, TIMELINE_INTERRUPTED);
  assert_int_equal(timeline_goto(t, 10).why, TIMELINE_INTERRUPTED);
  assert_int_equal(timeline_back(t, 5).why, TIMELINE_INTERRUPTED);
  assert_int_equal(timeline_back_continue(t).why, TIMELINE_INTERRUPTED);
  assert_int_equal(timeline_tick(t), 20000);
  flag = 0;
  assert_int_equal(timeline_back(t, 5).tick, 19995);
  timeline_destroy(t);
}

/* What happens within the step of an emulated instruction, and that looking is free. */
static void test_events(void **state)
{
  (void)state;
  struct small s = {.text = ""
                            "        addi a0, a0, 1\n"
                            "        mtcr scr1, a0\n",
                    .depth = 1};
  struct timeline_options options = {0};
  struct timeline *t = small_timeline(&s, &options);
  struct trace_event events[32];
  timeline_step(t, 1);
  uint64_t hash = hash_all(timeline_world(t));
  size_t count = timeline_events(t, false, events, 32);
  static const enum trace_kind kinds[] = {TRACE_TRAP, TRACE_WORLD_OUT, TRACE_EMULATE};
  size_t found = 0;
  for (size_t i = 0; i < count && found < 3; i++) {
    found += events[i].kind == kinds[found];
  }
  assert_int_equal(found, 3);
  assert_int_equal(hash_all(timeline_world(t)), hash);
  struct trap trap;
  assert_false(timeline_trap(t, &trap));
  timeline_step(t, 1);
  assert_true(timeline_trap(t, &trap)); /* a word of zeros */
  assert_int_equal(trap.cause, CAUSE_ILLEGAL);
  timeline_destroy(t);
}

/* A module of a lab with a state and no way to save it: back is from the beginning. */
static void *create_nothing(void *with)
{
  (void)with;
  return malloc(1);
}

static void test_module_that_cannot_be_saved(void **state)
{
  (void)state;
  struct vmm_schedule_module schedule = vmm_schedule;
  schedule.create = create_nothing;
  schedule.destroy = free;
  struct vmm_modules modules = vmm_default_modules;
  modules.schedule = &schedule;
  struct scene s = {.profile = "pg", .depth = 1, .seed = 3, .modules = &modules};
  try_scene(s, 12);
  const char *reason = NULL;
  struct debug_world_maker m = maker(&s);
  s.made = 0;
  struct timeline *t = timeline_create(&m, &(struct timeline_options){0}, &reason);
  assert_true(timeline_cost(t).cannot_save);
  assert_non_null(timeline_cost(t).reason);
  timeline_goto(t, 100);
  timeline_back(t, 1);
  assert_int_equal(timeline_tick(t), 99);
  assert_true(s.made > 1);
  assert_false(timeline_changed(t));
  timeline_destroy(t);
}

/* The oracle can fail: a module that says that it is saved, and is not, is found out. */
static bool load_nothing(void *state, const void *bytes, uint32_t len)
{
  (void)state;
  (void)bytes;
  (void)len;
  return true;
}

static void test_forgetful_timeline(void **state)
{
  (void)state;
  static struct truth truth;
  const char *reason = NULL;
  struct vmm_timer_module timer = vmm_timer_virtual;
  timer.load = load_nothing;
  struct vmm_modules modules = vmm_default_modules;
  modules.timer = &timer;
  unsigned wrong = 0;
  for (unsigned seed = 1; seed <= 6; seed++) {
    struct scene s = {.profile = "pg", .depth = 1, .seed = seed, .modules = &modules};
    find_truth(&s, &truth);
    struct debug_world_maker m = maker(&s);
    struct timeline_options options = {.spacing = 300};
    struct timeline *t = timeline_create(&m, &options, &reason);
    timeline_goto(t, truth.end);
    for (uint64_t tick = truth.end; tick > 100; tick -= 97) {
      timeline_goto(t, tick);
      wrong += hash_all(timeline_world(t)) != truth.hash[tick];
    }
    timeline_destroy(t);
  }
  assert_true(wrong > 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bare),
      cmocka_unit_test(test_vm),
      cmocka_unit_test(test_depth_2),
      cmocka_unit_test(test_two_vms),
      cmocka_unit_test(test_leaky_profiles),
      cmocka_unit_test(test_stops_both_ways),
      cmocka_unit_test(test_long_run),
      cmocka_unit_test(test_seconds),
      cmocka_unit_test(test_memory_is_bounded),
      cmocka_unit_test(test_last_write),
      cmocka_unit_test(test_conditions),
      cmocka_unit_test(test_refused_breaks),
      cmocka_unit_test(test_tracer),
      cmocka_unit_test(test_replay),
      cmocka_unit_test(test_waits),
      cmocka_unit_test(test_typing),
      cmocka_unit_test(test_changes),
      cmocka_unit_test(test_checkpoints),
      cmocka_unit_test(test_interrupt),
      cmocka_unit_test(test_events),
      cmocka_unit_test(test_module_that_cannot_be_saved),
      cmocka_unit_test(test_forgetful_timeline),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
