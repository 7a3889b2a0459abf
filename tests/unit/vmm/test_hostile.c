/* Hostile guests, each a small program that does one evil thing: bare, in a VM and
 * in a VM on a VM; on every profile shipped and on nasty ones; with every engine.
 *
 * Nothing stops the process; a guest that is stopped says why; the neighbours are
 * as they would be alone. On the shipped profiles, where these programs use nothing
 * that executes unprivileged, the end must be the same, to the last bit, at every
 * depth and with every engine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "machine/devices/ports.h"

#define START        0x1000u /* of the program; its handler is at … */
#define HANDLER      0x3000u
#define TICKS        6000u
#define LAST         (ARENA_STORAGE - 4)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A program being written into a machine. */
struct guest {
  struct machine *m;
  struct program *p;
  uint32_t variant;
};

/* What follows goes to another place. */
static void at(struct guest *g, uint32_t origin)
{
  load_program(g->m, g->p);
  g->p->origin = origin;
  g->p->count = 0;
}

static void word(struct guest *g, uint32_t where, uint32_t value)
{
  assert_true(machine_phys_write_word(g->m, gpa(where), value));
}

static void op(struct guest *g, enum isa_insn insn)
{
  put(g->p, insn, 0, 0, 0, 0);
}

static void loop(struct guest *g)
{
  put(g->p, ISA_JAL, REG_ZERO, 0, 0, 0);
}

static void set_cr(struct guest *g, enum isa_cr cr, uint32_t value)
{
  put_set_cr(g->p, cr, value, REG_T0);
}

static void out(struct guest *g, uint32_t port, uint32_t value)
{
  put_li(g->p, REG_T0, value);
  put(g->p, ISA_OUT, REG_T0, REG_ZERO, 0, port);
}

static void disk(struct guest *g, uint32_t sector, uint32_t address, uint32_t count,
                 uint32_t command)
{
  out(g, PORT_DISK_SECTOR, sector);
  out(g, PORT_DISK_ADDRESS, address);
  out(g, PORT_DISK_COUNT, count);
  out(g, PORT_DISK_COMMAND, command);
}

/* ------------------------------------------------------------------ the guests */

static const uint32_t nonsense[] = {0xfffffffc,        0xffffffc0,        0x80000000,
                                    0x7ffffffc,        ARENA_STORAGE,     ARENA_STORAGE - 8,
                                    ARENA_STORAGE - 4, ARENA_STORAGE + 64};

static void vbr_nowhere(struct guest *g)
{
  set_cr(g, CR_VBR, nonsense[g->variant]);
  op(g, ISA_SYS);
}

static void handler_misaligned(struct guest *g)
{
  word(g, 4 * CAUSE_SYSCALL, HANDLER + 1 + g->variant);
  op(g, ISA_SYS);
}

/* Each fetch of the handler is a trap, for ever. */
static void handler_nowhere(struct guest *g)
{
  for (uint32_t cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    word(g, 4 * cause, nonsense[g->variant]);
  }
  op(g, ISA_SYS);
}

static void handler_traps(struct guest *g)
{
  static const enum isa_insn insns[] = {ISA_SYS, ISA_BRK, ISA_HCALL};
  op(g, ISA_SYS);
  at(g, HANDLER);
  op(g, insns[g->variant]);
}

static void handler_illegal(struct guest *g)
{
  op(g, ISA_SYS);
  word(g, HANDLER, g->variant ? 0xffffffff : 0);
}

static void handler_halts(struct guest *g)
{
  op(g, ISA_SYS);
  at(g, HANDLER);
  op(g, ISA_HALT);
}

static void handler_waits(struct guest *g)
{
  op(g, ISA_SYS);
  at(g, HANDLER);
  op(g, ISA_WFI);
}

/* The vector table lies over the program itself: the handler is the word of an
 * instruction. */
static void vectors_are_code(struct guest *g)
{
  set_cr(g, CR_VBR, START);
  op(g, ISA_SYS);
}

/* Stores into the next instruction, again and again, now an `addi`, now a `sub`. */
static void stores_into_next(struct guest *g)
{
  struct program *p = g->p;
  uint32_t add = word_of(ISA_ADDI, REG_A0, REG_A0, 0, 3);
  uint32_t sub = word_of(ISA_SUB, REG_A0, REG_A0, REG_A1, 0);
  put_li(p, REG_S0, add);
  put_li(p, REG_S1, add ^ sub);
  put_li(p, REG_A3, 400);
  put_li(p, REG_A4, START);
  uint32_t top = here(p);
  put(p, ISA_XOR, REG_S0, REG_S0, REG_S1, 0);
  put(p, ISA_SW, REG_S0, REG_A4, 0, here(p) + 4 - START);
  put_word(p, add);
  put(p, ISA_ADDI, REG_A3, REG_A3, 0, (uint32_t)-1);
  put(p, ISA_BNE, REG_A3, REG_ZERO, 0, top - here(p));
  op(g, ISA_HALT);
}

/* The same with the instruction behind the next, and the one that stores. */
static void stores_around(struct guest *g)
{
  struct program *p = g->p;
  uint32_t halt = word_of(ISA_HALT, 0, 0, 0, 0);
  put_li(p, REG_S0, halt);
  put_li(p, REG_A4, START);
  put(p, ISA_SW, REG_S0, REG_A4, 0, here(p) - START + 8 * (g->variant & 1));
  put(p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  put(p, ISA_JAL, REG_ZERO, 0, 0, START + 16 - here(p));
}

static void runs_off_the_end(struct guest *g)
{
  struct program *p = g->p;
  at(g, HANDLER);
  op(g, ISA_HALT);
  at(g, START);
  put_li(p, REG_A0, LAST - 4 * g->variant);
  put(p, ISA_JALR, REG_RA, REG_A0, 0, 0);
  for (uint32_t i = 0; i <= g->variant; i++) {
    word(g, LAST - 4 * i, word_of(ISA_ADDI, REG_A1, REG_A1, 0, 1));
  }
}

/* Jumps to the last word, which jumps back: code there runs as anywhere. */
static void lives_in_the_last_word(struct guest *g)
{
  struct program *p = g->p;
  put_li(p, REG_A0, LAST);
  uint32_t top = here(p);
  put_li(p, REG_A2, top);
  put(p, ISA_JALR, REG_RA, REG_A0, 0, 0);
  word(g, LAST, word_of(ISA_JALR, REG_T1, REG_A2, 0, 0));
}

static const struct {
  uint32_t sector, address, count;
} far_transfers[] = {
    {0, ARENA_STORAGE, 1},
    {0, ARENA_STORAGE - 508, 1},
    {0, 0xfffffe00, 1},
    {0, 0x80000000, 1},
    {0, 0xfffffffc, 128},
    {0, 0x2002, 1},
    {0, 0x2000, 129},
    {0, 0x2000, 0},
    {ARENA_SECTORS, 0, 1},
    {0xffffffff, 0x2000, 1},
    {1, 0, 16},
    {0xffffffff, 0, 2},
};

static void dma_nowhere(struct guest *g)
{
  set_cr(g, CR_IMASK, 0x1f);
  disk(g, far_transfers[g->variant].sector, far_transfers[g->variant].address,
       far_transfers[g->variant].count, 1 + g->variant % 2);
  op(g, ISA_WFI);
  put(g->p, ISA_IN, REG_A0, REG_ZERO, 0, PORT_DISK_STATUS);
  op(g, ISA_HALT);
}

/* What it reads is no program: it ends in the handler. */
static void dma_over_code(struct guest *g)
{
  at(g, HANDLER);
  op(g, ISA_HALT);
  at(g, START);
  disk(g, 3, START, 1 + g->variant, DISK_COMMAND_READ);
  loop(g);
}

static void dma_over_vectors(struct guest *g)
{
  disk(g, 3, 0, 1, DISK_COMMAND_READ);
  op(g, ISA_STI);
  loop(g);
}

static void dma_over_everything(struct guest *g)
{
  disk(g, 0, g->variant * 0x40, ARENA_SECTORS, DISK_COMMAND_READ);
  op(g, ISA_STI);
  loop(g);
}

static void waits_forever(struct guest *g)
{
  set_cr(g, CR_IMASK, g->variant ? 0 : 0x1f);
  set_cr(g, CR_TIMER, g->variant ? 100 : 0);
  op(g, ISA_WFI);
  loop(g);
}

/* Waits for a timer that is 2^32 - 1 ticks away. */
static void waits_long(struct guest *g)
{
  set_cr(g, CR_TIMER, 0xffffffff);
  op(g, ISA_WFI);
  op(g, ISA_HALT);
}

static void timer_storm(struct guest *g)
{
  set_cr(g, CR_TIMER, 1);
  op(g, ISA_STI);
  loop(g);
  at(g, HANDLER);
  set_cr(g, CR_TIMER, 1);
  op(g, g->variant ? ISA_WFI : ISA_RFE);
  op(g, ISA_RFE);
}

/* Interrupts in the handler of the interrupt. */
static void timer_storm_within(struct guest *g)
{
  set_cr(g, CR_TIMER, 1);
  op(g, ISA_STI);
  loop(g);
  at(g, HANDLER);
  put(g->p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  set_cr(g, CR_TIMER, 1);
  op(g, ISA_STI);
  loop(g);
}

static void all_lines(struct guest *g)
{
  set_cr(g, CR_IPEND, 0xffffffff);
  op(g, ISA_STI);
  put_li(g->p, REG_A1, 5);
  put(g->p, ISA_BNE, REG_S0, REG_A1, 0, 0);
  op(g, ISA_HALT);
  at(g, HANDLER);
  put(g->p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  op(g, ISA_RFE);
}

static void lines_forever(struct guest *g)
{
  set_cr(g, CR_IPEND, 1u << g->variant);
  op(g, ISA_STI);
  loop(g);
  at(g, HANDLER);
  set_cr(g, CR_IPEND, 1u << g->variant);
  op(g, ISA_RFE);
}

static void floods_the_console(struct guest *g)
{
  put(g->p, ISA_OUT, REG_A0, REG_ZERO, 0, PORT_CONSOLE_DATA);
  put(g->p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
}

/* A command at every turn, the disk being busy or not. */
static void hammers_the_disk(struct guest *g)
{
  uint32_t top = here(g->p);
  disk(g, 1, 0x8000, 1, DISK_COMMAND_WRITE);
  out(g, PORT_DISK_SECTOR, 0xffffffff);
  put(g->p, ISA_JAL, REG_ZERO, 0, 0, top - here(g->p));
}

/* A bound of nothing: the first fetch in user mode traps, the handler returns to it. */
static void user_without_storage(struct guest *g)
{
  set_cr(g, CR_BASE, nonsense[g->variant]);
  set_cr(g, CR_BOUND, g->variant % 2 ? 0 : 0xffffffff);
  set_cr(g, CR_EPSW, psw_set_te(psw_set_mode(0, 1), 1));
  set_cr(g, CR_EPC, START);
  op(g, ISA_RFE);
  at(g, HANDLER);
  op(g, ISA_RFE);
}

/* Under a key, another for every block that can be named, its own among them. */
static void forbids_everything(struct guest *g)
{
  static const uint32_t keys[] = {KEY_MASK, 0xffffffff, 7},
                        steps[] = {2048, 0x10000800, 0xfffff801};
  put_li(g->p, REG_A0, keys[g->variant % 3]);
  put_li(g->p, REG_A3, steps[g->variant / 3]);
  set_cr(g, CR_PSW, psw_set_key(0, 5));
  uint32_t top = here(g->p);
  put(g->p, ISA_SSK, REG_A0, REG_A1, 0, 0);
  put(g->p, ISA_ISK, REG_A2, REG_A1, 0, 0);
  put(g->p, ISA_ADD, REG_A1, REG_A1, REG_A3, 0);
  put(g->p, ISA_JAL, REG_ZERO, 0, 0, top - here(g->p));
  at(g, HANDLER);
  put_cr(g->p, ISA_MFCR, CR_EPC, REG_T0);
  put(g->p, ISA_ADDI, REG_T0, REG_T0, 0, 4);
  put_cr(g->p, ISA_MTCR, CR_EPC, REG_T0);
  op(g, ISA_RFE);
}

static const struct scenario {
  const char *name;
  void (*build)(struct guest *g);
  uint32_t variants;
  enum machine_why ends;
} scenarios[] = {
    {"VBR nowhere", vbr_nowhere, COUNT(nonsense) - 2, MACHINE_DOUBLE_FAULT},
    {"a misaligned handler", handler_misaligned, 3, MACHINE_DOUBLE_FAULT},
    {"a handler nowhere", handler_nowhere, COUNT(nonsense) - 3, MACHINE_LIMIT},
    {"a handler that traps", handler_traps, 3, MACHINE_LIMIT},
    {"a handler that is no code", handler_illegal, 2, MACHINE_LIMIT},
    {"a handler that halts", handler_halts, 1, MACHINE_HALTED},
    {"a handler that waits", handler_waits, 1, MACHINE_WAITS},
    {"vectors that are code", vectors_are_code, 1, MACHINE_DOUBLE_FAULT},
    {"a store into the next instruction", stores_into_next, 1, MACHINE_HALTED},
    {"a store into what follows", stores_around, 2, MACHINE_HALTED},
    {"running off the end", runs_off_the_end, 3, MACHINE_HALTED},
    {"code in the last word", lives_in_the_last_word, 1, MACHINE_LIMIT},
    {"DMA to nowhere", dma_nowhere, COUNT(far_transfers), MACHINE_HALTED},
    {"DMA over its own code", dma_over_code, 2, MACHINE_HALTED},
    {"DMA over the vectors", dma_over_vectors, 1, MACHINE_DOUBLE_FAULT},
    {"DMA over everything", dma_over_everything, 2, MACHINE_DOUBLE_FAULT},
    {"waiting forever", waits_forever, 2, MACHINE_WAITS},
    {"waiting long", waits_long, 1, MACHINE_LIMIT},
    {"a timer storm", timer_storm, 2, MACHINE_LIMIT},
    {"a timer storm in the handler", timer_storm_within, 1, MACHINE_LIMIT},
    {"all lines at once", all_lines, 1, MACHINE_HALTED},
    {"a line raised for ever", lines_forever, 5, MACHINE_LIMIT},
    {"a flood of output", floods_the_console, 1, MACHINE_LIMIT},
    {"a hammered disk", hammers_the_disk, 1, MACHINE_LIMIT},
    {"keys that forbid everything", forbids_everything, 9, MACHINE_LIMIT},
    {"a user without storage", user_without_storage, COUNT(nonsense), MACHINE_LIMIT},
};

/* --------------------------------------------------------------- running them */

/* A fresh start, storage blank but for vectors to HANDLER. */
static void restart(struct machine *m)
{
  static const uint8_t zeros[ARENA_STORAGE];
  static const struct {
    enum isa_cr cr;
    uint32_t value;
  } crs[] = {{CR_PSW, 0},   {CR_VBR, 0},   {CR_BASE, 0}, {CR_BOUND, ARENA_STORAGE},
             {CR_TIMER, 0}, {CR_IMASK, 31}};
  machine_set_cr(m, CR_TIMER, 0);
  machine_set_cr(m, CR_IPEND, 0);
  machine_idle(m, machine_tick(m) + 20000); /* a transfer under way comes to its end */
  assert_true(machine_phys_write(m, gpa(0), zeros, sizeof zeros));
  for (uint32_t cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    assert_true(machine_phys_write_word(m, gpa(4 * cause), HANDLER));
  }
  for (size_t i = 0; i < COUNT(crs); i++) {
    machine_set_cr(m, crs[i].cr, crs[i].value);
  }
  machine_set_cr(m, CR_IPEND, 0);
  for (uint32_t at = 0; at < ARENA_STORAGE; at += KEY_BLOCK_SIZE) {
    machine_key_set(m, gpa(at), 0); /* if it has keys */
  }
  for (unsigned reg = 1; reg < ISA_REG_COUNT; reg++) {
    machine_set_reg(m, reg, 0);
  }
  machine_set_pc(m, START);
  machine_set_run_state(m, MACHINE_RUNNING);
}

static struct machine_stop attack(struct machine *m, const struct scenario *s, uint32_t variant,
                                  uint64_t *until)
{
  struct program *p = test_calloc(1, sizeof *p);
  struct guest g = {m, p, variant};
  restart(m);
  p->origin = START;
  s->build(&g);
  load_program(m, p);
  test_free(p);
  *until = machine_tick(m) + TICKS;
  return machine_advance(m, *until);
}

static bool is_shipped(const struct arena_profile *kind)
{
  return kind - arena_profiles < 5;
}

/* Attacks one after the other; `hashes` holds what a bare stepper came to, or gets
 * it. Returns how many there were. */
static size_t all_attacks(struct arena *a, struct arena *quiet, uint64_t *hashes, bool first)
{
  size_t n = 0;
  for (size_t i = 0; i < COUNT(scenarios); i++) {
    for (uint32_t v = 0; v < scenarios[i].variants; v++, n++) {
      uint64_t until;
      struct machine_stop stop = attack(a->target, &scenarios[i], v, &until);
      const char *wrong = arena_nonsense(a, &stop, until);
      bool alike = is_shipped(a->kind) || a->depth == 0;
      if (!wrong && alike && strncmp(a->kind->name, "mixed", 5) != 0) {
        uint64_t hash = machine_state_hash(a->target);
        hashes[n] = first ? hash : hashes[n];
        wrong = stop.why != scenarios[i].ends ? "it ends in another way"
                : hash != hashes[n]           ? "its end is not that of a bare stepper"
                                              : NULL;
      }
      arena_run_neighbours(a, 700);
      arena_run_neighbours(quiet, 700);
      wrong = !wrong && a->kind->contained ? arena_harm(a, quiet) : wrong;
      if (wrong) {
        fail_msg("%s, depth %u: %s, %u: %s (%d)", a->kind->name, a->depth, scenarios[i].name, v,
                 wrong, (int)stop.why);
      }
    }
  }
  return n;
}

static void test_guests(void **state)
{
  (void)state;
  static const enum machine_engine engines[] = {MACHINE_ENGINE_STEPPER, MACHINE_ENGINE_UNFUSED,
                                                MACHINE_ENGINE_FAST};
  for (size_t k = 0; k < ARENA_PROFILES; k++) {
    uint64_t hashes[200];
    bool first = true;
    for (unsigned depth = 0; depth <= ARENA_MAX_DEPTH; depth++) {
      for (size_t e = 0; e < COUNT(engines); e++, first = false) {
        struct arena a, quiet;
        arena_open(&a, &arena_profiles[k], depth, engines[e]);
        arena_open(&quiet, &arena_profiles[k], depth, engines[e]);
        size_t n = all_attacks(&a, &quiet, hashes, first);
        assert_true(n <= COUNT(hashes));
        arena_close(&quiet);
        arena_close(&a);
      }
    }
  }
}

/* ------------------------------------------ every control register, every corner */

static const uint32_t corners[] = {
    0,       1,          2,          3,          4,          7,          0x10,       0x1f,
    0x20,    0x3f,       0xff,       0xfff,      0x1000,     0xfffc,     0xffff,     0x10000,
    0x10004, 0x7ffffffc, 0x7fffffff, 0x80000000, 0x80000001, 0xfffff000, 0xfffffffc, 0xffffffff,
};

/* Written in mode 0, then used: an access, an interrupt, a trap, a return. */
static void use_corner(struct machine *m, enum isa_cr cr, uint32_t value)
{
  struct program *p = test_calloc(1, sizeof *p);
  restart(m);
  machine_set_cr(m, CR_EPSW, psw_set_te(0, 1));
  machine_set_cr(m, CR_EPC, START);
  machine_set_reg(m, REG_A0, value);
  machine_set_reg(m, REG_SP, 0x8000);
  p->origin = START;
  put_cr(p, ISA_MTCR, cr, REG_A0);
  put_cr(p, ISA_MFCR, cr, REG_A1);
  put(p, ISA_STI, 0, 0, 0, 0);
  put(p, ISA_SW, REG_A0, REG_SP, 0, 0);
  put(p, ISA_LRA, REG_A2, REG_SP, 0, 0);
  put(p, ISA_LDPREV, REG_A3, REG_SP, 0, 0);
  put(p, ISA_SYS, 0, 0, 0, 0);
  put(p, ISA_RFE, 0, 0, 0, 0);
  load_program(m, p);
  p->origin = HANDLER;
  p->count = 0;
  put(p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  put(p, ISA_RFE, 0, 0, 0, 0);
  load_program(m, p);
  test_free(p);
}

static uint64_t all_corners(struct arena *a)
{
  uint64_t sum = 0;
  struct machine *m = a->target;
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    enum isa_cr cr = (enum isa_cr)i;
    for (size_t k = 0; k < COUNT(corners) && profile_has_cr(a->profile, cr); k++) {
      use_corner(m, cr, corners[k]);
      uint64_t until = machine_tick(m) + 60;
      struct machine_stop stop = machine_advance(m, until);
      const char *wrong = arena_nonsense(a, &stop, until);
      if (wrong) {
        fail_msg("%s, depth %u: %s set to 0x%x: %s (%d)", a->kind->name, a->depth,
                 isa_cr_info(cr)->name, corners[k], wrong, (int)stop.why);
      }
      sum = sum * 31 + machine_state_hash(m);
    }
  }
  return sum;
}

static void test_corners(void **state)
{
  (void)state;
  for (size_t k = 0; k < ARENA_PROFILES; k++) {
    uint64_t bare = 0;
    for (unsigned depth = 0; depth <= ARENA_MAX_DEPTH; depth++) {
      struct arena a;
      arena_open(&a, &arena_profiles[k], depth,
                 depth % 2 ? MACHINE_ENGINE_FAST : MACHINE_ENGINE_UNFUSED);
      uint64_t sum = all_corners(&a);
      bare = depth == 0 ? sum : bare;
      /* pg and s360: on the others what follows the writing shows the real machine. */
      if (k < 2 && sum != bare) {
        fail_msg("%s, depth %u: not as on a bare machine", a.kind->name, depth);
      }
      arena_close(&a);
    }
  }
}

/* --------------------------------------------------- the judges can condemn */

static void test_judges(void **state)
{
  (void)state;
  struct arena a, quiet;
  arena_open(&a, &arena_profiles[0], 1, MACHINE_ENGINE_FAST);
  arena_open(&quiet, &arena_profiles[0], 1, MACHINE_ENGINE_FAST);
  arena_run_neighbours(&a, 5000);
  arena_run_neighbours(&quiet, 5000);
  assert_null(arena_harm(&a, &quiet));
  /* The neighbours do what they are there for. */
  const struct machine_stats *s = machine_stats(a.neighbour[0][1]);
  assert_true(s->delivered[CAUSE_SYSCALL] > 10 && s->delivered[CAUSE_TIMER] > 10);
  assert_true(s->delivered[CAUSE_DISK] > 1);

  struct machine_stop stop = {.why = MACHINE_LIMIT};
  assert_non_null(arena_nonsense(&a, &stop, machine_tick(a.target) + 1));
  stop.why = MACHINE_HALTED;
  assert_non_null(arena_nonsense(&a, &stop, 0));
  stop.why = MACHINE_WAITS;
  assert_non_null(arena_nonsense(&a, &stop, 0));
  stop.why = MACHINE_LOST_CONTROL;
  assert_non_null(arena_nonsense(&a, &stop, 0));
  restart(a.target);
  stop.why = MACHINE_DOUBLE_FAULT;
  assert_non_null(arena_nonsense(&a, &stop, 0));

  machine_phys_write_word(a.neighbour[0][0], gpa(0xa000), 1);
  assert_non_null(arena_harm(&a, &quiet));
  machine_phys_write_word(a.neighbour[0][0], gpa(0xa000), 0);
  assert_null(arena_harm(&a, &quiet));
  machine_phys_write_word(a.real, gpa(0x400), 1);
  assert_non_null(arena_harm(&a, &quiet));
  arena_close(&quiet);
  arena_close(&a);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_judges),
      cmocka_unit_test(test_guests),
      cmocka_unit_test(test_corners),
  };
  return cmocka_run_group_tests_name("hostile", tests, NULL, NULL) != 0;
}
