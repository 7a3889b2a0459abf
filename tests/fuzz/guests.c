/* The targets that execute: a bare machine and a virtual one are given the same,
 * whatever it is, and must be in the same state at every look. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"
#include "machine/image.h"
#include "machine/snapshot.h"
#include "tests/common/chaos.h"
#include "tests/common/twin.h"
#include "tests/fuzz/fuzz.h"
#include "tools/common/guests.h"
#include "tools/common/inputlog.h"

static void require_same(struct twin *t, bool same)
{
  if (!same) {
    fprintf(complaints(), "fuzz: %s\n", t->difference);
  }
  require(same, "bare and virtual in the same state");
}

/* ------------------------------------------------------- keys, typed at minos */

/* Prime, so that looks drift over whatever is periodic in the guest. */
#define SLICE 4999u
#define AFTER 60000u  /* ticks that follow the last key */
#define LIMIT 400000u /* ticks of a run */
#define GAP   1500u   /* from key to key, unless the input says so */

/* minos, booted once: with its first processes running, and with all done and the
 * shell waiting for a key. */
struct session {
  struct profile *profile;
  struct snapshot *early, *idle;
};

static const struct twin_config *minos_machines(const struct profile *profile)
{
  static struct twin_config config = {
      .storage = 192u << 10, .sectors = 64, .engine = MACHINE_ENGINE_FAST};
  config.loaded = profile;
  return &config;
}

static void load_minos(struct machine *m)
{
  struct asm_options options = {.reader = guests_reader, .errors = complaints()};
  struct asm_output elf = {0};
  require(asm_assemble_elf("guestos/minos.s", &options, &elf) == ASM_OK, "minos assembles");
  struct image *image = image_parse("minos", elf.bytes, elf.len, complaints());
  require(image && image_load(image, m, complaints()), "minos loads");
  image_destroy(image);
  free(elf.bytes);
}

static void boot(struct session *s)
{
  s->profile = profile_load("pg", complaints());
  require(s->profile != NULL, "the profile pg");
  struct twin t;
  twin_open(&t, minos_machines(s->profile));
  machine_set_engine(t.bare, MACHINE_ENGINE_FAST);
  load_minos(t.bare);
  struct machine_stop stop = machine_advance(t.bare, 100000);
  s->early = snapshot_take(t.bare);
  require(stop.why == MACHINE_LIMIT && s->early, "minos boots");
  stop = machine_advance(t.bare, 10000000);
  s->idle = snapshot_take(t.bare);
  require(stop.why == MACHINE_WAITS && s->idle, "minos waits for a key");
  twin_close(&t);
}

/* The bytes are keys, but 0x80+n makes those that follow come n*n ticks apart, and
 * 0xff takes the byte behind it as it is. */
static void read_keys(struct inputlog *log, const uint8_t *bytes, size_t len, uint64_t at)
{
  uint64_t gap = GAP;
  for (size_t i = 0; i < len; i++) {
    uint8_t byte = bytes[i];
    if (byte >= 0x80 && byte < 0xff) {
      gap = (uint64_t)(byte - 0x80) * (byte - 0x80);
      continue;
    }
    if (byte == 0xff && ++i < len) {
      byte = bytes[i];
    }
    at += gap;
    require(inputlog_add(log, at, byte), "memory");
  }
}

/* Where the guest is, and what it has written: libFuzzer cannot see it otherwise. */
static void note_progress(struct machine *m, size_t *seen)
{
  reached(machine_get_pc(m) / 4);
  size_t len;
  const uint8_t *text = machine_console_output(m, &len);
  for (; *seen + 3 <= len; ++*seen) {
    const uint8_t *at = text + *seen;
    reached((uint32_t)(at[0] * 961 + at[1] * 31 + at[2]) * 2654435761u >> 20);
  }
}

static bool type_and_compare(struct twin *t, uint64_t until)
{
  size_t seen = 0;
  while (machine_tick(t->bare) < until) {
    uint64_t next = machine_tick(t->bare) + SLICE;
    struct machine_stop bare = machine_advance(t->bare, next < until ? next : until);
    struct machine_stop virtual = machine_advance(t->vm, next < until ? next : until);
    note_progress(t->bare, &seen);
    if (!twin_equal(t)) {
      return false;
    }
    require(bare.why == virtual.why, "bare and virtual stop alike");
    if (bare.why != MACHINE_LIMIT) {
      break;
    }
  }
  return true;
}

/* The log, for `trapeze verify minos --input-log`; its ticks count from the reset. */
static void feed(struct twin *t, const struct inputlog *log, bool wrong)
{
  inputlog_feed(log, t->bare);
  for (size_t i = 0; i < log->count; i++) {
    uint8_t byte = log->entries[i].byte;
    machine_console_input(t->vm, log->entries[i].tick, wrong && byte == 'q' ? 'Q' : byte);
  }
}

/* A first byte 1: minos still has its first processes. */
void fuzz_console(const struct input *in)
{
  static struct session session;
  if (!session.profile) {
    boot(&session);
  }
  bool early = in->len > 0 && in->bytes[0] == 1;
  const struct snapshot *from = early ? session.early : session.idle;
  struct twin t;
  twin_open(&t, minos_machines(session.profile));
  machine_set_engine(t.bare, MACHINE_ENGINE_FAST);
  require(snapshot_restore(t.bare, from) && snapshot_restore(t.vm, from), "a snapshot fits");
  struct inputlog log = {0};
  uint64_t start = snapshot_tick(from);
  read_keys(&log, in->bytes + early, in->len - early, start);
  feed(&t, &log, in->wrong);
  uint64_t until = (log.count ? log.entries[log.count - 1].tick : start) + AFTER;
  bool same = type_and_compare(&t, until - start < LIMIT ? until : start + LIMIT);
  if (!same) {
    inputlog_write(&log, complaints());
  }
  require_same(&t, same);
  inputlog_destroy(&log);
  twin_close(&t);
}

/* ------------------------------------------------- words, run as a guest's kernel */

#define GUEST_TICKS   1500u
#define GUEST_STRIDE  61u
#define GUEST_WORDS   1024u
#define GUEST_SECTORS 4u

/* The bytes are the program. Every vector leads into it, the registers point to
 * storage around it, and the timer runs. */
static void load_words(struct twin *t, const struct input *in)
{
  uint32_t count = (uint32_t)(in->len / 4 < GUEST_WORDS ? in->len / 4 : GUEST_WORDS);
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *at = in->bytes + 4 * i;
    uint32_t word =
        (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    twin_write_word(t, ISA_RESET_PC + 4 * i, word);
  }
  for (uint32_t cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    twin_write_word(t, 4 * cause, ISA_RESET_PC + 4 * (count ? 4 * cause % count : 0));
  }
  for (unsigned i = 1; i < ISA_REG_COUNT; i++) {
    twin_set_reg(t, i, ISA_RESET_PC + 64 * i);
  }
  twin_set_cr(t, CR_BOUND, MACHINE_MIN_STORAGE);
  twin_set_cr(t, CR_TIMER, 101);
}

void fuzz_guest(const struct input *in)
{
  static struct profile *profile;
  if (!profile) {
    profile = profile_load("pg", complaints());
    require(profile != NULL, "the profile pg");
  }
  struct twin t;
  struct twin_config config = {
      .loaded = profile, .sectors = GUEST_SECTORS, .engine = MACHINE_ENGINE_FAST};
  twin_open(&t, &config);
  load_words(&t, in);
  bool same = twin_run(&t, GUEST_TICKS, GUEST_STRIDE);
  require(!in->wrong || machine_stats(t.bare)->traps[CAUSE_ILLEGAL] == 0, "nothing illegal");
  require_same(&t, same);
  twin_close(&t);
}

/* Most random words are illegal: a few instructions that mean something, in place
 * of words or between them. */
size_t mutate_guest(uint8_t *data, size_t len, size_t max, unsigned seed)
{
  struct random r = random_from(seed);
  struct program piece = {.origin = ISA_RESET_PC};
  switch (random_below(&r, 8)) {
  case 0:
    put_access(&piece, &r, MACHINE_MIN_STORAGE);
    break;
  case 1:
    put_disk(&piece, &r, MACHINE_MIN_STORAGE, GUEST_SECTORS);
    break;
  case 2:
    put_stack(&piece, &r);
    break;
  default:
    put_any(&piece, &r);
    break;
  }
  size_t words = len / 4, size = 4 * piece.count;
  size_t at = 4 * random_below(&r, (uint32_t)words + 1);
  bool insert = random_below(&r, 2) == 0;
  size_t room = insert ? len + size : at + size > len ? at + size : len;
  if (room > max || size > max - at) {
    return len;
  }
  if (insert) {
    memmove(data + at + size, data + at, len - at);
  }
  memcpy(data + at, piece.words, size);
  return room;
}
