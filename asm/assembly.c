/* The entry points, and one run from the source to placed sections. */
#include "asm/assembly.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Passed to longjmp; the arena passes 1. */
enum { FAILED_AND_SAID = 2 };

static bool valid_name(const char *name)
{
  unsigned reg;
  if (!*name || isdigit((unsigned char)*name) || strcmp(name, ".") == 0 ||
      isa_find_reg(name, strlen(name), &reg))
    return false;
  for (const char *p = name; *p; p++)
    if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.' && *p != '$')
      return false;
  return true;
}

static void add_defines(struct assembly *a)
{
  struct loc nowhere = {0};
  for (size_t i = 0; i < a->options->define_count; i++) {
    const struct asm_define *d = &a->options->defines[i];
    if (!valid_name(d->name))
      asm_error(a, nowhere, "'%s' cannot be defined: it is not the name of a symbol", d->name);
    else
      symbol_define_value(a, symbol_get(a, d->name, strlen(d->name)), nowhere, SYMBOL_EQU,
                          expr_number(a, nowhere, d->value));
  }
}

/* Every definition is looked at, used or not. */
static void check_symbols(struct assembly *a)
{
  for (size_t i = 0; i < a->symbols.all.count && !a->incomplete; i++) {
    struct symbol *s = a->symbols.all.items[i];
    struct value v;
    struct expr use = {.kind = EXPR_SYMBOL, .symbol = s, .loc = s->defined};
    if (s->global && s->kind == SYMBOL_UNDEFINED)
      asm_error(a, s->globalized, "'%s' is declared global but never defined%s", s->name,
                symbol_suggest(a, s));
    else if (s->kind == SYMBOL_EQU || s->kind == SYMBOL_SET)
      expr_eval(a, &use, &v);
  }
}

static void check_entry(struct assembly *a)
{
  const struct symbol *start = symbol_get(a, "_start", strlen("_start"));
  if (start->kind == SYMBOL_LABEL && section_address(start->section, start->offset) % 4 != 0)
    asm_error(a, start->defined, "the program would start here, at 0x%x: not at a multiple of 4",
              section_address(start->section, start->offset));
}

static void check_assertions(struct assembly *a)
{
  for (size_t i = 0; i < a->assertions.count; i++) {
    const struct assertion *x = &a->assertions.items[i];
    struct value v;
    if (expr_eval(a, x->expr, &v) == EVAL_KNOWN && v.number == 0)
      asm_error(a, x->expr->loc, "%s", x->text);
  }
}

static void assemble(struct assembly *a, const char *path)
{
  asm_lex_begin(a);
  section_init(a);
  add_defines(a);
  if (source_push_file(a, path, NULL)) {
    const struct line *line;
    while (!a->stop && (line = source_next(a)) != NULL)
      asm_statement(a, line);
  }
  if (a->stop)
    return;
  section_place_all(a);
  check_symbols(a);
  check_assertions(a);
  check_entry(a);
}

static void host_error(const struct asm_options *o, const char *path, const char *message)
{
  if (o->errors)
    fprintf(o->errors, "%s: error: %s\n", path, message);
}

void assembly_give_up(struct assembly *a, const char *path, const char *reason)
{
  host_error(a->options, path, reason);
  longjmp(a->arena.failed, FAILED_AND_SAID);
}

enum asm_status assembly_run(const char *path, const struct asm_options *o, size_t memory,
                             asm_finish_fn *finish, struct asm_output *out)
{
  *out = (struct asm_output){NULL, 0};
  struct assembly *a = calloc(1, sizeof *a);
  if (!a) {
    host_error(o, path, "out of memory");
    return ASM_HOST;
  }
  a->options = o;
  a->arena.limit = memory;
  enum asm_status status = ASM_OK;
  int failed = setjmp(a->arena.failed);
  if (failed == 0) {
    assemble(a, path);
    diag_print_all(a);
    status = a->error_count ? ASM_ERRORS : finish(a, out);
    if (status == ASM_OK && o->listing)
      listing_print(a, o->listing);
  } else {
    if (failed != FAILED_AND_SAID)
      host_error(o, path, "out of memory");
    status = ASM_HOST;
  }
  arena_free(&a->arena);
  free(a);
  if (status != ASM_OK) {
    free(out->bytes);
    *out = (struct asm_output){NULL, 0};
  }
  return status;
}

enum asm_status asm_assemble_elf(const char *path, const struct asm_options *o,
                                 struct asm_output *out)
{
  return assembly_run(path, o, MEMORY_LIMIT, output_elf, out);
}

enum asm_status asm_assemble_raw(const char *path, const struct asm_options *o,
                                 struct asm_output *out)
{
  return assembly_run(path, o, MEMORY_LIMIT, output_raw, out);
}
