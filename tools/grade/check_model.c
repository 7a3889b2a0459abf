/* "model": a module that needs nothing of a virtual machine is called with many arguments,
 * and must answer what it should. The arguments follow from the seed, and the corners
 * are always among them.
 *
 * What a mini-disk and a timer should answer is said here once more and not asked of our modules:
 * where students build this program, theirs stand in the place of ours. Of channel programs there
 * are hidden tests only, which students do not build.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/message.h"
#include "tools/grade/hosted.h"

#define CASES_USUAL 500u

struct model {
  const struct check_run *run;
  struct remote *remote;
  uint64_t random;
  uint64_t cases;
  char *text; /* the first difference */
};

/* Small numbers, large ones, and what lies beside a power of two. */
static uint32_t corner(struct model *m)
{
  uint64_t r = check_draw(&m->random);
  switch (r % 5) {
  case 0:
    return (uint32_t)(r >> 32) % 16;
  case 1:
    return UINT32_MAX - (uint32_t)(r >> 32) % 16;
  case 2:
    return (1u << (r >> 32) % 32) + (uint32_t)(r >> 40) % 3 - 1;
  case 3:
    return (uint32_t)(r >> 32) % 4096;
  default:
    return (uint32_t)(r >> 32);
  }
}

static void differ(struct model *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void differ(struct model *m, const char *format, ...)
{
  if (!m->text) {
    va_list args;
    va_start(args, format);
    if (vasprintf(&m->text, format, args) < 0) {
      m->text = NULL;
    }
    va_end(args);
  }
}

static bool going(const struct model *m)
{
  return !m->text && m->remote->end == REMOTE_OPEN;
}

/* ------------------------------------------------------------------- mini-disks */

static struct vmm_sector wanted_map(struct vmm_extent e, uint32_t sector, uint32_t count,
                                    bool write)
{
  bool ok = sector <= e.sectors && count <= e.sectors - sector && !(write && e.readonly);
  return (struct vmm_sector){.ok = ok, .sector = ok ? e.first + sector : 0};
}

static void compare_map(struct model *m, const struct vmm_minidisk_module *theirs, void *state,
                        struct vmm_extent e, uint32_t sector, uint32_t count, bool write)
{
  struct vmm_sector want = wanted_map(e, sector, count, write);
  struct vmm_sector got = theirs->map(state, e, sector, count, write);
  if (m->remote->end == REMOTE_OPEN &&
      (want.ok != got.ok || (want.ok && want.sector != got.sector))) {
    differ(m,
           "input     %s of %" PRIu32 " sectors from sector %" PRIu32 ", of an extent of %" PRIu32
           " sectors that begins at %" PRIu32 "%s\n"
           "expected  %s%" PRIu32 "\nactual    %s%" PRIu32 "\n",
           write ? "a write" : "a read", count, sector, e.sectors, e.first,
           e.readonly ? ", read-only" : "", want.ok ? "real sector " : "refused, ", want.sector,
           got.ok ? "real sector " : "refused, ", got.sector);
  }
}

static void model_minidisk(struct model *m)
{
  const struct vmm_minidisk_module *theirs = m->remote->set.minidisk;
  void *state = theirs->create(m->remote);
  for (uint64_t i = 0; state && i < m->cases && going(m); i++) {
    uint32_t sectors = corner(m), first = corner(m);
    /* An extent lies on a disk, so its end is a sector number. */
    struct vmm_extent e = {.first = first,
                           .sectors = sectors > UINT32_MAX - first ? UINT32_MAX - first : sectors,
                           .readonly = check_draw(&m->random) % 4 == 0};
    uint32_t sector = check_draw(&m->random) % 2 && e.sectors ? corner(m) % e.sectors : corner(m);
    uint32_t left = sector < e.sectors ? e.sectors - sector : 0;
    uint32_t count =
        check_draw(&m->random) % 2 ? left + (uint32_t)(check_draw(&m->random) % 3) - 1 : corner(m);
    compare_map(m, theirs, state, e, sector, count, check_draw(&m->random) % 2);
  }
  theirs->destroy(state);
}

/* ------------------------------------------------------------------------ timer */

/* It counts down, tick by tick. */
struct countdown {
  bool on;
  uint64_t now, left;
};

static uint64_t next_of(const struct countdown *c)
{
  return c->on ? c->now + c->left : MACHINE_NEVER;
}

static bool fires(struct countdown *c)
{
  bool due = c->on && c->left == 0;
  c->on = c->on && !due;
  return due;
}

/* Time goes to the event at most: no event is ever overdue. */
static void let_pass(struct countdown *c, uint64_t ticks)
{
  uint64_t gone = c->on && c->left < ticks ? c->left : ticks;
  c->now += gone;
  c->left -= c->on ? gone : 0;
}

/* Both get the same calls in the same order, as the VMM would make them. */
static void model_timer(struct model *m)
{
  const struct vmm_timer_module *theirs = m->remote->set.timer;
  void *their = theirs->create(m->remote);
  struct countdown c = {.on = false};
  for (uint64_t i = 0; their && i < m->cases && going(m); i++) {
    uint32_t ticks =
        check_draw(&m->random) % 4 == 0 ? corner(m) : (uint32_t)(check_draw(&m->random) % 20);
    const char *call = "next_event()";
    uint64_t want = 0, got = 0;
    switch (check_draw(&m->random) % 4) {
    case 0:
      c = (struct countdown){.on = ticks > 0, .now = c.now, .left = ticks};
      theirs->set(their, c.now, ticks);
      call = "next_event() after set()";
      want = next_of(&c);
      got = theirs->next_event(their);
      break;
    case 1:
      call = "left()";
      want = c.on ? c.left : 0;
      got = theirs->left(their, c.now);
      break;
    case 2:
      let_pass(&c, check_draw(&m->random) % 30);
      call = "fire()";
      want = fires(&c);
      got = theirs->fire(their, c.now);
      break;
    default:
      want = next_of(&c);
      got = theirs->next_event(their);
    }
    if (m->remote->end == REMOTE_OPEN && want != got) {
      differ(m,
             "input     call %" PRIu64 " of the sequence with seed %" PRIu64 ": %s at tick %" PRIu64
             "\nexpected  %" PRIu64 "\nactual    %" PRIu64 "\n",
             i, m->run->seed, call, c.now, want, got);
    }
  }
  theirs->destroy(their);
}

/* ------------------------------------------------------------- channel programs */

#define PLACES_MAX 48u
#define OWN_SIZE   (1u << 20)

/* A virtual disk of several extents, some read-only, some with an overlay. */
struct places {
  unsigned count;
  struct vmm_extent extent[PLACES_MAX];
  bool overlay[PLACES_MAX];
  mpa_range_t own;
};

static struct vmm_place disk_place(void *ctx, uint32_t sector, uint32_t count, bool write)
{
  const struct places *p = ctx;
  for (unsigned i = 0; i < p->count; i++) {
    const struct vmm_extent *e = &p->extent[i];
    if (sector < e->sectors) {
      uint32_t rest = e->sectors - sector;
      return (struct vmm_place){.ok = !(write && e->readonly),
                                .overlay = p->overlay[i],
                                .sector = p->overlay[i] ? 0 : e->first + sector,
                                .count = count < rest ? count : rest};
    }
    sector -= e->sectors;
  }
  return (struct vmm_place){.ok = false};
}

static mpa_range_t allocation(void *ctx)
{
  return ((struct places *)ctx)->own;
}

static uint32_t draw_below(struct model *m, uint32_t limit)
{
  return (uint32_t)(check_draw(&m->random) >> 32) % limit;
}

static void draw_places(struct model *m, struct places *p)
{
  uint32_t most = draw_below(m, 2) ? 40 : 3;
  p->count = 1 + draw_below(m, PLACES_MAX);
  p->own = (mpa_range_t){{(1 + draw_below(m, 64)) * ISA_PAGE_SIZE}, OWN_SIZE};
  for (unsigned i = 0; i < p->count; i++) {
    p->extent[i].first = draw_below(m, 100000);
    p->extent[i].sectors = 1 + draw_below(m, most);
    p->extent[i].readonly = draw_below(m, 16) == 0;
    p->overlay[i] = draw_below(m, 12) == 0;
  }
}

/* Whole sectors, the storage for them in pieces of any length. */
static void draw_transfer(struct model *m, struct channel_transfer *t)
{
  *t = (struct channel_transfer){.write = draw_below(m, 2)};
  t->sector = draw_below(m, 100);
  t->sectors = 1 + draw_below(m, 60);
  uint32_t left = t->sectors * MACHINE_SECTOR_SIZE, pieces = 1 + draw_below(m, CHANNEL_MAX_PIECES);
  while (left > 0) {
    bool last = t->count + 1 == pieces;
    uint32_t len = last ? left : 1 + draw_below(m, left < 3000 ? left : 3000);
    t->piece[t->count++] = (struct channel_piece){draw_below(m, OWN_SIZE - len), len};
    left -= len;
  }
}

static bool same_chain(const struct vmm_real_chain *a, const struct vmm_real_chain *b)
{
  bool same = a->kind == b->kind;
  if (!same || a->kind == VMM_CHAIN_REFUSED) {
    return same;
  }
  same = a->sectors == b->sectors && (a->kind == VMM_CHAIN_OVERLAY || a->count == b->count);
  for (uint32_t i = 0; same && a->kind == VMM_CHAIN_REAL && i < a->count; i++) {
    const struct vmm_real_ccw *x = &a->ccw[i], *y = &b->ccw[i];
    same = x->command == y->command && x->flags == y->flags && x->count == y->count &&
           (x->command == CHANNEL_SEEK ? x->argument == y->argument : x->address.v == y->address.v);
  }
  return same;
}

static void say_chain(const struct vmm_real_chain *c, char *buf, size_t size)
{
  static const char *const kinds[] = {"refused", "real", "for an overlay"};
  snprintf(buf, size, "%s, %" PRIu32 " sectors by %" PRIu32 " CCWs, the first %u %u %u",
           kinds[c->kind <= VMM_CHAIN_OVERLAY ? c->kind : 0], c->sectors, c->count,
           c->ccw[0].command, c->ccw[0].flags, c->ccw[0].count);
}

/* As the VMM asks: on from where the program before has ended. */
static void compare_transfer(struct model *m, const struct vmm_chain_module *theirs, void *state,
                             const struct vmm_env *env, const struct channel_transfer *t)
{
  for (uint32_t done = 0; done < t->sectors && going(m);) {
    struct vmm_real_chain want = vmm_chain.translate(NULL, env, *t, done),
                          got = theirs->translate(state, env, *t, done);
    if (m->remote->end == REMOTE_OPEN && !same_chain(&want, &got)) {
      char expected[200], actual[200];
      say_chain(&want, expected, sizeof expected);
      say_chain(&got, actual, sizeof actual);
      differ(m,
             "input     %s of %" PRIu32 " sectors from %" PRIu32 " in %u pieces, %" PRIu32
             " done; a disk of several extents\nexpected  %s\nactual    %s\n",
             t->write ? "a write" : "a read", t->sectors, t->sector, t->count, done, expected,
             actual);
    }
    if (want.kind == VMM_CHAIN_REFUSED) {
      return;
    }
    done += want.sectors;
  }
}

static void model_chain(struct model *m)
{
  const struct vmm_chain_module *theirs = m->remote->set.chain;
  void *state = theirs->create ? theirs->create(m->remote) : NULL;
  struct places p = {.count = 0};
  struct vmm_env env = {.ctx = &p, .allocation = allocation, .disk_place = disk_place};
  for (uint64_t i = 0; i < m->cases && going(m); i++) {
    struct channel_transfer t;
    draw_places(m, &p);
    draw_transfer(m, &t);
    compare_transfer(m, theirs, state, &env, &t);
  }
  if (theirs->destroy) {
    theirs->destroy(state);
  }
}

/* -------------------------------------------------------------------- the check */

static const struct {
  const char *name;
  void (*compare)(struct model *m);
} models[] = {{"minidisk", model_minidisk}, {"timer", model_timer}, {"chain", model_chain}};

static struct check_outcome compare(struct model *m, struct hosted *h, size_t which)
{
  const char *reason = NULL;
  struct hosted_modules *hosted = hosted_start(h, &reason);
  if (!hosted) {
    message_error("grade", "%s", reason);
    return check_fail(CHECK_HOST, NULL);
  }
  m->remote = &hosted->remote;
  models[which].compare(m);
  hosted_end(h, hosted);
  if (h->end != REMOTE_OPEN) {
    free(m->text);
    return hosted_outcome(h);
  }
  return m->text ? check_fail(CHECK_FAILED, m->text)
                 : (struct check_outcome){.verdict = CHECK_PASSED};
}

struct check_outcome check_model(const struct check_run *run)
{
  struct model m = {.run = run, .cases = CASES_USUAL};
  struct hosted h = {.run = run};
  const char *module = NULL;
  m.random = check_draw_from(run->seed);
  if (!lab_string(run->lab, run->test, "module", &module) ||
      !lab_count(run->lab, run->test, "cases", &m.cases)) {
    return check_fail(CHECK_LAB, NULL);
  }
  for (size_t i = 0; module && i < sizeof models / sizeof *models; i++) {
    if (strcmp(models[i].name, module) == 0) {
      struct check_outcome outcome = compare(&m, &h, i);
      outcome.cpu = h.cpu;
      outcome.printed = h.printed;
      return outcome;
    }
  }
  return check_lab_is_wrong(run, "a \"module\": minidisk, timer or chain");
}
