/* isagen: checks the definition of the instruction set and writes what is
 * generated from it.
 *
 *   isagen --check FILE     only check
 *   isagen --out DIR FILE   write DIR/pg32.h, pg32_tables.c, pg32_bodies.h, pg32_terms.h
 *   isagen --manual FILE    print the manual's tables
 *
 * Exit status: 0 done, 2 usage or a bad definition, 3 the host failed. A bad
 * definition writes nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isa/gen/check.h"
#include "isa/gen/emit.h"
#include "isa/gen/parse.h"
#include "isa/host.h"

enum status { STATUS_OK = 0, STATUS_BAD = 2, STATUS_HOST = 3 };

static enum status host_error(const char *path)
{
  fprintf(stderr, "isagen: %s: %s\n", path, strerror(errno));
  return STATUS_HOST;
}

static bool read_all(FILE *in, struct source *source)
{
  size_t capacity = 0;
  do {
    if (source->len == capacity) {
      capacity = capacity ? 2 * capacity : 65536;
      char *moved = realloc(source->text, capacity + 1);
      if (!moved)
        return false;
      source->text = moved;
    }
    source->len += fread(source->text + source->len, 1, capacity - source->len, in);
  } while (!feof(in) && !ferror(in));
  source->text[source->len] = 0;
  return !ferror(in);
}

static enum status read_source(const char *path, struct source *source)
{
  FILE *in = fopen(path, "rb");
  if (!in) {
    enum status status = host_at_fault(errno) ? STATUS_HOST : STATUS_BAD;
    host_error(path);
    return status;
  }
  source->name = path;
  enum status status = read_all(in, source) ? STATUS_OK : host_error(path);
  fclose(in);
  return status;
}

typedef void emit_fn(FILE *out, const struct def *def);

static enum status write_file(const char *dir, const char *name, const struct def *def,
                              emit_fn *emit)
{
  char path[4096];
  if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path) {
    errno = ENAMETOOLONG;
    return host_error(dir);
  }
  FILE *out = fopen(path, "w");
  if (!out)
    return host_error(path);
  emit(out, def);
  bool failed = ferror(out) != 0;
  failed |= fclose(out) != 0;
  return failed ? host_error(path) : STATUS_OK;
}

/* Files of two definitions do not fit together: all are there or none. */
static void remove_file(const char *dir, const char *name)
{
  char path[4096];
  if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) < sizeof path)
    unlink(path);
}

static enum status write_all(const char *dir, const struct def *def)
{
  static const struct {
    const char *name;
    emit_fn *emit;
  } files[] = {
      {"pg32.h", emit_header},
      {"pg32_tables.c", emit_tables},
      {"pg32_bodies.h", emit_bodies},
      {"pg32_terms.h", emit_terms},
  };
  enum status status = STATUS_OK;
  for (size_t i = 0; i < sizeof files / sizeof *files && status == STATUS_OK; i++)
    status = write_file(dir, files[i].name, def, files[i].emit);
  if (status != STATUS_OK)
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
      remove_file(dir, files[i].name);
  return status;
}

static void report(const struct diag *diag)
{
  if (diag->errors > DIAG_MAX_ERRORS)
    fprintf(stderr, "isagen: %u more errors are not shown\n", diag->errors - DIAG_MAX_ERRORS);
}

/* dir: where to write, or NULL. */
static enum status process(const char *path, const char *dir, bool manual)
{
  struct source source = {0};
  struct def def = {0};
  enum status status = read_source(path, &source);
  if (status == STATUS_OK) {
    struct diag diag = {.source = &source, .out = stderr};
    if (!parse_definition(&def, &diag) || !check_definition(&def, &diag))
      status = STATUS_BAD;
    report(&diag);
  }
  if (status == STATUS_OK && dir)
    status = write_all(dir, &def);
  if (status == STATUS_OK && manual) {
    emit_manual(stdout, &def, &source);
    if (fflush(stdout) != 0 || ferror(stdout))
      status = host_error("standard output");
  }
  def_destroy(&def);
  free(source.text);
  return status;
}

int main(int argc, char **argv)
{
  enum status status = STATUS_BAD;
  if (argc == 4 && strcmp(argv[1], "--out") == 0)
    status = process(argv[3], argv[2], false);
  else if (argc == 3 && strcmp(argv[1], "--check") == 0)
    status = process(argv[2], NULL, false);
  else if (argc == 3 && strcmp(argv[1], "--manual") == 0)
    status = process(argv[2], NULL, true);
  else
    fputs("usage: isagen --out DIR FILE | --check FILE | --manual FILE\n", stderr);
  return (int)status;
}
