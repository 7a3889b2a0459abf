/* The composition of relocations, as arithmetic: whatever the guest puts into its
 * BASE and BOUND, the real map allows an access exactly if the virtual machine
 * would, and to the byte that the virtual machine means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/common/program.h"
#include "vmm/modules.h"

#define START 0x20000u
#define SIZE  0x10000u

struct guest {
  uint32_t psw, base, bound;
};

static uint32_t get_cr(void *ctx, enum isa_cr cr)
{
  const struct guest *g = ctx;
  return cr == CR_PSW ? g->psw : cr == CR_BASE ? g->base : cr == CR_BOUND ? g->bound : 0;
}

static mpa_range_t allocation(void *ctx)
{
  (void)ctx;
  return (mpa_range_t){mpa(START), SIZE};
}

static uint32_t interesting(struct random *r)
{
  static const uint32_t centres[] = {0,          0x1000,    SIZE,        SIZE / 2,         START,
                                     0u - START, 0u - SIZE, 0x80000000u, 0u - START - SIZE};
  uint32_t centre = centres[random_below(r, sizeof centres / sizeof centres[0])];
  return random_below(r, 8) ? centre + random_below(r, 17) - 8 : random_word(r);
}

/* The real machine, by docs/machine.md. False: it traps. */
static bool real_access(struct vmm_real_map map, uint32_t va, uint32_t size, uint64_t *at)
{
  *at = (uint64_t)map.base + va;
  return (uint64_t)va + size <= map.bound;
}

static bool device_at(void *ctx, uint64_t at, uint32_t size)
{
  (void)ctx, (void)at, (void)size;
  return false;
}

static void check(const struct guest *g, uint32_t va, uint32_t size)
{
  struct guest copy = *g;
  struct vmm_env env = {
      .ctx = &copy, .get_cr = get_cr, .allocation = allocation, .device_at = device_at};
  struct vmm_real_map map = vmm_memory_bounds.compose(NULL, &env);
  struct translation want =
      vmm_memory_bounds.translate(NULL, &env, gva(va), size, MACHINE_LOAD, psw_te(g->psw), 0);
  uint64_t at;
  bool allowed = real_access(map, va, size, &at);
  if (allowed != want.ok || (allowed && at != (uint64_t)START + want.pa.v)) {
    fail_msg("te %u base %08x bound %08x: %u bytes at %08x, real map %08x %08x", psw_te(g->psw),
             g->base, g->bound, size, va, map.base, map.bound);
  }
  /* Not by the module's own word alone. */
  assert_true(!allowed || (at >= START && at + size <= START + SIZE));
}

static void real_map_allows_what_the_virtual_one_does(void **state)
{
  (void)state;
  struct random r = random_from(42);
  for (uint32_t i = 0; i < 2000000; i++) {
    struct guest g = {.psw = psw_set_te(0, random_below(&r, 3) != 0),
                      .base = interesting(&r),
                      .bound = interesting(&r)};
    uint32_t size = 1u << random_below(&r, 3);
    check(&g, interesting(&r), size);
  }
}

static void causes(void **state)
{
  (void)state;
  struct guest g = {.psw = psw_set_te(0, 1), .base = 0xf000, .bound = 0x2000};
  struct vmm_env env = {
      .ctx = &g, .get_cr = get_cr, .allocation = allocation, .device_at = device_at};
  const struct vmm_memory_module *m = &vmm_memory_bounds;
  assert_true(m->translate(NULL, &env, gva(0xffc), 4, MACHINE_LOAD, true, 0).ok);
  assert_int_equal(m->translate(NULL, &env, gva(0xffe), 4, MACHINE_LOAD, true, 0).cause, CAUSE_BUS);
  assert_int_equal(m->translate(NULL, &env, gva(0x1ffe), 4, MACHINE_LOAD, true, 0).cause,
                   CAUSE_BOUNDS);
  assert_int_equal(m->translate(NULL, &env, gva(UINT32_MAX), 4, MACHINE_LOAD, true, 0).cause,
                   CAUSE_BOUNDS);
  assert_int_equal(m->translate(NULL, &env, gva(SIZE), 1, MACHINE_LOAD, false, 0).cause, CAUSE_BUS);
  g.base = 0u - 4u; /* the sum passes 2^32: beyond storage, not back at its start */
  assert_int_equal(m->translate(NULL, &env, gva(8), 4, MACHINE_LOAD, true, 0).cause, CAUSE_BUS);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(real_map_allows_what_the_virtual_one_does),
      cmocka_unit_test(causes),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("memory", tests, NULL, NULL) != 0;
}
