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

#define ROUNDS      6u
#define ROUND_TICKS 200u

static uint64_t setting(const char *name, uint64_t otherwise)
{
  const char *value = getenv(name);
  return value ? strtoull(value, NULL, 0) : otherwise;
}

static void add(struct vmm_paging *to, const struct vmm_paging *p)
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
  add(total, vmm_vm_paging(t.vm));
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

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_are_not_noticed),
      cmocka_unit_test(sharing_is_not_noticed),
      cmocka_unit_test(paging_is_not_noticed),
      cmocka_unit_test(all_at_once_is_not_noticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
