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

#include "isa/gen/check.h"
#include "isa/gen/emit.h"
#include "isa/gen/parse.h"

enum status { STATUS_OK = 0, STATUS_BAD = 2, STATUS_HOST = 3 };

static enum status host_error(const char *path)
{
  fprintf(stderr, "isagen: %s: %s\n", path, strerror(errno));
  return STATUS_HOST;
}

static enum status read_source(const char *path, struct source *source)
{
  FILE *in = fopen(path, "rb");
  if (!in) {
    fprintf(stderr, "isagen: %s: %s\n", path, strerror(errno));
    return STATUS_BAD;
  }
  size_t size = 0;
  FILE *copy = open_memstream(&source->text, &size);
  if (!copy) {
    fclose(in);
    return host_error(path);
  }
  char buf[4096];
  for (size_t n; (n = fread(buf, 1, sizeof buf, in)) > 0;)
    fwrite(buf, 1, n, copy);
  bool failed = ferror(in) || ferror(copy);
  fclose(in);
  failed |= fclose(copy) != 0;
  source->name = path;
  source->len = size;
  return failed ? host_error(path) : STATUS_OK;
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
    if (fflush(stdout) != 0)
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
