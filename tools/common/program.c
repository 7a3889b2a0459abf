#include "tools/common/program.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isa/host.h"
#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/guests.h"
#include "tools/common/message.h"

static bool ends_in(const char *name, const char *suffix)
{
  size_t n = strlen(name), s = strlen(suffix);
  return n > s && strcmp(name + n - s, suffix) == 0;
}

static void offer_guest(void *ctx, const char *name, const char *summary)
{
  (void)summary;
  suggest_offer(ctx, guests_source(name)->name); /* `name` does not outlive the visit */
}

static int complain_no_guest(const char *command, const char *name)
{
  if (access(name, F_OK) == 0) {
    message_error(command, "there is no shipped guest '%s'; for the file write './%s'", name, name);
    return STATUS_USAGE;
  }
  char file[256];
  snprintf(file, sizeof file, "%s.s", name);
  if (access(file, F_OK) == 0) {
    message_error(command, "there is no shipped guest '%s'; for the file write './%s'", name, file);
    return STATUS_USAGE;
  }
  struct suggestion s = suggest_begin(file, strlen(file));
  guests_each(offer_guest, &s);
  if (s.best)
    message_error(command, "there is no shipped guest '%s'; did you mean '%.*s'?", name,
                  (int)strlen(s.best) - 2, s.best);
  else
    message_error(command, "there is no shipped guest '%s'; 'trapeze guests' lists them", name);
  return STATUS_USAGE;
}

static int complain_unreadable(const char *command, const char *name)
{
  int error = errno;
  message_error(command, "cannot open '%s': %s", name, strerror(error));
  return host_at_fault(error) ? STATUS_OURS : STATUS_USAGE;
}

int program_find_source(const char *command, const char *name, struct program_source *source)
{
  *source = (struct program_source){NULL, asm_host_reader};
  if (guests_is_shipped_name(name)) {
    const struct embedded_file *f = guests_source(name);
    if (!f)
      return complain_no_guest(command, name);
    source->reader = guests_reader;
    if (asprintf(&source->path, GUESTS_FOLDER "%s", f->name) < 0)
      source->path = NULL;
  } else if (ends_in(name, ".s")) {
    if (access(name, R_OK) != 0)
      return complain_unreadable(command, name);
    source->path = strdup(name);
  } else {
    return STATUS_DONE;
  }
  if (!source->path) {
    message_error(command, "out of memory");
    return STATUS_OURS;
  }
  return STATUS_DONE;
}

static int assemble(const struct program_source *source, struct program *p)
{
  struct asm_options o = {.reader = source->reader,
                          .library = guests_reader,
                          .library_folder = GUESTS_FOLDER,
                          .color = message_color(stderr),
                          .errors = stderr};
  struct asm_output out = {0};
  enum asm_status status = asm_assemble_elf(source->path, &o, &out);
  p->bytes = out.bytes;
  p->len = out.len;
  return status == ASM_OK ? STATUS_DONE : status == ASM_ERRORS ? STATUS_USAGE : STATUS_OURS;
}

/* A source under another name would load as a raw binary, and run as nonsense. Letters
 * beyond ASCII, in whatever encoding, are no less a text; programs hold zero bytes. */
static bool looks_like_text(const struct program *p)
{
  size_t beyond = 0;
  for (size_t i = 0; i < p->len; i++) {
    if (iscntrl(p->bytes[i]) && !isspace(p->bytes[i]))
      return false;
    beyond += p->bytes[i] >= 0x80;
  }
  return p->len > 0 && beyond < p->len / 2 + 1;
}

/* Nothing in it: not even a source with mistakes. */
static int complain_empty(const char *command, const struct program *p)
{
  message_error(command, "'%s' assembles to nothing: there is no instruction in it", p->name);
  return STATUS_USAGE;
}

static bool has_segments(const struct program *p)
{
  Elf32_Ehdr head;
  if (p->len < sizeof head)
    return false;
  memcpy(&head, p->bytes, sizeof head);
  return head.e_phnum > 0;
}

int program_read(const char *command, const char *name, struct program *p)
{
  *p = (struct program){.name = name};
  struct program_source source;
  int status = program_find_source(command, name, &source);
  if (status != STATUS_DONE)
    return status;
  if (source.path) {
    status = assemble(&source, p);
    free(source.path);
    if (status == STATUS_DONE && !has_segments(p))
      status = complain_empty(command, p);
  } else {
    status = file_read(command, name, PROGRAM_MAX_BYTES, &p->bytes, &p->len);
    if (status == STATUS_DONE && !ends_in(name, ".bin") && looks_like_text(p)) {
      message_error(command,
                    "'%s' is text; the name of an assembler source ends in '.s', that of a raw "
                    "binary that only looks like text in '.bin'",
                    name);
      status = STATUS_USAGE;
    }
  }
  if (status != STATUS_DONE)
    program_destroy(p);
  return status;
}

int program_load(const char *command, const char *name, struct program *p)
{
  int status = program_read(command, name, p);
  if (status != STATUS_DONE)
    return status;
  p->image = image_parse(name, p->bytes, p->len, stderr);
  if (p->image)
    return STATUS_DONE;
  status = errno ? STATUS_OURS : STATUS_USAGE;
  program_destroy(p);
  return status;
}

void program_destroy(struct program *p)
{
  image_destroy(p->image);
  free(p->bytes);
  *p = (struct program){0};
}

/* One line of a text that comes in pieces. */
struct line_seeker {
  unsigned newlines; /* still to come before it */
  bool found, ended;
  char *buf;
  size_t size, len;
};

static void seek_line(struct line_seeker *s, const uint8_t *bytes, size_t len)
{
  for (size_t i = 0; i < len && !s->ended; i++) {
    bool newline = bytes[i] == '\n';
    if (s->newlines > 0) {
      s->newlines -= newline;
      continue;
    }
    s->found = true;
    s->ended = newline || bytes[i] == '\r';
    if (!s->ended && s->len + 1 < s->size)
      s->buf[s->len++] = (char)(iscntrl(bytes[i]) ? ' ' : bytes[i]);
  }
  s->buf[s->len] = 0;
}

/* A line table may name anything: a device without end, a pipe that hangs. */
static bool seek_in_file(struct line_seeker *s, const char *file)
{
  uint8_t bytes[4096];
  struct stat st;
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return false;
  ssize_t n = fstat(fd, &st);
  if (n == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t)PROGRAM_MAX_BYTES)
    while (!s->ended && (n = read(fd, bytes, sizeof bytes)) > 0)
      seek_line(s, bytes, (size_t)n);
  int error = errno;
  close(fd);
  errno = error;
  return n >= 0;
}

bool program_source_text(const char *file, unsigned line, char *buf, size_t size)
{
  const struct embedded_file *f = guests_file(file);
  struct line_seeker s = {.newlines = line - 1, .buf = buf, .size = size, .ended = line == 0};
  bool read = true;
  if (f)
    seek_line(&s, f->bytes, f->len);
  else
    read = seek_in_file(&s, file);
  if (read || !host_at_fault(errno))
    errno = 0;
  return read && s.found;
}

char *program_place(const struct image *image, uint32_t address, char *buf, size_t size)
{
  uint32_t offset = 0;
  const char *symbol = image_symbol_at(image, address, &offset);
  if (!symbol)
    snprintf(buf, size, "0x%08x", address);
  else if (offset)
    snprintf(buf, size, "%s+0x%x", symbol, offset);
  else
    snprintf(buf, size, "%s", symbol);
  for (char *c = buf; *c; c++) /* a stranger's file is shown on a terminal */
    *c = iscntrl((unsigned char)*c) ? '?' : *c;
  return buf;
}
