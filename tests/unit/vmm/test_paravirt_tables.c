/* Page tables by hypercall: pinned, changed in batches, each entry looked at; and guests that would
 * have more than they may. Over shadow tables and over a second level alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hyper_rig.h"
#include "isa/pages.h"
#include "machine/devices/ports.h"
#include "tests/common/program.h"

#define DIRECTORY 0x5000u
#define LEAF      0x6000u
#define OTHER     0x7000u
#define DATA      0x9000u
#define LIST      0xa000u
#define USER      0x40000000u /* where the guest maps DATA */
#define RIGHTS    (PTE_VALID | PTE_WRITE | PTE_EXECUTE | PTE_LEVEL_MASK)

static const char *const profiles[] = {"tests/common/paged.profile", "tests/common/second.profile"};

static void poke(struct machine *m, uint32_t at, uint32_t word)
{
  assert_true(machine_phys_write_word(m, gpa(at), word));
}

static uint32_t get_word(struct machine *m, uint32_t at)
{
  uint32_t word = 0;
  assert_true(machine_phys_read_word(m, gpa(at), &word));
  return word;
}

static void pair(struct machine *m, uint32_t i, uint32_t place, uint32_t entry)
{
  poke(m, LIST + 8 * i, place);
  poke(m, LIST + 8 * i + 4, entry);
}

static uint32_t update_one(struct machine *m, uint32_t place, uint32_t entry)
{
  pair(m, 0, place, entry);
  return hyper_ask(m, HYPER_UPDATE, LIST, 1);
}

/* A directory and a table that maps the first pages where they lie, tables read-only. */
static void open_tables(struct hyper_rig *r, const char *profile)
{
  hyper_rig_open(r, profile, VMM_TECHNIQUE_PARAVIRT);
  hyper_register(r->vm);
  for (uint32_t page = 0; page < 16; page++) {
    bool is_table = page == DIRECTORY >> 12 || page == LEAF >> 12;
    poke(r->vm, LEAF + 4 * page, page << 12 | (is_table ? RIGHTS & ~PTE_WRITE : RIGHTS));
  }
  poke(r->vm, DIRECTORY, LEAF | PTE_VALID);
  assert_int_equal(hyper_ask(r->vm, HYPER_PIN, LEAF, HYPER_LEAF), HYPER_OK);
  assert_int_equal(hyper_ask(r->vm, HYPER_PIN, DIRECTORY, HYPER_DIRECTORY), HYPER_OK);
  machine_set_cr(r->vm, CR_PTBR, DIRECTORY);
}

/* One instruction at DATA, in virtual mode 0 under these tables; the trap's cause, or NONE. */
#define NONE 0xffu
static unsigned execute(struct machine *m, uint32_t word, uint32_t address, bool te)
{
  poke(m, DATA, word);
  machine_set_pc(m, DATA);
  machine_set_reg(m, REG_A3, address);
  machine_set_reg(m, REG_A4, 0x1234);
  uint32_t psw = machine_get_cr(m, CR_PSW);
  machine_set_cr(m, CR_PSW, psw_set_te(psw_set_mode(psw, 0), te));
  struct machine_stop s = machine_run(m, machine_tick(m) + 1);
  machine_set_cr(m, CR_PSW, psw);
  return s.why == MACHINE_TRAP ? (unsigned)s.trap.cause : NONE;
}

static unsigned store_to(struct machine *m, uint32_t address, bool te)
{
  return execute(m, word_of(ISA_SW, REG_A4, REG_A3, 0, 0), address, te);
}

static void batches(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    struct hyper_rig r;
    open_tables(&r, profiles[i]);
    assert_int_equal(store_to(r.vm, 0xb000, true), NONE);
    assert_int_equal(get_word(r.vm, 0xb000), 0x1234);
    for (uint32_t k = 0; k < 64; k++) {
      pair(r.vm, k, LEAF + 4 * (64 + k), (0xb000 + (k % 4) * 0x1000) | RIGHTS);
    }
    const struct vmm_stats *s = vmm_vm_stats(r.vm);
    uint64_t before = s->dispatched, traced = s->traced_writes;
    assert_int_equal(hyper_ask(r.vm, HYPER_UPDATE, LIST, 64), HYPER_OK);
    assert_int_equal(machine_get_reg(r.vm, REG_A1), 64);
    assert_true(s->dispatched - before <= 2); /* not one for each of 64 stores */
    assert_true(s->traced_writes - traced >= 64);
    assert_int_equal(store_to(r.vm, 0x43010, true), NONE);
    assert_int_equal(get_word(r.vm, 0xe010), 0x1234);
    assert_int_equal(update_one(r.vm, LEAF + 4 * 67, 0), HYPER_OK); /* what was there is gone */
    assert_int_equal(store_to(r.vm, 0x43010, true), CAUSE_STORE_FAULT);
    hyper_rig_close(&r);
  }
}

/* What is refused changes nothing. */
struct attack {
  const char *what;
  uint32_t call, a0, a1, answer;
};
static const struct attack attacks[] = {
    {"a place that is no table", HYPER_UPDATE, LIST, 1, HYPER_ERROR_TABLE},
    {"a list beyond storage", HYPER_UPDATE, 0xfff8, 2, HYPER_ERROR_ADDRESS},
    {"a list that wraps", HYPER_UPDATE, 0xfffffff8u, 2, HYPER_ERROR_ADDRESS},
    {"a list that is too long", HYPER_UPDATE, 0, HYPER_UPDATES + 1, HYPER_ERROR_ADDRESS},
    {"a list between words", HYPER_UPDATE, LIST + 2, 1, HYPER_ERROR_ADDRESS},
    {"the shared page as a table", HYPER_PIN, HYPER_RIG_PAGE, HYPER_LEAF, HYPER_ERROR_ADDRESS},
    {"a table beyond storage", HYPER_PIN, HYPER_RIG_STORAGE, HYPER_LEAF, HYPER_ERROR_ADDRESS},
    {"a table that is no page", HYPER_PIN, OTHER + 4, HYPER_LEAF, HYPER_ERROR_ADDRESS},
    {"a table of a third kind", HYPER_PIN, OTHER, 3, HYPER_ERROR_ADDRESS},
    {"a table twice", HYPER_PIN, LEAF, HYPER_DIRECTORY, HYPER_ERROR_TABLE},
    {"a table that is mapped writable", HYPER_PIN, OTHER, HYPER_LEAF, HYPER_ERROR_ENTRY},
    {"a directory that is mapped writable", HYPER_PIN, OTHER, HYPER_DIRECTORY, HYPER_ERROR_ENTRY},
    {"to unpin what is none", HYPER_UNPIN, OTHER, 0, HYPER_ERROR_TABLE},
    {"to unpin a table in use", HYPER_UNPIN, LEAF, 0, HYPER_ERROR_TABLE},
    {"to unpin the directory in use", HYPER_UNPIN, DIRECTORY, 0, HYPER_ERROR_TABLE},
};

static const struct {
  const char *what;
  uint32_t place, entry, answer;
} entries[] = {
    {"a table, writable", LEAF + 4, LEAF | RIGHTS, HYPER_ERROR_ENTRY},
    {"a directory, writable", LEAF + 4, DIRECTORY | RIGHTS, HYPER_ERROR_ENTRY},
    {"a page beyond storage", LEAF + 4, HYPER_RIG_STORAGE | RIGHTS, HYPER_ERROR_ENTRY},
    {"a page far beyond", LEAF + 4, 0xfffff000u | RIGHTS, HYPER_ERROR_ENTRY},
    {"the VMM's own", LEAF + 4, 0x80000000u | RIGHTS, HYPER_ERROR_ENTRY},
    {"data as a table", DIRECTORY + 4, DATA | PTE_VALID, HYPER_ERROR_ENTRY},
    {"a directory as a table", DIRECTORY + 4, DIRECTORY | PTE_VALID, HYPER_ERROR_ENTRY},
    {"between two entries", LEAF + 2, 0, HYPER_ERROR_TABLE},
    {"beyond storage", HYPER_RIG_STORAGE + 4, 0, HYPER_ERROR_TABLE},
    {"in data", DATA, 0, HYPER_ERROR_TABLE},
};

static void refused(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    struct hyper_rig r;
    open_tables(&r, profiles[i]);
    for (unsigned k = 0; k < sizeof attacks / sizeof *attacks; k++) {
      const struct attack *a = &attacks[k];
      uint64_t before = machine_storage_digest(r.vm);
      uint32_t leaf = get_word(r.vm, LEAF), directory = get_word(r.vm, DIRECTORY);
      uint32_t answer = hyper_ask(r.vm, a->call, a->a0, a->a1);
      if (answer != a->answer) {
        fail_msg("%s: %d", a->what, (int)answer);
      }
      assert_true(before != 0 && get_word(r.vm, LEAF) == leaf &&
                  get_word(r.vm, DIRECTORY) == directory);
    }
    for (unsigned k = 0; k < sizeof entries / sizeof *entries; k++) {
      uint32_t answer = update_one(r.vm, entries[k].place, entries[k].entry);
      if (answer != entries[k].answer) {
        fail_msg("%s: %d", entries[k].what, (int)answer);
      }
      assert_int_equal(machine_get_reg(r.vm, REG_A1), 0);
    }
    assert_int_equal(get_word(r.vm, LEAF + 4), 0x1000 | RIGHTS);
    assert_int_equal(vmm_violations(r.vmm, NULL), 0);
    hyper_rig_close(&r);
  }
}

/* Tables are read-only to the guest, by whatever way, and to its devices. */
static void read_only(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    struct hyper_rig r;
    open_tables(&r, profiles[i]);
    assert_int_equal(store_to(r.vm, LEAF, true), CAUSE_PROTECTION);
    assert_int_equal(store_to(r.vm, LEAF, false), CAUSE_PROTECTION);
    assert_int_equal(store_to(r.vm, DIRECTORY, false), CAUSE_PROTECTION);
    assert_int_equal(execute(r.vm, word_of(ISA_LW, REG_A5, REG_A3, 0, 0), LEAF + 4, true), NONE);
    assert_true(machine_get_reg(r.vm, REG_A5) & PTE_VALID);
    poke(r.vm, OTHER + 4 * 6, LEAF | RIGHTS); /* through tables of its own, not pinned */
    poke(r.vm, 0x8000, OTHER | PTE_VALID);
    poke(r.vm, OTHER + 4 * 9, DATA | RIGHTS);
    machine_set_cr(r.vm, CR_PTBR, 0x8000);
    assert_int_equal(store_to(r.vm, LEAF, true), CAUSE_PROTECTION);
    machine_set_cr(r.vm, CR_PTBR, DIRECTORY);
    uint32_t before = get_word(r.vm, LEAF);
    hyper_request(r.vm, DISK_COMMAND_READ, 0, LEAF, 1);
    hyper_ask(r.vm, HYPER_KICK, 0, 0);
    machine_run(r.vm, machine_tick(r.vm) + 100000);
    assert_int_not_equal(hyper_answer(r.vm, 0), HYPER_DISK_DONE);
    assert_int_equal(get_word(r.vm, LEAF), before);
    hyper_rig_close(&r);
  }
}

/* A table that is one no more is a page like any other. */
static void unpinned(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 2; i++) {
    struct hyper_rig r;
    open_tables(&r, profiles[i]);
    machine_set_cr(r.vm, CR_PTBR, 0);
    assert_int_equal(hyper_ask(r.vm, HYPER_UNPIN, DIRECTORY, 0), HYPER_OK);
    assert_int_equal(hyper_ask(r.vm, HYPER_UNPIN, LEAF, 0), HYPER_OK);
    assert_int_equal(store_to(r.vm, LEAF, false), NONE);
    assert_int_equal(get_word(r.vm, LEAF), 0x1234);
    assert_int_equal(update_one(r.vm, LEAF, 0), HYPER_ERROR_TABLE);
    hyper_rig_close(&r);
  }
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(batches),
      cmocka_unit_test(refused),
      cmocka_unit_test(read_only),
      cmocka_unit_test(unpinned),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("paravirtual tables", tests, NULL, NULL) != 0;
}
