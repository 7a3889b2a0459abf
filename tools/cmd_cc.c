/* trapeze cc: C sources in, a program for the bare machine out, or nothing at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cc/compile.h"
#include "tools/cc/system.h"
#include "tools/cc/translate.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/guests.h"
#include "tools/common/memory.h"
#include "tools/common/message.h"
#include "tools/common/options.h"

#define MAX_LIST    64u
#define MOST_BYTES  (64u << 20) /* of stack, and of malloc's array */
#define LEAST_STACK 1024u

struct request {
  const char *output;
  bool assembly;
  unsigned level, system;
  uint64_t stack, heap;       /* 0: as the system has it */
  char *passed[MAX_LIST + 1]; /* malloc'd: what the compiler is given as it is */
  size_t passed_count;
};

static const char *const levels[] = {"0", "1", "2", "3", "s", "g", NULL};

static const char *const system_names[] = {"bare", "minos", "solo", NULL};
static const struct cc_system *const systems[] = {&cc_bare, &cc_minos, &cc_solo};

OPTION_TEXT(apply_output, struct request, output)
OPTION_FLAG(apply_assembly, struct request, assembly)

static int apply_level(void *ctx, const char *value)
{
  return options_choose("cc", "optimisation level", levels, value, &((struct request *)ctx)->level);
}

static int apply_system(void *ctx, const char *value)
{
  return options_choose("cc", "system", system_names, value, &((struct request *)ctx)->system);
}

static int apply_bytes(const char *what, const char *value, uint64_t least, uint64_t *bytes)
{
  if (options_size(value, bytes) && *bytes >= least && *bytes <= MOST_BYTES && *bytes % 16 == 0) {
    return STATUS_DONE;
  }
  message_usage("cc", "'%s' is no size of the %s: %llu to 64M bytes, a multiple of 16", value, what,
                (unsigned long long)least);
  return STATUS_USAGE;
}

static int apply_stack(void *ctx, const char *value)
{
  return apply_bytes("stack", value, LEAST_STACK, &((struct request *)ctx)->stack);
}

static int apply_heap(void *ctx, const char *value)
{
  return apply_bytes("heap", value, 16, &((struct request *)ctx)->heap);
}

static int pass(struct request *r, char letter, const char *value)
{
  if (r->passed_count == MAX_LIST) {
    message_usage("cc", "more than %u options -D and -I", MAX_LIST);
    return STATUS_USAGE;
  }
  char *option;
  if (asprintf(&option, "-%c%s", letter, value) < 0) {
    message_error("cc", "out of memory");
    return STATUS_OURS;
  }
  r->passed[r->passed_count++] = option;
  return STATUS_DONE;
}

static int apply_define(void *ctx, const char *value)
{
  return pass(ctx, 'D', value);
}

static int apply_include(void *ctx, const char *value)
{
  return pass(ctx, 'I', value);
}

static const struct option_spec options[] = {
    {"output", 'o', "FILE", "write here (default: the first source's name, ending in .elf or .s)",
     apply_output},
    {"assembly", 'S', NULL, "stop at the assembly, library and all", apply_assembly},
    {"for", 0, "SYSTEM",
     "bare (default), minos: programs of a minos of their own, solo: a program for its disk",
     apply_system},
    {"optimise", 'O', "LEVEL", "0, 1 (default), 2, 3, s or g, as GCC has them", apply_level},
    {"define", 'D', "NAME=VALUE", "define a macro", apply_define},
    {"include", 'I', "DIR", "look here for #include", apply_include},
    {"stack", 0, "BYTES", "room for the stack (default 64K, of a process 8K)", apply_stack},
    {"heap", 0, "BYTES", "room for malloc (default 64K, of a process 16K)", apply_heap},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "cc",
    .synopsis = "[OPTION]... SOURCE.c...",
    .about = "Compile C for the bare machine: main() is called after reset, in mode 0, and printf "
             "writes to the console. Or for minos: the output is a minos in which every source "
             "with a main() is a program. The compiler is the stock GCC for RISC-V, whose "
             "assembly is translated; docs/c.md tells what there is, and what is not (floating "
             "point).",
    .notes =
        "Exit status: 0 compiled; 2 the sources have errors, and nothing was written; 3 there is "
        "no compiler, or the host failed.",
    .min_operands = 1,
    .max_operands = -1,
    .operand = "a C source",
};

/* ----------------------------------------------------------------------- in memory */

/* The assembler reads one source, which lies in memory. */
struct source {
  const char *name, *text;
  size_t len;
};

static uint8_t *read_source(void *ctx, const char *path, size_t *len, const char **reason)
{
  const struct source *s = ctx;
  if (strcmp(path, s->name) != 0) {
    return guests_reader.read(guests_reader.ctx, path, len, reason);
  }
  uint8_t *bytes = malloc(s->len + 1);
  if (bytes) {
    memcpy(bytes, s->text, s->len);
    *len = s->len;
  } else {
    *reason = "out of memory";
  }
  return bytes;
}

/* Where line `line` of the text comes from, by the .loc before it: a quoted name and what
 * follows it, or NULL. */
static const char *find_place(const char *text, unsigned long line)
{
  static const char directive[] = "\t.loc ";
  const char *place = NULL;
  for (; *text && line > 0; line--) {
    if (strncmp(text, directive, strlen(directive)) == 0) {
      place = text + strlen(directive);
    } else if (strncmp(text, "\t.loc\n", 6) == 0) {
      place = NULL;
    }
    text += strcspn(text, "\n");
    text += *text == '\n';
  }
  return place;
}

/* A message of the assembler's about the text, as one about C. */
static void put_error(const struct source *source, const char *message)
{
  size_t name = strlen(source->name);
  char *rest, *line_end = NULL;
  if (strncmp(message, source->name, name) == 0 && message[name] == ':') {
    unsigned long line = strtoul(message + name + 1, &rest, 10);
    const char *place = find_place(source->text, line);
    const char *end = place ? strchr(place + 1, '"') : NULL;
    strtoul(*rest == ':' ? rest + 1 : rest, &line_end, 10); /* the column */
    if (end && *line_end == ':') {
      fprintf(stderr, "%.*s:%lu%s", (int)(end - place - 1), place + 1, strtoul(end + 2, NULL, 10),
              line_end);
      return;
    }
  }
  fputs(message, stderr);
}

static void put_errors(const struct source *source, char *messages)
{
  while (*messages) {
    size_t len = strcspn(messages, "\n");
    len += messages[len] == '\n';
    char kept = messages[len];
    messages[len] = 0;
    put_error(source, messages);
    messages[len] = kept;
    messages += len;
  }
}

static int assemble(const struct source *source, struct asm_output *program)
{
  struct memory errors;
  if (!memory_open(&errors)) {
    message_error("cc", "out of memory");
    return STATUS_OURS;
  }
  struct asm_options o = {.reader = {read_source, (void *)(uintptr_t)source},
                          .library = guests_reader,
                          .library_folder = GUESTS_FOLDER,
                          .errors = errors.stream};
  enum asm_status status = asm_assemble_elf(source->name, &o, program);
  if (memory_close(&errors)) {
    put_errors(source, errors.text);
  }
  free(errors.text);
  return status == ASM_OK ? STATUS_DONE : status == ASM_ERRORS ? STATUS_USAGE : STATUS_OURS;
}

static bool ends_in_c(const char *path)
{
  size_t len = strlen(path);
  return len > 2 && strcmp(path + len - 2, ".c") == 0;
}

static int add_unit(struct cc_linker *l, const struct cc_compiler *c, const char *path)
{
  char *text = NULL;
  int status = path ? cc_compile(c, path, &text) : cc_compile_library(c, &text);
  struct cc_unit unit = {path ? path : "the library", text, !path};
  if (status == STATUS_DONE && !cc_linker_add(l, &unit)) {
    status = cc_linker_failed(l) ? STATUS_OURS : STATUS_USAGE;
  }
  free(text);
  return status;
}

/* All sources, their text, and which of them are programs. */
struct whole {
  const struct cc_system *system;
  struct memory text;
  struct cc_program *programs;
  size_t program_count;
};

static int link_sources(const struct cc_compiler *c, char *const *paths, int count,
                        struct cc_linker *l, struct whole *w)
{
  int status = STATUS_DONE;
  for (int i = 0; i < count && status == STATUS_DONE; i++) {
    struct cc_program *p = &w->programs[w->program_count];
    status = add_unit(l, c, paths[i]);
    if (status == STATUS_DONE && cc_linker_main(l, p->symbol, sizeof p->symbol)) {
      p->path = paths[i];
      w->program_count++;
    }
  }
  return status;
}

static int link_units(const struct cc_compiler *c, char *const *paths, int count, struct whole *w)
{
  struct cc_linker *l = cc_linker_create(w->text.stream, stderr, w->system->layout);
  int status = l && cc_system_prepare(w->system, l) ? STATUS_DONE : STATUS_OURS;
  if (status == STATUS_DONE) {
    status = link_sources(c, paths, count, l, w);
  }
  if (status == STATUS_DONE) {
    status = add_unit(l, c, NULL);
  }
  if (status == STATUS_DONE && !cc_linker_close(l)) {
    status = STATUS_USAGE;
  }
  if (!l || cc_linker_failed(l)) {
    message_error("cc", "out of memory");
    status = STATUS_OURS;
  }
  cc_linker_destroy(l);
  return status;
}

static unsigned long stack_of(const struct request *r)
{
  return r->stack ? (unsigned long)r->stack : systems[r->system]->stack;
}

static int compile_all(const struct request *r, char *const *paths, int count, struct whole *w)
{
  struct cc_compiler c = {.level = levels[r->level],
                          .options = (const char *const *)r->passed,
                          .system = w->system->define,
                          .heap = r->heap ? (unsigned long)r->heap : w->system->heap,
                          .stack = stack_of(r)};
  int status = cc_compiler_open(&c);
  if (status == STATUS_DONE) {
    status = link_units(&c, paths, count, w);
  }
  cc_compiler_close(&c);
  return status;
}

static bool put_whole(const struct request *r, const struct whole *w, struct memory *text)
{
  if (!memory_open(text)) {
    return false;
  }
  w->system->begin(text->stream, stack_of(r), w->programs, w->program_count);
  fwrite(w->text.text, 1, w->text.len, text->stream);
  return memory_close(text);
}

/* All C, as one source of PG32 assembly. */
static int translate(const struct request *r, char *const *paths, int count, struct memory *text)
{
  struct whole w = {.system = systems[r->system],
                    .programs = calloc((size_t)count, sizeof *w.programs)};
  bool room = w.programs && memory_open(&w.text);
  int status = room ? compile_all(r, paths, count, &w) : STATUS_OURS;
  bool whole = room && memory_close(&w.text) && (status != STATUS_DONE || put_whole(r, &w, text));
  if (!whole && status != STATUS_USAGE) {
    message_error("cc", "out of memory");
    status = STATUS_OURS;
  }
  free(w.text.text);
  free(w.programs);
  return status;
}

/* -------------------------------------------------------------------- the command */

static int write_output(const char *path, const void *bytes, size_t len)
{
  struct file_out out = {0};
  int status = file_out_open(&out, "cc", path);
  if (status == STATUS_DONE) {
    fwrite(bytes, 1, len, out.stream);
    status = file_out_commit(&out);
  }
  file_out_abandon(&out);
  return status;
}

static int check_operands(const struct request *r, char *const *paths, int count)
{
  for (int i = 0; i < count; i++) {
    if (!ends_in_c(paths[i])) {
      message_error("cc", "'%s' is no C source: its name does not end in '.c'", paths[i]);
      return STATUS_USAGE;
    }
    if (r->output && strcmp(r->output, "-") != 0 && file_same(r->output, paths[i])) {
      message_error("cc", "'%s' is a source itself; it is not overwritten", r->output);
      return STATUS_USAGE;
    }
  }
  return STATUS_DONE;
}

static int compile(const struct request *r, const char *output, char *const *paths, int count)
{
  struct memory text = {0};
  struct asm_output program = {0};
  int status = translate(r, paths, count, &text);
  if (status == STATUS_DONE && r->assembly) {
    status = write_output(output, text.text, text.len);
  } else if (status == STATUS_DONE) {
    struct source source = {"program.s", text.text, text.len};
    status = assemble(&source, &program);
    if (status == STATUS_DONE) {
      status = write_output(output, program.bytes, program.len);
    }
  }
  free(text.text);
  free(program.bytes);
  return status;
}

static int run(const struct request *r, char *const *paths, int count)
{
  int status = check_operands(r, paths, count);
  char *made = NULL;
  const char *output = r->output;
  if (status == STATUS_DONE && !output) {
    output = made = file_beside(paths[0], r->assembly ? "s" : "elf");
    if (!made) {
      message_error("cc", "out of memory");
      status = STATUS_OURS;
    }
  }
  if (status == STATUS_DONE) {
    status = compile(r, output, paths, count);
  }
  free(made);
  return status;
}

int cmd_cc(int argc, char **argv)
{
  struct request r = {.level = 1};
  const struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status == OPTIONS_GO_ON) {
    status = run(&r, operands, count);
  }
  for (size_t i = 0; i < r.passed_count; i++) {
    free(r.passed[i]);
  }
  return status;
}
