/* Stopping runs: at breakpoints, accesses and events, on every engine alike, and
 * exactly where a look after every tick finds them. */
#include "cmocka_all.h"

#include "machine/devices/ports.h"
#include "machine/disk_store.h"
#include "programs.h"
#include "random.h"
#include "rig.h"

#define DATA 0x4000u

static void stops_at(struct rig *r, const struct machine_stops *stops)
{
  assert_true(machine_set_stops(r->m, stops));
  machine_stops_from(r->m, now(r));
}

static void stop_at_pcs(struct rig *r, const uint32_t *pcs, unsigned count)
{
  stops_at(r, &(struct machine_stops){.breaks = pcs, .break_count = count});
}

static void watch(struct rig *r, uint32_t at, uint32_t size, unsigned on)
{
  struct machine_watch w = {{gpa(at), size}, on};
  stops_at(r, &(struct machine_stops){.watches = &w, .watch_count = 1});
}

static struct machine_hit expect(struct rig *r, enum machine_why why, uint64_t tick)
{
  struct machine_stop stop = machine_run(r->m, now(r) + 10000);
  assert_int_equal(stop.why, why);
  assert_int_equal(now(r), tick);
  return stop.hit;
}

/* -------------------------------------------------------------- breakpoints */

static void loop_of_four(struct rig *r)
{
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A1, REG_A0, 0, 1); /* fused with the one before, or not */
  emit_nops(r, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-12);
}

static void breaks_before_the_instruction(struct rig *r)
{
  loop_of_four(r);
  uint32_t at[] = {RIG_CODE + 4};
  stop_at_pcs(r, at, 1);
  struct machine_hit hit = expect(r, MACHINE_BREAK, 1);
  assert_int_equal(hit.event, MACHINE_EVENT_BREAK);
  assert_int_equal(hit.pc, at[0]);
  assert_int_equal(machine_get_pc(r->m), at[0]);
  assert_int_equal(reg(r, REG_A0), 1);
  assert_int_equal(reg(r, REG_A1), 0);
  expect(r, MACHINE_BREAK, 1); /* nobody has gone on from it */
  for (uint64_t round = 1; round < 50; round++) {
    machine_stops_from(r->m, now(r) + 1);
    expect(r, MACHINE_BREAK, 4 * round + 1);
  }
  machine_set_stops(r->m, NULL);
  run_to(r, 5000);
}

static void breaks_at_the_first_of_a_pair(struct rig *r)
{
  loop_of_four(r);
  run_to(r, 400); /* decoded by now */
  stop_at_pcs(r, (const uint32_t[]){0x77777777, RIG_CODE}, 2);
  machine_stops_from(r->m, now(r) + 1);
  assert_int_equal(expect(r, MACHINE_BREAK, 404).id, 1);
}

static void breaks_not_at_other_addresses_of_the_offset(struct rig *r)
{
  loop_of_four(r);
  stop_at_pcs(r, (const uint32_t[]){RIG_CODE + ISA_PAGE_SIZE, RIG_CODE + 1}, 2);
  run_to(r, 5000);
  assert_int_equal(reg(r, REG_A0), 1250);
}

static void breaks_nowhere_below_the_tick(struct rig *r)
{
  loop_of_four(r);
  stop_at_pcs(r, (const uint32_t[]){RIG_CODE + 8}, 1);
  machine_stops_from(r->m, 1000);
  expect(r, MACHINE_BREAK, 1002);
}

static void an_interrupt_comes_first(struct rig *r)
{
  loop_of_four(r);
  stop_at_pcs(r, (const uint32_t[]){RIG_CODE}, 1);
  set_cr(r, CR_TIMER, 400);
  set_cr(r, CR_PSW, psw(0, PSW_IE_MASK));
  machine_stops_from(r->m, 398);
  struct machine_stop stop = machine_run(r->m, 10000);
  assert_int_equal(stop.why, MACHINE_TRAP);
  assert_int_equal(stop.trap.epc, RIG_CODE);
  set_cr(r, CR_IPEND, 0);
  expect(r, MACHINE_BREAK, 400);
}

static void code_changes_under_a_break(struct rig *r)
{
  loop_of_four(r);
  stop_at_pcs(r, (const uint32_t[]){RIG_CODE + 8}, 1);
  expect(r, MACHINE_BREAK, 2);
  put_word(r, RIG_CODE + 8, program_word(ISA_ADDI, REG_A2, REG_A2, 0, 7));
  machine_stops_from(r->m, 3);
  expect(r, MACHINE_BREAK, 6);
  assert_int_equal(reg(r, REG_A2), 7);
}

/* ----------------------------------------------------------------- accesses */

static void stores(struct rig *r)
{
  emit(r, ISA_SW, REG_A0, REG_A1, 0, 0);
  emit(r, ISA_LW, REG_A2, REG_A1, 0, 0);
  emit(r, ISA_SB, REG_A0, REG_A1, 0, 6);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-12);
  set_reg(r, REG_A0, 0x12345678);
  set_reg(r, REG_A1, DATA);
}

static void watches_stores(struct rig *r)
{
  stores(r);
  run_to(r, 400); /* with tags by now */
  put_word(r, DATA, 5);
  watch(r, DATA + 3, 1, MACHINE_ON_STORE);
  struct machine_hit hit = expect(r, MACHINE_WATCH, 401);
  assert_int_equal(hit.event, MACHINE_EVENT_STORE);
  assert_int_equal(hit.pc, RIG_CODE);
  assert_int_equal(hit.at.v, DATA);
  assert_int_equal(hit.size, 4);
  assert_int_equal(hit.old, 5);
  assert_int_equal(hit.value, 0x12345678);
  assert_true(hit.changed);
  assert_int_equal(word_at(r, DATA), 0x12345678);
  assert_false(expect(r, MACHINE_WATCH, 405).changed);
}

static void watches_bytes(struct rig *r)
{
  stores(r);
  watch(r, DATA + 6, 2, MACHINE_ON_STORE | MACHINE_ON_LOAD);
  struct machine_hit hit = expect(r, MACHINE_WATCH, 3);
  assert_int_equal(hit.at.v, DATA + 6);
  assert_int_equal(hit.size, 1);
  assert_int_equal(hit.value, 0x78);
  assert_int_equal(hit.pc, RIG_CODE + 8);
}

static void watches_loads(struct rig *r)
{
  stores(r);
  run_to(r, 400);
  watch(r, DATA, 4, MACHINE_ON_LOAD);
  struct machine_hit hit = expect(r, MACHINE_WATCH, 402);
  assert_int_equal(hit.event, MACHINE_EVENT_LOAD);
  assert_int_equal(hit.value, 0x12345678);
  assert_int_equal(hit.pc, RIG_CODE + 4);
  assert_int_equal(reg(r, REG_A2), 0x12345678);
}

static void watches_changes(struct rig *r)
{
  stores(r);
  watch(r, DATA, 4, MACHINE_ON_CHANGE);
  expect(r, MACHINE_WATCH, 1);
  struct machine_stop stop = machine_run(r->m, 3000);
  assert_int_equal(stop.why, MACHINE_LIMIT); /* it stores the same for ever */
}

static void a_store_that_traps_is_none(struct rig *r)
{
  set_vector(r, CAUSE_BUS, RIG_CODE + 0x100);
  emit(r, ISA_LPSW, 0, REG_A1, 0, 0); /* two words, of which the second is beyond storage */
  set_reg(r, REG_A1, RIG_STORAGE - 4);
  watch(r, RIG_STORAGE - 4, 4, MACHINE_ON_LOAD);
  struct machine_stop stop = machine_run(r->m, 100);
  assert_int_equal(stop.why, MACHINE_TRAP);
  assert_true(machine_deliver(r->m, &stop.trap));
  emit_nops(r, 1);
  r->at = RIG_CODE + 0x100;
  emit_nops(r, 4);
  run_to(r, 3);
}

static void watches_transfers(struct rig *r)
{
  uint8_t sector[MACHINE_SECTOR_SIZE] = {[9] = 1};
  assert_true(disk_store_write(r->disk, 3, sector));
  machine_port_out(r->m, PORT_DISK_SECTOR, 3);
  machine_port_out(r->m, PORT_DISK_ADDRESS, DATA);
  machine_port_out(r->m, PORT_DISK_COUNT, 1);
  machine_port_out(r->m, PORT_DISK_COMMAND, DISK_COMMAND_READ);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 0);
  watch(r, DATA + 8, 4, MACHINE_ON_CHANGE);
  struct machine_hit hit = expect(r, MACHINE_WATCH, DISK_LATENCY + DISK_PER_SECTOR);
  assert_true(hit.device);
  assert_true(hit.changed);
  assert_int_equal(hit.at.v, DATA + 8);
  assert_int_equal(hit.size, 4);
}

/* ------------------------------------------------------------------- events */

static void catches_ports(struct rig *r)
{
  emit_nops(r, 1);
  emit(r, ISA_OUT, REG_A0, REG_A1, 0, 0);
  emit(r, ISA_IN, REG_A2, REG_A3, 0, 0);
  emit_nops(r, 4);
  set_reg(r, REG_A0, 'x');
  set_reg(r, REG_A3, PORT_DISK_SIZE);
  stops_at(r, &(struct machine_stops){.io = true});
  struct machine_hit hit = expect(r, MACHINE_CATCH, 2);
  assert_int_equal(hit.event, MACHINE_EVENT_OUT);
  assert_int_equal(hit.port, PORT_CONSOLE_DATA);
  assert_int_equal(hit.value, 'x');
  assert_int_equal(hit.pc, RIG_CODE + 4);
  hit = expect(r, MACHINE_CATCH, 3);
  assert_int_equal(hit.event, MACHINE_EVENT_IN);
  assert_int_equal(hit.value, RIG_SECTORS);
}

static void catches_modes_and_waits(struct rig *r)
{
  emit_none(r, ISA_WFI);
  emit(r, ISA_JUSER, 0, REG_A0, 0, 0);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 0);
  set_reg(r, REG_A0, RIG_CODE + 8);
  set_cr(r, CR_TIMER, 50);
  stops_at(r, &(struct machine_stops){.mode = true, .wait = true});
  struct machine_hit hit = expect(r, MACHINE_CATCH, 1);
  assert_int_equal(hit.event, MACHINE_EVENT_WAIT);
  assert_int_equal(machine_run_state(r->m), MACHINE_WAITING);
  hit = expect(r, MACHINE_CATCH, 51);
  assert_int_equal(hit.event, MACHINE_EVENT_MODE);
  assert_int_equal(hit.pc, RIG_CODE + 4);
}

/* ------------------------------------- random programs, looked at after every tick */

#define WATCHED 0x8000u
#define CHAOS   4000u
#define KICK    250u

struct seen {
  uint64_t tick;
  bool is_break;
};

struct seeing {
  struct program p;
  uint64_t seed;
  uint32_t at, pc; /* watched range, breakpoint */
  size_t count;
  struct seen seen[2 * CHAOS];
};

static void see(struct seeing *s, bool is_break)
{
  assert_true(s->count < 2 * CHAOS);
  s->seen[s->count++] = (struct seen){machine_tick(s->p.machine), is_break};
}

/* One tick, or what is left of a wait, without stops: do the bytes change, and was the
 * instruction at pc executed? */
static bool look_at_tick(struct seeing *s)
{
  static uint8_t before[WATCHED], after[WATCHED];
  struct machine *m = s->p.machine;
  uint64_t tick = machine_tick(m), executed = machine_stats(m)->instructions;
  uint32_t was = machine_get_pc(m);
  machine_phys_read(m, gpa(s->at), before, WATCHED);
  struct machine_stop stop = machine_run(m, tick + 1);
  bool interrupt = stop.why == MACHINE_TRAP && isa_cause_is_interrupt(stop.trap.cause);
  bool tries = machine_stats(m)->instructions > executed || stop.why == MACHINE_TRAP;
  if (was == s->pc && tries && !interrupt) {
    s->seen[s->count++] = (struct seen){tick, true};
  }
  bool goes_on = stop.why == MACHINE_LIMIT || stop.why == MACHINE_TRAP;
  if (stop.why == MACHINE_TRAP) {
    goes_on = machine_deliver(m, &stop.trap);
  }
  machine_phys_read(m, gpa(s->at), after, WATCHED);
  if (memcmp(before, after, WATCHED) != 0) {
    see(s, false);
  }
  return goes_on;
}

static void look(struct seeing *s, uint64_t until)
{
  while (machine_tick(s->p.machine) < until && look_at_tick(s)) {
  }
}

static void be_stopped(struct seeing *s, uint64_t until)
{
  struct machine *m = s->p.machine;
  struct machine_watch w = {{gpa(s->at), WATCHED}, MACHINE_ON_CHANGE};
  struct machine_stops stops = {
      .breaks = &s->pc, .break_count = 1, .watches = &w, .watch_count = 1, .wait = true};
  assert_true(machine_set_stops(m, &stops));
  machine_stops_from(m, machine_tick(m));
  for (;;) {
    struct machine_stop stop = machine_run(m, until);
    if (stop.why == MACHINE_BREAK || stop.why == MACHINE_WATCH) {
      see(s, stop.why == MACHINE_BREAK);
      machine_stops_from(m, machine_tick(m) + (stop.why == MACHINE_BREAK));
    } else if (stop.why == MACHINE_TRAP) {
      machine_deliver(m, &stop.trap);
    } else if (stop.why != MACHINE_CATCH) {
      return;
    }
  }
}

static void kick_along(struct seeing *s, enum machine_engine engine,
                       void (*go)(struct seeing *s, uint64_t until))
{
  program_create(&s->p, s->seed, engine);
  s->count = 0;
  for (uint64_t until = KICK; until <= CHAOS; until += KICK) {
    program_kick(s->p.machine, s->seed ^ until, true);
    /* The first instruction after a kick, so that it is met now and then. */
    s->pc = machine_get_pc(s->p.machine) + 4 * (uint32_t)(until / KICK % 3);
    go(s, until);
    machine_idle(s->p.machine, until);
  }
  program_destroy(&s->p);
}

static void finds_what_looking_finds(void **state)
{
  (void)state;
  static struct seeing looked, stopped;
  size_t breaks = 0, changes = 0;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    looked.seed = stopped.seed = seed;
    looked.at = stopped.at = seed % 2 * WATCHED;
    kick_along(&looked, MACHINE_ENGINE_STEPPER, look);
    for (enum machine_engine e = MACHINE_ENGINE_FAST; e <= MACHINE_ENGINE_STEPPER; e++) {
      kick_along(&stopped, e, be_stopped);
      assert_int_equal(stopped.count, looked.count);
      for (size_t i = 0; i < looked.count; i++) {
        assert_int_equal(stopped.seen[i].tick, looked.seen[i].tick);
        assert_int_equal(stopped.seen[i].is_break, looked.seen[i].is_break);
      }
    }
    for (size_t i = 0; i < looked.count; i++) {
      breaks += looked.seen[i].is_break;
      changes += !looked.seen[i].is_break;
    }
  }
  assert_true(breaks > 100 && changes > 100);
}

int main(void)
{
  static const struct rig_case cases[] = {
      RIG_CASE(breaks_before_the_instruction),
      RIG_CASE(breaks_at_the_first_of_a_pair),
      RIG_CASE(breaks_not_at_other_addresses_of_the_offset),
      RIG_CASE(breaks_nowhere_below_the_tick),
      RIG_CASE(an_interrupt_comes_first),
      RIG_CASE(code_changes_under_a_break),
      RIG_CASE(watches_stores),
      RIG_CASE(watches_bytes),
      RIG_CASE(watches_loads),
      RIG_CASE(watches_changes),
      RIG_CASE(a_store_that_traps_is_none),
      RIG_CASE(watches_transfers),
      RIG_CASE(catches_ports),
      RIG_CASE(catches_modes_and_waits),
  };
  const struct CMUnitTest chaos[] = {
      {"finds_what_looking_finds (all)", finds_what_looking_finds, NULL, NULL, NULL}};
  int failed = rig_run(cases, sizeof cases / sizeof *cases);
  return cmocka_run_group_tests(chaos, NULL, NULL) != 0 || failed != 0;
}
