/* Trace files: what is written is read, and files that lie are refused. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/trace/classes.h"
#include "tools/trace/codec.h"
#include "tools/trace/trace_file.h"

/* -------------------------------------------------------------------- numbers */

static void numbers_come_back(void **state)
{
  (void)state;
  static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    uint8_t bytes[CODEC_MAX_NUMBER];
    uint8_t *end = codec_put_number(bytes, numbers[i]);
    struct codec_bytes whole = {bytes, end}, cut = {bytes, end - 1};
    uint64_t n;
    assert_true(codec_get_number(&whole, &n));
    assert_true(n == numbers[i] && whole.at == end);
    assert_false(codec_get_number(&cut, &n));
  }
  const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
  struct codec_bytes b = {endless, endless + sizeof endless};
  uint64_t n;
  assert_false(codec_get_number(&b, &n));
}

/* --------------------------------------------------------------------- events */

static uint64_t random_next(uint64_t *seed)
{
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  return *seed ^= *seed << 17;
}

/* An event as machines emit it: the fields that a kind does not have are 0. */
static struct trace_event random_event(uint64_t *seed)
{
  static const char *const fields[TRACE_KIND_COUNT] = {
      [TRACE_TRAP] = "abcd",   [TRACE_DELIVER] = "abc", [TRACE_IO] = "abc",
      [TRACE_DEVICE] = "a",    [TRACE_WORLD_IN] = "bc", [TRACE_WORLD_OUT] = "abc",
      [TRACE_EMULATE] = "abd", [TRACE_REFLECT] = "abc", [TRACE_SERVE] = "a",
      [TRACE_MODE] = "abcd",   [TRACE_STATE] = "abd",   [TRACE_MAP] = "abcd",
      [TRACE_INSN] = "bcd",    [TRACE_CHANNEL] = "abc", [TRACE_CCW] = "abcd",
      [TRACE_FRAME] = "abcd",  [TRACE_INTERPRET] = "abd",
      [TRACE_CODE] = "abcd",
  };
  struct trace_event e = {.kind = (enum trace_kind)(random_next(seed) % TRACE_KIND_COUNT)};
  const char *has = fields[e.kind];
  bool wide = random_next(seed) % 4 == 0;
  uint32_t mask = wide ? UINT32_MAX : 0xfc;
  e.tick = wide ? random_next(seed) : random_next(seed) % 100;
  e.a = strchr(has, 'a') ? (uint32_t)random_next(seed) & mask : 0;
  e.b = strchr(has, 'b') ? (uint32_t)random_next(seed) & mask : 0;
  e.c = strchr(has, 'c') ? (uint32_t)random_next(seed) & mask : 0;
  e.d = strchr(has, 'd') ? (uint32_t)random_next(seed) & mask : 0;
  if (e.kind == TRACE_TRAP || e.kind == TRACE_DELIVER || e.kind == TRACE_DEVICE ||
      e.kind == TRACE_REFLECT || e.kind == TRACE_SERVE)
    e.a = CAUSE_TIMER;
  if (e.kind == TRACE_EMULATE || e.kind == TRACE_INTERPRET || e.kind == TRACE_STATE)
    e.a %= MACHINE_STOPPED + 1;
  if (e.kind == TRACE_CHANNEL)
    e.a %= 2;
  if (e.kind == TRACE_CODE)
    e.a %= TRACE_CODE_COUNT;
  if (e.kind == TRACE_FRAME)
    e.a %= MACHINE_FRAME_DROPPED + 1;
  return e;
}

static void events_come_back(void **state)
{
  (void)state;
  enum { COUNT = 20000 };
  uint8_t *bytes = malloc(COUNT * CODEC_MAX_EVENT), *end = bytes;
  struct codec *put = calloc(1, sizeof *put), *get = calloc(1, sizeof *get);
  uint64_t seed = 42;
  for (unsigned i = 0; i < COUNT; i++) {
    struct trace_event e = random_event(&seed);
    uint8_t *next = codec_put_event(put, end, (unsigned)(random_next(&seed) % 3), &e);
    assert_true(next - end <= CODEC_MAX_EVENT);
    end = next;
  }
  struct codec_bytes b = {bytes, end};
  seed = 42;
  for (unsigned i = 0; i < COUNT; i++) {
    struct trace_event want = random_event(&seed), e;
    unsigned machine, of = (unsigned)(random_next(&seed) % 3);
    const char *why;
    assert_true(codec_get_event(get, &b, 3, &machine, &e, &why));
    assert_int_equal(machine, of);
    assert_int_equal(e.kind, want.kind);
    assert_true(e.tick == want.tick);
    assert_true(e.a == want.a && e.b == want.b && e.c == want.c && e.d == want.d);
  }
  assert_true(b.at == b.end);
  free(get);
  free(put);
  free(bytes);
}

/* ------------------------------------------------------------ files that lie
 * With right checksums all along, so that only what they say is wrong. */

struct file {
  uint8_t bytes[4096];
  size_t len;
};

static void put(struct file *f, const void *bytes, size_t len)
{
  assert_true(f->len + len <= sizeof f->bytes);
  if (len)
    memcpy(f->bytes + f->len, bytes, len);
  f->len += len;
}

static void put_chunk(struct file *f, int tag, const void *payload, size_t len)
{
  uint8_t head[1 + CODEC_MAX_NUMBER] = {(uint8_t)tag};
  put(f, head, (size_t)(codec_put_number(head + 1, len) - head));
  put(f, payload, len);
  uint32_t sum = codec_checksum(tag, payload, len);
  for (unsigned i = 0; i < 4; i++)
    put(f, &(uint8_t){(uint8_t)(sum >> 8 * i)}, 1);
}
#define CHUNK(f, tag, text) put_chunk(f, tag, text, sizeof text - 1)

#define HEADER  "\3run\5hello\2pg\1t\2\1"
#define PROGRAM "\0\0\0\0"
#define MACHINE "\7machine\0\x80\x80\x40\0\0\0\0" /* 1 MiB, no disk */
#define END     "\0\0\0"

static void begin(struct file *f)
{
  *f = (struct file){.len = 0};
  put(f, TRACE_MAGIC, TRACE_MAGIC_SIZE);
  put(f, &(uint8_t){TRACE_VERSION}, 1);
}

static void begin_machine(struct file *f)
{
  begin(f);
  CHUNK(f, CHUNK_HEADER, HEADER);
  CHUNK(f, CHUNK_PROGRAM, PROGRAM);
  CHUNK(f, CHUNK_MACHINE, MACHINE);
}

/* Opens it; what was said goes to `said`. */
static int open_file(const struct file *f, struct trace **t, char *said, size_t size)
{
  char path[] = "/tmp/trace-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, f->bytes, f->len), f->len);
  close(fd);
  FILE *kept = stderr, *caught = fmemopen(said, size, "w");
  assert_non_null(caught);
  setbuf(caught, NULL);
  memset(said, 0, size);
  stderr = caught;
  int status = trace_open("trace", path, t);
  stderr = kept;
  fclose(caught);
  unlink(path);
  return status;
}

static void refused(const struct file *f, const char *why)
{
  struct trace *t;
  char said[512];
  assert_int_equal(open_file(f, &t, said, sizeof said), STATUS_USAGE);
  assert_null(t);
  if (!strstr(said, why) || !strstr(said, ": error: "))
    fail_msg("expected '%s', was told: %s", why, said);
}

static void a_small_file_is_a_trace(void **state)
{
  (void)state;
  struct file f;
  struct trace *t;
  char said[512];
  begin_machine(&f);
  CHUNK(&f, CHUNK_END, END);
  assert_int_equal(open_file(&f, &t, said, sizeof said), STATUS_DONE);
  assert_string_equal(said, "");
  assert_string_equal(t->program, "hello");
  assert_int_equal(t->machine_count, 1);
  assert_int_equal(t->machines[0].storage, 1 << 20);
  assert_int_equal(t->count, 0);
  trace_destroy(t);
}

static void lies_are_refused(void **state)
{
  (void)state;
  static const struct {
    int tag;
    const char *payload;
    size_t len;
    const char *why;
  } lies[] = {
#define LIE(tag, payload, why) {tag, payload, sizeof payload - 1, why}
      LIE('Q', "", "expected a part of a trace"),
      LIE(CHUNK_HEADER, HEADER, "header, once and first"),
      LIE(CHUNK_PROGRAM, PROGRAM, "one program"),
      LIE(CHUNK_SOURCE, "\5a.s", "a text of 5 bytes"),
      LIE(CHUNK_SOURCE, "\3a.s\1", "a source line"),
      LIE(CHUNK_SOURCE, "\xff\xff\x7f", "at most 4096"),
      LIE(CHUNK_BEHAVIOUR, "\4popf", "behaviour"),
      LIE(CHUNK_MACHINE, "\1v\3\0\0\0\0\0", "an earlier machine"),
      LIE(CHUNK_MACHINE, "\1v\1\x80\x80\x80\1\0\0\0\0", "within that of the machine below"),
      LIE(CHUNK_MACHINE, "\1v\0\0\0\0\0\2", "0 or 1"),
      LIE(CHUNK_NOTE, "\1\0\1x", "the number of a machine"),
      LIE(CHUNK_EVENTS, "\1", "expected an event"),
      LIE(CHUNK_EVENTS, "\1\x1f\0", "a kind of event"),
      LIE(CHUNK_EVENTS, "\1\x63\7\0", "a machine that the trace names"),
      LIE(CHUNK_EVENTS, "\1\x43\x3c", "a trap's cause"),
      LIE(CHUNK_EVENTS, "\1\x46\xfe\xff\x7f\0\0", "an instruction"),
      LIE(CHUNK_EVENTS, "\1\x4a\6\0\0", "a run state"),
      LIE(CHUNK_EVENTS, "\0\0", "the end of a part"),
      LIE(CHUNK_EVENTS, "\xff\xff\xff\x7f", "a number of events"),
      LIE(CHUNK_END, "\1\0\0", "as many as there are"),
      LIE(CHUNK_END, "\0\0", "a machine's last tick"),
  };
  for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
    struct file f;
    begin_machine(&f);
    put_chunk(&f, lies[i].tag, lies[i].payload, lies[i].len);
    CHUNK(&f, CHUNK_END, END);
    refused(&f, lies[i].why);
  }
}

static void parts_are_missed(void **state)
{
  (void)state;
  struct file f;
  begin(&f);
  refused(&f, "cut off");
  CHUNK(&f, CHUNK_END, "\0\0");
  refused(&f, "header, once and first");
  begin(&f);
  CHUNK(&f, CHUNK_HEADER, HEADER);
  CHUNK(&f, CHUNK_END, "\0\0");
  refused(&f, "expected a program");
  begin(&f);
  CHUNK(&f, CHUNK_HEADER, HEADER);
  CHUNK(&f, CHUNK_EVENTS, "\0");
  refused(&f, "a machine before its events");
  begin(&f);
  CHUNK(&f, CHUNK_HEADER, HEADER);
  CHUNK(&f, CHUNK_NOTE, "\0\0\0");
  refused(&f, "a machine before a remark");
  begin(&f);
  CHUNK(&f, CHUNK_HEADER, HEADER);
  CHUNK(&f, CHUNK_PROGRAM, "\177ELF");
  refused(&f, "program 'hello'");
  begin(&f);
  f.bytes[TRACE_MAGIC_SIZE] = TRACE_VERSION + 1;
  refused(&f, "expected version 1");
}

/* -------------------------------------------------------------------- classes */

static void classes_are_parsed_from_the_left(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    unsigned classes;
  } cases[] = {
      {"all", CLASSES_ALL},
      {"default", CLASSES_FAST},
      {"io", 1u << CLASS_IO},
      {"io,traps", 1u << CLASS_IO | 1u << CLASS_TRAPS},
      {"-io", CLASSES_FAST & ~(1u << CLASS_IO)},
      {"all,-default", CLASSES_ALL & ~CLASSES_FAST},
      {"io,-io", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned classes;
    assert_int_equal(trace_classes_parse("run", cases[i].text, CLASSES_FAST, &classes),
                     STATUS_DONE);
    assert_int_equal(classes, cases[i].classes);
  }
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_come_back),       cmocka_unit_test(events_come_back),
      cmocka_unit_test(a_small_file_is_a_trace), cmocka_unit_test(lies_are_refused),
      cmocka_unit_test(parts_are_missed),        cmocka_unit_test(classes_are_parsed_from_the_left),
  };
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  return cmocka_run_group_tests_name("trace", tests, NULL, NULL) != 0;
}
