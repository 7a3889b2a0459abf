/* Storage in frames: a VM whose pages lie anywhere is the machine that it was, and the
 * addresses of the real machine are nobody's but the VMM's.
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
#include "vmm/devices/overlay.h"
#include "vmm/memory/hints.h"

#define ROUNDS      6u
#define ROUND_TICKS 200u

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 0) : otherwise;
}

static void add_up(struct vmm_paging *to, const struct vmm_paging *p)
{
  to->zeroed += p->zeroed;
  to->shared += p->shared;
  to->blank += p->blank;
  to->copied += p->copied;
  to->read += p->read;
  to->written += p->written;
}

/* Where the programs load and store: pages of equal contents, or of zeros, in both machines. */
static void make_equal(struct twin *t, uint64_t round)
{
  uint8_t page[ISA_PAGE_SIZE] = {0};
  for (uint32_t i = 0; round % 3 && i < sizeof page; i++) {
    page[i] = (uint8_t)(i * round >> 3);
  }
  for (uint32_t at = 0x6000; at < 0xa000; at += sizeof page) {
    assert_true(machine_phys_write(t->bare, gpa(at), page, sizeof page));
    assert_true(machine_phys_write(t->vm, gpa(at), page, sizeof page));
  }
}

static bool chaos(struct vmm_paging *total, const struct twin_config *config, uint64_t seed)
{
  struct twin t;
  struct random bare = random_from(seed), virtual = bare;
  struct twin_config c = *config;
  c.technique = VMM_TECHNIQUE_INTERPRET;
  c.policy.scattered = true;
  c.sectors = seed % 3 ? 20 : 0;
  twin_open(&t, &c);
  load_chaos(t.bare, &bare, c.sectors);
  load_chaos(t.vm, &virtual, c.sectors);
  bool agreed = true;
  for (uint32_t i = 0; agreed && i < ROUNDS; i++) {
    make_equal(&t, i);
    agreed = twin_equal(&t) && twin_run(&t, machine_tick(t.bare) + ROUND_TICKS,
                                        seed % 2 ? 1 : 3 + (uint32_t)(seed * 37 % 200));
    stir_chaos(t.bare, &bare);
    stir_chaos(t.vm, &virtual);
  }
  if (!agreed) {
    print_message("%s, depth %u, seed %llu: %s\n", c.profile, t.depth, (unsigned long long)seed,
                  t.difference);
  }
  add_up(total, vmm_vm_paging(t.vm));
  twin_close(&t);
  return agreed;
}

static struct vmm_paging on_every_profile(const struct twin_config *config)
{
  struct vmm_paging total = {0};
  uint64_t first = setting("SEED", 0), seeds = setting("SEEDS", 8);
  for (const char *const *p = profile_shipped(); *p; p++) {
    struct twin_config c = *config;
    c.profile = *p;
    for (uint64_t seed = first; seed < first + seeds; seed++) {
      assert_true(chaos(&total, &c, seed));
    }
  }
  print_message("# %llu zeroed, %llu shared, %llu blank, %llu copied, %llu read, %llu written\n",
                (unsigned long long)total.zeroed, (unsigned long long)total.shared,
                (unsigned long long)total.blank, (unsigned long long)total.copied,
                (unsigned long long)total.read, (unsigned long long)total.written);
  return total;
}

static void frames_are_not_noticed(void **state)
{
  (void)state;
  struct vmm_paging total = on_every_profile(&(struct twin_config){0});
  assert_true(total.zeroed > 500);
  assert_int_equal(total.read + total.written + total.shared, 0);
  assert_true(chaos(&total, &(struct twin_config){.profile = "pg", .depth = 2}, 1));
}

static void sharing_is_not_noticed(void **state)
{
  (void)state;
  struct vmm_paging total =
      on_every_profile(&(struct twin_config){.policy = {.scan_ticks = 1, .scan_pages = 7}});
  assert_true(total.shared > 1000 && total.blank > 10 && total.copied > 100);
}

static void paging_is_not_noticed(void **state)
{
  (void)state;
  struct twin_config c = {.swap = 17, .policy = {.frames = 4}};
  struct vmm_paging total = on_every_profile(&c);
  assert_true(total.read > 500 && total.written > 500);
}

static void all_at_once_is_not_noticed(void **state)
{
  (void)state;
  struct twin_config c = {.swap = 17, .policy = {.frames = 5, .scan_ticks = 1, .scan_pages = 3}};
  struct vmm_paging total = on_every_profile(&c);
  assert_true(total.read > 300 && total.written > 300 && total.shared > 300);
}

/* Two pages become equal, are shared, and one of them is stored into, directly: by a mapping that
 * the guest had before. */
static void stores_after_sharing(void **state)
{
  (void)state;
  static const char *const mmus[] = {"paged", "tlb", "nested"};
  for (unsigned i = 0; i < sizeof mmus / sizeof *mmus; i++) {
    struct twin t;
    struct program p = {.origin = ISA_RESET_PC};
    char text[200];
    snprintf(text, sizeof text,
             "profile p;\ntitle \"t\";\nstory \"s\";\nsource \"x\";\nmodes 2;\n"
             "mmu %s;\nio ports;\n",
             mmus[i]);
    twin_open(&t, &(struct twin_config){.text = text,
                                        .policy = {.scan_ticks = 10, .scan_pages = 16},
                                        .storage = 64u << 10});
    put_li(&p, REG_T0, 0x5000);
    put_li(&p, REG_T1, 0x6000);
    put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1); /* 4: */
    put(&p, ISA_SW, REG_A0, REG_T0, 0, 0);
    put(&p, ISA_SW, REG_A0, REG_T1, 0, 0);
    put_li(&p, REG_T2, 100);
    put(&p, ISA_ADDI, REG_T2, REG_T2, 0, (uint32_t)-1);
    put(&p, ISA_BNE, REG_T2, REG_ZERO, 0, (uint32_t)-4);
    put(&p, ISA_SW, REG_T0, i % 2 ? REG_T0 : REG_T1, 0, 4);
    put(&p, ISA_LW, REG_A1, i % 2 ? REG_T1 : REG_T0, 0, 4);
    put(&p, ISA_SW, REG_ZERO, i % 2 ? REG_T0 : REG_T1, 0, 4);
    put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-40);
    load_program(t.bare, &p);
    load_program(t.vm, &p);
    if (!twin_run(&t, 8000, 13)) {
      fail_msg("%s: %s", mmus[i], t.difference);
    }
    assert_true(vmm_vm_paging(t.vm)->shared > 3);
    assert_true(vmm_vm_paging(t.vm)->copied > 3);
    twin_close(&t);
  }
}

/* ------------------------------------------------------ several on one machine */

#define PAGES 16u /* of a VM */
#define MOST  8u

struct inn {
  struct profile *profile;
  struct machine *real, *vm[MOST];
  struct vmm *vmm;
  uint64_t writes, reads; /* of the store, which refuses from now on when they come to 0 */
  uint8_t store[(MOST * PAGES + 1) * ISA_PAGE_SIZE];
};

static uint64_t store_size(void *ctx)
{
  return sizeof((struct inn *)ctx)->store;
}

static bool store_read(void *ctx, uint64_t at, void *buf, size_t len)
{
  struct inn *n = ctx;
  if (n->reads == 0) {
    return false;
  }
  n->reads--;
  memcpy(buf, n->store + at, len);
  return true;
}

static bool store_write(void *ctx, uint64_t at, const void *buf, size_t len)
{
  struct inn *n = ctx;
  if (n->writes == 0) {
    return false;
  }
  n->writes--;
  memcpy(n->store + at, buf, len);
  return true;
}

static struct machine *add(struct inn *n, unsigned i, bool hints)
{
  const char *reason = NULL;
  n->vm[i] = vmm_create_vm(n->vmm,
                           &(struct vmm_vm_config){.storage = PAGES * ISA_PAGE_SIZE,
                                                   .technique = VMM_TECHNIQUE_INTERPRET,
                                                   .hints = hints},
                           &reason);
  return n->vm[i];
}

/* `frames` for `guests` that do nothing but go on, so that their clocks do. */
static void open_inn(struct inn *n, uint32_t frames, unsigned guests, bool hints)
{
  struct vmm_storage_policy policy = {
      .scattered = true, .frames = frames, .scan_ticks = 10, .scan_pages = 4};
  struct overlay_store store = {
      .ctx = n, .size = store_size, .read = store_read, .write = store_write};
  memset(n, 0, sizeof *n);
  n->reads = n->writes = UINT64_MAX;
  n->profile = profile_load("pg", stderr);
  n->real =
      machine_create(&(struct machine_config){.profile = n->profile, .storage = 4u << 20}, NULL);
  n->vmm = vmm_create(n->real, NULL);
  assert_non_null(n->vmm);
  vmm_set_storage_policy(n->vmm, &policy);
  if (frames < guests * PAGES) {
    assert_true(vmm_set_swap(n->vmm, &store, guests * PAGES + 1));
  }
  for (unsigned i = 0; i < guests; i++) {
    assert_non_null(add(n, i, hints));
    assert_true(
        machine_phys_write_word(n->vm[i], gpa(ISA_RESET_PC), word_of(ISA_JAL, REG_ZERO, 0, 0, 0)));
  }
}

static void close_inn(struct inn *n)
{
  for (unsigned i = 0; i < MOST; i++) {
    machine_destroy(n->vm[i]);
  }
  vmm_destroy(n->vmm);
  machine_destroy(n->real);
  profile_destroy(n->profile);
}

/* But for the one with the program in it. */
static void fill(struct machine *m, uint32_t seed)
{
  for (uint32_t at = ISA_PAGE_SIZE * 2; at < PAGES * ISA_PAGE_SIZE; at += 4) {
    assert_true(machine_phys_write_word(m, gpa(at), (at + 1) * seed));
  }
}

static void check(struct machine *m, uint32_t seed)
{
  for (uint32_t at = ISA_PAGE_SIZE * 2; at < PAGES * ISA_PAGE_SIZE; at += 4) {
    uint32_t word = 0;
    assert_true(machine_phys_read_word(m, gpa(at), &word));
    assert_int_equal(word, (at + 1) * seed);
  }
}

static void go_on(struct inn *n, unsigned guests)
{
  for (unsigned i = 0; i < guests; i++) {
    assert_int_equal(machine_run(n->vm[i], machine_tick(n->vm[i]) + 200).why, MACHINE_LIMIT);
  }
}

/* Of identical guests; and what one stores afterwards is its own. */
static void identical_guests_share(void **state)
{
  struct inn *n = *state;
  open_inn(n, 1 + MOST * PAGES, MOST, false);
  for (unsigned i = 0; i < MOST; i++) {
    fill(n->vm[i], 77);
  }
  go_on(n, MOST);
  struct vmm_frames f = vmm_frames(n->vmm);
  uint32_t identical = (MOST - 1) * (PAGES - 1); /* to the first one's; page 0 is zeros */
  assert_true(f.saved * 100 >= identical * 80);
  assert_int_equal(vmm_vm_pages(n->vm[3]).shared, PAGES - 1);
  assert_true(machine_phys_write_word(n->vm[3], gpa(0x5000), 1));
  assert_int_equal(vmm_vm_paging(n->vm[3])->copied, 1);
  uint32_t word = 0;
  assert_true(machine_phys_read_word(n->vm[2], gpa(0x5000), &word) && word == 0x5001 * 77);
  assert_true(machine_phys_read_word(n->vm[3], gpa(0x5000), &word) && word == 1);
  assert_true(machine_phys_write_word(n->vm[3], gpa(0x5000), 0x5001 * 77));
  check(n->vm[3], 77);
  close_inn(n);
}

/* What was one's is nobody else's: it is zeros to whoever comes next. */
static void frames_come_back_blank(void **state)
{
  struct inn *n = *state;
  open_inn(n, 14, 3, false);
  for (unsigned i = 0; i < 3; i++) {
    fill(n->vm[i], 3 + i);
  }
  for (unsigned i = 0; i < 3; i++) {
    check(n->vm[i], 3 + i);
  }
  assert_true(vmm_frames(n->vmm).slots_used >= 3 * PAGES - 6 - 14);
  machine_destroy(n->vm[1]);
  assert_non_null(add(n, 1, false));
  for (uint32_t at = 0; at < PAGES * ISA_PAGE_SIZE; at += 4) {
    uint32_t word = 1;
    assert_true(machine_phys_read_word(n->vm[1], gpa(at), &word) && word == 0);
  }
  for (uint32_t at = 0; at < PAGES * ISA_PAGE_SIZE; at += 4) {
    uint32_t word = 1;
    assert_true(at % ISA_PAGE_SIZE != 0 || machine_phys_write_word(n->vm[1], gpa(at), at + 1));
    assert_true(machine_phys_read_word(n->vm[1], gpa(at), &word));
    assert_int_equal(word, at % ISA_PAGE_SIZE == 0 ? at + 1 : 0);
  }
  check(n->vm[0], 3);
  check(n->vm[2], 5);
  assert_null(add(n, 3, false)); /* for which nothing is left */
  for (unsigned i = 0; i < 3; i++) {
    machine_destroy(n->vm[i]);
    n->vm[i] = NULL;
  }
  assert_int_equal(vmm_frames(n->vmm).free, vmm_frames(n->vmm).total);
  assert_int_equal(vmm_frames(n->vmm).slots_used, 0);
  close_inn(n);
}

/* Loads a word of each of its pages in turn, for ever. */
static void make_walker(struct machine *m)
{
  struct program p = {.origin = ISA_RESET_PC};
  put_li(&p, REG_T1, ISA_PAGE_SIZE);
  put_li(&p, REG_T2, (PAGES - 1) * ISA_PAGE_SIZE);
  put(&p, ISA_ADD, REG_T0, REG_T0, REG_T1, 0);
  put(&p, ISA_LW, REG_A0, REG_T0, 0, 8);
  put(&p, ISA_BNE, REG_T0, REG_T2, 0, (uint32_t)-8);
  put_li(&p, REG_T0, 0);
  put(&p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-20);
  load_program(m, &p);
}

/* The one that needed it stops, before the instruction, and says why; the other goes on. */
static void a_swap_file_that_fails(void **state)
{
  struct inn *n = *state;
  for (unsigned reading = 0; reading < 2; reading++) {
    open_inn(n, 20, 2, false);
    for (unsigned i = 0; i < 2; i++) {
      fill(n->vm[i], 9);
      make_walker(n->vm[i]);
      assert_int_equal(machine_run(n->vm[i], 500).why, MACHINE_LIMIT);
    }
    *(reading ? &n->reads : &n->writes) = 0;
    struct machine_stop stop = machine_run(n->vm[0], 5000);
    assert_int_equal(stop.why, MACHINE_HOST_ERROR);
    assert_non_null(strstr(stop.reason, reading ? "cannot read" : "cannot write"));
    uint64_t tick = machine_tick(n->vm[0]);
    assert_int_equal(machine_run(n->vm[0], 5000).why, MACHINE_HOST_ERROR);
    assert_true(machine_tick(n->vm[0]) == tick);
    n->reads = n->writes = UINT64_MAX;
    check(n->vm[0], 9);
    assert_int_equal(machine_run(n->vm[1], 5000).why, MACHINE_LIMIT);
    check(n->vm[1], 9);
    close_inn(n);
  }
}

/* An hcall by the guest; what it has answered. */
static uint32_t hint(struct machine *m, uint32_t number, uint32_t a0)
{
  machine_set_pc(m, 0x1800);
  machine_set_reg(m, REG_A0, a0);
  assert_true(machine_phys_write_word(m, gpa(0x1800), word_of(ISA_HCALL, 0, 0, 0, number)));
  struct machine_stop stop = machine_run(m, machine_tick(m) + 1);
  if (stop.why == MACHINE_TRAP) {
    assert_int_equal(stop.trap.cause, CAUSE_HYPERCALL);
    return 0x7ea9;
  }
  assert_int_equal(machine_get_pc(m), 0x1804);
  return machine_get_reg(m, REG_A0);
}

static void hints_of_guests(void **state)
{
  struct inn *n = *state;
  static const uint32_t hostile[] = {PAGES * ISA_PAGE_SIZE, 0x5004, UINT32_MAX, 0xfffff000,
                                     0x80005000};
  open_inn(n, 16, 2, true);
  fill(n->vm[0], 5);
  fill(n->vm[1], 6);
  assert_int_equal(hint(n->vm[0], HINT_VERSION, 0), HINTS_VERSION_1);
  assert_int_equal(hint(n->vm[0], HINTS_END, 0), 0x7ea9);
  for (unsigned i = 0; i < sizeof hostile / sizeof *hostile; i++) {
    assert_int_equal(hint(n->vm[0], HINT_CLEAR, hostile[i]), HINT_REFUSED);
    assert_true(hint(n->vm[0], HINT_PAGES, hostile[i]) <= PAGES);
  }
  check(n->vm[0], 5);
  uint32_t wanted = hint(n->vm[0], HINT_PAGES, 0);
  assert_in_range(wanted, 1, PAGES);
  for (uint32_t at = 0x2000; at < PAGES * ISA_PAGE_SIZE; at += ISA_PAGE_SIZE) {
    uint32_t word = 1;
    assert_int_equal(hint(n->vm[0], HINT_CLEAR, at), 0);
    assert_true(machine_phys_read_word(n->vm[0], gpa(at + 8), &word) && word == 0);
  }
  assert_int_equal(vmm_vm_pages(n->vm[0]).ballooned, PAGES - 2);
  check(n->vm[1], 6);
  assert_in_range(hint(n->vm[0], HINT_PAGES, 3), 0, 3); /* there is room again */
  machine_set_cr(n->vm[0], CR_PSW, psw_set_mode(0, 1));
  assert_int_equal(hint(n->vm[0], HINT_VERSION, 0), 0x7ea9); /* the kernel's alone */
  close_inn(n);
  open_inn(n, PAGES, 1, false);
  assert_int_equal(hint(n->vm[0], HINT_CLEAR, 0), 0x7ea9);
  close_inn(n);
}

/* What the guest itself pages out, and what it zeroes, twice. */
static void the_information_gap(void **state)
{
  struct inn *n = *state;
  open_inn(n, PAGES, 1, false);
  struct program p = {.origin = 0x1800};
  put_li(&p, REG_T0, 0x5000);
  put(&p, ISA_SW, REG_ZERO, REG_T0, 0, 0);
  put(&p, ISA_SW, REG_ZERO, REG_T0, 0, 4);
  load_program(n->vm[0], &p);
  machine_set_pc(n->vm[0], p.origin);
  assert_int_equal(machine_run(n->vm[0], 4).why, MACHINE_LIMIT);
  assert_int_equal(vmm_vm_paging(n->vm[0])->zeroed_twice, 1);
  assert_int_equal(vmm_vm_pages(n->vm[0]).resident, 1);
  close_inn(n);
}

static int make_inn(void **state)
{
  *state = malloc(sizeof(struct inn));
  return *state == NULL;
}

static int free_inn(void **state)
{
  free(*state);
  return 0;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_are_not_noticed), cmocka_unit_test(sharing_is_not_noticed),
      cmocka_unit_test(paging_is_not_noticed),  cmocka_unit_test(all_at_once_is_not_noticed),
      cmocka_unit_test(stores_after_sharing),   cmocka_unit_test(identical_guests_share),
      cmocka_unit_test(frames_come_back_blank), cmocka_unit_test(a_swap_file_that_fails),
      cmocka_unit_test(hints_of_guests),        cmocka_unit_test(the_information_gap),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("pmap", tests, make_inn, free_inn) != 0;
}
