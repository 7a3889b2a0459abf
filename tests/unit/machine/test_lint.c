/* The missing tlbi: which accesses a machine that keeps translations could send elsewhere
 * (docs/mmu.md). The owner changes the tables; the guest loads, stores, tells, or does not.
 */
#include "cmocka_all.h"
#include "isa/pages.h"
#include "machine/machine.h"
#include "programs.h"

#define DIRECTORY 0x8000u
#define TABLE     0x9000u
#define PAGE      0x00100000u /* that is changed, in … */
#define FRAME     0xa000u
#define OTHER     0xb000u
#define ALL       (PTE_VALID | PTE_WRITE | PTE_EXECUTE)

enum { LOAD = 0x1000, STORE = 0x1004, TELL = 0x1008, SWITCH = 0x100c }; /* where each lies */

struct rig {
  struct profile *profile;
  struct machine *m;
  unsigned told;
  struct machine_lint last;
};

static void hear(void *ctx, const struct machine_lint *event)
{
  struct rig *r = ctx;
  r->told++;
  r->last = *event;
}

static void entry(struct rig *r, uint32_t value)
{
  assert_true(machine_phys_write_word(r->m, gpa(TABLE + 4 * page_table_index(PAGE)), value));
}

/* One of the instructions above. */
static void execute(struct rig *r, uint32_t at)
{
  machine_set_pc(r->m, at);
  machine_run(r->m, machine_tick(r->m) + 1);
}

static int open_rig(void **state)
{
  static const char text[] = "profile lint; extends pg; mmu paged;";
  struct rig *r = calloc(1, sizeof *r);
  r->profile = profile_parse("lint.profile", text, strlen(text), stderr);
  struct machine_config config = {.profile = r->profile, .storage = MACHINE_MIN_STORAGE};
  r->m = machine_create(&config, NULL);
  assert_true(machine_set_lint(r->m, hear, r));
  const uint32_t program[] = {program_word(ISA_LW, REG_A1, REG_A0, 0, 0),
                              program_word(ISA_SW, REG_A1, REG_A0, 0, 0),
                              program_word(ISA_TLBI, REG_A0, REG_ZERO, 0, 0),
                              program_cr_word(ISA_MTCR, REG_A2, CR_PTBR)};
  assert_true(machine_phys_write(r->m, gpa(LOAD), program, sizeof program));
  machine_phys_write_word(r->m, gpa(DIRECTORY), TABLE | ALL);
  machine_phys_write_word(r->m, gpa(TABLE + 4), 0x1000 | ALL);
  machine_set_reg(r->m, REG_A0, PAGE);
  machine_set_reg(r->m, REG_A2, DIRECTORY);
  machine_set_cr(r->m, CR_PTBR, DIRECTORY);
  machine_set_cr(r->m, CR_PSW, psw_set_te(0, 1));
  entry(r, FRAME | ALL);
  *state = r;
  return 0;
}

static int close_rig(void **state)
{
  struct rig *r = *state;
  machine_destroy(r->m);
  profile_destroy(r->profile);
  free(r);
  return 0;
}

static void another_frame(void **state)
{
  struct rig *r = *state;
  execute(r, LOAD);
  entry(r, OTHER | ALL);
  execute(r, LOAD);
  assert_int_equal(r->told, 1);
  assert_int_equal(r->last.pc.v, LOAD);
  assert_int_equal(r->last.va.v, PAGE);
  assert_int_equal(r->last.access, MACHINE_LOAD);
  assert_int_equal(pte_frame(r->last.kept), FRAME);
  assert_int_equal(pte_frame(r->last.now), OTHER);
  execute(r, LOAD); /* told once */
  assert_int_equal(r->told, 1);
  assert_int_equal(machine_stats(r->m)->stale, 1);
}

static void a_page_no_more(void **state)
{
  struct rig *r = *state;
  execute(r, LOAD);
  entry(r, 0);
  execute(r, LOAD);
  assert_int_equal(r->told, 1);
  assert_int_equal(r->last.now, 0);
}

static void a_right_less(void **state)
{
  struct rig *r = *state;
  execute(r, STORE);
  entry(r, FRAME | PTE_VALID);
  execute(r, LOAD);
  assert_int_equal(r->told, 0); /* that is the same by either */
  entry(r, FRAME | ALL);
  execute(r, STORE);
  entry(r, FRAME | PTE_VALID);
  execute(r, STORE);
  assert_int_equal(r->told, 1);
}

static void dirty_taken_away(void **state)
{
  struct rig *r = *state;
  execute(r, STORE);
  entry(r, FRAME | ALL);
  execute(r, STORE);
  assert_int_equal(r->told, 1);
  assert_int_equal(r->last.access, MACHINE_STORE);
}

/* A machine looks the entry up anew: for a right that it lacked, or to set D. */
static void what_needs_no_telling(void **state)
{
  struct rig *r = *state;
  entry(r, 0);
  execute(r, LOAD);
  entry(r, FRAME | PTE_VALID);
  execute(r, LOAD);
  entry(r, OTHER | ALL); /* W is new, and so the frame is found */
  execute(r, STORE);
  entry(r, OTHER | ALL | PTE_DIRTY); /* A is away */
  execute(r, STORE);
  execute(r, LOAD);
  assert_int_equal(r->told, 0);
}

static void telling(void **state)
{
  struct rig *r = *state;
  execute(r, STORE);
  entry(r, OTHER | ALL);
  execute(r, TELL);
  execute(r, STORE);
  assert_int_equal(r->told, 0);
  entry(r, FRAME | ALL);
  execute(r, SWITCH);
  execute(r, STORE);
  assert_int_equal(r->told, 0);
}

/* Another page's tlbi is not this one's; and untranslated accesses are by no entry. */
static void telling_of_another(void **state)
{
  struct rig *r = *state;
  execute(r, LOAD);
  entry(r, OTHER | ALL);
  machine_set_reg(r->m, REG_A0, PAGE + ISA_PAGE_SIZE);
  execute(r, TELL);
  machine_set_reg(r->m, REG_A0, PAGE);
  execute(r, LOAD);
  assert_int_equal(r->told, 1);
  entry(r, FRAME | ALL);
  machine_set_cr(r->m, CR_PSW, 0);
  machine_set_reg(r->m, REG_A0, 0);
  execute(r, LOAD);
  assert_int_equal(r->told, 1);
}

static void off_again(void **state)
{
  struct rig *r = *state;
  execute(r, LOAD);
  assert_true(machine_set_lint(r->m, NULL, NULL));
  entry(r, OTHER | ALL);
  execute(r, LOAD);
  assert_int_equal(r->told, 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)
  const struct CMUnitTest tests[] = {
      CASE(another_frame),      CASE(a_page_no_more),        CASE(a_right_less),
      CASE(dirty_taken_away),   CASE(what_needs_no_telling), CASE(telling),
      CASE(telling_of_another), CASE(off_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
