/* What does not execute directly: random programs under each technique, bare and virtual,
 * on every profile on which the theory lets it be right; and that it is counted.
 * SEEDS=n in the environment runs that many; SEED=n begins there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/chaos.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

#define KEYED       "tests/common/keyed.profile"
#define RINGS       "tests/random/rings.profile"
#define ROUNDS      6u
#define ROUND_TICKS 200u
#define COUNT(a)    (sizeof(a) / sizeof(a)[0])

/* Where no unprivileged instruction of user mode shows or changes what is not its own. */
static const char *const theorem_3[] = {"pg",   "x86-popf", "s360", "pdp10", "m68010",
                                        "mips", "riscv",    "vtx",  KEYED,   RINGS};

/* A third mode, and the PDP-10's hole: in user mode juser is a plain jump, and Theorem 3
 * holds; in the mode between it changes the mode, and does not trap. */
static const char middle[] =
    "profile between;\ntitle \"t\";\nstory \"s\";\nsource \"x\";\nmodes 3;\nmmu bounds;\n"
    "io ports;\noutside juser = full;\n";

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 0) : otherwise;
}

struct totals {
  uint64_t direct, interpreted, emulated, reflected, frozen;
};

static bool chaos(struct totals *totals, const struct twin_config *config, uint64_t seed,
                  uint32_t stride)
{
  struct twin t;
  struct twin_config c = *config;
  struct random bare = random_from(seed), virtual = bare;
  c.sectors = seed % 3 ? 20 : 0;
  twin_open(&t, &c);
  load_chaos(t.bare, &bare, c.sectors);
  load_chaos(t.vm, &virtual, c.sectors);
  bool agreed = true;
  for (uint32_t i = 0; agreed && i < ROUNDS; i++) {
    agreed = twin_equal(&t) && twin_run(&t, machine_tick(t.bare) + ROUND_TICKS, stride);
    stir_chaos(t.bare, &bare);
    stir_chaos(t.vm, &virtual);
  }
  if (!agreed) {
    print_message("%s, %s, seed %llu, stride %u: %s\n", vmm_techniques[c.technique].name,
                  config->profile ? config->profile : config->text, (unsigned long long)seed,
                  stride, t.difference);
  }
  const struct vmm_stats *s = vmm_vm_stats(t.vm);
  totals->direct += s->direct;
  totals->interpreted += s->interpreted;
  totals->emulated += s->emulated;
  totals->reflected += s->reflected;
  totals->frozen += s->frozen;
  assert_int_equal(vmm_violations(t.vmm[0], NULL), 0);
  twin_close(&t);
  return agreed;
}

static void must_agree(struct totals *totals, const struct twin_config *config)
{
  uint64_t first = setting("SEED", 0);
  uint64_t usual = vmm_technique_needs_pages(config->technique) ? 8 : 24;
  for (uint64_t seed = first; seed < first + setting("SEEDS", usual); seed++) {
    assert_true(chaos(totals, config, seed, seed % 2 ? 1 : 3 + (uint32_t)(seed * 37 % 200)));
  }
}

static void interpreted_on_every_profile(void **state)
{
  (void)state;
  struct totals totals = {0};
  for (const char *const *p = profile_shipped(); *p; p++) {
    must_agree(&totals, &(struct twin_config){.profile = *p, .technique = VMM_TECHNIQUE_INTERPRET});
  }
  must_agree(&totals,
             &(struct twin_config){.profile = KEYED, .technique = VMM_TECHNIQUE_INTERPRET});
  must_agree(&totals,
             &(struct twin_config){.profile = RINGS, .technique = VMM_TECHNIQUE_INTERPRET});
  assert_true(totals.interpreted > 10000);
  assert_true(totals.frozen > 0); /* disks were waited for */
  assert_int_equal(totals.direct + totals.emulated + totals.reflected, 0);
}

static void hybrid_where_theorem_3_holds(void **state)
{
  (void)state;
  struct totals totals = {0};
  for (size_t i = 0; i < COUNT(theorem_3); i++) {
    must_agree(&totals,
               &(struct twin_config){.profile = theorem_3[i], .technique = VMM_TECHNIQUE_HYBRID});
  }
  must_agree(&totals, &(struct twin_config){.text = middle, .technique = VMM_TECHNIQUE_HYBRID});
  assert_true(totals.interpreted > 10000);
  assert_true(totals.direct > 1000);
  assert_int_equal(totals.emulated, 0); /* virtual mode 0 never executes directly */
}

/* juser in the mode between user mode and mode 0: the real machine would do it in user mode. */
static void modes_between_are_interpreted(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.text = middle, .technique = VMM_TECHNIQUE_HYBRID});
  twin_write_word(&t, ISA_RESET_PC, word_of(ISA_JUSER, 0, REG_ZERO, 0, ISA_RESET_PC + 4));
  twin_set_cr(&t, CR_BOUND, machine_storage_size(t.bare));
  twin_set_cr(&t, CR_PSW, psw_set_mode(0, 1));
  if (!twin_run(&t, 3, 1)) {
    fail_msg("%s", t.difference);
  }
  assert_int_equal(vmm_vm_stats(t.vm)->interpreted, 1);
  twin_close(&t);
}

/* The oracle can fail: where Theorem 3 does not hold some program tells. */
static void hybrid_where_it_does_not(void **state)
{
  (void)state;
  static const char *const fails[] = {"vax", "m68000", "x86", "armv7"};
  struct totals totals = {0};
  for (size_t i = 0; i < COUNT(fails); i++) {
    unsigned parted = 0;
    for (uint64_t seed = 0; seed < 200 && parted == 0; seed++) {
      parted += !chaos(
          &totals, &(struct twin_config){.profile = fails[i], .technique = VMM_TECHNIQUE_HYBRID},
          seed, 1);
    }
    if (parted == 0) {
      fail_msg("no program tells a hybrid VMM on %s", fails[i]);
    }
  }
}

/* All but what has storage keys, which no machine has beside pages. */
static void rewritten_on_every_profile(struct totals *totals, struct twin_config config)
{
  for (const char *const *p = profile_shipped(); *p; p++) {
    struct profile *profile = profile_load(*p, stderr);
    config.profile = *p;
    if (!(profile_features(profile) & ISA_FEATURE_KEYS)) {
      must_agree(totals, &config);
    }
    profile_destroy(profile);
  }
}

static void translated_on_every_profile(void **state)
{
  (void)state;
  struct totals totals = {0};
  rewritten_on_every_profile(&totals,
                             (struct twin_config){.technique = VMM_TECHNIQUE_TRANSLATE_ALL});
  rewritten_on_every_profile(
      &totals, (struct twin_config){.technique = VMM_TECHNIQUE_TRANSLATE_ALL, .cache = 1});
  assert_true(totals.direct > 10000);
}

static void translated_where_theorem_3_holds(void **state)
{
  (void)state;
  static const char *const holds[] = {"pg", "x86-popf", "pdp10", "m68010", "mips", "riscv", "vtx"};
  struct totals totals = {0};
  for (size_t i = 0; i < COUNT(holds); i++) {
    must_agree(&totals,
               &(struct twin_config){.profile = holds[i], .technique = VMM_TECHNIQUE_TRANSLATE});
  }
  must_agree(&totals, &(struct twin_config){.text = middle, .technique = VMM_TECHNIQUE_TRANSLATE});
  assert_true(totals.direct > 10000);
}

static void patched_on_every_profile(void **state)
{
  (void)state;
  struct totals totals = {0};
  rewritten_on_every_profile(&totals, (struct twin_config){.technique = VMM_TECHNIQUE_PATCH});
  rewritten_on_every_profile(&totals,
                             (struct twin_config){.technique = VMM_TECHNIQUE_PATCH, .cache = 1});
  assert_true(totals.direct > 10000);
}

/* At 0x2000 lies an instruction that x86 does not trap. It is loaded, executed, and written over
 * by others and comes back; each time it must do what the word says that is there. */
static void what_is_executed_is_what_is_there(void **state)
{
  (void)state;
  static const enum vmm_technique hiding[] = {VMM_TECHNIQUE_TRANSLATE, VMM_TECHNIQUE_TRANSLATE_ALL,
                                              VMM_TECHNIQUE_PATCH};
  for (size_t i = 0; i < COUNT(hiding); i++) {
    struct program p = {.origin = ISA_RESET_PC};
    struct twin t;
    twin_open(&t, &(struct twin_config){.profile = "x86", .technique = hiding[i]});
    put_li(&p, REG_S0, 0x2000);
    put(&p, ISA_LW, REG_A0, REG_S0, 0, 0);
    put(&p, ISA_JALR, REG_RA, REG_S0, 0, 0);
    put_li(&p, REG_A1, word_of(ISA_ADDI, REG_A3, REG_A3, 0, 5));
    put(&p, ISA_SW, REG_A1, REG_S0, 0, 0);
    put(&p, ISA_JALR, REG_RA, REG_S0, 0, 0);
    put(&p, ISA_SB, REG_A4, REG_S0, 0, 0); /* addi a3, a3, 0 */
    put(&p, ISA_JALR, REG_RA, REG_S0, 0, 0);
    put(&p, ISA_SW, REG_A0, REG_S0, 0, 0);
    put(&p, ISA_JALR, REG_RA, REG_S0, 0, 0);
    put(&p, ISA_LW, REG_A1, REG_S0, 0, 0);
    load_program(t.bare, &p);
    load_program(t.vm, &p);
    twin_write_word(&t, 0x2000, word_of(ISA_RDPSW, REG_A2, 0, 0, 0));
    twin_write_word(&t, 0x2004, word_of(ISA_JALR, REG_ZERO, REG_RA, 0, 0));
    if (!twin_run(&t, 22, 1)) {
      fail_msg("%s: %s", vmm_techniques[hiding[i]].name, t.difference);
    }
    assert_int_equal(machine_get_reg(t.vm, REG_A3), 5);
    twin_close(&t);
  }
}

/* Where the cache lies there is nothing for the guest to load, to store into or to jump to, in
 * whatever mode. */
static void nothing_is_to_be_seen(void **state)
{
  (void)state;
  static const enum vmm_technique hiding[] = {VMM_TECHNIQUE_TRANSLATE, VMM_TECHNIQUE_TRANSLATE_ALL,
                                              VMM_TECHNIQUE_PATCH};
  static const uint32_t places[] = {0xffc00000, 0xffc00010, 0xffc08000, 0xfffffffc, 0x2000};
  for (size_t i = 0; i < COUNT(hiding) * COUNT(places) * 6; i++) {
    enum isa_insn insn = i % 3 == 0 ? ISA_LW : i % 3 == 1 ? ISA_SW : ISA_JALR;
    struct program p = {.origin = ISA_RESET_PC};
    struct twin t;
    twin_open(&t, &(struct twin_config){.profile = "x86-popf",
                                        .technique = hiding[i / 6 % COUNT(hiding)]});
    put_li(&p, REG_A1, places[i / 6 / COUNT(hiding)]);
    put(&p, ISA_ADDI, REG_A0, REG_ZERO, 0, 1);
    put(&p, insn, REG_A0, REG_A1, 0, 0);
    put(&p, ISA_ADDI, REG_A2, REG_A0, 0, 1);
    load_program(t.bare, &p);
    load_program(t.vm, &p);
    twin_set_cr(&t, CR_BOUND, UINT32_MAX);
    twin_set_cr(&t, CR_PSW, i / 3 % 2 ? psw_set_te(psw_set_mode(0, 1), 1) : 0);
    if (!twin_run(&t, 12, 1)) {
      fail_msg("%s, case %u: %s", vmm_techniques[hiding[i / 6 % COUNT(hiding)]].name, (unsigned)i,
               t.difference);
    }
    twin_close(&t);
  }
}

/* VMMs on VMMs that interpret. */
static void stacked(void **state)
{
  (void)state;
  struct totals totals = {0};
  for (unsigned depth = 2; depth <= 3; depth++) {
    must_agree(&totals, &(struct twin_config){.profile = "x86",
                                              .technique = VMM_TECHNIQUE_INTERPRET,
                                              .depth = depth});
    must_agree(&totals, &(struct twin_config){
                            .profile = "pdp10", .technique = VMM_TECHNIQUE_HYBRID, .depth = depth});
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(interpreted_on_every_profile),
      cmocka_unit_test(hybrid_where_theorem_3_holds),
      cmocka_unit_test(modes_between_are_interpreted),
      cmocka_unit_test(hybrid_where_it_does_not),
      cmocka_unit_test(translated_on_every_profile),
      cmocka_unit_test(translated_where_theorem_3_holds),
      cmocka_unit_test(patched_on_every_profile),
      cmocka_unit_test(nothing_is_to_be_seen),
      cmocka_unit_test(what_is_executed_is_what_is_there),
      cmocka_unit_test(stacked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
