#include "tests/unit/machine/cmocka_all.h"

#include "machine/devices/console.h"
#include "machine/devices/ports.h"
#include "machine/ops.h"
#include "tests/unit/machine/random.h"

static int setup(void **state)
{
  *state = console_create();
  return *state ? 0 : -1;
}

static int teardown(void **state)
{
  console_destroy(*state);
  return 0;
}

static uint32_t in(struct console *c, uint32_t port)
{
  uint32_t value = 0xdeadbeef;
  assert_true(console_port_in(c, 0, port, &value));
  return value;
}

static void type(struct console *c, uint64_t now, uint64_t at, const char *text)
{
  for (; *text; text++) {
    assert_true(console_input(c, now, at, (uint8_t)*text));
  }
}

static void test_only_its_ports(void **state)
{
  uint32_t value = 7;
  assert_false(console_port_in(*state, 0, 2, &value));
  assert_false(console_port_in(*state, 0, PORT_DISK_STATUS, &value));
  assert_false(console_port_in(*state, 0, 0xffffffff, &value));
  assert_false(console_port_out(*state, 0, 2, 1));
  assert_int_equal(value, 7);
}

static void test_no_input(void **state)
{
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), CONSOLE_NO_INPUT);
  assert_int_equal(in(*state, PORT_CONSOLE_STATUS), 0);
  assert_true(console_next_event(*state) == MACHINE_NEVER);
  assert_false(console_fire(*state, MACHINE_NEVER));
}

static void test_input_arrives_at_its_tick(void **state)
{
  type(*state, 0, 10, "a");
  type(*state, 0, 12, "bc");
  assert_true(console_next_event(*state) == 10);
  assert_false(console_fire(*state, 9));
  assert_int_equal(in(*state, PORT_CONSOLE_STATUS), 0);
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), CONSOLE_NO_INPUT);
  assert_true(console_fire(*state, 10));
  assert_false(console_fire(*state, 10)); /* once */
  assert_true(console_next_event(*state) == 12);
  assert_int_equal(in(*state, PORT_CONSOLE_STATUS), CONSOLE_STATUS_READY);
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), 'a');
  assert_int_equal(in(*state, PORT_CONSOLE_STATUS), 0);
}

static void test_bytes_queue_until_read(void **state)
{
  type(*state, 0, 12, "bc");
  type(*state, 0, 20, "d");
  assert_true(console_fire(*state, 25)); /* all at once */
  assert_true(console_next_event(*state) == MACHINE_NEVER);
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), 'b');
  assert_int_equal(in(*state, PORT_CONSOLE_STATUS), CONSOLE_STATUS_READY);
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), 'c');
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), 'd');
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), CONSOLE_NO_INPUT);
}

static void test_bytes_are_unsigned(void **state)
{
  assert_true(console_input(*state, 0, 0, 0xff));
  assert_true(console_fire(*state, 0));
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), 0xff);
}

static void test_input_is_clamped(void **state)
{
  type(*state, 100, 5, "a"); /* the past: now */
  assert_true(console_next_event(*state) == 100);
  type(*state, 100, 200, "b");
  type(*state, 100, 150, "c"); /* not before b */
  assert_true(console_fire(*state, 100));
  assert_true(console_next_event(*state) == 200);
  assert_false(console_fire(*state, 199));
  assert_true(console_fire(*state, 200));
  assert_true(console_next_event(*state) == MACHINE_NEVER);
}

static void test_byte_that_never_comes(void **state)
{
  assert_true(console_input(*state, 0, MACHINE_NEVER, 'x'));
  assert_true(console_next_event(*state) == MACHINE_NEVER);
  assert_false(console_fire(*state, MACHINE_NEVER - 1));
}

static void collect(void *ctx, uint8_t byte)
{
  char *text = ctx;
  text[strlen(text)] = (char)byte;
}

static void test_output(void **state)
{
  char seen[16] = "";
  size_t len;
  console_output(*state, &len);
  assert_int_equal(len, 0);
  console_on_output(*state, collect, seen);
  assert_true(console_port_out(*state, 0, PORT_CONSOLE_DATA, 'h'));
  assert_true(console_port_out(*state, 0, PORT_CONSOLE_DATA, 0x12345600 | 'i')); /* low byte */
  assert_true(console_port_out(*state, 0, PORT_CONSOLE_STATUS, 'x'));            /* ignored */
  const uint8_t *out = console_output(*state, &len);
  assert_int_equal(len, 2);
  assert_memory_equal(out, "hi", 2);
  assert_string_equal(seen, "hi");
  console_on_output(*state, NULL, NULL);
  assert_true(console_port_out(*state, 0, PORT_CONSOLE_DATA, '!'));
  assert_string_equal(seen, "hi");
  assert_null(console_host_error(*state));
}

static void test_digest_sees_state(void **state)
{
  struct console *c = *state;
  uint64_t blank = console_digest(c);
  console_port_out(c, 0, PORT_CONSOLE_DATA, 'a');
  uint64_t a = console_digest(c);
  assert_true(a != blank);
  console_port_out(c, 0, PORT_CONSOLE_DATA, 0);
  assert_true(console_digest(c) != a); /* a zero byte is output too */
  uint64_t before = console_digest(c);
  type(c, 0, 10, "x");
  assert_true(console_digest(c) == before); /* the future is no state */
  console_fire(c, 10);
  uint64_t arrived = console_digest(c);
  assert_true(arrived != before);
  in(c, PORT_CONSOLE_STATUS);
  assert_true(console_digest(c) == arrived); /* looking changes nothing */
  in(c, PORT_CONSOLE_DATA);
  assert_true(console_digest(c) == before);
}

/* The same bytes typed live and replayed from a log that is known beforehand. */
static void test_digest_of_replay(void **state)
{
  struct console *live = *state, *replay = console_create();
  assert_non_null(replay);
  type(replay, 0, 10, "ab");
  type(replay, 0, 90, "c");
  for (uint64_t now = 0; now < 100; now++) {
    if (now == 10) {
      type(live, now, now, "ab");
    } else if (now == 90) {
      type(live, now, now, "c");
    }
    assert_int_equal(console_fire(live, now), console_fire(replay, now));
    assert_true(console_digest(live) == console_digest(replay));
    if (now == 50) {
      assert_int_equal(in(live, PORT_CONSOLE_DATA), in(replay, PORT_CONSOLE_DATA));
    }
  }
  console_destroy(replay);
}

/* A console with this output and this unread input. */
static uint64_t digest_of(const char *output, const char *unread)
{
  struct console *c = console_create();
  assert_non_null(c);
  for (const char *p = output; *p; p++) {
    assert_true(console_port_out(c, 0, PORT_CONSOLE_DATA, (uint8_t)*p));
  }
  type(c, 0, 5, unread);
  console_fire(c, 5);
  uint64_t digest = console_digest(c);
  console_destroy(c);
  return digest;
}

static void test_digest_sees_each_byte(void **state)
{
  (void)state;
  static const char *const texts[] = {"", "a", "b", "ab", "ba", "aa"};
  uint64_t seen[36];
  for (size_t i = 0; i < 36; i++) {
    seen[i] = digest_of(texts[i / 6], texts[i % 6]);
    assert_true(seen[i] == digest_of(texts[i / 6], texts[i % 6]));
    for (size_t j = 0; j < i; j++) {
      assert_true(seen[i] != seen[j]);
    }
  }
}

static void test_digest_tells_output_from_input(void **state)
{
  struct console *c = *state, *other = console_create();
  assert_non_null(other);
  console_port_out(c, 0, PORT_CONSOLE_DATA, 'x');
  type(other, 0, 0, "x");
  console_fire(other, 0);
  assert_true(console_digest(c) != console_digest(other));
  console_destroy(other);
}

static struct state_writer save(const struct console *c)
{
  struct state_writer w = {0};
  console_save(c, &w);
  assert_false(w.failed);
  return w;
}

static void load(struct console *c, const struct state_writer *w)
{
  struct state_reader r = {.bytes = w->bytes, .len = w->len};
  struct console_state *s = console_load(&r);
  assert_non_null(s);
  assert_int_equal(r.at, r.len);
  console_commit(c, s);
}

static struct console *worn(void)
{
  struct console *c = console_create();
  assert_non_null(c);
  type(c, 0, 10, "abcd");
  type(c, 0, 30, "ef");
  console_fire(c, 20);
  in(c, PORT_CONSOLE_DATA);
  console_port_out(c, 0, PORT_CONSOLE_DATA, 'o');
  console_port_out(c, 0, PORT_CONSOLE_DATA, 'k');
  return c;
}

static void test_load_into_another(void **state)
{
  struct console *c = worn(), *other = *state;
  type(other, 0, 1, "z");
  console_port_out(other, 0, PORT_CONSOLE_DATA, 'q');
  struct state_writer w = save(c);
  load(other, &w);
  assert_true(console_digest(c) == console_digest(other));
  assert_true(console_next_event(other) == 30);
  assert_true(console_fire(other, 30));
  for (const char *p = "bcdef"; *p; p++) {
    assert_int_equal(in(other, PORT_CONSOLE_DATA), *p);
  }
  assert_int_equal(in(other, PORT_CONSOLE_DATA), CONSOLE_NO_INPUT);
  size_t len;
  assert_memory_equal(console_output(other, &len), "ok", 2);
  assert_int_equal(len, 2);
  free(w.bytes);
  console_destroy(c);
}

static void test_back_in_time_keeps_what_was_typed_later(void **state)
{
  (void)state;
  struct console *c = worn();
  struct state_writer w = save(c);
  type(c, 40, 40, "g");
  console_fire(c, 50);
  for (int i = 0; i < 6; i++) {
    in(c, PORT_CONSOLE_DATA);
  }
  uint64_t later = console_digest(c);
  load(c, &w);
  assert_true(console_next_event(c) == 30);
  console_fire(c, 50);
  for (const char *p = "bcdefg"; *p; p++) {
    assert_int_equal(in(c, PORT_CONSOLE_DATA), *p);
  }
  assert_true(console_digest(c) == later);
  free(w.bytes);
  console_destroy(c);
}

/* Everything that was loaded: the log ascends, and all of it can be read. */
static void use(struct console *c)
{
  size_t len;
  console_digest(c);
  console_output(c, &len);
  for (uint64_t last = 0; console_next_event(c) != MACHINE_NEVER;) {
    uint64_t at = console_next_event(c);
    assert_true(at >= last);
    assert_true(console_fire(c, at));
    last = at;
  }
  for (int i = 0; in(c, PORT_CONSOLE_DATA) != CONSOLE_NO_INPUT; i++) {
    assert_true(i < 6);
  }
}

static void test_load_with_all_read(void **state)
{
  struct console *c = worn();
  console_fire(c, 99);
  while (in(c, PORT_CONSOLE_DATA) != CONSOLE_NO_INPUT) {
  }
  struct state_writer w = save(c);
  load(*state, &w);
  assert_true(console_digest(c) == console_digest(*state));
  assert_int_equal(in(*state, PORT_CONSOLE_DATA), CONSOLE_NO_INPUT);
  free(w.bytes);
  console_destroy(c);
}

/* The logs agree up to where one ends, or they do not. */
static void test_load_replaces_another_log(void **state)
{
  (void)state;
  static const struct {
    const char *own;
    uint64_t at;
    const char *then; /* what is read after the load */
  } cases[] = {
      {"abcd", 10, "abcd"}, {"ab", 10, "abc"}, {"abx", 10, "abc"},
      {"abcd", 11, "abc"},  {"", 10, "abc"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct console *c = console_create(), *own = console_create();
    assert_non_null(c);
    assert_non_null(own);
    type(c, 0, 10, "abc");
    type(own, 0, cases[i].at, cases[i].own);
    struct state_writer w = save(c);
    load(own, &w);
    console_fire(own, 50);
    for (const char *p = cases[i].then; *p; p++) {
      assert_int_equal(in(own, PORT_CONSOLE_DATA), *p);
    }
    assert_int_equal(in(own, PORT_CONSOLE_DATA), CONSOLE_NO_INPUT);
    free(w.bytes);
    console_destroy(c);
    console_destroy(own);
  }
}

static bool loads(const struct state_writer *w)
{
  struct state_reader r = {.bytes = w->bytes, .len = w->len};
  struct console_state *s = console_load(&r);
  if (s) {
    console_discard(s);
  }
  return s != NULL;
}

static void test_load_refuses_lies(void **state)
{
  (void)state;
  struct console *c = worn();
  struct state_writer w = save(c);
  uint8_t *written = w.bytes + 4, *last_at = w.bytes + w.len - 9;
  assert_int_equal(*written, 2);
  assert_int_equal(*last_at, 30);
  *written = 1; /* less than is kept */
  assert_false(loads(&w));
  *written = 2;
  *last_at = 29; /* before the byte before it */
  assert_false(loads(&w));
  *last_at = 31;
  assert_true(loads(&w));
  free(w.bytes);
  console_destroy(c);
}

static void test_load_refuses_damage(void **state)
{
  struct console *c = worn();
  struct state_writer w = save(c);
  uint64_t before = console_digest(*state);
  for (size_t len = 0; len < w.len; len++) {
    struct state_reader r = {.bytes = w.bytes, .len = len};
    assert_null(console_load(&r));
  }
  uint64_t seed = 1;
  for (int i = 0; i < 20000; i++) {
    uint8_t *copy = malloc(w.len);
    assert_non_null(copy);
    memcpy(copy, w.bytes, w.len);
    uint8_t byte = (uint8_t)random_next(&seed);
    copy[random_below(&seed, (uint32_t)w.len)] = byte;
    struct state_reader r = {.bytes = copy, .len = w.len};
    struct console_state *s = console_load(&r);
    if (s) {
      struct console *other = console_create();
      assert_non_null(other);
      console_commit(other, s);
      use(other);
      console_destroy(other);
    }
    free(copy);
  }
  assert_true(console_digest(*state) == before);
  free(w.bytes);
  console_destroy(c);
}

static void test_long_output(void **state)
{
  uint64_t seed = 7;
  uint8_t expected[5000];
  for (size_t i = 0; i < sizeof expected; i++) {
    expected[i] = (uint8_t)random_next(&seed);
    console_port_out(*state, i, PORT_CONSOLE_DATA, expected[i]);
  }
  size_t len;
  const uint8_t *out = console_output(*state, &len);
  assert_int_equal(len, sizeof expected);
  assert_memory_equal(out, expected, sizeof expected);
}

/* A guest that writes for ever costs the host no more than this. */
static void test_endless_output(void **state)
{
  uint64_t seen = 0;
  size_t len;
  for (uint32_t i = 0; i < CONSOLE_KEPT; i++) {
    console_port_out(*state, 0, PORT_CONSOLE_DATA, i >> 12);
  }
  console_output(*state, &len);
  assert_int_equal(len, CONSOLE_KEPT);
  char more[16] = "";
  console_on_output(*state, collect, more);
  for (uint32_t i = 0; i < 5; i++) {
    console_port_out(*state, 0, PORT_CONSOLE_DATA, (uint8_t) "more"[i]);
    assert_true(console_digest(*state) != seen); /* it is output all the same */
    seen = console_digest(*state);
  }
  const uint8_t *out = console_output(*state, &len);
  assert_int_equal(len, CONSOLE_KEPT);
  assert_int_equal(out[len - 1], (uint8_t)((CONSOLE_KEPT - 1) >> 12));
  assert_string_equal(more, "more");
  assert_null(console_host_error(*state));

  struct state_writer w = {0};
  console_save(*state, &w);
  struct console *other = console_create();
  struct console_state *s = console_load(&(struct state_reader){w.bytes, w.len, 0, false});
  assert_false(w.failed);
  assert_non_null(s);
  console_commit(other, s);
  assert_true(console_digest(other) == seen);
  assert_null(console_host_error(other));
  console_destroy(other);
  free(w.bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_only_its_ports),
      TEST(test_no_input),
      TEST(test_input_arrives_at_its_tick),
      TEST(test_bytes_queue_until_read),
      TEST(test_bytes_are_unsigned),
      TEST(test_input_is_clamped),
      TEST(test_byte_that_never_comes),
      TEST(test_output),
      TEST(test_digest_sees_state),
      TEST(test_digest_of_replay),
      TEST(test_digest_sees_each_byte),
      TEST(test_digest_tells_output_from_input),
      TEST(test_load_into_another),
      TEST(test_back_in_time_keeps_what_was_typed_later),
      TEST(test_load_with_all_read),
      TEST(test_load_replaces_another_log),
      TEST(test_load_refuses_lies),
      TEST(test_load_refuses_damage),
      TEST(test_long_output),
      TEST(test_endless_output),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
