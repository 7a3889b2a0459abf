/* Trace files. Checksums would end most of the mutated ones at the first chunk: the
 * target writes right ones into them, and tries both. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/command.h"
#include "tools/trace/chrome.h"
#include "tools/trace/html.h"
#include "tools/trace/list.h"
#include "tools/trace/picture.h"

#define SUM_SIZE 4u

/* Messages about unknown commands look here. */
const struct command *command_table(void)
{
  static const struct command none;
  return &none;
}

static void seal(uint8_t *bytes, size_t len)
{
  const uint8_t *end = bytes + len;
  size_t at = TRACE_MAGIC_SIZE + 1;
  while (at < len) {
    int tag = bytes[at];
    uint64_t size;
    struct codec_bytes rest = {bytes + at + 1, end};
    if (!codec_get_number(&rest, &size) || (size_t)(end - rest.at) < SUM_SIZE ||
        size > (size_t)(end - rest.at) - SUM_SIZE)
      return;
    uint32_t sum = codec_checksum(tag, rest.at, (size_t)size);
    at = (size_t)(rest.at - bytes) + (size_t)size;
    for (unsigned i = 0; i < SUM_SIZE; i++)
      bytes[at++] = (uint8_t)(sum >> 8 * i);
  }
}

static uint64_t lines_of(const struct trace *t)
{
  const struct trace_filter all = {CLASSES_ALL, 0, UINT64_MAX};
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  require(out != NULL, "memory");
  require(list_jsonl(out, t, &all), "a list");
  fclose(out);
  uint64_t lines = 0;
  for (const char *at = text; (at = strchr(at, '\n')); at++)
    lines++;
  free(text);
  return lines;
}

/* What is shown on a terminal is text. */
static void require_text(const struct trace *t)
{
  const struct trace_filter all = {CLASSES_ALL, 0, UINT64_MAX};
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);
  require(out != NULL, "memory");
  list_text(out, t, &all);
  fclose(out);
  for (const char *at = text; *at; at++)
    require(*at == '\n' || !iscntrl((unsigned char)*at), "no control characters");
  free(text);
}

static void show(FILE *sink, const struct trace *t)
{
  const struct trace_filter all = {CLASSES_ALL, 0, UINT64_MAX};
  const struct trace_filter some = {CLASSES_ALL & ~(1u << CLASS_MEMORY), 1, 1000};
  html_write(sink, t, &some);
  chrome_write(sink, t, &all);
  for (unsigned kind = 0; kind < PICTURE_COUNT; kind++) {
    struct picture p = {.kind = (enum picture_kind)kind, .page = 1, .rows = 60};
    picture_write(sink, &p, t, kind % 2 ? &all : &some);
  }
}

static void try(const struct input *in, bool sealed)
{
  struct trace *t;
  uint8_t *bytes = (uint8_t *)text_of(in);
  if (sealed)
    seal(bytes, in->len);
  int status = trace_parse("fuzz", "f.trace", bytes, in->len, &t);
  require((status == STATUS_DONE) == (t != NULL), "a trace, or a message");
  require(t || status == STATUS_USAGE, "the file is at fault");
  if (!t)
    return;
  require(!in->wrong || t->count == 0, "no trace has an event");
  require(lines_of(t) == 1 + t->count, "each event has its line");
  require_text(t);
  show(in->sink, t);
  trace_destroy(t);
}

/* Messages go to standard error, which the script throws away. */
void fuzz_trace(const struct input *in)
{
  try(in, false);
  try(in, true);
}
