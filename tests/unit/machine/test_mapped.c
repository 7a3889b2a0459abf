/* Page tables and the TLB, case by case: what random programs meet too seldom, or cannot
 * tell apart. */
#include "cmocka_all.h"
#include "isa/pages.h"
#include "machine/snapshot.h"
#include "machine/walk.h"
#include "programs.h"

#include <stdio.h>

#define STORAGE   (8u << 20)
#define CODE      0x1000u
#define DIRECTORY 0x100000u
#define TABLES    0x200000u /* table i of the directory at TABLES + 4096 * i */
#define FRAME     0x180000u
#define RIGHTS    (PTE_VALID | PTE_WRITE | PTE_EXECUTE | PTE_LEVEL_MASK)

struct bed {
  struct profile *profile;
  struct machine *m;
};

static void put(struct machine *m, uint32_t at, uint32_t word)
{
  assert_true(machine_phys_write_word(m, gpa(at), word));
}

static uint32_t get(struct machine *m, uint32_t at)
{
  uint32_t word;
  assert_true(machine_phys_read_word(m, gpa(at), &word));
  return word;
}

static uint32_t entry_at(uint32_t va)
{
  return TABLES + page_directory_index(va) * ISA_PAGE_SIZE + 4 * page_table_index(va);
}

static void map(struct machine *m, uint32_t va, uint32_t entry)
{
  put(m, DIRECTORY + 4 * page_directory_index(va),
      (TABLES + page_directory_index(va) * ISA_PAGE_SIZE) | PTE_VALID);
  put(m, entry_at(va), entry);
}

/* In mode 0 with TE on, the code's page mapped where it lies. */
static void create(struct bed *b, const char *mmu, enum machine_engine engine)
{
  char text[100];
  snprintf(text, sizeof text, "profile bed; extends vax; mmu %s;", mmu);
  b->profile = profile_parse("bed.profile", text, strlen(text), stderr);
  assert_non_null(b->profile);
  struct machine_config config = {.profile = b->profile, .storage = STORAGE, .engine = engine};
  b->m = machine_create(&config, NULL);
  assert_non_null(b->m);
  machine_set_cr(b->m, CR_PTBR, DIRECTORY);
  machine_set_cr(b->m, CR_PSW, psw_set_te(0, 1));
  map(b->m, CODE, CODE | RIGHTS);
  machine_tlb_set(b->m, 0, CODE, CODE | RIGHTS | PTE_GLOBAL);
}

static void destroy(struct bed *b)
{
  machine_destroy(b->m);
  profile_destroy(b->profile);
}

static void expect(struct machine *m, enum isa_cause cause, uint32_t value)
{
  struct machine_stop s = machine_run(m, MACHINE_NEVER);
  assert_int_equal(s.why, MACHINE_TRAP);
  assert_int_equal(s.trap.cause, cause);
  assert_int_equal(s.trap.value, value);
}

static const enum machine_engine engines[] = {MACHINE_ENGINE_STEPPER, MACHINE_ENGINE_UNFUSED,
                                              MACHINE_ENGINE_FAST};

/* ------------------------------------------------------------------- asking */

static void test_asking_changes_nothing(void **state)
{
  (void)state;
  struct bed b;
  create(&b, "paged", MACHINE_ENGINE_FAST);
  map(b.m, 0x40000000, FRAME | RIGHTS);
  uint64_t before = machine_state_hash(b.m);
  struct translation t = machine_translate(b.m, gva(0x40000123), MACHINE_LOAD, true);
  assert_true(t.ok && t.marks);
  assert_int_equal(t.pa.v, FRAME + 0x123);
  assert_int_equal(t.entry.v, entry_at(0x40000000));
  assert_int_equal(t.marked, FRAME | RIGHTS | PTE_ACCESSED);
  t = machine_translate(b.m, gva(0x40000123), MACHINE_STORE, true);
  assert_int_equal(t.marked, FRAME | RIGHTS | PTE_ACCESSED | PTE_DIRTY);
  assert_true(machine_state_hash(b.m) == before);
  t = machine_translate(b.m, gva(0x40000123), MACHINE_LOAD, false);
  assert_true(!t.ok && t.cause == CAUSE_BUS && !t.marks);
  put(b.m, entry_at(0x40000000), FRAME | RIGHTS | PTE_ACCESSED);
  assert_false(machine_translate(b.m, gva(0x40000000), MACHINE_LOAD, true).marks);
  assert_true(machine_translate(b.m, gva(0x40000000), MACHINE_STORE, true).marks);
  destroy(&b);
}

static void test_directory_nowhere(void **state)
{
  (void)state;
  static const uint32_t nowhere[] = {STORAGE, 0xfffff000, 0x80000000};
  for (unsigned i = 0; i < 3; i++) {
    for (unsigned k = 0; k < 3; k++) {
      struct bed b;
      create(&b, "paged", engines[k]);
      machine_set_cr(b.m, CR_PTBR, nowhere[i]);
      uint64_t before = machine_state_hash(b.m);
      expect(b.m, CAUSE_BUS, CODE);
      assert_true(machine_state_hash(b.m) == before);
      destroy(&b);
    }
  }
}

/* ------------------------------------------------- what the engine has kept */

/* for (;;) { a0 = *a1; *a1 = a2; } */
static void put_loop(struct machine *m)
{
  const uint32_t words[] = {
      program_word(ISA_LW, REG_A0, REG_A1, 0, 0),
      program_word(ISA_SW, REG_A2, REG_A1, 0, 0),
      program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8),
  };
  program_put(m, CODE, words, 3);
  machine_set_pc(m, CODE);
}

/* The owner changes entries under a loop that has used them for long. */
static void test_owner_changes_tables(void **state)
{
  (void)state;
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    put_loop(b.m);
    map(b.m, 0x40000000, FRAME | RIGHTS);
    machine_set_reg(b.m, REG_A1, 0x40000010);
    machine_set_reg(b.m, REG_A2, 77);
    machine_run(b.m, 3000);
    assert_int_equal(get(b.m, FRAME + 0x10), 77);
    put(b.m, entry_at(0x40000000), (FRAME + 0x1000) | RIGHTS); /* another frame */
    machine_set_reg(b.m, REG_A2, 78);
    machine_run(b.m, 6000);
    assert_int_equal(get(b.m, FRAME + 0x10), 77);
    assert_int_equal(get(b.m, FRAME + 0x1010), 78);
    assert_int_equal(get(b.m, entry_at(0x40000000)),
                     (FRAME + 0x1000) | RIGHTS | PTE_ACCESSED | PTE_DIRTY);
    put(b.m, entry_at(0x40000000), (FRAME + 0x1000) | RIGHTS); /* clean again */
    machine_run(b.m, 9000);
    assert_true(get(b.m, entry_at(0x40000000)) & PTE_DIRTY);
    put(b.m, entry_at(0x40000000), FRAME | PTE_VALID);
    expect(b.m, CAUSE_PROTECTION, 0x40000010);
    put(b.m, DIRECTORY + 4 * page_directory_index(0x40000000), 0);
    machine_set_pc(b.m, CODE);
    expect(b.m, CAUSE_LOAD_FAULT, 0x40000010);
    put(b.m, entry_at(CODE), CODE | (RIGHTS & ~PTE_EXECUTE));
    machine_set_pc(b.m, CODE);
    expect(b.m, CAUSE_PROTECTION, CODE);
    destroy(&b);
  }
}

/* More tables than the machine knows at a time, and more stores to them. */
static void put_wide_loop(struct machine *m)
{
  const uint32_t words[] = {
      program_word(ISA_SW, REG_A2, REG_A1, 0, 0),
      program_word(ISA_LW, REG_A0, REG_A1, 0, 0),
      program_word(ISA_ADD, REG_A2, REG_A2, REG_A0, 0),
      program_word(ISA_ADDI, REG_A2, REG_A2, 0, 3),
      program_word(ISA_ADD, REG_A1, REG_A1, REG_S0, 0),
      program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-20),
  };
  program_put(m, CODE, words, 6);
  machine_set_pc(m, CODE);
}

static void test_many_tables(void **state)
{
  (void)state;
  uint64_t hash[3];
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    map(b.m, 0x40007000, FRAME | RIGHTS); /* used before all others, … */
    put_loop(b.m);
    machine_set_reg(b.m, REG_A1, 0x40007000);
    machine_run(b.m, 3000);
    put_wide_loop(b.m);
    for (uint32_t i = 0; i < PAGE_TABLE_ENTRIES; i++) {
      map(b.m, (i << 22) + 0x5000, (FRAME + i % 16 * ISA_PAGE_SIZE) | RIGHTS);
    }
    machine_set_reg(b.m, REG_A1, 0x5000);
    machine_set_reg(b.m, REG_S0, 1u << 22);
    machine_run(b.m, 3000 + 6 * 1023);
    put(b.m, entry_at(0x40007000), 0); /* … and changed after they were too many */
    uint32_t a1 = machine_get_reg(b.m, REG_A1);
    put_loop(b.m);
    machine_set_reg(b.m, REG_A1, 0x40007000);
    expect(b.m, CAUSE_LOAD_FAULT, 0x40007000);
    put_wide_loop(b.m);
    machine_set_reg(b.m, REG_A1, a1);
    machine_run(b.m, 20000);
    hash[k] = machine_state_hash(b.m);
    destroy(&b);
  }
  assert_true(hash[0] == hash[1] && hash[0] == hash[2]);
}

/* A table mapped as data: each turn changes an entry and uses it. */
static void test_many_stores_to_tables(void **state)
{
  (void)state;
  const uint32_t words[] = {
      program_word(ISA_SW, REG_A2, REG_A1, 0, 0), /* the entry … */
      program_word(ISA_LW, REG_A0, REG_A3, 0, 0), /* … of this page */
      program_word(ISA_ADD, REG_A4, REG_A4, REG_A0, 0),
      program_word(ISA_XOR, REG_A2, REG_A2, REG_S0, 0), /* two frames in turn */
      program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-16),
  };
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    program_put(b.m, CODE, words, 5);
    machine_set_pc(b.m, CODE);
    map(b.m, 0x40001000, FRAME | RIGHTS);
    map(b.m, 0x40002000, (entry_at(0x40001000) & PTE_FRAME_MASK) | RIGHTS);
    put(b.m, FRAME, 1);
    put(b.m, FRAME + 0x1000, 1000);
    machine_set_reg(b.m, REG_A1, 0x40002004);
    machine_set_reg(b.m, REG_A2, FRAME | RIGHTS);
    machine_set_reg(b.m, REG_A3, 0x40001000);
    machine_set_reg(b.m, REG_S0, 0x1000);
    machine_run(b.m, 5 * 10000);
    assert_int_equal(machine_get_reg(b.m, REG_A4), 5000 * 1001);
    destroy(&b);
  }
}

/* A page of data that becomes a table while stores to it are the engine's own. */
static void test_data_becomes_table(void **state)
{
  (void)state;
  uint32_t words[12];
  for (unsigned i = 0; i < 8; i++) {
    words[i] = program_word(ISA_SW, REG_A2, REG_A1, 0, 0);
  }
  words[8] = program_word(ISA_LW, REG_A0, REG_A3, 0, 0);
  words[9] = program_word(ISA_SW, REG_ZERO, REG_A1, 0, 0);
  words[10] = program_word(ISA_LW, REG_A0, REG_A3, 0, 0);
  words[11] = program_word(ISA_HALT, 0, 0, 0, 0);
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    program_put(b.m, CODE, words, 12);
    machine_set_pc(b.m, CODE);
    map(b.m, 0x80001000, 0);
    map(b.m, 0x40002000, (entry_at(0x80001000) & PTE_FRAME_MASK) | RIGHTS);
    machine_set_reg(b.m, REG_A1, 0x40002004);
    machine_set_reg(b.m, REG_A2, FRAME | RIGHTS | PTE_ACCESSED);
    machine_set_reg(b.m, REG_A3, 0x80001000);
    expect(b.m, CAUSE_LOAD_FAULT, 0x80001000);
    assert_int_equal(machine_get_pc(b.m), CODE + 40);
    destroy(&b);
  }
}

/* A page that was written by two addresses becomes code at a third; then it is written by
 * each of the two. */
static void test_code_under_aliases(void **state)
{
  (void)state;
  const uint32_t words[] = {
      program_word(ISA_SW, REG_A2, REG_A1, 0, 0),
      program_word(ISA_SW, REG_A2, REG_A3, 0, 4),
      program_word(ISA_ADDI, REG_S0, REG_S0, 0, (uint32_t)-1),
      program_word(ISA_BNE, REG_S0, REG_ZERO, 0, (uint32_t)-12),
      program_word(ISA_JALR, REG_RA, REG_A5, 0, 0),
      program_word(ISA_SW, REG_A4, REG_A1, 0, 0),
      program_word(ISA_JALR, REG_RA, REG_A5, 0, 0),
      program_word(ISA_SW, REG_A4, REG_A3, 0, 4),
      program_word(ISA_JALR, REG_RA, REG_A5, 0, 0),
      program_word(ISA_BRK, 0, 0, 0, 0),
  };
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    program_put(b.m, CODE, words, 10);
    machine_set_pc(b.m, CODE);
    map(b.m, 0x40001000, FRAME | RIGHTS);
    map(b.m, 0x40002000, FRAME | RIGHTS);
    map(b.m, 0x40003000, FRAME | RIGHTS);
    put(b.m, FRAME + 8, program_word(ISA_JALR, REG_ZERO, REG_RA, 0, 0));
    machine_set_reg(b.m, REG_S0, 8);
    machine_set_reg(b.m, REG_A1, 0x40001000);
    machine_set_reg(b.m, REG_A3, 0x40002000);
    machine_set_reg(b.m, REG_A5, 0x40003000);
    machine_set_reg(b.m, REG_A2, program_word(ISA_ADDI, REG_A0, REG_A0, 0, 1));
    machine_set_reg(b.m, REG_A4, program_word(ISA_ADDI, REG_A0, REG_A0, 0, 16));
    expect(b.m, CAUSE_BREAKPOINT, 0);
    assert_int_equal(machine_get_reg(b.m, REG_A0), 2 + 17 + 32);
    destroy(&b);
  }
}

/* Stores through one address, then a load and a store through another: D there is its own. */
static void test_dirty_by_each_address(void **state)
{
  (void)state;
  const uint32_t words[] = {
      program_word(ISA_SW, REG_A2, REG_A1, 0, 0),
      program_word(ISA_ADDI, REG_A1, REG_A1, 0, 64),
      program_word(ISA_ADDI, REG_S0, REG_S0, 0, (uint32_t)-1),
      program_word(ISA_BNE, REG_S0, REG_ZERO, 0, (uint32_t)-12),
      program_word(ISA_LW, REG_A0, REG_A3, 0, 0),
      program_word(ISA_SW, REG_A2, REG_A3, 0, 0),
      program_word(ISA_BRK, 0, 0, 0, 0),
  };
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    program_put(b.m, CODE, words, 7);
    machine_set_pc(b.m, CODE);
    map(b.m, 0x40001000, FRAME | RIGHTS);
    map(b.m, 0x40002000, FRAME | RIGHTS | PTE_ACCESSED);
    machine_set_reg(b.m, REG_S0, 64);
    machine_set_reg(b.m, REG_A1, 0x40001000);
    machine_set_reg(b.m, REG_A3, 0x40002000);
    expect(b.m, CAUSE_BREAKPOINT, 0);
    assert_int_equal(get(b.m, entry_at(0x40002000)), FRAME | RIGHTS | PTE_ACCESSED | PTE_DIRTY);
    destroy(&b);
  }
}

/* -------------------------------------------------------------- guest mode */

#define HOST        0x400000u /* where the guest's storage lies */
#define SECOND      0x600000u /* the second level's directory, and its one table */
#define SECOND_LEAF 0x601000u
#define GUEST_ROOT  0x10000u /* guest-physical; its table follows */

static uint32_t second_at(uint32_t at)
{
  return SECOND_LEAF + 4 * page_table_index(at);
}

/* Under the loop at CODE: the guest's storage is 512 pages, of which all are mapped by the second
 * level; the guest's tables map 0x40000000 to page 5, for mode 0 alone, and CODE. */
static void create_guest(struct bed *b, enum machine_engine engine)
{
  create(b, "nested", engine);
  put(b->m, SECOND, SECOND_LEAF | PTE_VALID);
  for (uint32_t at = 0; at < 0x200000; at += ISA_PAGE_SIZE) {
    put(b->m, second_at(at), (HOST + at) | PTE_VALID | PTE_WRITE | PTE_EXECUTE);
  }
  put(b->m, HOST + GUEST_ROOT, (GUEST_ROOT + 0x1000) | PTE_VALID);
  put(b->m, HOST + GUEST_ROOT + 4 * 256, (GUEST_ROOT + 0x1000) | PTE_VALID);
  put(b->m, HOST + GUEST_ROOT + 0x1000, 0x5000 | PTE_VALID | PTE_WRITE);
  put(b->m, HOST + GUEST_ROOT + 0x1004, CODE | PTE_VALID | PTE_EXECUTE | PTE_LEVEL_MASK);
  const uint32_t words[] = {
      program_word(ISA_LW, REG_A0, REG_A1, 0, 0),
      program_word(ISA_SW, REG_A2, REG_A1, 0, 0),
      program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8),
  };
  program_put(b->m, HOST + CODE, words, 3);
  machine_set_pc(b->m, CODE);
  machine_set_cr(b->m, CR_PTBR, GUEST_ROOT);
  machine_set_cr(b->m, CR_PSW, psw_set_mode(psw_set_te(0, 1), 3));
  machine_set_reg(b->m, REG_A1, 0x40000010);
  machine_set_reg(b->m, REG_A2, 77);
}

static void set_second(struct bed *b, uint32_t mode)
{
  machine_set_cr(b->m, CR_NPTBR, SECOND | mode << 1 | NPTBR_ON);
}

static void expect_nested(struct machine *m, enum isa_cause cause, uint32_t value, uint32_t ngpa)
{
  struct machine_stop s = machine_run(m, MACHINE_NEVER);
  assert_int_equal(s.why, MACHINE_TRAP);
  assert_int_equal(s.trap.cause, cause);
  assert_int_equal(s.trap.value, value);
  assert_int_equal(s.trap.ngpa, ngpa);
}

static void test_guest_mode(void **state)
{
  (void)state;
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create_guest(&b, engines[k]);
    expect(b.m, CAUSE_FETCH_FAULT, CODE); /* what lies at GUEST_ROOT in the machine */
    set_second(&b, 1);
    expect(b.m, CAUSE_PROTECTION, 0x40000010); /* levels, by the translation mode */
    set_second(&b, 0);
    uint64_t walks = machine_stats(b.m)->walks, entries = machine_stats(b.m)->entries_read;
    machine_run(b.m, 1000);
    walks = machine_stats(b.m)->walks - walks;
    assert_int_equal(machine_stats(b.m)->entries_read - entries, 8 * walks);
    assert_int_equal(get(b.m, HOST + 0x5010), 77);
    struct walk walk;
    walk_tables(b.m, gva(0x40000010), &walk);
    assert_int_equal(walk.steps, 2);
    assert_int_equal(walk.step[1].at.v, GUEST_ROOT + 0x1000);
    assert_int_equal(walk.step[1].machine.v, HOST + GUEST_ROOT + 0x1000);
    const uint32_t both = PTE_ACCESSED | PTE_DIRTY;
    assert_int_equal(get(b.m, HOST + GUEST_ROOT + 0x1000) & both, both);
    assert_int_equal(get(b.m, second_at(0x5000)) & both, both);
    assert_int_equal(get(b.m, second_at(GUEST_ROOT)) & both, PTE_ACCESSED);
    assert_int_equal(get(b.m, second_at(GUEST_ROOT + 0x1000)) & both, both);
    assert_int_equal(get(b.m, second_at(CODE)) & both, PTE_ACCESSED);
    destroy(&b);
  }
}

/* The owner changes the second level under a loop that has used it for long. */
static void test_owner_changes_second_level(void **state)
{
  (void)state;
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create_guest(&b, engines[k]);
    set_second(&b, 0);
    machine_run(b.m, 3000);
    put(b.m, second_at(0x5000), (HOST + 0x7000) | PTE_VALID | PTE_WRITE);
    machine_set_reg(b.m, REG_A2, 78);
    machine_run(b.m, 6000);
    assert_int_equal(get(b.m, HOST + 0x5010), 77);
    assert_int_equal(get(b.m, HOST + 0x7010), 78);
    put(b.m, second_at(0x5000), (HOST + 0x7000) | PTE_VALID);
    expect_nested(b.m, CAUSE_NESTED_STORE, 0x40000010, 0x5010);
    assert_int_equal(get(b.m, second_at(0x5000)) & PTE_DIRTY, 0);
    put(b.m, second_at(0x5000), 0);
    machine_set_pc(b.m, CODE);
    expect_nested(b.m, CAUSE_NESTED_LOAD, 0x40000010, 0x5010);
    put(b.m, second_at(CODE), (HOST + CODE) | PTE_VALID);
    machine_set_pc(b.m, CODE);
    expect_nested(b.m, CAUSE_NESTED_FETCH, CODE, CODE);
    put(b.m, second_at(GUEST_ROOT), 0);
    expect_nested(b.m, CAUSE_NESTED_LOAD, CODE, GUEST_ROOT);
    put(b.m, second_at(GUEST_ROOT), (HOST + GUEST_ROOT) | PTE_VALID);
    put(b.m, second_at(GUEST_ROOT + 0x1000), (HOST + GUEST_ROOT + 0x1000) | PTE_VALID);
    put(b.m, HOST + GUEST_ROOT + 0x1004, CODE | PTE_VALID | PTE_EXECUTE | PTE_LEVEL_MASK);
    expect_nested(b.m, CAUSE_NESTED_STORE, CODE, GUEST_ROOT + 0x1004); /* no A can be set */
    destroy(&b);
  }
}

/* Delivery leaves guest mode, rfe enters it; TE off is guest-physical there. */
static void test_into_guest_mode_and_out(void **state)
{
  (void)state;
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create_guest(&b, engines[k]);
    set_second(&b, 3);
    put(b.m, 4 * CAUSE_NESTED_LOAD, 0x3000);
    put(b.m, 0x3000, program_cr_word(ISA_MFCR, REG_S0, CR_NGPA));
    put(b.m, 0x3004, program_word(ISA_RFE, 0, 0, 0, 0));
    put(b.m, second_at(0x5000), 0);
    machine_set_reg(b.m, REG_A1, 0x5ffc);
    machine_set_cr(b.m, CR_PSW, psw_set_mode(0, 3));
    struct machine_stop s = machine_run(b.m, MACHINE_NEVER);
    assert_int_equal(s.trap.cause, CAUSE_NESTED_LOAD);
    assert_true(machine_deliver(b.m, &s.trap));
    machine_run(b.m, machine_tick(b.m) + 2);
    assert_int_equal(machine_get_reg(b.m, REG_S0), 0x5ffc);
    assert_int_equal(machine_get_pc(b.m), CODE);
    put(b.m, second_at(0x5000), (HOST + 0x9000) | PTE_VALID | PTE_WRITE);
    machine_run(b.m, machine_tick(b.m) + 3);
    assert_int_equal(get(b.m, HOST + 0x9ffc), 77);
    machine_set_cr(b.m, CR_NPTBR, STORAGE | NPTBR_ON);
    expect(b.m, CAUSE_BUS, CODE);
    destroy(&b);
  }
}

/* Code that unmaps its own page goes no further, and code that changes it goes on there. */
static void test_own_page(void **state)
{
  (void)state;
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    const uint32_t words[] = {
        program_word(ISA_ADDI, REG_A0, REG_A0, 0, 1),
        program_word(ISA_SW, REG_A2, REG_A1, 0, 0),
        program_word(ISA_ADDI, REG_A0, REG_A0, 0, 16),
        program_word(ISA_SW, REG_ZERO, REG_A1, 0, 0),
        program_word(ISA_ADDI, REG_A0, REG_A0, 0, 256),
    };
    program_put(b.m, CODE, words, 5);
    program_put(b.m, FRAME, words, 5);
    put(b.m, FRAME + 8, program_word(ISA_ADDI, REG_A0, REG_A0, 0, 32));
    map(b.m, 0x2000, (entry_at(CODE) & PTE_FRAME_MASK) | RIGHTS);
    machine_set_reg(b.m, REG_A1, 0x2000 + 4 * page_table_index(CODE));
    machine_set_reg(b.m, REG_A2, FRAME | RIGHTS);
    machine_set_pc(b.m, CODE);
    expect(b.m, CAUSE_FETCH_FAULT, CODE + 16);
    assert_int_equal(machine_get_reg(b.m, REG_A0), 1 + 32);
    destroy(&b);
  }
}

/* The A of a page of code is set by its first fetch, so not while a breakpoint is reported
 * there. */
static void test_break_before_fetch(void **state)
{
  (void)state;
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    map(b.m, CODE + 0x1000, (CODE + 0x1000) | RIGHTS);
    put(b.m, CODE, program_word(ISA_JAL, REG_ZERO, 0, 0, 0x1000));
    put(b.m, CODE + 0x1000, program_word(ISA_JAL, REG_ZERO, 0, 0, 0));
    const uint32_t at = CODE + 0x1000;
    assert_true(machine_set_stops(b.m, &(struct machine_stops){.breaks = &at, .break_count = 1}));
    assert_int_equal(machine_run(b.m, 1000).why, MACHINE_BREAK);
    assert_int_equal(get(b.m, entry_at(CODE)), CODE | RIGHTS | PTE_ACCESSED);
    assert_int_equal(get(b.m, entry_at(at)), at | RIGHTS);
    machine_stops_from(b.m, machine_tick(b.m) + 1);
    machine_run(b.m, machine_tick(b.m) + 1);
    assert_int_equal(get(b.m, entry_at(at)), at | RIGHTS | PTE_ACCESSED);
    destroy(&b);
  }
}

/* A watched page is seen through every mapping. */
static void test_watch_through_alias(void **state)
{
  (void)state;
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "paged", engines[k]);
    put_loop(b.m);
    map(b.m, 0x40000000, FRAME | RIGHTS);
    machine_set_reg(b.m, REG_A1, 0x40000010);
    machine_run(b.m, 1000); /* tags are there */
    struct machine_watch w = {{gpa(FRAME + 0x10), 4}, MACHINE_ON_STORE};
    assert_true(machine_set_stops(b.m, &(struct machine_stops){.watches = &w, .watch_count = 1}));
    struct machine_stop s = machine_run(b.m, 2000);
    assert_int_equal(s.why, MACHINE_WATCH);
    assert_int_equal(s.hit.at.v, FRAME + 0x10);
    destroy(&b);
  }
}

/* ---------------------------------------------------------------------- TLB */

static void test_tlb_is_state(void **state)
{
  (void)state;
  struct bed b;
  create(&b, "tlb", MACHINE_ENGINE_FAST);
  uint64_t before = machine_state_hash(b.m);
  struct snapshot *s = snapshot_take(b.m);
  assert_non_null(s);
  assert_true(machine_tlb_set(b.m, 63, 0xfffff5ff, FRAME | PTE_VALID));
  uint64_t with = machine_state_hash(b.m);
  assert_true(with != before);
  uint32_t hi, lo;
  assert_true(machine_tlb_get(b.m, 63, &hi, &lo));
  assert_int_equal(hi, 0xfffff0ff); /* bits 11:8 are none */
  assert_int_equal(lo, FRAME | PTE_VALID);
  assert_false(machine_tlb_get(b.m, 64, &hi, &lo));
  assert_false(machine_tlb_set(b.m, 64, 0, 0));
  assert_true(snapshot_restore(b.m, s));
  assert_true(machine_state_hash(b.m) == before);
  machine_set_cr(b.m, CR_TLBRND, 5);
  assert_true(machine_state_hash(b.m) != before);
  snapshot_destroy(s);
  destroy(&b);
  create(&b, "paged", MACHINE_ENGINE_FAST);
  assert_false(machine_tlb_get(b.m, 0, &hi, &lo));
  destroy(&b);
}

/* Every entry that the machine may choose is chosen, and none else; the sequence has the
 * full period. */
static void test_choice(void **state)
{
  (void)state;
  unsigned chosen[TLB_ENTRIES] = {0}, period = 0;
  uint32_t random = 0;
  do {
    chosen[tlb_choice(random)]++;
    random = tlb_next_random(random);
    period++;
  } while (random != 0);
  assert_int_equal(period, 65536);
  for (unsigned i = 0; i < TLB_ENTRIES; i++) {
    assert_true(i < TLB_WIRED ? chosen[i] == 0 : chosen[i] >= 1024);
  }
}

/* The owner's entry holds from the next access, in a loop that has used the old one. */
static void test_owner_changes_tlb(void **state)
{
  (void)state;
  for (unsigned k = 0; k < 3; k++) {
    struct bed b;
    create(&b, "tlb", engines[k]);
    put_loop(b.m);
    machine_tlb_set(b.m, 9, 0x40003000, FRAME | RIGHTS);
    machine_set_reg(b.m, REG_A1, 0x40003010);
    machine_set_reg(b.m, REG_A2, 77);
    machine_run(b.m, 3000);
    machine_tlb_set(b.m, 8, 0x40003000, (FRAME + 0x1000) | RIGHTS);
    machine_set_reg(b.m, REG_A2, 78);
    machine_run(b.m, 6000);
    assert_int_equal(get(b.m, FRAME + 0x10), 77);
    assert_int_equal(get(b.m, FRAME + 0x1010), 78);
    machine_set_cr(b.m, CR_ASID, 1);
    expect(b.m, machine_get_pc(b.m) == CODE + 4 ? CAUSE_STORE_FAULT : CAUSE_LOAD_FAULT, 0x40003010);
    destroy(&b);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_asking_changes_nothing),
      cmocka_unit_test(test_directory_nowhere),
      cmocka_unit_test(test_owner_changes_tables),
      cmocka_unit_test(test_many_tables),
      cmocka_unit_test(test_many_stores_to_tables),
      cmocka_unit_test(test_data_becomes_table),
      cmocka_unit_test(test_code_under_aliases),
      cmocka_unit_test(test_own_page),
      cmocka_unit_test(test_break_before_fetch),
      cmocka_unit_test(test_watch_through_alias),
      cmocka_unit_test(test_tlb_is_state),
      cmocka_unit_test(test_choice),
      cmocka_unit_test(test_owner_changes_tlb),
      cmocka_unit_test(test_dirty_by_each_address),
      cmocka_unit_test(test_guest_mode),
      cmocka_unit_test(test_owner_changes_second_level),
      cmocka_unit_test(test_into_guest_mode_and_out),
  };
  return cmocka_run_group_tests_name("mapped", tests, NULL, NULL) != 0;
}
