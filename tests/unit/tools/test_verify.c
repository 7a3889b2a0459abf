/* The oracle's own test: machines that are alike are found equal, and whatever
 * goes wrong with one of them, at whatever tick, is found, at that tick, by
 * stepping and through the fast engine.
 */
#include "testing.h"

#include "machine/ops.h"
#include "tools/verify/verify.h"

/* A loop with a timer, a user part with system calls, disk and console. */
static const char program[] =
    "_start: la t0, vectors\n"
    "        mtcr vbr, t0\n"
    "        li t0, 500\n"
    "        mtcr timer, t0\n"
    "        li s0, 60\n"
    "        sti\n"
    "1:      addi s1, s1, 3\n"
    "        la t1, count\n"
    "        sw s1, 0(t1)\n"
    "        sys 1\n"
    "        bnez s0, 1b\n"
    "        halt\n"
    "on_timer: addi s0, s0, -1\n"
    "        li t0, 500\n"
    "        mtcr timer, t0\n"
    "        li t0, '.'\n"
    "        out t0, 0\n"
    "        rfe\n"
    "on_sys: mfcr t0, epc\n"
    "        addi t0, t0, 4\n"
    "        mtcr epc, t0\n"
    "        rfe\n"
    "        .align 4\n"
    "count:  .word 0\n"
    "vectors: .word 0, 0, on_sys, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, on_timer\n";

struct fixture {
  struct profile *profile;
  struct faulty_pairs pairs;
  struct verify_config config;
  struct verify_result result;
};

static int set_up(void **state)
{
  struct fixture *f = test_calloc(1, sizeof *f);
  f->profile = profile_load("pg", stderr);
  f->pairs = (struct faulty_pairs){.profile = f->profile, .text = program};
  f->config = (struct verify_config){.maker = faulty_maker(&f->pairs),
                                     .ticks = 1000000,
                                     .interval = 1000,
                                     .stepping = true,
                                     .fast = true};
  *state = f;
  return f->profile ? 0 : -1;
}

static int tear_down(void **state)
{
  struct fixture *f = *state;
  profile_destroy(f->profile);
  test_free(f);
  return 0;
}

static void run(struct fixture *f)
{
  assert_int_equal(verify_run(&f->config, &f->result), VERIFY_DONE);
  assert_int_equal(f->pairs.alive, 0);
}

/* ------------------------------------------------------------------- alike */

static void equal_machines_hold(void **state)
{
  struct fixture *f = *state;
  run(f);
  assert_true(f->result.holds);
  assert_null(f->result.first);
  assert_true(f->result.engines_agree);
  assert_true(f->result.stepping.holds && f->result.fast.holds);
  assert_int_equal(f->result.stepping.end, MACHINE_HALTED);
  assert_int_equal(f->result.stepping.ticks, f->result.fast.ticks);
  assert_int_equal(f->result.bare.preemptions, 60);
  assert_int_equal(f->result.vm.preemptions, 60);
  assert_int_equal(f->result.bare.output, 60);
  assert_int_equal(f->result.stepping.compared, f->result.stepping.ticks);
}

static void the_tick_limit_ends_it(void **state)
{
  struct fixture *f = *state;
  f->config.ticks = 12345;
  run(f);
  assert_true(f->result.holds);
  assert_int_equal(f->result.stepping.ticks, 12345);
  assert_int_equal(f->result.fast.ticks, 12345);
  assert_int_equal(f->result.fast.compared, 13);
  assert_int_equal(f->result.stepping.end, MACHINE_LIMIT);
}

/* --------------------------------------------------------------- not alike */

static void change_register(struct machine *m)
{
  machine_set_reg(m, REG_S1, 1);
}
static void change_pc(struct machine *m)
{
  machine_set_pc(m, machine_get_pc(m) + 4);
}
static void change_mode(struct machine *m)
{
  machine_set_cr(m, CR_PSW, psw_set_mode(machine_get_cr(m, CR_PSW), 1));
}
static void change_ie(struct machine *m)
{
  uint32_t psw = machine_get_cr(m, CR_PSW);
  machine_set_cr(m, CR_PSW, psw_set_ie(psw, !psw_ie(psw)));
}
static void change_scratch(struct machine *m)
{
  machine_set_cr(m, CR_SCR3, 7);
}
static void change_bound(struct machine *m)
{
  machine_set_cr(m, CR_BOUND, 64);
}
static void change_timer(struct machine *m)
{
  machine_set_cr(m, CR_TIMER, machine_get_cr(m, CR_TIMER) + 1);
}
static void raise_line(struct machine *m)
{
  machine_set_cr(m, CR_IPEND, 4);
}
static void change_storage(struct machine *m)
{
  machine_phys_write(m, gpa(0xfffe), "x", 1);
}
static void change_code(struct machine *m)
{
  machine_phys_write_word(m, gpa(0x1000), 0);
}
static void change_disk(struct machine *m)
{
  uint8_t sector[MACHINE_SECTOR_SIZE] = {1};
  m->ops->disk_poke(m, 15, sector);
}
static void print_more(struct machine *m)
{
  machine_port_out(m, 0, '!');
}
static void start_disk(struct machine *m)
{
  machine_port_out(m, 0x12, 1);
  machine_port_out(m, 0x13, 1);
}
static void type_key(struct machine *m)
{
  machine_console_input(m, 0, 'k');
}
static void wait_now(struct machine *m)
{
  machine_set_run_state(m, MACHINE_WAITING);
}

static const struct named_fault {
  const char *name;
  fault_fn *apply;
  bool heals; /* the states may become equal again before the next checkpoint */
} faults[] = {
    {"register", change_register, false}, {"pc", change_pc, true},
    {"mode", change_mode, false},         {"interrupt enable", change_ie, true},
    {"scratch", change_scratch, false},   {"bound", change_bound, false},
    {"timer", change_timer, true},        {"pending line", raise_line, false},
    {"storage", change_storage, false},   {"code", change_code, false},
    {"disk", change_disk, false},         {"console output", print_more, false},
    {"disk command", start_disk, false},  {"key", type_key, false},
    {"run state", wait_now, false},
};

static void check_found_at(struct fixture *f, const struct named_fault *fault, uint64_t at)
{
  const struct verify_result *r = &f->result;
  bool stepping = !r->stepping.holds && r->stepping.divergence.before.tick == at;
  bool fast = r->fast.holds ? fault->heals : r->fast.divergence.before.tick == at;
  if (r->holds || !r->first || r->first->before.tick != at || !stepping || !fast ||
      r->first->only_in_long_runs)
    fail_msg("%s at tick %llu: holds %d, found at %llu and %llu", fault->name,
             (unsigned long long)at, r->holds,
             (unsigned long long)r->stepping.divergence.before.tick,
             (unsigned long long)r->fast.divergence.before.tick);
}

/* Early, on a checkpoint, beside one, late. */
static void every_fault_is_found_at_its_tick(void **state)
{
  struct fixture *f = *state;
  static const uint64_t ticks[] = {20, 999, 1000, 1001, 7777, 20500};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    for (size_t t = 0; t < sizeof ticks / sizeof *ticks; t++) {
      f->pairs.fault = (struct fault){.apply = faults[i].apply, .at = ticks[t]};
      run(f);
      check_found_at(f, &faults[i], ticks[t]);
    }
  }
}

static void a_fault_before_the_first_instruction(void **state)
{
  struct fixture *f = *state;
  f->pairs.fault = (struct fault){.apply = change_register, .at = 0};
  run(f);
  check_found_at(f, &faults[0], 0);
}

static void each_pass_alone_finds_it(void **state)
{
  struct fixture *f = *state;
  f->pairs.fault = (struct fault){.apply = change_storage, .at = 4321};
  f->config.fast = false;
  run(f);
  assert_false(f->result.holds);
  assert_int_equal(f->result.first->before.tick, 4321);
  assert_int_equal(f->result.bare.tick, 4321);
  assert_int_equal(f->result.vm.tick, 4321);
  f->config.fast = true;
  f->config.stepping = false;
  run(f);
  assert_false(f->result.holds);
  assert_int_equal(f->result.first->before.tick, 4321);
  assert_int_equal(f->result.bare.tick, 4321);
  assert_int_equal(f->result.vm.tick, 4321);
}

/* The engine, or the VMM's use of it, may go wrong only in runs of some length. */
static void what_only_long_runs_show_is_found_by_halving(void **state)
{
  struct fixture *f = *state;
  f->pairs.fault = (struct fault){.apply = change_register, .at = 5432, .min_run = 300};
  run(f);
  assert_true(f->result.stepping.holds);
  assert_false(f->result.fast.holds);
  assert_false(f->result.holds);
  assert_true(f->result.first->only_in_long_runs);
  assert_in_range(f->result.first->before.tick, 5432, 6000);
  assert_int_not_equal(f->result.first->after[0].reg[REG_S1],
                       f->result.first->after[1].reg[REG_S1]);
}

static void lost_control_fails_resource_control(void **state)
{
  struct fixture *f = *state;
  f->pairs.fault = (struct fault){.at = 2500, .stop = MACHINE_LOST_CONTROL};
  run(f);
  assert_false(f->result.holds);
  assert_false(f->result.resources.holds);
  assert_true(f->result.resources.lost_control);
  assert_string_equal(f->result.resources.lost_reason, "a test took it");
  assert_int_equal(f->result.first->before.tick, 2500);
  assert_int_equal(f->result.after.delta[0].end, MACHINE_HALTED);
  assert_int_equal(f->result.after.delta[1].end, MACHINE_LOST_CONTROL);
}

/* A VM that stops in another way than the bare machine does is no duplicate. */
static void another_end_is_a_divergence(void **state)
{
  struct fixture *f = *state;
  static const enum machine_why ends[] = {MACHINE_HALTED, MACHINE_WAITS, MACHINE_DOUBLE_FAULT};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    f->pairs.fault = (struct fault){.at = 2500, .stop = ends[i]};
    run(f);
    assert_false(f->result.holds);
    assert_int_equal(f->result.first->before.tick, 2500);
    assert_int_equal(f->result.fast.divergence.before.tick, 2500);
    assert_true(f->result.resources.holds);
  }
}

/* ------------------------------------------------------------ the host fails */

static void a_host_that_fails_a_machine_is_no_verdict(void **state)
{
  struct fixture *f = *state;
  f->pairs.fault = (struct fault){.at = 2500, .stop = MACHINE_HOST_ERROR};
  for (unsigned pass = 0; pass < 2; pass++) {
    f->config.stepping = pass == 0;
    assert_int_equal(verify_run(&f->config, &f->result), VERIFY_HOST);
    assert_string_equal(f->result.host_reason, "a test took it");
    assert_int_equal(f->pairs.alive, 0);
  }
}

/* Whichever of the machines cannot be made: stepping, its replay, the fast pass … */
static void machines_that_cannot_be_made_are_told(void **state)
{
  struct fixture *f = *state;
  f->pairs.fault = (struct fault){.apply = change_register, .at = 5432, .min_run = 300};
  run(f);
  unsigned all = f->pairs.made;
  assert_true(all > 8);
  for (unsigned n = 1; n <= all; n++) {
    f->pairs.made = 0;
    f->pairs.fail_at = n;
    assert_int_equal(verify_run(&f->config, &f->result), VERIFY_HOST);
    assert_string_equal(f->result.host_reason, "a test refused it");
    assert_int_equal(f->pairs.alive, 0);
  }
}

/* ------------------------------------------------------- what is told of it */

static const struct divergence *diverge(struct fixture *f, fault_fn *apply, uint64_t at)
{
  f->pairs.fault = (struct fault){.apply = apply, .at = at};
  run(f);
  assert_non_null(f->result.first);
  return f->result.first;
}

static void storage_that_differs_is_named(void **state)
{
  struct fixture *f = *state;
  const struct divergence *d = diverge(f, change_storage, 3000);
  bool found = false;
  assert_true(d->words_differing >= 1);
  for (size_t i = 0; i < d->word_count; i++) {
    if (d->words[i].at == 0xfffc) {
      found = true;
      assert_int_equal(d->words[i].before, 0);
      assert_int_equal(d->words[i].bare, 0);
      assert_int_equal(d->words[i].vm, 'x' << 16);
    }
  }
  assert_true(found);
}

static void devices_that_differ_are_named(void **state)
{
  struct fixture *f = *state;
  assert_true(diverge(f, change_disk, 3000)->devices_differ);
  assert_true(diverge(f, print_more, 3000)->devices_differ);
  assert_true(diverge(f, type_key, 3000)->devices_differ);
  assert_false(diverge(f, change_storage, 3000)->devices_differ);
}

static void fields_that_differ_come_first(void **state)
{
  struct fixture *f = *state;
  const struct divergence *d = diverge(f, change_ie, 3);
  struct observed_field fields[8];
  size_t n = observation_fields(f->profile, &d->before, &d->after[0], &d->after[1], fields, 8);
  assert_true(n >= 2);
  assert_string_equal(fields[0].name, "psw.ie");
  assert_int_equal(fields[0].bare, 0);
  assert_int_equal(fields[0].vm, 1);
  assert_true(fields[1].bare == fields[1].vm);
}

static void afterwards_both_run_on(void **state)
{
  struct fixture *f = *state;
  diverge(f, change_timer, 3000);
  const struct verify_after *a = &f->result.after;
  assert_int_equal(a->delta[0].end, MACHINE_HALTED);
  assert_int_equal(a->delta[0].preemptions + f->result.bare.preemptions, 60);
  assert_true(a->output_differs == (a->delta[0].output != a->delta[1].output));
  diverge(f, print_more, 3000);
  assert_true(f->result.after.output_differs);
  size_t at = f->result.after.output_equal;
  assert_int_equal(f->result.after.excerpt[1][at], '!');
  assert_int_equal(f->result.after.excerpt[0][at], '.');
}

static void or_nothing_more_is_run(void **state)
{
  struct fixture *f = *state;
  f->config.brief = true;
  diverge(f, change_timer, 3000);
  assert_int_equal(f->result.after.delta[0].tick, 0);
  assert_int_equal(f->result.levels, 0);
  assert_int_equal(f->pairs.alive, 0);
}

/* A user instruction is never the profile's doing. */
static void a_fault_at_an_innocuous_instruction_is_the_vmms(void **state)
{
  struct fixture *f = *state;
  const struct divergence *d = diverge(f, change_register, 9);
  struct explanation e = divergence_explain(d, f->profile);
  assert_true(e.has_insn);
  assert_int_equal(e.cause, DIVERGENCE_VMM);
}

static void a_lost_interrupt_is_told_as_such(void **state)
{
  struct fixture *f = *state;
  const struct divergence *d = diverge(f, change_timer, 507);
  struct explanation e = divergence_explain(d, f->profile);
  assert_true(e.cause == DIVERGENCE_VMM || e.cause == DIVERGENCE_INTERRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(equal_machines_hold),
      TEST(the_tick_limit_ends_it),
      TEST(every_fault_is_found_at_its_tick),
      TEST(a_fault_before_the_first_instruction),
      TEST(each_pass_alone_finds_it),
      TEST(what_only_long_runs_show_is_found_by_halving),
      TEST(lost_control_fails_resource_control),
      TEST(another_end_is_a_divergence),
      TEST(a_host_that_fails_a_machine_is_no_verdict),
      TEST(machines_that_cannot_be_made_are_told),
      TEST(storage_that_differs_is_named),
      TEST(devices_that_differ_are_named),
      TEST(fields_that_differ_come_first),
      TEST(afterwards_both_run_on),
      TEST(or_nothing_more_is_run),
      TEST(a_fault_at_an_innocuous_instruction_is_the_vmms),
      TEST(a_lost_interrupt_is_told_as_such),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
