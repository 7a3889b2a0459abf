#include "asm/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "asm/assembly.h"
#include "isa/host.h"

/* ----------------------------------------------------------------- reading */
static uint8_t *read_all(FILE *in, size_t *len, const char **reason)
{
  size_t capacity = 64u << 10, used = 0;
  uint8_t *bytes = NULL;
  for (;;) {
    uint8_t *bigger = realloc(bytes, capacity);
    if (!bigger) {
      *reason = "out of memory";
      break;
    }
    bytes = bigger;
    used += fread(bytes + used, 1, capacity - used, in);
    if (used < capacity) {
      *reason = ferror(in) ? strerror(errno) : NULL;
      break;
    }
    if (capacity > SOURCE_LIMIT) {
      *reason = "the file is bigger than 64 MiB";
      break;
    }
    capacity *= 2;
  }
  if (*reason) {
    free(bytes);
    return NULL;
  }
  *len = used;
  return bytes;
}

static uint8_t *host_read(void *ctx, const char *path, size_t *len, const char **reason)
{
  (void)ctx;
  *reason = NULL;
  FILE *in = fopen(path, "rb");
  if (!in) {
    int error = errno;
    *reason = strerror(error);
    errno = error;
    return NULL;
  }
  struct stat st;
  uint8_t *bytes = NULL;
  if (fstat(fileno(in), &st) == 0 && S_ISDIR(st.st_mode))
    *reason = strerror(EISDIR);
  else
    bytes = read_all(in, len, reason);
  int error = bytes ? 0 : errno;
  fclose(in);
  errno = error;
  return bytes;
}

const struct asm_reader asm_host_reader = {host_read, NULL};

/* `folder` of the includer, or an include directory, and the name as written. */
static const char *join(struct assembly *a, const char *folder, size_t len, const char *path)
{
  if (len == 0 || path[0] == '/')
    return path;
  const char *slash = folder[len - 1] == '/' ? "" : "/";
  return arena_printf(&a->arena, "%.*s%s%s", (int)len, folder, slash, path);
}

/* The arena's copy of the reader's bytes, so that no path can lose them. */
static const uint8_t *try_read(struct assembly *a, const struct asm_reader *reader,
                               const char *path, size_t *len, const char **reason)
{
  *reason = "cannot be read";
  errno = 0;
  uint8_t *bytes = reader->read(reader->ctx, path, len, reason);
  if (!bytes) {
    const char *said = *reason ? *reason : "cannot be read";
    if (host_at_fault(errno))
      assembly_give_up(a, path, said);
    *reason = arena_copy(&a->arena, said, strlen(said));
    return NULL;
  }
  if (*len > SOURCE_LIMIT) {
    free(bytes);
    *reason = "the file is bigger than 64 MiB";
    return NULL;
  }
  return arena_adopt(&a->arena, bytes);
}

/* Where a file that an .include names was not found. */
static const char *searched(struct assembly *a, const char *from, size_t len)
{
  const char *text =
      len ? arena_printf(&a->arena, "'%.*s'", (int)len, from) : "the folder of the source";
  for (const char *const *dirs = a->options->include_dirs; dirs && *dirs; dirs++)
    text = arena_printf(&a->arena, "%s, '%s'", text, *dirs);
  if (a->options->library_folder)
    text = arena_printf(&a->arena, "%s and among what comes with trapeze", text);
  return text;
}

/* What comes with trapeze: by the name as written, or, from one of its files, beside it. */
static const uint8_t *read_library(struct assembly *a, const char *joined, const char *path,
                                   size_t *len, const char **name)
{
  const char *folder = a->options->library_folder, *reason;
  if (!folder)
    return NULL;
  const uint8_t *bytes = NULL;
  if (strncmp(joined, folder, strlen(folder)) == 0)
    bytes = try_read(a, &a->options->library, *name = joined, len, &reason);
  if (!bytes)
    bytes = try_read(a, &a->options->library, *name = join(a, folder, strlen(folder), path), len,
                     &reason);
  return bytes;
}

const uint8_t *source_read(struct assembly *a, const char *path, const struct loc *call,
                           size_t *len, const char **name)
{
  const char *from = call ? call->line->file : "";
  const char *slash = strrchr(from, '/');
  size_t folder = slash ? (size_t)(slash - from) + 1 : 0;
  const char *reason, *first_reason, *first = join(a, from, folder, path);
  const struct asm_reader *reader = &a->options->reader;
  const uint8_t *bytes = try_read(a, reader, *name = first, len, &first_reason);
  const char *const *dirs = a->options->include_dirs;
  for (; !bytes && call && path[0] != '/' && dirs && *dirs; dirs++) {
    const char *other = join(a, *dirs, strlen(*dirs), path);
    bytes = try_read(a, reader, other, len, &reason);
    if (bytes)
      *name = other;
  }
  bool elsewhere = call && path[0] != '/';
  if (!bytes && elsewhere)
    bytes = read_library(a, first, path, len, name);
  if (!bytes && elsewhere)
    asm_fatal(a, *call, "cannot read '%s': %s; looked in %s", first, first_reason,
              searched(a, from, folder));
  else if (!bytes)
    asm_fatal(a, call ? *call : (struct loc){0}, "cannot read '%s': %s", first, first_reason);
  return bytes;
}

/* ---------------------------------------------------------- block comments */
struct stripper {
  const char *p, *end;
  char *out;
};

/* Past a string or character constant, which ends with its line at the latest. */
static void skip_quoted(struct stripper *s)
{
  char quote = *s->p++;
  while (s->p < s->end && *s->p != quote && *s->p != '\n') {
    if (*s->p == '\\' && s->p + 1 < s->end && s->p[1] != '\n')
      s->p++;
    s->p++;
  }
  if (s->p < s->end && *s->p == quote)
    s->p++;
}

static bool at(const struct stripper *s, const char *two)
{
  return s->end - s->p >= 2 && s->p[0] == two[0] && s->p[1] == two[1];
}

/* Blanks a block comment in the copy, keeping the lines. False: it never ends. */
static bool blank_block(struct stripper *s, const char *text)
{
  const char *start = s->p;
  for (s->p += 2; s->p < s->end && !at(s, "*/"); s->p++)
    ;
  bool closed = s->p < s->end;
  s->p = closed ? s->p + 2 : s->end;
  for (const char *q = start; q < s->p; q++)
    if (*q != '\n' && *q != '\r')
      s->out[q - text] = ' ';
  return closed;
}

/* Offset of a comment that never ends, or SIZE_MAX. */
static size_t strip_blocks(const char *text, size_t len, char *out)
{
  struct stripper s = {text, text + len, out};
  while (s.p < s.end) {
    const char *start = s.p;
    if (*s.p == '"' || *s.p == '\'') {
      skip_quoted(&s);
    } else if (*s.p == '#' || *s.p == ';' || at(&s, "//")) {
      while (s.p < s.end && *s.p != '\n')
        s.p++;
    } else if (at(&s, "/*")) {
      if (!blank_block(&s, text))
        return (size_t)(start - text);
    } else {
      s.p++;
    }
  }
  return SIZE_MAX;
}

/* ------------------------------------------------------------------ frames */
static struct frame *push(struct assembly *a, enum origin_kind kind, const struct loc *call)
{
  static const char *const what[] = {".include", "macro calls", ".rept"};
  if (a->frame_count > FRAME_LIMIT) {
    asm_fatal(a, *call, "%s nested more than %u deep%s", what[kind], FRAME_LIMIT,
              kind == ORIGIN_FILE    ? " (does a file include itself?)"
              : kind == ORIGIN_MACRO ? " (does a macro call itself without end?)"
                                     : "");
    return NULL;
  }
  struct origin *origin = arena_alloc(&a->arena, sizeof *origin);
  origin->kind = kind;
  if (call) {
    origin->parent = call->line->origin;
    origin->call = *call;
  }
  struct frame *f = &a->frames[a->frame_count++];
  *f = (struct frame){.origin = origin, .conditions = a->conditions.count};
  return f;
}

/* The place of one byte of a file whose lines are not assembled. */
static struct loc place_in(struct assembly *a, const struct frame *f, size_t offset, size_t length)
{
  struct line *line = arena_alloc(&a->arena, sizeof *line);
  size_t start = offset, end = offset;
  while (start > 0 && f->shown[start - 1] != '\n')
    start--;
  while (end < f->end && f->shown[end] != '\n')
    end++;
  line->number = 1;
  for (size_t i = 0; i < start; i++)
    line->number += f->shown[i] == '\n';
  line->text = line->shown = f->shown + start;
  line->len = line->shown_len = end - start;
  line->file = f->file;
  line->origin = f->origin;
  line->sequence = a->sequence;
  return (struct loc){line, offset - start, offset - start + length};
}

static void check_bytes(struct assembly *a, const struct frame *f, char *clean)
{
  const char *nul = memchr(f->shown, 0, f->end);
  size_t open = strip_blocks(f->shown, f->end, clean);
  if (nul)
    asm_fatal(a, place_in(a, f, (size_t)(nul - f->shown), 1),
              "the source holds a zero byte: is this a text file?");
  else if (open != SIZE_MAX)
    asm_fatal(a, place_in(a, f, open, 2), "this comment has no '*/'");
}

bool source_push_file(struct assembly *a, const char *path, const struct loc *call)
{
  if (a->frame_count > FRAME_LIMIT) {
    push(a, ORIGIN_FILE, call); /* says so */
    return false;
  }
  size_t len;
  const char *name;
  const char *bytes = (const char *)source_read(a, path, call, &len, &name);
  if (!bytes)
    return false;
  struct frame *f = push(a, ORIGIN_FILE, call);
  f->file = name;
  f->shown = bytes;
  f->end = len;
  char *clean = arena_copy(&a->arena, bytes, len);
  f->text = clean;
  check_bytes(a, f, clean);
  return !a->stop;
}

bool source_push_macro(struct assembly *a, const struct macro *macro,
                       const struct argument *arguments, const struct loc *call)
{
  struct frame *f = push(a, ORIGIN_MACRO, call);
  if (!f)
    return false;
  f->origin->name = macro->name;
  f->macro = macro;
  f->arguments = arguments;
  f->body = macro->body;
  f->times = 1;
  f->serial = a->macro_serial++;
  return true;
}

bool source_push_rept(struct assembly *a, const struct body *body, uint64_t times,
                      const struct loc *call)
{
  if (body->count == 0 || times == 0)
    return true;
  struct frame *f = push(a, ORIGIN_REPT, call);
  if (!f)
    return false;
  f->body = *body;
  f->times = times;
  return true;
}

bool source_exit_macro(struct assembly *a)
{
  for (size_t i = a->frame_count; i-- > 0;) {
    if (a->frames[i].origin->kind == ORIGIN_FILE)
      return false;
    if (a->frames[i].origin->kind == ORIGIN_MACRO) {
      a->conditions.count = a->frames[i].conditions;
      a->frame_count = i + 1;
      a->frames[i].number = (unsigned)a->frames[i].body.count;
      return true;
    }
  }
  return false;
}

static struct line *file_line(struct assembly *a, struct frame *f)
{
  if (f->pos >= f->end)
    return NULL;
  struct line *line = arena_alloc(&a->arena, sizeof *line);
  const char *newline = memchr(f->text + f->pos, '\n', f->end - f->pos);
  size_t len = newline ? (size_t)(newline - f->text) - f->pos : f->end - f->pos;
  line->text = f->text + f->pos;
  line->shown = f->shown + f->pos;
  f->pos += len + 1;
  if (len && line->text[len - 1] == '\r')
    len--;
  line->len = line->shown_len = len;
  line->file = f->file;
  line->number = ++f->number;
  return line;
}

static bool expansion_allowed(struct assembly *a, const struct frame *f, size_t bytes)
{
  a->expanded_bytes += bytes;
  if (++a->expanded_lines <= LINE_LIMIT && a->expanded_bytes <= EXPAND_LIMIT)
    return true;
  asm_fatal(a, f->origin->call, "macros and repetitions produce more than %u lines or %u MiB",
            LINE_LIMIT, EXPAND_LIMIT >> 20);
  return false;
}

static struct line *body_line(struct assembly *a, struct frame *f)
{
  if (f->number == f->body.count) {
    if (--f->times == 0)
      return NULL;
    f->number = 0;
  }
  const struct line *from = f->body.lines[f->number++];
  if (!expansion_allowed(a, f, 0))
    return NULL;
  struct line *line = arena_alloc(&a->arena, sizeof *line);
  *line = *from;
  if (f->macro) {
    macro_substitute(a, f, line);
    if (!expansion_allowed(a, f, line->len))
      return NULL;
  }
  return line;
}

const struct line *source_next(struct assembly *a)
{
  while (a->frame_count > 0 && !a->stop) {
    struct frame *f = &a->frames[a->frame_count - 1];
    struct line *line = f->origin->kind == ORIGIN_FILE ? file_line(a, f) : body_line(a, f);
    if (line) {
      line->origin = f->origin;
      line->sequence = ++a->sequence;
      return line;
    }
    recording_check_end(a, f->origin);
    condition_close(a, f->conditions);
    a->frame_count--;
  }
  return NULL;
}
