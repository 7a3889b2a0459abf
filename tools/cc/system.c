#include "tools/cc/system.h"

#include <string.h>

#include "tools/common/guests.h"

/* -------------------------------------------------------------- the bare machine */

static void begin_bare(FILE *out, unsigned long stack, const struct cc_program *programs,
                       size_t count)
{
  (void)programs;
  (void)count;
  fprintf(out, "# Compiled by trapeze cc.\n\t.equ\tSTACK, %lu\n\t.include \"c/start.inc\"\n",
          stack);
}

static const char *const bare_knows[] = {"_start", "c_in", "c_out", "c_halt", "c_on_trap", NULL};

const struct cc_system cc_bare = {.name = "bare",
                                  .layout = CC_SECTIONS,
                                  .stack = 64u << 10,
                                  .heap = 64u << 10,
                                  .knows = bare_knows,
                                  .begin = begin_bare};

/* ------------------------------------------------------------------ names of files */

static const char *base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* A program's name: its file's, without ".c", as a string of the assembler's. */
static void put_program_name(FILE *out, const char *path)
{
  const char *name = base_name(path);
  size_t len = strlen(name) - 2;
  putc('"', out);
  for (size_t i = 0; i < len; i++) {
    if (name[i] == '"' || name[i] == '\\') {
      putc('\\', out);
    }
    putc(name[i], out);
  }
  putc('"', out);
}

/* --------------------------------------------------------------------------- minos */

static void begin_minos(FILE *out, unsigned long stack, const struct cc_program *programs,
                        size_t count)
{
  fprintf(out,
          "# Compiled by trapeze cc: minos, and programs in C behind its own.\n"
          "\t.equ\tC_PROGRAMS, 1\n\t.equ\tC_STACK, %lu\n"
          "\t.macro\tc_programs\n",
          stack);
  for (size_t i = 0; i < count; i++) {
    fputs("\tentry\t", out);
    put_program_name(out, programs[i].path);
    fprintf(out, ", c_start$%zu - user_image, \"in C\"\n", i);
  }
  fputs("\t.endm\n\t.include \"minos.s\"\n\t.text\n"
        "\t.include \"c/minos.inc\"\n",
        out);
  for (size_t i = 0; i < count; i++) {
    fprintf(out,
            "c_start$%zu:\n\tla\ta0, c_name$%zu-C_BASE\n\tla\ta1, %s-C_BASE\n"
            "\tli\ta2, 0\n\tj\tc_run\nc_name$%zu:\n\t.asciz\t",
            i, i, programs[i].symbol, i);
    put_program_name(out, programs[i].path);
    fputs("\n\t.balign\t4\n", out);
  }
}

static const char *const minos_knows[] = {"_start",           "c_write",     "c_read",
                                          "c_exit",           "minos_yield", "minos_getpid",
                                          "minos_ticks",      "minos_start", "minos_disk_read",
                                          "minos_disk_write", NULL};

const struct cc_system cc_minos = {.name = "minos",
                                   .define = "-D__minos__",
                                   .layout = CC_ONE_PIECE,
                                   .stack = 8u << 10,
                                   .heap = 16u << 10,
                                   .many = true,
                                   .knows = minos_knows,
                                   .begin = begin_minos,
                                   .sources = "minos"};

/* ---------------------------------------------------------------------------- solo */

static void begin_solo(FILE *out, unsigned long stack, const struct cc_program *programs,
                       size_t count)
{
  fprintf(out,
          "# Compiled by trapeze cc, for solo.\n\t.equ\tC_STACK, %lu\n"
          "\t.include \"c/solo.inc\"\n",
          stack);
  if (count > 0) {
    fputs("c_name:\t.asciz\t", out);
    put_program_name(out, programs[0].path);
    fputs("\n\t.balign\t4\n", out);
  }
}

static const char *const solo_knows[] = {"_start",     "c_write",   "c_read",   "c_exit",
                                         "solo_ticks", "solo_open", "solo_get", NULL};

const struct cc_system cc_solo = {.name = "solo",
                                  .define = "-D__solo__",
                                  .layout = CC_ONE_PIECE,
                                  .stack = 8u << 10,
                                  .heap = 16u << 10,
                                  .knows = solo_knows,
                                  .begin = begin_solo};

/* ------------------------------------------------------------ a system's own names */

/* Whether the file is assembled with the system: "minos.s", "minos/…", "pg32.inc". */
static bool is_part(const struct cc_system *s, const char *name)
{
  size_t len = strlen(s->sources);
  bool own = strncmp(name, s->sources, len) == 0 && (name[len] == '/' || name[len] == '.');
  const char *dot = strrchr(name, '.');
  return own || (!strchr(name, '/') && dot && strcmp(dot, ".inc") == 0);
}

static size_t word_length(const char *s, const char *end)
{
  size_t n = 0;
  while (s + n < end && strchr(" \t\n,:#", s[n]) == NULL) {
    n++;
  }
  return n;
}

/* A label or a constant that the line defines. */
static bool reserve_line(struct cc_linker *l, const char *line, const char *end)
{
  static const char *const directives[] = {".equ ", ".set ", ".macro "};
  size_t len = word_length(line, end);
  if (len > 0 && line + len < end && line[len] == ':') {
    return cc_linker_reserve(l, line, len);
  }
  for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++) {
    size_t prefix = strlen(directives[i]);
    if ((size_t)(end - line) > prefix && memcmp(line, directives[i], prefix) == 0) {
      return cc_linker_reserve(l, line + prefix, word_length(line + prefix, end));
    }
  }
  return true;
}

static bool reserve_names(struct cc_linker *l, const struct embedded_file *f)
{
  const char *s = (const char *)f->bytes, *end = s + f->len;
  bool ok = true;
  while (ok && s < end) {
    const char *stop = memchr(s, '\n', (size_t)(end - s));
    stop = stop ? stop : end;
    ok = reserve_line(l, s, stop);
    s = stop + 1;
  }
  return ok;
}

bool cc_system_prepare(const struct cc_system *s, struct cc_linker *l)
{
  bool ok = true;
  for (size_t i = 0; ok && s->knows[i]; i++) {
    ok = cc_linker_know(l, s->knows[i]);
  }
  for (const struct embedded_file *f = tools_embedded_guests; ok && s->sources && f->name; f++) {
    if (is_part(s, f->name)) {
      ok = reserve_names(l, f);
    }
  }
  return ok && cc_linker_want(l, "main");
}
