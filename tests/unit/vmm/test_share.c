/* The share module alone: numbers in, numbers out. Against a queue that looks at everyone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/common/program.h"
#include "vmm/modules.h"

static const struct vmm_share_module *const share = &vmm_share;

/* Gives `ticks` to whoever is next, in quanta, and counts what each gets. */
static void give(void *s, uint64_t ticks, uint32_t quantum, uint64_t *got)
{
  while (ticks > 0) {
    uint32_t slot = share->next(s);
    uint64_t n = share->quantum(s, slot, quantum);
    n = n < ticks ? n : ticks;
    share->charge(s, slot, n);
    got[slot] += n;
    ticks -= n;
  }
}

static void nobody(void **state)
{
  (void)state;
  void *s = share->create(NULL);
  assert_int_equal(share->next(s), VMM_NOBODY);
  assert_true(share->join(s, 3, 1));
  assert_int_equal(share->next(s), VMM_NOBODY); /* it is there and not ready */
  share->ready(s, 3, true);
  share->ready(s, 3, true); /* said twice is said once */
  assert_int_equal(share->next(s), 3);
  share->ready(s, 3, false);
  assert_int_equal(share->next(s), VMM_NOBODY);
  share->ready(s, 3, true);
  share->leave(s, 3);
  assert_int_equal(share->next(s), VMM_NOBODY);
  share->destroy(s);
}

static void by_share(void **state)
{
  (void)state;
  void *s = share->create(NULL);
  uint64_t got[4] = {0};
  for (uint32_t i = 0; i < 4; i++) {
    assert_true(share->join(s, i, 1u << i));
    share->ready(s, i, true);
  }
  give(s, 15000000, 10000, got);
  for (uint32_t i = 0; i < 4; i++) {
    assert_in_range(got[i], (1000000u << i) - 10000, (1000000u << i) + 10000);
  }
  share->destroy(s);
}

/* Nobody waits longer than a round of all shares. */
static void no_one_starves(void **state)
{
  (void)state;
  void *s = share->create(NULL);
  uint64_t got[2] = {0};
  assert_true(share->join(s, 0, 1) && share->join(s, 1, 1000));
  share->ready(s, 0, true);
  share->ready(s, 1, true);
  for (unsigned round = 1; round <= 5; round++) {
    give(s, 1001 * 100, 100, got);
    assert_in_range(got[0], 100 * (round - 1), 100 * (round + 1));
  }
  share->destroy(s);
}

/* Who slept through a million ticks gets its share from now on and no more, and who went to
 * sleep ahead of its share is still ahead. */
static void sleep_is_not_saved_up(void **state)
{
  (void)state;
  void *s = share->create(NULL);
  uint64_t got[2] = {0};
  assert_true(share->join(s, 0, 1) && share->join(s, 1, 1));
  share->ready(s, 0, true);
  give(s, 1000000, 1000, got);
  share->ready(s, 1, true);
  memset(got, 0, sizeof got);
  give(s, 100000, 1000, got);
  assert_in_range(got[0], 49000, 51000);
  assert_in_range(got[1], 49000, 51000);
  share->charge(s, 1, 30000); /* more than a quantum: it was not to be stopped */
  share->ready(s, 1, false);
  share->ready(s, 1, true);
  memset(got, 0, sizeof got);
  give(s, 30000, 1000, got);
  assert_in_range(got[0], 29000, 30000);
  share->destroy(s);
}

/* A slot that is used again begins anew, at the pass of the others. */
static void slots_are_used_again(void **state)
{
  (void)state;
  void *s = share->create(NULL);
  uint64_t got[2] = {0};
  assert_true(share->join(s, 0, 1) && share->join(s, 1, 1));
  share->ready(s, 0, true);
  share->ready(s, 1, true);
  give(s, 1000000, 1000, got);
  share->leave(s, 1);
  assert_true(share->join(s, 1, 3));
  share->ready(s, 1, true);
  memset(got, 0, sizeof got);
  give(s, 400000, 1000, got);
  assert_in_range(got[1], 298000, 302000);
  share->destroy(s);
}

/* ------------------------------------------------------------ against a plain queue */

#define MEMBERS 50u

struct plain {
  uint64_t pass[MEMBERS], now;
  uint32_t share[MEMBERS]; /* 0: not there */
  bool ready[MEMBERS];
};

static uint32_t plain_next(struct plain *q)
{
  uint32_t best = VMM_NOBODY;
  for (uint32_t i = 0; i < MEMBERS; i++) {
    if (q->ready[i] && (best == VMM_NOBODY || q->pass[i] < q->pass[best])) {
      best = i;
    }
  }
  if (best != VMM_NOBODY && q->pass[best] > q->now) {
    q->now = q->pass[best];
  }
  return best;
}

static void step_both(void *s, struct plain *q, struct random *r)
{
  uint32_t i = random_below(r, MEMBERS);
  if (!q->share[i]) {
    q->share[i] = 1 + random_below(r, 9);
    q->pass[i] = q->now;
    assert_true(share->join(s, i, q->share[i]));
  } else if (random_below(r, 40) == 0) {
    q->share[i] = 0;
    q->ready[i] = false;
    share->leave(s, i);
  } else if (random_below(r, 3)) {
    uint32_t ticks = random_below(r, 20000);
    q->pass[i] += ((uint64_t)ticks << 20) / q->share[i];
    share->charge(s, i, ticks);
  } else {
    q->ready[i] = !q->ready[i];
    if (q->ready[i] && q->pass[i] < q->now) {
      q->pass[i] = q->now;
    }
    share->ready(s, i, q->ready[i]);
  }
}

/* Saved now and then, and restored into the same module after it went on. */
static void as_a_plain_queue(void **state)
{
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    struct random r = random_from(seed);
    struct plain q = {.now = 0}, kept = q;
    void *s = share->create(NULL);
    uint8_t *bytes = NULL;
    uint32_t len = 0;
    for (unsigned step = 0; step < 5000; step++) {
      step_both(s, &q, &r);
      if (step % 2) {
        assert_int_equal(share->next(s), plain_next(&q));
      }
      if (step % 500 == 100) {
        len = share->save(s, NULL, 0);
        bytes = realloc(bytes, len);
        assert_int_equal(share->save(s, bytes, len), len);
        kept = q;
      } else if (step % 500 == 300) {
        assert_true(share->load(s, bytes, len));
        assert_false(share->load(s, bytes, len - 1));
        assert_false(share->load(s, bytes, 3));
        q = kept;
      }
    }
    free(bytes);
    share->destroy(s);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nobody),
      cmocka_unit_test(by_share),
      cmocka_unit_test(no_one_starves),
      cmocka_unit_test(sleep_is_not_saved_up),
      cmocka_unit_test(slots_are_used_again),
      cmocka_unit_test(as_a_plain_queue),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
