/* Profiles at their edges: statements said twice, modes out of range, more errors
 * than anyone reads, an absolute path, and whose fault it is that the host refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "isa/host.h"
#include "isa/profile.h"

/* Parses text that must be refused; the messages, malloc'd. */
static char *messages(const char *text)
{
  char *said = NULL;
  size_t len = 0;
  FILE *errors = open_memstream(&said, &len);
  assert_non_null(errors);
  assert_null(profile_parse("edge.profile", text, strlen(text), errors));
  fclose(errors);
  return said;
}

static void says(const char *text, const char *sentence)
{
  char *said = messages(text);
  if (!strstr(said, sentence)) {
    fail_msg("expected '%s' in: %s", sentence, said);
  }
  free(said);
}

#define REST "title \"T\"; modes 2; mmu bounds; io ports;\n"

static void nothing_is_said_twice(void **state)
{
  (void)state;
  says("profile a; profile b; " REST, "edge.profile:1:20: error: a second 'profile'");
  says("profile a; " REST "io ports;", "edge.profile:2:4: error: a second 'io'");
  says("profile a; " REST "keys; keys;", "a second 'keys'");
  says("profile a; extends pg; extends s360;", "a second 'extends'");
}

static void modes_are_two_to_four(void **state)
{
  (void)state;
  static const char *const wrong[] = {"0", "1", "5", "9", "22"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char text[100];
    snprintf(text, sizeof text, "profile a; title \"T\"; modes %s; mmu bounds; io ports;",
             wrong[i]);
    says(text, "edge.profile:1:29: error: ");
  }
  for (unsigned modes = 2; modes <= 4; modes++) {
    char text[100];
    snprintf(text, sizeof text,
             "profile a; title \"T\"; story \"S\"; modes %u; mmu bounds; io ports;", modes);
    struct profile *p = profile_parse("edge.profile", text, strlen(text), stderr);
    assert_non_null(p);
    assert_int_equal(profile_modes(p), modes);
    profile_destroy(p);
  }
}

/* A hundred mistakes do not make a hundred messages. */
static void messages_come_to_an_end(void **state)
{
  (void)state;
  char text[4000] = "profile a; " REST;
  for (unsigned i = 0; i < 100; i++) {
    strcat(text, "outside nonsense = trap;\n");
  }
  char *said = messages(text);
  unsigned count = 0;
  for (const char *at = said; (at = strstr(at, "error:")); at++) {
    count++;
  }
  assert_in_range(count, 5, 50);
  free(said);
}

/* A path that begins with '/' does not start from the folder of the file that
 * names it; any other does. */
static void paths_of_what_is_extended(void **state)
{
  (void)state;
  char folder[] = "/tmp/trapeze-profile-XXXXXX", base[64], user[64], text[200];
  assert_non_null(mkdtemp(folder));
  snprintf(base, sizeof base, "%s/base.profile", folder);
  snprintf(user, sizeof user, "%s/user.profile", folder);
  FILE *f = fopen(base, "w");
  fputs("profile base; extends pg; title \"B\"; story \"S\"; outside cli = nop;\n", f);
  fclose(f);
  const char *const names[] = {base, "base.profile", "./base.profile"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(text, sizeof text, "profile user; extends \"%s\"; title \"U\"; story \"S\";",
             names[i]);
    struct profile *p = profile_parse(user, text, strlen(text), stderr);
    assert_non_null(p);
    assert_int_equal(profile_behaviour(p, ISA_CLI, 1)->kind, PROFILE_NOP);
    assert_int_equal(profile_behaviour(p, ISA_STI, 1)->kind, PROFILE_TRAP);
    profile_destroy(p);
  }
  unlink(base);
  rmdir(folder);
}

/* The host has run out of something, or the user named what is not there. */
static void whose_fault(void **state)
{
  (void)state;
  static const int host[] = {EIO, ENOMEM, EMFILE, ENFILE, ENOSPC, EDQUOT, EAGAIN, EINTR};
  static const int user[] = {0, ENOENT, EACCES, EISDIR, ENOTDIR, ELOOP, ENAMETOOLONG, EINVAL};
  for (size_t i = 0; i < sizeof host / sizeof *host; i++) {
    assert_true(host_at_fault(host[i]));
  }
  for (size_t i = 0; i < sizeof user / sizeof *user; i++) {
    assert_false(host_at_fault(user[i]));
  }
}

/* Whatever number stands in the word, a control register that does not exist is
 * illegal to name. */
static void every_control_register_number(void **state)
{
  (void)state;
  struct profile *p = profile_load("pg", stderr);
  for (unsigned n = 0; n < 256; n++) {
    struct isa_decoded in = {.insn = ISA_MFCR, .a = REG_A0, .n = (uint8_t)n}, out;
    uint32_t word = 0;
    if (isa_encode(&in, &word, NULL, NULL, NULL) != ISA_ENCODE_OK) {
      continue; /* not even a word for it */
    }
    bool there = n < ISA_CR_COUNT && profile_has_cr(p, (enum isa_cr)n);
    assert_int_equal(profile_decode(p, word, &out), there);
  }
  profile_destroy(p);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_said_twice),
      cmocka_unit_test(modes_are_two_to_four),
      cmocka_unit_test(messages_come_to_an_end),
      cmocka_unit_test(paths_of_what_is_extended),
      cmocka_unit_test(whose_fault),
      cmocka_unit_test(every_control_register_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
