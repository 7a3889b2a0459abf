/* Many guests on one terminal: lines whole and with their prefix, nothing of one guest
 * over another's, the growing line at the bottom; and whose the keyboard is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/system/consoles.h"
#include "tools/system/keyboard.h"
#include "tools/system/line.h"

/* ----------------------------------------------------------------------- one line */

static void expect_line(const char *written, const char *shown)
{
  struct line l = {0};
  bool again;
  for (const char *p = written; *p; p++)
    assert_false(line_put(&l, (uint8_t)*p, &again));
  assert_int_equal(line_visible(&l), strlen(shown));
  if (*shown)
    assert_memory_equal(l.text, shown, strlen(shown));
  assert_true(line_put(&l, '\n', &again));
  assert_false(again);
  line_free(&l);
}

static void a_line_as_a_terminal_shows_it(void **state)
{
  (void)state;
  expect_line("", "");
  expect_line("plain text", "plain text");
  expect_line("a\tb", "a       b");
  expect_line("cut\r", "cut");
  expect_line("wrong\b\b\b\b\bright", "right");
  expect_line("ab\b \b", "a");
  expect_line("\b\b\b\bx", "x");
  expect_line("gr\xc3\xbc\xc3\x9f gott", "gr\xc3\xbc\xc3\x9f gott");
  expect_line("\xc3\xbc\bu", "u\xbc"); /* half a character, which no terminal obeys */
}

/* Whatever a guest writes, nothing in a line is a control. */
static void no_line_commands_the_terminal(void **state)
{
  (void)state;
  expect_line("\033[2J\007", "^[[2J^G");
  expect_line("\177", "^?");
  expect_line("\x9b"
              "2J",
              "?2J");
  expect_line("\xc2\x9b"
              "2J",
              "?2J");
  expect_line("\xc2\xa0", "\xc2\xa0");
  uint64_t random = 1;
  struct line l = {0};
  for (unsigned i = 0; i < 200000; i++) {
    bool again;
    random = random * 6364136223846793005u + 1442695040888963407u;
    uint8_t byte = (uint8_t)(random >> 40);
    if (line_put(&l, byte, &again))
      line_clear(&l);
    assert_true(l.len <= LINE_MAX_BYTES && l.cursor <= l.len);
    for (size_t k = 0; k < l.len; k++) {
      uint8_t c = (uint8_t)l.text[k];
      assert_true(c >= 0x20 && c != 0x7f);
    }
  }
  line_free(&l);
}

static void a_long_line_is_broken(void **state)
{
  (void)state;
  struct line l = {0};
  size_t lines = 0;
  for (unsigned i = 0; i < 10000; i++) {
    bool again;
    if (line_put(&l, 'x', &again)) {
      assert_true(again);
      assert_true(l.len > LINE_MAX_BYTES - 100);
      lines++;
      line_clear(&l);
      assert_false(line_put(&l, 'x', &again));
    }
  }
  assert_int_equal(lines, 2);
  line_free(&l);
}

/* ---------------------------------------------------------------------- many lines */

static struct directory_user users[] = {
    {.name = "alice", .console = {.prefix = "a> "}},
    {.name = "bob", .console = {.prefix = "bob: "}},
    {.name = "carol", .console = {.is_private = true}},
};
static const struct directory three = {.users = users, .user_count = 3};

struct screen {
  struct consoles *consoles;
  FILE *stream;
  char *text;
  size_t len;
};

static void open_screen(struct screen *s, bool live, bool color)
{
  *s = (struct screen){0};
  s->stream = open_memstream(&s->text, &s->len);
  s->consoles = consoles_create(
      &three,
      &(struct consoles_config){
          .command = "test", .out = s->stream, .live = live, .color = color, .columns = 20});
  assert_non_null(s->consoles);
}

static void write_text(struct screen *s, size_t user, const char *text)
{
  for (; *text; text++)
    consoles_write(s->consoles, user, (uint8_t)*text);
}

static void expect_screen(struct screen *s, const char *expected)
{
  fflush(s->stream);
  assert_string_equal(s->text, expected);
}

static void close_screen(struct screen *s)
{
  consoles_destroy(s->consoles);
  fclose(s->stream);
  free(s->text);
}

static void lines_come_whole(void **state)
{
  (void)state;
  struct screen s;
  open_screen(&s, false, false);
  write_text(&s, 0, "one ");
  write_text(&s, 1, "two\nthr");
  write_text(&s, 0, "and\n\n");
  write_text(&s, 2, "secret\n");
  assert_true(consoles_flush(s.consoles));
  expect_screen(&s, "bob: two\na> one and\na> \n");
  write_text(&s, 0, "$ ");
  assert_true(consoles_finish(s.consoles));
  expect_screen(&s, "bob: two\na> one and\na> \na> $ \nbob: thr\n");
  close_screen(&s);
}

static void prefixes_have_colors(void **state)
{
  (void)state;
  struct screen s;
  open_screen(&s, false, true);
  write_text(&s, 0, "x\n");
  write_text(&s, 1, "y\n");
  expect_screen(&s, "\033[36ma> \033[0mx\n\033[33mbob: \033[0my\n");
  close_screen(&s);
}

/* The line that grows is drawn further, wiped for others, and drawn again. */
static void the_line_at_the_bottom(void **state)
{
  (void)state;
  struct screen s;
  open_screen(&s, true, false);
  consoles_focus(s.consoles, 0, NULL, 0);
  write_text(&s, 0, "$ l");
  consoles_flush(s.consoles);
  write_text(&s, 0, "s");
  consoles_flush(s.consoles);
  consoles_flush(s.consoles);
  expect_screen(&s, "a> $ ls");
  write_text(&s, 1, "hi\n");
  expect_screen(&s, "a> $ ls\r\033[Kbob: hi\n");
  consoles_flush(s.consoles);
  expect_screen(&s, "a> $ ls\r\033[Kbob: hi\na> $ ls");
  write_text(&s, 0, "\b \b");
  consoles_flush(s.consoles);
  expect_screen(&s, "a> $ ls\r\033[Kbob: hi\na> $ ls\r\033[Ka> $ l");
  write_text(&s, 0, "!\n$ ");
  expect_screen(&s, "a> $ ls\r\033[Kbob: hi\na> $ ls\r\033[Ka> $ l!\n");
  consoles_finish(s.consoles);
  expect_screen(&s, "a> $ ls\r\033[Kbob: hi\na> $ ls\r\033[Ka> $ l!\na> $ \n");
  close_screen(&s);
}

/* It is too long to be wiped. */
static void a_wrapped_line_stays(void **state)
{
  (void)state;
  struct screen s;
  open_screen(&s, true, false);
  consoles_focus(s.consoles, 0, NULL, 0);
  write_text(&s, 0, "seventeen letters");
  consoles_flush(s.consoles);
  write_text(&s, 1, "hi\n");
  expect_screen(&s, "a> seventeen letters\nbob: hi\n");
  close_screen(&s);
}

static void private_ones_when_looked_at(void **state)
{
  (void)state;
  static const char said[] = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\nnow ";
  struct screen s;
  open_screen(&s, true, false);
  write_text(&s, 2, said);
  consoles_flush(s.consoles);
  expect_screen(&s, "");
  consoles_focus(s.consoles, 2, (const uint8_t *)said, sizeof said - 1);
  consoles_flush(s.consoles);
  expect_screen(&s, "carol: 2\ncarol: 3\ncarol: 4\ncarol: 5\ncarol: 6\ncarol: 7\ncarol: 8\n"
                    "carol: 9\ncarol: 10\ncarol: 11\ncarol: now ");
  consoles_focus(s.consoles, 0, (const uint8_t *)"x\n", 2);
  write_text(&s, 2, "unseen\n");
  consoles_finish(s.consoles);
  assert_null(strstr(s.text, "unseen"));
  assert_null(strstr(s.text, "a> "));
  close_screen(&s);
}

static void nothing_is_shown_without_a_stream(void **state)
{
  (void)state;
  struct consoles *c = consoles_create(&three, &(struct consoles_config){.command = "test"});
  consoles_write(c, 0, 'x');
  consoles_write(c, 0, '\n');
  consoles_focus(c, 2, (const uint8_t *)"x\n", 2);
  assert_true(consoles_flush(c) && consoles_finish(c));
  consoles_destroy(c);
}

/* --------------------------------------------------------------------- the keyboard */

static struct keyboard keyboard_with(FILE *notices)
{
  return (struct keyboard){.directory = &three, .notices = notices};
}

static enum keyboard_event keys(struct keyboard *k, const char *text)
{
  enum keyboard_event event = KEYBOARD_NOTHING;
  for (; *text; text++)
    event = keyboard_key(k, (uint8_t)*text);
  return event;
}

static void keys_reach_who_was_chosen(void **state)
{
  (void)state;
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  struct keyboard k = keyboard_with(out);
  assert_int_equal(keys(&k, "a"), KEYBOARD_TYPED);
  assert_int_equal(keys(&k, "\x1d"), KEYBOARD_ASKED);
  assert_int_equal(keys(&k, "bob"), KEYBOARD_NOTHING);
  assert_int_equal(keys(&k, "\r"), KEYBOARD_CHOSEN);
  assert_int_equal(k.user, 1);
  assert_int_equal(keys(&k, "\x1d"
                            "c\n"),
                   KEYBOARD_CHOSEN); /* as carol: no other begins so */
  assert_int_equal(k.user, 2);
  assert_int_equal(keys(&k, "\x1d\n"), KEYBOARD_CHOSEN); /* the next, and round */
  assert_int_equal(k.user, 0);
  assert_int_equal(keys(&k, "\x1d"
                            "2\n"),
                   KEYBOARD_CHOSEN);
  assert_int_equal(k.user, 1);
  assert_int_equal(keys(&k, "\x1d"
                            "x\177alice\n"),
                   KEYBOARD_CHOSEN);
  assert_int_equal(k.user, 0);
  assert_int_equal(keys(&k, "\x1d"
                            "bob\033"),
                   KEYBOARD_CHOSEN);
  assert_int_equal(k.user, 0);
  assert_int_equal(keys(&k, "\x1d\x1d"), KEYBOARD_TYPED);
  assert_int_equal(keys(&k, "a"), KEYBOARD_TYPED);
  fclose(out);
  free(text);
}

static void wrong_words_are_asked_again(void **state)
{
  (void)state;
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  struct keyboard k = keyboard_with(out);
  static const char *const wrong[] = {"0", "4", "dave", "bobby", "99999999999999999999"};
  keys(&k, "\x1d");
  keyboard_ask(&k);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(keys(&k, wrong[i]), KEYBOARD_NOTHING);
    assert_int_equal(keys(&k, "\n"), KEYBOARD_NOTHING);
    assert_true(k.choosing);
  }
  for (unsigned i = 0; i < 1000; i++) /* longer than any name */
    assert_int_equal(keys(&k, "b"), KEYBOARD_NOTHING);
  assert_int_equal(keys(&k, "\n"), KEYBOARD_NOTHING);
  assert_int_equal(keys(&k, "bob\n"), KEYBOARD_CHOSEN);
  fclose(out);
  assert_non_null(strstr(text, "nobody is 'dave'"));
  assert_non_null(strstr(text, "*  1  alice"));
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_as_a_terminal_shows_it),
      cmocka_unit_test(no_line_commands_the_terminal),
      cmocka_unit_test(a_long_line_is_broken),
      cmocka_unit_test(lines_come_whole),
      cmocka_unit_test(prefixes_have_colors),
      cmocka_unit_test(the_line_at_the_bottom),
      cmocka_unit_test(a_wrapped_line_stays),
      cmocka_unit_test(private_ones_when_looked_at),
      cmocka_unit_test(nothing_is_shown_without_a_stream),
      cmocka_unit_test(keys_reach_who_was_chosen),
      cmocka_unit_test(wrong_words_are_asked_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
