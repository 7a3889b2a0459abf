/* What arrives at a user of a directory is replayed to its bare twin. Replayed wrongly, it
 * makes a difference that is found: a tick too late, to the wrong one, changed, or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tools/system/twins.h"

#define DIRECTORY "docs/examples/fetch.dir"

enum mistake { NONE, LATE, CHANGED, LOST, TO_THE_OTHER, MISTAKES };

struct wrong {
  struct twins *twins;
  size_t user;
  enum mistake mistake;
  unsigned heard;
};

static void hear(void *ctx, enum machine_frame way, const uint8_t *frame, uint32_t len)
{
  struct wrong *w = ctx;
  uint8_t copy[MACHINE_MAX_FRAME];
  if (way == MACHINE_FRAME_SENT) {
    return;
  }
  bool now = ++w->heard == 3; /* one of them */
  struct twin *t = &w->twins->twin[now && w->mistake == TO_THE_OTHER ? !w->user : w->user];
  uint64_t at = machine_tick(w->twins->twin[w->user].user->vm) + (now && w->mistake == LATE);
  memcpy(copy, frame, len);
  copy[len - 1] ^= now && w->mistake == CHANGED;
  if (!(now && w->mistake == LOST)) {
    machine_net_arrive(t->bare, at, copy, len);
  }
}

static void only_the_right_replay_holds(void **state)
{
  (void)state;
  for (enum mistake m = NONE; m < MISTAKES; m++) {
    struct twins t;
    const struct system_config config = {.command = "verify",
                                         .path = DIRECTORY,
                                         .rate = 5000,
                                         .costs = &vmm_default_costs,
                                         .copy_disk = true};
    assert_int_equal(twins_create(&t, &config, NULL), 0);
    struct wrong wrong[2];
    for (size_t i = 0; i < 2; i++) {
      wrong[i] = (struct wrong){&t, i, m, 0};
      machine_net_on_frame(t.twin[i].user->vm, hear, &wrong[i]);
    }
    for (uint64_t at = 100; at < 60000 && twins_run(&t, at); at += 100) {
    }
    assert_null(t.failure);
    assert_true((t.differing == 0) == (m == NONE));
    assert_int_equal(twins_destroy(&t, 0), 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(only_the_right_replay_holds)};
  return cmocka_run_group_tests_name("twins", tests, NULL, NULL) != 0;
}
