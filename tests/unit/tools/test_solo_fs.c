/* The host's side of solo's file system: against a model of files in memory, and on disks
 * whose bytes are anything. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "tools/disk/solo_fs.h"

#define SECTORS 80u
#define START   7u
#define BEHIND  5u

struct chance {
  uint64_t state;
};

static uint32_t draw(struct chance *c, uint32_t below)
{
  c->state = c->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(c->state >> 33) % below;
}

static void ignore(void *ctx, const char *text)
{
  assert_true(strlen(text) > 10 && strlen(text) < 299);
  if (ctx)
    ++*(size_t *)ctx;
}

static void sector_is(struct disk_store *store, uint32_t sector, uint8_t byte)
{
  uint8_t buf[SOLO_SECTOR];
  assert_true(disk_store_read(store, sector, buf));
  for (size_t i = 0; i < sizeof buf; i++)
    assert_int_equal(buf[i], byte);
}

/* A disk with a mini-disk in it, and something recognisable around that. */
static struct disk_store *new_store(struct solo_fs *fs)
{
  uint8_t other[SOLO_SECTOR];
  memset(other, 0xa5, sizeof other);
  struct disk_store *store = disk_store_memory(START + SECTORS + BEHIND);
  assert_non_null(store);
  for (uint32_t i = 0; i < START; i++)
    assert_true(disk_store_write(store, i, other));
  for (uint32_t i = 0; i < BEHIND; i++)
    assert_true(disk_store_write(store, START + SECTORS + i, other));
  solo_extent(fs, store, START, SECTORS);
  return store;
}

static void check_around(struct disk_store *store)
{
  for (uint32_t i = 0; i < START; i++)
    sector_is(store, i, 0xa5);
  for (uint32_t i = 0; i < BEHIND; i++)
    sector_is(store, START + SECTORS + i, 0xa5);
}

/* ------------------------------------------------------------------- the model */

#define NAMES   40u
#define LONGEST 6000u

struct model {
  struct {
    bool there;
    uint32_t size;
    uint8_t bytes[LONGEST];
  } files[NAMES];
};

static const char *name_of(uint32_t n, char buf[SOLO_NAME_MAX + 1])
{
  snprintf(buf, SOLO_NAME_MAX + 1, n % 2 ? "file_%u" : "%u_sixteen_chars", n);
  buf[SOLO_NAME_MAX] = 0;
  return buf;
}

static void compare(struct solo_fs *fs, const struct model *m)
{
  char reason[160], name[SOLO_NAME_MAX + 1];
  static uint8_t buf[LONGEST];
  struct solo_fs *again = malloc(sizeof *again);
  assert_non_null(again);
  solo_extent(again, fs->store, START, SECTORS);
  assert_int_equal(solo_open(again, reason, sizeof reason), SOLO_DONE);
  assert_int_equal(solo_check(again, ignore, NULL), 0);
  size_t files = 0;
  for (uint32_t n = 0; n < NAMES; n++) {
    size_t i = solo_find(again, name_of(n, name));
    assert_int_equal(i != SOLO_MAX_FILES, m->files[n].there);
    if (!m->files[n].there)
      continue;
    files++;
    assert_int_equal(again->entries[i].size, m->files[n].size);
    assert_int_equal(solo_read(again, i, buf), SOLO_DONE);
    assert_memory_equal(buf, m->files[n].bytes, m->files[n].size);
  }
  struct solo_room room = solo_room(again);
  assert_int_equal(room.files, files);
  assert_int_equal(room.used + room.free, SECTORS);
  assert_int_equal(room.longest > 0, solo_place(again, 1) != 0);
  assert_true(room.longest == 0 || solo_place(again, room.longest) != 0);
  assert_int_equal(solo_place(again, room.longest + 1), 0);
  free(again);
}

static void change(struct solo_fs *fs, struct model *m, struct chance *c)
{
  char reason[160], name[SOLO_NAME_MAX + 1];
  uint8_t bytes[LONGEST];
  uint32_t n = draw(c, NAMES), size = draw(c, 4) ? draw(c, 1500) : draw(c, LONGEST);
  size_t i = solo_find(fs, name_of(n, name));
  if (i != SOLO_MAX_FILES && draw(c, 3) == 0) {
    assert_int_equal(solo_delete(fs, i), SOLO_DONE);
    m->files[n].there = false;
    return;
  }
  for (uint32_t k = 0; k < size; k++)
    bytes[k] = (uint8_t)draw(c, 256);
  bool full = i == SOLO_MAX_FILES && solo_room(fs).files == solo_capacity(fs);
  bool fits = !full && (size == 0 || solo_sectors_of(size) <= solo_room(fs).longest);
  enum solo_answer answer = solo_write(fs, name, SOLO_DATA, bytes, size, reason, sizeof reason);
  assert_int_equal(answer, fits ? SOLO_DONE : SOLO_FOREIGN);
  if (!fits) {
    assert_non_null(strstr(reason, "no room"));
    return;
  }
  m->files[n].there = true;
  m->files[n].size = size;
  memcpy(m->files[n].bytes, bytes, size);
}

static void test_model(void **state)
{
  (void)state;
  struct solo_fs *fs = malloc(sizeof *fs);
  struct model *m = calloc(1, sizeof *m);
  assert_true(fs && m);
  struct disk_store *store = new_store(fs);
  struct chance c = {3};
  bool blank = false;
  assert_int_equal(solo_is_blank(fs, &blank), SOLO_DONE);
  assert_true(blank);
  assert_int_equal(solo_format(fs), SOLO_DONE);
  assert_int_equal(solo_is_blank(fs, &blank), SOLO_DONE);
  assert_false(blank);
  for (unsigned step = 0; step < 2000; step++) {
    change(fs, m, &c);
    if (step % 7 == 0)
      compare(fs, m);
  }
  check_around(store);
  disk_store_destroy(store);
  free(m);
  free(fs);
}

/* --------------------------------------------------------------- anything at all */

static void spoil(struct disk_store *store, struct chance *c)
{
  uint8_t buf[SOLO_SECTOR];
  for (uint32_t n = 1 + draw(c, 8); n > 0; n--) {
    uint32_t sector = draw(c, 3), at = draw(c, 4) ? draw(c, 160) : draw(c, SOLO_SECTOR);
    assert_true(disk_store_read(store, START + sector, buf));
    buf[at] = (uint8_t)(draw(c, 3) ? draw(c, 256) : buf[at] ^ 1u << draw(c, 8));
    assert_true(disk_store_write(store, START + sector, buf));
  }
}

/* A name, a size or a place that another file has. */
static void repeat(struct disk_store *store, struct chance *c)
{
  static const struct {
    uint32_t at, len;
  } fields[] = {{0, 16}, {20, 4}, {24, 4}, {20, 8}};
  uint8_t buf[SOLO_SECTOR];
  uint32_t f = draw(c, 4), from = draw(c, 5), to = draw(c, 5);
  assert_true(disk_store_read(store, START + 1, buf));
  memmove(buf + to * SOLO_ENTRY_SIZE + fields[f].at, buf + from * SOLO_ENTRY_SIZE + fields[f].at,
          fields[f].len);
  assert_true(disk_store_write(store, START + 1, buf));
}

/* Of a disk in which nothing is said to be wrong: told from its bytes alone. */
static void truly_sound(const struct solo_fs *fs)
{
  char owner[SECTORS] = {0};
  for (size_t i = 0; i < solo_capacity(fs); i++) {
    const struct solo_entry *e = &fs->entries[i];
    if (e->type == SOLO_FREE)
      continue;
    for (uint32_t s = 0; s * SOLO_SECTOR < e->size; s++) {
      assert_true(e->first + s > fs->dir_sectors && e->first + s < fs->sectors);
      assert_int_equal(owner[e->first + s]++, 0);
    }
    for (size_t k = 0; k < i; k++)
      assert_true(fs->entries[k].type == SOLO_FREE || strcmp(e->name, fs->entries[k].name) != 0);
  }
}

static void use_spoilt(struct solo_fs *fs, size_t *foreign, size_t *wrong)
{
  char reason[160] = "", name[SOLO_NAME_MAX + 1];
  static uint8_t buf[SECTORS * SOLO_SECTOR];
  if (solo_open(fs, reason, sizeof reason) == SOLO_FOREIGN) {
    assert_true(strlen(reason) > 10);
    ++*foreign;
    return;
  }
  size_t said = 0, problems = solo_check(fs, ignore, &said);
  assert_int_equal(said, problems);
  *wrong += problems > 0;
  struct solo_room room = solo_room(fs);
  assert_true(room.used + room.free == fs->sectors && room.longest <= room.free);
  for (size_t i = 0; i < solo_capacity(fs); i++)
    if (fs->entries[i].sound)
      assert_int_equal(solo_read(fs, i, buf), SOLO_DONE);
  if (problems)
    return;
  truly_sound(fs);
  for (uint32_t n = 0; n < 6; n++)
    solo_write(fs, name_of(n, name), SOLO_DATA, buf, n * 700, reason, sizeof reason);
  assert_int_equal(solo_open(fs, reason, sizeof reason), SOLO_DONE);
  assert_int_equal(solo_check(fs, ignore, NULL), 0);
}

static void test_anything(void **state)
{
  (void)state;
  struct solo_fs *fs = malloc(sizeof *fs);
  assert_non_null(fs);
  struct chance c = {9};
  size_t foreign = 0, wrong = 0, rounds = 4000;
  char reason[160], name[SOLO_NAME_MAX + 1];
  uint8_t bytes[3000] = {1};
  for (size_t round = 0; round < rounds; round++) {
    struct disk_store *store = new_store(fs);
    assert_int_equal(solo_format(fs), SOLO_DONE);
    for (uint32_t n = 0; n < 5; n++)
      assert_int_equal(solo_write(fs, name_of(n, name), n % 2 ? SOLO_DATA : SOLO_PROGRAM, bytes,
                                  n * 700, reason, sizeof reason),
                       SOLO_DONE);
    if (draw(&c, 4))
      spoil(store, &c);
    else
      repeat(store, &c);
    solo_extent(fs, store, START, SECTORS);
    use_spoilt(fs, &foreign, &wrong);
    check_around(store);
    disk_store_destroy(store);
  }
  /* Or else this tried nothing. */
  assert_true(foreign > rounds / 20 && wrong > rounds / 8 && foreign + wrong < rounds);
  free(fs);
}

static void test_names(void **state)
{
  (void)state;
  static const char *const good[] = {"a", "~", "!", "sixteen_letters_", "-x", ".."};
  static const char *const bad[] = {"",     " ",        "a b", "a/b", "seventeen_letters",
                                    "\x7f", "\xc3\xa9", "a\n"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(solo_name_good(good[i]));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(solo_name_good(bad[i]));
  assert_string_equal(solo_type_name(SOLO_PROGRAM), "program");
  assert_string_equal(solo_type_name(9), "unknown");
  assert_int_equal(solo_sectors_of(0), 0);
  assert_int_equal(solo_sectors_of(512), 1);
  assert_int_equal(solo_sectors_of(UINT32_MAX), 1u << 23);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_model),
      cmocka_unit_test(test_anything),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
