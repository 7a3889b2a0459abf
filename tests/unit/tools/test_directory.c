/* The reader of directories behind its contract: what a struct directory holds, what
 * is asked of the host, and whose fault a failure is.
 */
#include "testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"
#include "tools/directory/directory.h"
#include "vmm/vmm.h"

/* A host with the files two.img (two sectors) and keys, and programs of one size. */
struct fake {
  uint32_t program_bytes;
  unsigned programs_asked;
  enum directory_answer program, file;
  bool no_profile;
  int error;
  char last_program[64];
};

static struct profile *fake_profile(void *ctx, const char *name, FILE *errors)
{
  const struct fake *f = ctx;
  errno = f->error;
  return f->no_profile ? NULL : profile_load(name, errors);
}

static enum directory_answer fake_program(void *ctx, const char *name, uint32_t *bytes,
                                          FILE *errors)
{
  struct fake *f = ctx;
  (void)errors;
  f->programs_asked++;
  snprintf(f->last_program, sizeof f->last_program, "%s", name);
  *bytes = f->program_bytes;
  errno = f->error;
  return f->program;
}

static enum directory_answer fake_file(void *ctx, const char *path, uint64_t *bytes,
                                       const char **reason)
{
  const struct fake *f = ctx;
  (void)path;
  *bytes = 2 * MACHINE_SECTOR_SIZE;
  *reason = "the host is ill";
  errno = f->error;
  return f->file;
}

/* Everything in the folder link/ is what it would be without that. */
static bool fake_identity(void *ctx, const char *path, uint64_t id[2])
{
  (void)ctx;
  if (strncmp(path, "link/", 5) == 0)
    path += 5;
  id[0] = strlen(path);
  id[1] = (unsigned char)path[0];
  return true;
}

/* Messages go to *said, malloc'd. */
static struct directory *read_as(const char *file, struct fake *fake, const char *text, char **said)
{
  size_t size;
  FILE *errors = open_memstream(said, &size);
  assert_non_null(errors);
  const struct directory_host host = {fake, fake_profile, fake_program, fake_file, fake_identity};
  struct directory *d = directory_parse(file, text, strlen(text), &host, errors);
  int error = errno;
  fclose(errors);
  errno = error;
  return d;
}

static struct directory *good(const char *text)
{
  struct fake fake = {.program_bytes = 4096};
  char *said;
  struct directory *d = read_as("class.dir", &fake, text, &said);
  if (!d || *said)
    fail_msg("%s", said);
  free(said);
  return d;
}

/* Refused as the user's fault, with this among the messages. */
static void bad(const char *text, const char *message)
{
  struct fake fake = {.program_bytes = 4096};
  char *said;
  errno = EBUSY;
  struct directory *d = read_as("class.dir", &fake, text, &said);
  assert_null(d);
  assert_int_equal(errno, 0);
  if (!strstr(said, message))
    fail_msg("expected '%s' in: %s", message, said);
  free(said);
}

static void the_least_has_defaults(void **state)
{
  (void)state;
  struct directory *d = good("user a { program minos; }");
  assert_string_equal(profile_name(d->profile), "pg");
  assert_int_equal(d->user_count, 1);
  const struct directory_user *u = d->users;
  assert_string_equal(u->name, "a");
  assert_string_equal(u->program, "minos");
  assert_int_equal(u->program_bytes, 4096);
  assert_int_equal(u->storage.start.v, VMM_OWN_STORAGE);
  assert_int_equal(u->storage.size, 256u << 10);
  assert_int_equal(d->storage, VMM_OWN_STORAGE + (256u << 10));
  assert_int_equal(d->free.size, 0);
  assert_int_equal(u->share, 1);
  assert_int_equal(u->timer, DIRECTORY_VIRTUAL);
  assert_int_equal(u->network, -1);
  assert_false(u->console.is_private);
  assert_string_equal(u->console.prefix, "a: ");
  assert_null(u->console.log);
  assert_int_equal(d->disk, DIRECTORY_NO_DISK);
  directory_destroy(d);
}

/* Ranges are half-open, follow one another, and fill the machine. */
static void storage_is_given_out_without_holes(void **state)
{
  (void)state;
  struct directory *d = good("machine { storage 2M; }\n"
                             "user a { program minos; storage 64K; }\n"
                             "user b { program minos; storage 1M; }\n"
                             "user c { program minos; storage 0x11000; }\n");
  uint32_t at = d->own.start.v + d->own.size;
  assert_int_equal(at, VMM_OWN_STORAGE);
  for (size_t i = 0; i < d->user_count; i++) {
    assert_int_equal(d->users[i].storage.start.v, at);
    at += d->users[i].storage.size;
  }
  assert_int_equal(d->free.start.v, at);
  assert_int_equal(at + d->free.size, 2u << 20);
  directory_destroy(d);
}

static void everything_fits_to_the_last_page(void **state)
{
  (void)state;
  directory_destroy(good("machine { storage 384K; } user a { program minos; }"));
  bad("machine { storage 380K; } user a { program minos; }", "252 KiB are left");
}

static void the_map_covers_the_disk_once(void **state)
{
  (void)state;
  struct directory *d = good("machine { disk scratch sectors 100; }\n"
                             "user a { program minos; minidisk A first 90 length 10;"
                             " minidisk B first 10 length 20 access shared; }\n"
                             "user b { program minos; minidisk A first 20 length 5 access cow; }");
  size_t count;
  struct directory_piece *map = directory_disk_map(d, &count);
  assert_non_null(map);
  assert_int_equal(count, 5);
  uint32_t covered = 0, end = 0;
  for (size_t i = 0; i < count; i++) {
    assert_true(i == 0 || map[i - 1].extent.first <= map[i].extent.first);
    uint32_t stop = map[i].extent.first + map[i].extent.sectors;
    if (!map[i].user)
      assert_true(map[i].extent.first >= end);
    covered += stop > end ? stop - (map[i].extent.first > end ? map[i].extent.first : end) : 0;
    end = stop > end ? stop : end;
  }
  assert_int_equal(covered, 100);
  assert_true(map[0].extent.sectors == 10 && !map[0].user);
  assert_true(map[2].user == &d->users[1] && map[2].minidisk->access == DIRECTORY_COW);
  free(map);
  directory_destroy(d);
}

/* Every pair of accesses over one shared sector, in both orders. */
static void only_shared_sectors_overlap(void **state)
{
  (void)state;
  for (unsigned x = DIRECTORY_RW; x <= DIRECTORY_COW; x++)
    for (unsigned y = DIRECTORY_RW; y <= DIRECTORY_COW; y++) {
      char text[256];
      snprintf(text, sizeof text,
               "machine { disk scratch sectors 9; }"
               "user a { program minos; minidisk A first 0 length 5 access %s; }"
               "user b { program minos; minidisk A first 4 length 5 access %s; }",
               directory_access_word(x), directory_access_word(y));
      if (x >= DIRECTORY_SHARED && y >= DIRECTORY_SHARED)
        directory_destroy(good(text));
      else
        bad(text, "error: sector 4 is on mini-disk 'A' of 'a' too");
    }
  directory_destroy(good("machine { disk scratch sectors 9; }"
                         "user a { program minos; minidisk A first 0 length 4; }"
                         "user b { program minos; minidisk A first 4 length 5; }"));
}

static void users_talk_if_both_let_it(void **state)
{
  (void)state;
  struct directory *d = good("machine { switch x, y; }"
                             "user a { program minos; network switch x; }"
                             "user b { program minos; network switch x peers a; }"
                             "user c { program minos; network switch x; }"
                             "user d { program minos; network switch y; }"
                             "user e { program minos; }");
  for (size_t i = 0; i < d->user_count; i++)
    for (size_t k = 0; k < d->user_count; k++)
      assert_int_equal(directory_may_talk(d, i, k),
                       (i + k == 1 && i != k) || (i + k == 2 && i != k));
  directory_destroy(d);
}

/* Two programs of one name are looked at once. */
static void programs_are_asked_for_once(void **state)
{
  (void)state;
  struct fake fake = {.program_bytes = 64u << 10};
  char *said;
  struct directory *d = read_as("class.dir", &fake,
                                "user a { program minos; } user b { program minos; }"
                                "user c { program \"minos\"; }",
                                &said);
  assert_non_null(d);
  assert_int_equal(fake.programs_asked, 2);
  assert_string_equal(fake.last_program, "./minos");
  free(said);
  directory_destroy(d);
}

static void paths_start_from_the_folder(void **state)
{
  (void)state;
  struct fake fake = {.program_bytes = 1};
  char *said;
  struct directory *d = read_as("some/where/class.dir", &fake,
                                "machine { disk \".//two.img\" readonly; }"
                                "user a { program \"x.s\"; console shared log \"/tmp//./a\"; }",
                                &said);
  assert_non_null(d);
  assert_string_equal(d->image, "some/where/two.img");
  assert_int_equal(d->sectors, 2);
  assert_string_equal(d->users[0].program, "some/where/x.s");
  assert_string_equal(d->users[0].console.log, "/tmp/a");
  free(said);
  directory_destroy(d);
}

static void a_link_is_the_file_it_leads_to(void **state)
{
  (void)state;
  bad("machine { disk \"two.img\"; }"
      "user a { program minos; minidisk A first 0 length 1 access cow \"link/two.img\"; }",
      "is the disk image itself");
}

/* Whose fault: errno tells, and there is one message. */
static void a_failing_host_is_named(void **state)
{
  (void)state;
  static const char text[] = "machine { disk \"two.img\"; }"
                             "user a { program minos; console shared input \"keys\"; }";
  struct fake fakes[] = {{.program = DIRECTORY_HOST_FAILED, .error = EMFILE},
                         {.file = DIRECTORY_HOST_FAILED, .error = EIO},
                         {.no_profile = true, .error = ENOMEM}};
  for (size_t i = 0; i < sizeof fakes / sizeof *fakes; i++) {
    char *said;
    assert_null(read_as("class.dir", &fakes[i], text, &said));
    assert_int_equal(errno, fakes[i].error);
    free(said);
  }
}

static void bytes_that_are_no_text_are_refused(void **state)
{
  (void)state;
  struct fake fake = {.program_bytes = 1};
  const struct directory_host host = {&fake, fake_profile, fake_program, fake_file, fake_identity};
  FILE *sink = fopen("/dev/null", "w");
  assert_non_null(sink);
  for (unsigned byte = 0; byte < 256; byte++) {
    char text[] = "user a { program minos; ? }";
    *strchr(text, '?') = (char)byte;
    struct directory *d = directory_parse("f", text, sizeof text - 1, &host, sink);
    bool fine = byte && strchr(" \t\r\n;", (int)byte);
    assert_int_equal(d != NULL, fine);
    directory_destroy(d);
  }
  fclose(sink);
}

static void the_example_is_right(void **state)
{
  (void)state;
  struct directory *d = good(directory_example);
  assert_int_equal(d->user_count, 4);
  assert_int_equal(d->users[3].timer, DIRECTORY_REAL);
  directory_destroy(d);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_least_has_defaults),
      cmocka_unit_test(storage_is_given_out_without_holes),
      cmocka_unit_test(everything_fits_to_the_last_page),
      cmocka_unit_test(the_map_covers_the_disk_once),
      cmocka_unit_test(only_shared_sectors_overlap),
      cmocka_unit_test(users_talk_if_both_let_it),
      cmocka_unit_test(programs_are_asked_for_once),
      cmocka_unit_test(paths_start_from_the_folder),
      cmocka_unit_test(a_link_is_the_file_it_leads_to),
      cmocka_unit_test(a_failing_host_is_named),
      cmocka_unit_test(bytes_that_are_no_text_are_refused),
      cmocka_unit_test(the_example_is_right),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
