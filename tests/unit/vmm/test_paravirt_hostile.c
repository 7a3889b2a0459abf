/* Guests that abuse the hypercall interface, each a small program that does one evil thing: in a
 * VM and in a VM on a VM, on every profile shipped and on nasty ones. Each is refused with the
 * code that docs/paravirt.md names, or harms itself; the neighbours are as they would be alone.
 *
 * Then random calls, with random words all over the shared page. HYPERCALLS=n in the environment
 * has so many turns (make soak).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arena.h"
#include "machine/devices/ports.h"
#include "vmm/techniques/paravirt.h"

#define START        0x1000u
#define ENTRY        0x3000u
#define PAGE         0x4000u
#define BUFFER       0x8000u
#define TICKS        6000u
#define TURNS        2000u
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct guest {
  struct machine *m;
  struct program *p;
  uint32_t variant;
};

static void at(struct guest *g, uint32_t origin)
{
  load_program(g->m, g->p);
  g->p->origin = origin;
  g->p->count = 0;
}

static void ask(struct guest *g, uint32_t n, uint32_t a0, uint32_t a1)
{
  put_li(g->p, REG_A0, a0);
  put_li(g->p, REG_A1, a1);
  put(g->p, ISA_HCALL, 0, 0, 0, n);
}

/* The answer of the last call is what the end is judged by. */
static void halt(struct guest *g)
{
  put(g->p, ISA_ADD, REG_S1, REG_A0, REG_ZERO, 0);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_HALT);
}

static void loop(struct guest *g)
{
  put(g->p, ISA_JAL, REG_ZERO, 0, 0, 0);
}

static void back_to(struct guest *g, uint32_t top)
{
  put(g->p, ISA_JAL, REG_ZERO, 0, 0, top - here(g->p));
}

static void page(struct guest *g)
{
  ask(g, HYPER_REGISTER, PAGE, ENTRY);
}

static void poke(struct guest *g, uint32_t offset, uint32_t word)
{
  put_li(g->p, REG_T0, PAGE);
  put_li(g->p, REG_T1, word);
  put(g->p, ISA_SW, REG_T1, REG_T0, 0, offset);
}

static void request(struct guest *g, uint32_t place, const uint32_t *words)
{
  for (uint32_t i = 0; i < 4; i++) {
    poke(g, HYPER_PAGE_DISK + place * HYPER_DISK_BYTES + 4 * i, words[i]);
  }
}

/* ------------------------------------------------------------------ the guests */

static const uint32_t nonsense[] = {
    ARENA_STORAGE,        ARENA_STORAGE - 4, 0xfffff000, 0x80000000,
    ARENA_STORAGE - 2048, 0xffffffff,        1,          0x7ffff000};

static void page_nowhere(struct guest *g)
{
  ask(g, HYPER_REGISTER, nonsense[g->variant], ENTRY);
  halt(g);
}

static void page_twice(struct guest *g)
{
  page(g);
  ask(g, HYPER_REGISTER, PAGE + 4096 * g->variant, ENTRY);
  halt(g);
}

static void no_page(struct guest *g)
{
  static const uint32_t calls[] = {HYPER_IRET, HYPER_EVENTS, HYPER_KICK};
  ask(g, calls[g->variant], 0, 0);
  halt(g);
}

static void no_such_call(struct guest *g)
{
  static const uint32_t numbers[] = {HYPER_CALLS, 0xff, 0x7fff, 0xffff};
  if (g->variant % 2) {
    page(g);
  }
  ask(g, numbers[g->variant / 2], 0xffffffff, 0xffffffff);
  halt(g);
}

/* Every call, by a process, again and again; the kernel steps over it. */
static void by_a_process(struct guest *g)
{
  page(g);
  poke(g, HYPER_PAGE_PC, 0);
  poke(g, HYPER_PAGE_PSW, psw_set_te(psw_set_mode(0, PSW_MODE_MASK), 1));
  poke(g, HYPER_PAGE_BASE, BUFFER);
  poke(g, HYPER_PAGE_BOUND, 0x1000);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_IRET);
  at(g, ENTRY);
  put_li(g->p, REG_T0, PAGE);
  put(g->p, ISA_LW, REG_T1, REG_T0, 0, HYPER_PAGE_CAUSE);
  put(g->p, ISA_ADD, REG_S1, REG_T1, REG_ZERO, 0);
  put(g->p, ISA_LW, REG_T1, REG_T0, 0, HYPER_PAGE_PC);
  put(g->p, ISA_ADDI, REG_T1, REG_T1, 0, 4);
  put(g->p, ISA_SW, REG_T1, REG_T0, 0, HYPER_PAGE_PC);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_IRET);
  at(g, BUFFER);
  put_li(g->p, REG_A0, 0x2000 * g->variant);
  for (uint32_t n = 0; n < 12; n++) {
    put(g->p, ISA_HCALL, 0, 0, 0, n);
  }
  back_to(g, BUFFER);
}

static void wild_output(struct guest *g)
{
  static const uint32_t wild[] = {HYPER_OUT_SIZE + 1, 0xffffffff, 0x80000000};
  page(g);
  poke(g, HYPER_PAGE_OUT_PUT, wild[g->variant]);
  ask(g, HYPER_KICK, 0, 0);
  halt(g);
}

static void wild_input(struct guest *g)
{
  static const uint32_t wild[] = {1, 0xfffffffe, 0x80000000};
  page(g);
  poke(g, HYPER_PAGE_IN_TAKEN, wild[g->variant] - (g->variant == 1 ? HYPER_IN_SIZE : 0));
  ask(g, HYPER_KICK, 0, 0);
  halt(g);
}

static void wild_requests(struct guest *g)
{
  static const uint32_t wild[] = {HYPER_DISK_SIZE + 1, 0xffffffff, 0x80000000};
  page(g);
  poke(g, HYPER_PAGE_DISK_PUT, wild[g->variant]);
  ask(g, HYPER_KICK, 0, 0);
  halt(g);
}

/* The error that it gets is the answer. */
static void far_request(struct guest *g)
{
  static const uint32_t far[][4] = {
      {DISK_COMMAND_READ, 0, ARENA_STORAGE, 1}, {DISK_COMMAND_READ, 0, ARENA_STORAGE - 508, 1},
      {DISK_COMMAND_WRITE, 0, 0xfffffe00, 1},   {DISK_COMMAND_WRITE, 0, 0x80000000, 1},
      {DISK_COMMAND_READ, 0, 0xfffffffc, 2},    {DISK_COMMAND_READ, 0, ARENA_STORAGE - 0x1000, 16},
  };
  page(g);
  request(g, 0, far[g->variant]);
  poke(g, HYPER_PAGE_DISK_PUT, 1);
  ask(g, HYPER_WAIT, 0, 0);
  put_li(g->p, REG_T0, PAGE);
  put(g->p, ISA_LW, REG_A0, REG_T0, 0, HYPER_PAGE_DISK);
  halt(g);
}

static void someone_elses_sectors(struct guest *g)
{
  static const uint32_t far[][4] = {
      {DISK_COMMAND_WRITE, ARENA_SECTORS, BUFFER, 1},
      {DISK_COMMAND_READ, ARENA_SECTORS - 1, BUFFER, 2},
      {DISK_COMMAND_WRITE, 0xffffffff, BUFFER, 1},
      {DISK_COMMAND_WRITE, 0xfffffff0, BUFFER, 0x11},
      {DISK_COMMAND_READ, 0x80000000, BUFFER, 1},
  };
  page(g);
  request(g, 0, far[g->variant]);
  poke(g, HYPER_PAGE_DISK_PUT, 1);
  ask(g, HYPER_WAIT, 0, 0);
  put_li(g->p, REG_T0, PAGE);
  put(g->p, ISA_LW, REG_A0, REG_T0, 0, HYPER_PAGE_DISK);
  halt(g);
}

/* What it reads from the disk lands on the page: on the mask, the indices, the ring. */
static void dma_over_the_page(struct guest *g)
{
  const uint32_t words[] = {DISK_COMMAND_READ, 1, PAGE + 512 * g->variant, 1};
  page(g);
  request(g, 0, words);
  request(g, 1, words);
  poke(g, HYPER_PAGE_DISK_PUT, 2);
  uint32_t top = here(g->p);
  ask(g, HYPER_KICK, 0, 0);
  back_to(g, top);
  at(g, ENTRY);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_IRET);
}

/* The words of a request are others each time that the VMM could look. */
static void changing_request(struct guest *g)
{
  const uint32_t words[] = {DISK_COMMAND_WRITE, 1, BUFFER, 1};
  page(g);
  request(g, 0, words);
  poke(g, HYPER_PAGE_DISK_PUT, 1);
  ask(g, HYPER_KICK, 0, 0);
  uint32_t top = here(g->p);
  poke(g, HYPER_PAGE_DISK + HYPER_DISK_SECTOR, 0xffffffff);
  poke(g, HYPER_PAGE_DISK + HYPER_DISK_ADDRESS, 0xfffffffc);
  poke(g, HYPER_PAGE_DISK + HYPER_DISK_COUNT, 0xffffffff);
  poke(g, HYPER_PAGE_DISK_DONE, 0x80000000);
  ask(g, HYPER_KICK, 0, 0);
  back_to(g, top);
}

/* The page is where the program is: registering it clears some of it. */
static void page_over_code(struct guest *g)
{
  ask(g, HYPER_REGISTER, START, g->variant ? START : ENTRY);
  loop(g);
  at(g, ENTRY);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_IRET);
  loop(g);
}

/* Every fetch at the entry traps, to the entry. */
static void entry_nowhere(struct guest *g)
{
  ask(g, HYPER_REGISTER, PAGE, nonsense[g->variant] & ~3u);
  put(g->p, ISA_SYS, 0, 0, 0, 0);
}

static void kicks_for_ever(struct guest *g)
{
  page(g);
  uint32_t top = here(g->p);
  if (g->variant) {
    poke(g, HYPER_PAGE_OUT_PUT, 0xffffffff);
  }
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_KICK);
  back_to(g, top);
}

/* The most that one call may ask for, in each. */
static void floods(struct guest *g)
{
  page(g);
  uint32_t top = here(g->p);
  put_li(g->p, REG_T0, PAGE);
  put(g->p, ISA_LW, REG_T1, REG_T0, 0, HYPER_PAGE_OUT_TAKEN);
  put(g->p, ISA_ADDI, REG_T1, REG_T1, 0, HYPER_OUT_SIZE);
  put(g->p, ISA_SW, REG_T1, REG_T0, 0, HYPER_PAGE_OUT_PUT);
  put(g->p, ISA_LW, REG_T1, REG_T0, 0, HYPER_PAGE_DISK_DONE);
  put(g->p, ISA_ADDI, REG_T1, REG_T1, 0, HYPER_DISK_SIZE);
  put(g->p, ISA_SW, REG_T1, REG_T0, 0, HYPER_PAGE_DISK_PUT);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_TIME);
  back_to(g, top);
}

static void iret_to_nowhere(struct guest *g)
{
  page(g);
  poke(g, HYPER_PAGE_PC, nonsense[g->variant]);
  poke(g, HYPER_PAGE_PSW, g->variant % 2 ? 0xffffffff : psw_set_te(0, 1));
  poke(g, HYPER_PAGE_BASE, nonsense[(g->variant + 3) % COUNT(nonsense)]);
  poke(g, HYPER_PAGE_BOUND, g->variant % 3 ? 0xffffffff : 0);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_IRET);
  at(g, ENTRY);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_IRET);
}

static void timer_storm(struct guest *g)
{
  page(g);
  poke(g, HYPER_PAGE_TIMER, 1);
  poke(g, HYPER_PAGE_PC, START + 0x400);
  poke(g, HYPER_PAGE_PSW, psw_set_ie(0, 1));
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_IRET);
  at(g, START + 0x400);
  loop(g);
  at(g, ENTRY);
  poke(g, HYPER_PAGE_TIMER, 1);
  put(g->p, ISA_HCALL, 0, 0, 0, g->variant ? HYPER_WAIT : HYPER_IRET);
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_IRET);
}

static void waits_for_ever(struct guest *g)
{
  page(g);
  poke(g, HYPER_PAGE_PENDING, 0xffffffff);
  ask(g, HYPER_WAIT, 0, 0);
  loop(g);
}

/* Without vmm_run() there is nobody to yield to. */
static void yields_for_ever(struct guest *g)
{
  put(g->p, ISA_HCALL, 0, 0, 0, HYPER_YIELD);
  put(g->p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
}

#define ERROR(e) (HYPER_DISK_DONE | (e))
static const struct scenario {
  const char *name;
  void (*build)(struct guest *g);
  uint32_t variants;
  enum machine_why ends;
  uint32_t answer; /* in s1, where it halts */
} scenarios[] = {
    {"a page nowhere", page_nowhere, COUNT(nonsense), MACHINE_HALTED, HYPER_ERROR_ADDRESS},
    {"a second page", page_twice, 2, MACHINE_HALTED, HYPER_ERROR_STATE},
    {"calls without a page", no_page, 3, MACHINE_HALTED, HYPER_ERROR_PAGE},
    {"numbers of no call", no_such_call, 8, MACHINE_HALTED, HYPER_ERROR_CALL},
    {"a process that calls", by_a_process, 3, MACHINE_LIMIT, CAUSE_HYPERCALL},
    {"a wild output index", wild_output, 3, MACHINE_HALTED, HYPER_ERROR_RING},
    {"a wild input index", wild_input, 3, MACHINE_HALTED, HYPER_ERROR_RING},
    {"a wild request index", wild_requests, 3, MACHINE_HALTED, HYPER_ERROR_RING},
    {"a far request", far_request, 6, MACHINE_HALTED, ERROR(DISK_ERROR_ADDRESS)},
    {"others' sectors", someone_elses_sectors, 5, MACHINE_HALTED, ERROR(DISK_ERROR_SECTOR)},
    {"DMA over the page", dma_over_the_page, 8, MACHINE_LIMIT, 0},
    {"a changing request", changing_request, 1, MACHINE_LIMIT, 0},
    {"a page over code", page_over_code, 2, MACHINE_LIMIT, 0},
    {"an entry nowhere", entry_nowhere, COUNT(nonsense), MACHINE_LIMIT, 0},
    {"kicks for ever", kicks_for_ever, 2, MACHINE_LIMIT, 0},
    {"floods", floods, 1, MACHINE_LIMIT, 0},
    {"iret to nowhere", iret_to_nowhere, COUNT(nonsense), MACHINE_LIMIT, 0},
    {"a timer storm", timer_storm, 2, MACHINE_LIMIT, 0},
    {"waiting for ever", waits_for_ever, 1, MACHINE_WAITS, 0},
    {"yielding for ever", yields_for_ever, 1, MACHINE_LIMIT, 0},
};

/* --------------------------------------------------------------- running them */

static struct machine_stop attack(struct arena *a, const struct scenario *s, uint32_t variant)
{
  struct program *p = test_calloc(1, sizeof *p);
  struct guest g = {a->target, p, variant};
  p->origin = START;
  s->build(&g);
  load_program(g.m, p);
  test_free(p);
  return machine_advance(g.m, TICKS);
}

static const char *wrong_end(struct arena *a, const struct scenario *s, struct machine_stop stop)
{
  if (stop.why != s->ends) {
    return "it ends in another way";
  }
  bool judged = s->answer != 0;
  return judged && machine_get_reg(a->target, REG_S1) != s->answer ? "the answer is another" : NULL;
}

static void test_guest(const struct arena_profile *kind, unsigned depth, const struct scenario *s,
                       uint32_t variant)
{
  struct arena a, quiet;
  arena_open_by(&a, kind, depth, MACHINE_ENGINE_FAST, VMM_TECHNIQUE_PARAVIRT);
  arena_open_by(&quiet, kind, depth, MACHINE_ENGINE_FAST, VMM_TECHNIQUE_PARAVIRT);
  struct machine_stop stop = attack(&a, s, variant);
  const char *wrong = arena_nonsense(&a, &stop, TICKS);
  wrong = wrong ? wrong : wrong_end(&a, s, stop);
  arena_run_neighbours(&a, 700);
  arena_run_neighbours(&quiet, 700);
  wrong = !wrong && kind->contained ? arena_harm(&a, &quiet) : wrong;
  if (wrong) {
    fail_msg("%s, depth %u: %s, %u: %s (%d)", kind->name, depth, s->name, variant, wrong,
             (int)stop.why);
  }
  arena_close(&quiet);
  arena_close(&a);
}

/* Nothing that these guests execute is sensitive: so they end alike on every profile, on
 * those too on which the neighbours, who use other instructions, are not contained. */
static void guests(void **state)
{
  (void)state;
  for (size_t k = 0; k < ARENA_PROFILES; k++) {
    for (size_t i = 0; i < COUNT(scenarios); i++) {
      for (uint32_t v = 0; v < scenarios[i].variants; v++) {
        test_guest(&arena_profiles[k], 1 + (unsigned)(k + i + v) % ARENA_MAX_DEPTH, &scenarios[i],
                   v);
      }
    }
  }
}

/* ------------------------------------------------------------------ random calls */

static uint32_t any_word(struct random *r)
{
  switch (random_below(r, 5)) {
  case 0:
    return random_word(r);
  case 1:
    return 0 - random_below(r, 70);
  case 2:
    return ARENA_STORAGE - random_below(r, 3) * 256;
  case 3:
    return 4 * random_below(r, ARENA_STORAGE / 4);
  default:
    return random_below(r, 70);
  }
}

static uint32_t get(struct machine *m, uint32_t offset)
{
  uint32_t word;
  assert_true(machine_phys_read_word(m, gpa(PAGE + offset), &word));
  return word;
}

static void set(struct machine *m, uint32_t offset, uint32_t word)
{
  assert_true(machine_phys_write_word(m, gpa(PAGE + offset), word));
}

/* Mostly what a guest would do, so that calls come far; some of it nonsense. */
static void stir_page(struct machine *m, struct random *r)
{
  static const uint32_t words[] = {HYPER_PAGE_MASK,      HYPER_PAGE_PENDING,   HYPER_PAGE_PC,
                                   HYPER_PAGE_PSW,       HYPER_PAGE_BASE,      HYPER_PAGE_BOUND,
                                   HYPER_PAGE_OUT_PUT,   HYPER_PAGE_IN_TAKEN,  HYPER_PAGE_DISK_PUT,
                                   HYPER_PAGE_OUT_TAKEN, HYPER_PAGE_DISK_DONE, HYPER_PAGE_TIMER};
  if (random_below(r, 12) == 0) {
    uint32_t word = any_word(r);
    set(m, words[random_below(r, COUNT(words))], word);
  }
  set(m, HYPER_PAGE_OUT_PUT, get(m, HYPER_PAGE_OUT_PUT) + random_below(r, 40));
  set(m, HYPER_PAGE_IN_TAKEN, get(m, HYPER_PAGE_IN_PUT) - random_below(r, 2));
  set(m, HYPER_PAGE_MASK, random_below(r, 2));
  if (random_below(r, 3) == 0) {
    uint32_t put = get(m, HYPER_PAGE_DISK_PUT), sane = random_below(r, 4);
    uint32_t place = HYPER_PAGE_DISK + put % HYPER_DISK_SIZE * HYPER_DISK_BYTES;
    uint32_t command = sane ? 1 + random_below(r, 2) : any_word(r);
    command += sane ? random_below(r, 2) * HYPER_DISK_QUIET : 0;
    set(m, place, command);
    set(m, place + 4, sane ? random_below(r, ARENA_SECTORS) : any_word(r));
    set(m, place + 8, random_below(r, 4) ? 4 * random_below(r, ARENA_STORAGE / 4) : any_word(r));
    set(m, place + 12, random_below(r, 4) ? 1 : any_word(r));
    set(m, HYPER_PAGE_DISK_PUT, put + 1);
  } else if (random_below(r, 6) == 0) {
    set(m, HYPER_PAGE_DISK_PUT, get(m, HYPER_PAGE_DISK_TAKEN));
  }
}

static void stir_registers(struct machine *m, struct random *r)
{
  machine_set_reg(m, REG_A0, random_below(r, 4) ? any_word(r) : PAGE);
  machine_set_reg(m, REG_A1, random_below(r, 4) ? any_word(r) & ~3u : ENTRY);
  if (random_below(r, 40) == 0) {
    machine_set_cr(m, CR_PSW, random_word(r));
    machine_set_cr(m, CR_IPEND, random_word(r));
  }
  machine_set_cr(m, CR_BOUND, ARENA_STORAGE);
  if (random_below(r, 3) == 0) {
    uint8_t byte = (uint8_t)random_word(r);
    machine_console_input(m, machine_tick(m) + random_below(r, 500), byte);
  }
}

/* A few hcalls from somewhere, then a jump to itself; and the same at the entry. */
static void stir_code(struct machine *m, struct random *r)
{
  for (uint32_t start = START; start <= ENTRY; start += ENTRY - START) {
    struct program *p = test_calloc(1, sizeof *p);
    p->origin = start;
    for (uint32_t i = 0, n = 1 + random_below(r, 4); i < n; i++) {
      uint32_t number =
          random_below(r, 20) ? random_below(r, HYPER_CALLS + 1) : random_below(r, 65536);
      number = number == HYPER_HALT && random_below(r, 8) ? HYPER_IRET : number;
      put(p, ISA_HCALL, 0, 0, 0, number);
    }
    put(p, ISA_JAL, REG_ZERO, 0, 0, 0);
    load_program(m, p);
    test_free(p);
  }
}

static uint64_t random_calls(const struct arena_profile *kind, uint64_t seed, uint64_t turns)
{
  struct arena a, quiet;
  struct random r = random_from(seed);
  arena_open_by(&a, kind, 1, MACHINE_ENGINE_FAST, VMM_TECHNIQUE_PARAVIRT);
  arena_open_by(&quiet, kind, 1, MACHINE_ENGINE_FAST, VMM_TECHNIQUE_PARAVIRT);
  struct machine *m = a.target;
  const struct vmm_stats *stats = vmm_vm_stats(m);
  uint32_t call = word_of(ISA_HCALL, 0, 0, 0, HYPER_REGISTER);
  assert_true(machine_phys_write_word(m, gpa(START), call));
  machine_set_pc(m, START);
  machine_set_reg(m, REG_A0, PAGE);
  machine_set_reg(m, REG_A1, ENTRY);
  machine_run(m, 1);
  for (uint64_t turn = 0; turn < turns; turn++) {
    stir_code(m, &r);
    stir_page(m, &r);
    stir_registers(m, &r);
    machine_set_run_state(m, MACHINE_RUNNING);
    machine_set_pc(m, START);
    uint64_t until = machine_tick(m) + random_below(&r, random_below(&r, 8) ? 300 : 2000);
    struct machine_stop stop = machine_advance(m, until);
    const char *wrong = arena_nonsense(&a, &stop, until);
    if (!wrong && turn % 50 == 0) {
      arena_run_neighbours(&a, 100);
      arena_run_neighbours(&quiet, 100);
      wrong = arena_harm(&a, &quiet);
    }
    if (wrong) {
      fail_msg("%s, seed %llu, turn %llu: %s", kind->name, (unsigned long long)seed,
               (unsigned long long)turn, wrong);
    }
  }
  assert_true(stats->refused > turns / 10 && stats->hypercalls > turns);
  assert_true(stats->ring_requests > turns / 100 && stats->ring_bytes > turns / 10);
  uint64_t hash = machine_state_hash(m);
  arena_close(&quiet);
  arena_close(&a);
  return hash;
}

/* After TURNS of them the indices are too far from all sense for much to happen: then afresh. */
static void random_words(void **state)
{
  (void)state;
  const char *said = getenv("HYPERCALLS");
  uint64_t turns = said ? strtoull(said, NULL, 0) : 5 * TURNS;
  for (uint64_t seed = 1; (seed - 1) * TURNS < turns; seed++) {
    const struct arena_profile *kind = &arena_profiles[(seed - 1) % 5];
    uint64_t hash = random_calls(kind, seed, TURNS);
    if (seed == 1) {
      assert_int_equal(random_calls(kind, seed, TURNS), hash);
    }
  }
}

/* The judge can condemn. */
static void harm_is_noticed(void **state)
{
  (void)state;
  struct arena a, quiet;
  arena_open_by(&a, &arena_profiles[0], 1, MACHINE_ENGINE_FAST, VMM_TECHNIQUE_PARAVIRT);
  arena_open_by(&quiet, &arena_profiles[0], 1, MACHINE_ENGINE_FAST, VMM_TECHNIQUE_PARAVIRT);
  struct machine_stop stop = attack(&a, &scenarios[0], 0);
  assert_null(wrong_end(&a, &scenarios[0], stop));
  assert_non_null(wrong_end(&a, &scenarios[1], stop));
  assert_null(arena_harm(&a, &quiet));
  assert_true(machine_phys_write_word(a.neighbour[0][1], gpa(0x6000), 1));
  assert_non_null(arena_harm(&a, &quiet));
  arena_close(&quiet);
  arena_close(&a);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(guests),
      cmocka_unit_test(random_words),
      cmocka_unit_test(harm_is_noticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
