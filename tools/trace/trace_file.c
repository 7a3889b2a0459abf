#include "tools/trace/trace_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/trace/classes.h"

#define MAX_FILE   ((size_t)4 << 30)
#define SUM_SIZE   4u
#define MAX_STRING 4096u

/* One file being opened; the first thing wrong ends it. */
struct reading {
  struct trace *t;
  const char *path;
  const uint8_t *start, *end;
  struct codec_bytes chunk; /* what is left of the payload */
  int tag;
  bool complained, no_memory, ended;
  bool host_refused; /* and the user was told */
};

static bool __attribute__((format(printf, 3, 4)))
complain(struct reading *r, const uint8_t *at, const char *format, ...)
{
  if (r->complained)
    return false;
  r->complained = true;
  va_list args;
  va_start(args, format);
  fprintf(stderr, "%s:%zu: error: ", r->path, (size_t)(at - r->start));
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return false;
}

static bool no_memory(struct reading *r)
{
  r->no_memory = r->complained = true;
  return false;
}

/* Room for one more in an array that doubles. */
static bool grow(struct reading *r, void *array, size_t count, size_t size)
{
  void **a = array;
  if (count & (count - 1))
    return true;
  void *moved = realloc(*a, (count ? 2 * count : 1) * size);
  if (!moved)
    return no_memory(r);
  *a = moved;
  return true;
}

/* ------------------------------------------------------- parts of a payload */

static bool number(struct reading *r, uint64_t limit, const char *what, uint64_t *n)
{
  const uint8_t *at = r->chunk.at;
  if (!codec_get_number(&r->chunk, n))
    return complain(r, at, "expected %s", what);
  if (*n > limit)
    return complain(r, at, "expected %s, at most %llu, not %llu", what, (unsigned long long)limit,
                    (unsigned long long)*n);
  return true;
}

static bool text(struct reading *r, const char *what, char **s)
{
  uint64_t len;
  const uint8_t *at = r->chunk.at;
  if (!number(r, MAX_STRING, what, &len))
    return false;
  if (len > (uint64_t)(r->chunk.end - r->chunk.at))
    return complain(r, at, "expected %s, a text of %llu bytes", what, (unsigned long long)len);
  for (uint64_t i = 0; i < len; i++)
    if (iscntrl(r->chunk.at[i]))
      return complain(r, at, "expected %s, without control characters", what);
  *s = strndup((const char *)r->chunk.at, len);
  r->chunk.at += len;
  return *s || no_memory(r);
}

/* ------------------------------------------------------------------- chunks */

static bool read_header(struct reading *r)
{
  struct trace *t = r->t;
  uint64_t classes;
  if (!text(r, "the name of a command", &t->command) ||
      !text(r, "the name of a program", &t->program) ||
      !text(r, "the name of a profile", &t->profile) ||
      !text(r, "the title of a profile", &t->title) ||
      !number(r, 4, "the number of modes", &t->modes) ||
      !number(r, CLASSES_ALL, "a set of classes", &classes))
    return false;
  t->classes = (unsigned)classes;
  return t->modes >= 2 || complain(r, r->chunk.at, "expected 2 to 4 modes");
}

static bool read_behaviours(struct reading *r)
{
  struct trace *t = r->t;
  while (r->chunk.at < r->chunk.end) {
    if (!grow(r, &t->behaviours, t->behaviour_count, sizeof *t->behaviours))
      return false;
    struct trace_behaviour *b = &t->behaviours[t->behaviour_count++];
    *b = (struct trace_behaviour){0};
    if (!text(r, "the name of an instruction", &b->mnemonic) ||
        !text(r, "the name of a behaviour", &b->behaviour))
      return false;
  }
  return true;
}

static bool read_program(struct reading *r)
{
  struct trace *t = r->t;
  if (t->image)
    return complain(r, r->chunk.at, "expected one program, not two");
  const uint8_t *at = r->chunk.at;
  char name[MAX_STRING + 64];
  snprintf(name, sizeof name, "%s:%zu: program '%s'", r->path, (size_t)(at - r->start), t->program);
  t->image = image_parse(name, at, (size_t)(r->chunk.end - at), stderr);
  r->chunk.at = r->chunk.end;
  if (!t->image)
    r->complained = true; /* image_parse() did */
  r->host_refused = !t->image && errno != 0;
  return t->image != NULL;
}

static bool read_source(struct reading *r)
{
  struct trace *t = r->t;
  const char *file = "";
  while (r->chunk.at < r->chunk.end) {
    if (!grow(r, &t->source, t->source_count, sizeof *t->source))
      return false;
    struct trace_source *s = &t->source[t->source_count++];
    *s = (struct trace_source){0};
    if (!text(r, "the name of a source file", &s->own_file) ||
        !number(r, UINT32_MAX, "the number of a line", &s->line) ||
        !text(r, "a source line", &s->text))
      return false;
    file = s->file = *s->own_file ? s->own_file : file;
  }
  return true;
}

static bool read_machine(struct reading *r)
{
  struct trace *t = r->t;
  if (t->machine_count == TRACE_MAX_MACHINES)
    return complain(r, r->chunk.at, "expected at most %u machines", TRACE_MAX_MACHINES);
  struct trace_machine *m = &t->machines[t->machine_count];
  uint64_t parent, storage, sectors, start, first, readonly;
  if (!text(r, "the name of a machine", &m->name))
    return false;
  t->machine_count++;
  if (!number(r, t->machine_count - 1, "the number of an earlier machine", &parent) ||
      !number(r, MACHINE_MAX_STORAGE, "a size of storage", &storage) ||
      !number(r, UINT32_MAX, "a number of sectors", &sectors) ||
      !number(r, MACHINE_MAX_STORAGE, "the start of storage", &start) ||
      !number(r, UINT32_MAX, "a sector", &first) || !number(r, 1, "0 or 1", &readonly))
    return false;
  if (storage == 0)
    return complain(r, r->chunk.at, "expected a machine with storage");
  m->parent = (int)parent - 1;
  m->storage = (uint32_t)storage;
  m->sectors = (uint32_t)sectors;
  m->start = (uint32_t)start;
  m->disk_first = (uint32_t)first;
  m->disk_readonly = readonly;
  const struct trace_machine *p = m->parent < 0 ? NULL : &t->machines[m->parent];
  return !p || range_contains(0, p->storage, m->start, m->storage) ||
         complain(r, r->chunk.at, "expected storage within that of the machine below");
}

static bool read_note(struct reading *r)
{
  struct trace *t = r->t;
  uint64_t machine;
  if (!grow(r, &t->notes, t->note_count, sizeof *t->notes))
    return false;
  struct trace_note *n = &t->notes[t->note_count];
  *n = (struct trace_note){0};
  if (!t->machine_count)
    return complain(r, r->chunk.at, "expected a machine before a remark on it");
  if (!number(r, t->machine_count - 1, "the number of a machine", &machine) ||
      !number(r, UINT64_MAX, "a tick", &n->tick) || !text(r, "a remark", &n->text))
    return false;
  n->machine = (unsigned)machine;
  t->note_count++;
  return true;
}

/* Decodes the block once, so that nobody need look again. */
static bool read_events(struct reading *r, struct codec *codec)
{
  struct trace *t = r->t;
  uint64_t count;
  if (!number(r, TRACE_MAX_BLOCK, "a number of events", &count))
    return false;
  if (!t->machine_count)
    return complain(r, r->chunk.at, "expected a machine before its events");
  if (!grow(r, &t->blocks, t->block_count, sizeof *t->blocks))
    return false;
  t->blocks[t->block_count++] = (struct trace_block){(size_t)(r->chunk.at - r->start),
                                                     (size_t)(r->chunk.end - r->start), count};
  for (uint64_t i = 0; i < count; i++) {
    const uint8_t *at = r->chunk.at;
    unsigned machine;
    struct trace_event event;
    const char *why;
    if (!codec_get_event(codec, &r->chunk, t->machine_count, &machine, &event, &why))
      return complain(r, at, "%s", why);
  }
  t->count += count;
  return true;
}

static bool read_end(struct reading *r)
{
  struct trace *t = r->t;
  uint64_t count;
  const uint8_t *at = r->chunk.at;
  if (!number(r, UINT64_MAX, "the number of events", &count) ||
      !text(r, "how the run ended", &t->end))
    return false;
  if (count != t->count)
    return complain(r, at, "expected %llu events, as many as there are, not %llu",
                    (unsigned long long)t->count, (unsigned long long)count);
  for (unsigned i = 0; i < t->machine_count; i++)
    if (!number(r, UINT64_MAX, "a machine's last tick", &t->machines[i].end))
      return false;
  r->ended = true;
  return true;
}

static bool read_payload(struct reading *r, struct codec *codec)
{
  if (!r->t->command != (r->tag == CHUNK_HEADER))
    return complain(r, r->chunk.at, "expected the header, once and first");
  switch (r->tag) {
  case CHUNK_HEADER:
    return read_header(r);
  case CHUNK_BEHAVIOUR:
    return read_behaviours(r);
  case CHUNK_PROGRAM:
    return read_program(r);
  case CHUNK_SOURCE:
    return read_source(r);
  case CHUNK_MACHINE:
    return read_machine(r);
  case CHUNK_NOTE:
    return read_note(r);
  case CHUNK_EVENTS:
    return read_events(r, codec);
  case CHUNK_END:
    return read_end(r);
  default:
    return complain(r, r->chunk.at, "expected a part of a trace, one of H B P S M N E Z");
  }
}

/* Finds the payload and checks that it is what was written. */
static bool open_chunk(struct reading *r, struct codec_bytes *rest)
{
  const uint8_t *at = rest->at;
  uint64_t len;
  r->tag = *rest->at++;
  if (!codec_get_number(rest, &len))
    return complain(r, at, "the trace is cut off: expected the length of a part");
  uint64_t left = (uint64_t)(rest->end - rest->at);
  if (left < SUM_SIZE || len > left - SUM_SIZE)
    return complain(r, at,
                    "the trace is cut off or damaged: expected %llu more bytes, and there are %llu",
                    (unsigned long long)len + SUM_SIZE, (unsigned long long)left);
  r->chunk = (struct codec_bytes){rest->at, rest->at + len};
  rest->at += len + SUM_SIZE;
  const uint8_t *c = r->chunk.end;
  uint32_t sum = c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16 | (uint32_t)c[3] << 24;
  return sum == codec_checksum(r->tag, r->chunk.at, (size_t)len) ||
         complain(r, r->chunk.at, "the trace is damaged: expected %llu bytes with checksum %08x",
                  (unsigned long long)len, sum);
}

static bool check_magic(struct reading *r)
{
  const uint8_t *at = r->start;
  size_t len = (size_t)(r->end - at);
  if (len < TRACE_MAGIC_SIZE + 1 || memcmp(at, TRACE_MAGIC, TRACE_MAGIC_SIZE) != 0)
    return complain(r, at, "expected a trace, as --trace=FILE of run, vmm or verify writes it");
  return at[TRACE_MAGIC_SIZE] == TRACE_VERSION ||
         complain(r, at + TRACE_MAGIC_SIZE, "expected version %u of the trace format, not %u",
                  TRACE_VERSION, at[TRACE_MAGIC_SIZE]);
}

static bool read_trace(struct reading *r, struct codec *codec)
{
  if (!check_magic(r))
    return false;
  struct codec_bytes rest = {r->start + TRACE_MAGIC_SIZE + 1, r->end};
  while (rest.at < rest.end && !r->ended) {
    if (!open_chunk(r, &rest) || !read_payload(r, codec))
      return false;
    if (r->chunk.at != r->chunk.end)
      return complain(r, r->chunk.at, "expected the end of a part, not %zu more bytes",
                      (size_t)(r->chunk.end - r->chunk.at));
  }
  if (!r->ended)
    return complain(r, rest.at, "the trace is cut off: expected more events, or the end mark");
  if (rest.at < rest.end)
    return complain(r, rest.at, "expected nothing after the end mark");
  return r->t->image || complain(r, rest.at, "expected a program before the end mark");
}

/* Virtual machines of one name, which a stack of monitors has, become vm1, vm2, … from
 * the outermost in. False: out of memory. */
static bool number_names(struct trace *t)
{
  bool same[TRACE_MAX_MACHINES] = {false};
  for (unsigned i = 0; i < t->machine_count; i++)
    for (unsigned k = 0; k < t->machine_count; k++)
      same[i] |= k != i && strcmp(t->machines[i].name, t->machines[k].name) == 0;
  unsigned n = 0;
  for (unsigned i = 0; i < t->machine_count; i++) {
    char *name;
    if (!same[i])
      continue;
    if (asprintf(&name, "%s%u", t->machines[i].name, ++n) < 0)
      return false;
    free(t->machines[i].name);
    t->machines[i].name = name;
  }
  return true;
}

int trace_open(const char *command, const char *path, struct trace **result)
{
  *result = NULL;
  size_t len;
  uint8_t *bytes;
  int status = file_read(command, path, MAX_FILE, &bytes, &len);
  return status == STATUS_DONE ? trace_parse(command, path, bytes, len, result) : status;
}

int trace_parse(const char *command, const char *path, uint8_t *bytes, size_t len,
                struct trace **result)
{
  *result = NULL;
  struct reading r = {
      .t = calloc(1, sizeof *r.t), .path = path, .start = bytes, .end = bytes + len};
  struct codec *codec = calloc(1, sizeof *codec);
  bool done = r.t && codec ? read_trace(&r, codec) : no_memory(&r);
  free(codec);
  if (r.t)
    r.t->bytes = bytes;
  else
    free(bytes);
  if (done && !number_names(r.t)) {
    r.no_memory = true;
    done = false;
  }
  if (done) {
    *result = r.t;
    return STATUS_DONE;
  }
  if (r.no_memory)
    message_error(command, "out of memory");
  trace_destroy(r.t);
  return r.no_memory || r.host_refused ? STATUS_OURS : STATUS_USAGE;
}

void trace_destroy(struct trace *t)
{
  if (!t)
    return;
  for (size_t i = 0; i < t->behaviour_count; i++) {
    free(t->behaviours[i].mnemonic);
    free(t->behaviours[i].behaviour);
  }
  for (size_t i = 0; i < t->source_count; i++) {
    free(t->source[i].own_file);
    free(t->source[i].text);
  }
  for (unsigned i = 0; i < t->machine_count; i++)
    free(t->machines[i].name);
  for (size_t i = 0; i < t->note_count; i++)
    free(t->notes[i].text);
  char *texts[] = {t->command, t->program, t->profile, t->title, t->end};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    free(texts[i]);
  image_destroy(t->image);
  free(t->behaviours);
  free(t->source);
  free(t->notes);
  free(t->blocks);
  free(t->bytes);
  free(t);
}

/* -------------------------------------------------------------------- events */

void trace_start(struct trace_cursor *c, const struct trace *t)
{
  *c = (struct trace_cursor){.trace = t};
}

#define PROGRESS_EVENTS (1u << 18)

static void show_progress(const struct trace_cursor *c, bool over)
{
  if (over && c->index >= PROGRESS_EVENTS)
    fprintf(stderr, "\r\033[K");
  else if (!over && c->index % PROGRESS_EVENTS == 0)
    fprintf(stderr, "\r%llu %% of %llu events\033[K",
            (unsigned long long)(100 * c->index / c->trace->count),
            (unsigned long long)c->trace->count);
}

bool trace_next(struct trace_cursor *c, unsigned *machine, struct trace_event *event)
{
  const struct trace *t = c->trace;
  while (c->left == 0) {
    if (c->block == t->block_count) {
      if (t->progress)
        show_progress(c, true);
      return false;
    }
    const struct trace_block *b = &t->blocks[c->block++];
    c->bytes = (struct codec_bytes){t->bytes + b->at, t->bytes + b->end};
    c->left = b->count;
  }
  const char *why;
  if (!codec_get_event(&c->codec, &c->bytes, t->machine_count, machine, event, &why))
    return false; /* trace_open() has seen that this does not happen */
  event->machine = t->machines[*machine].name;
  c->left--;
  c->index++;
  if (t->progress)
    show_progress(c, false);
  return true;
}

const char *trace_source_text(const struct trace *t, const char *file, unsigned line)
{
  size_t low = 0, high = t->source_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const struct trace_source *s = &t->source[middle];
    int order = strcmp(s->file, file);
    if (order == 0 && s->line == line)
      return s->text;
    if (order < 0 || (order == 0 && s->line < line))
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

const char *trace_behaviour_of(const struct trace *t, enum isa_insn insn)
{
  for (size_t i = 0; i < t->behaviour_count; i++)
    if (strcmp(t->behaviours[i].mnemonic, isa_insn_info(insn)->mnemonic) == 0)
      return t->behaviours[i].behaviour;
  return NULL;
}

bool trace_hides_sensitive(const struct trace *t)
{
  if (t->classes & (1u << CLASS_SENSITIVE | 1u << CLASS_INSTRUCTIONS))
    return false;
  for (size_t i = 0; i < t->behaviour_count; i++) {
    const char *name = t->behaviours[i].behaviour;
    if (strcmp(name, "trap") != 0 && strcmp(name, "absent") != 0)
      return true;
  }
  return false;
}

uint64_t trace_last_tick(const struct trace *t)
{
  uint64_t last = 0;
  for (unsigned i = 0; i < t->machine_count; i++)
    last = t->machines[i].end > last ? t->machines[i].end : last;
  return last;
}
