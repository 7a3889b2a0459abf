#include "tools/cc/translate.h"

#include <ctype.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "isa/isa.h"

/* A symbol of a unit, or of the whole program. */
struct symbol {
  char *name;
  const char *unit; /* the program's: where it is defined, or NULL; first used in … */
  const char *user;
  bool global, defined, shadowed;
};

/* A source file's name by the number that .file gives it. */
struct file {
  unsigned number;
  char *path;
};

struct cc_linker {
  FILE *out, *errors;
  void *program;  /* tree of symbols: those that units share */
  void *own;      /* tree of the symbols of the unit that is being added */
  unsigned count; /* units so far */
  const struct cc_unit *unit;
  struct file *files;
  size_t file_count;
  const char *section; /* the one that .comm must come back to */
  bool skipping;       /* in a section that only debuggers of other machines read */
  bool failed, wrong;
};

/* ---------------------------------------------------------------------- symbols */

static int compare(const void *a, const void *b)
{
  return strcmp(((const struct symbol *)a)->name, ((const struct symbol *)b)->name);
}

static void free_symbol(void *s)
{
  free(((struct symbol *)s)->name);
  free(s);
}

static struct symbol *find(void *const *tree, const char *name, size_t len)
{
  char *copy = strndup(name, len);
  struct symbol wanted = {.name = copy};
  struct symbol **found = copy ? tfind(&wanted, tree, compare) : NULL;
  free(copy);
  return found ? *found : NULL;
}

/* Found, or made. NULL: no memory. */
static struct symbol *enter(struct cc_linker *l, void **tree, const char *name, size_t len)
{
  struct symbol *s = find(tree, name, len);
  if (s) {
    return s;
  }
  s = calloc(1, sizeof *s);
  if (s) {
    s->name = strndup(name, len);
  }
  if (!s || !s->name || !tsearch(s, tree, compare)) {
    l->failed = true;
    if (s) {
      free_symbol(s);
    }
    return NULL;
  }
  return s;
}

/* ------------------------------------------------------------------------- words */

static bool begins_name(char c)
{
  return isalpha((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

static size_t name_length(const char *s)
{
  size_t n = 0;
  while (begins_name(s[n]) || (n > 0 && isdigit((unsigned char)s[n]))) {
    n++;
  }
  return n;
}

/* Past a string, or a line end that should not be there. */
static const char *skip_string(const char *s)
{
  for (s++; *s && *s != '"' && *s != '\n'; s++) {
    s += *s == '\\' && s[1] && s[1] != '\n';
  }
  return *s == '"' ? s + 1 : s;
}

static bool is_register(const char *name, size_t len)
{
  unsigned reg;
  return isa_find_reg(name, len, &reg);
}

static const char *skip_blanks(const char *s)
{
  return s + strspn(s, " \t");
}

static bool is_word(const char *s, size_t len, const char *word)
{
  return strlen(word) == len && memcmp(s, word, len) == 0;
}

/* ----------------------------------------------------- what a unit defines: pass one */

static void note_label(struct cc_linker *l, const char *name, size_t len)
{
  struct symbol *s = enter(l, &l->own, name, len);
  if (s) {
    s->defined = true;
  }
}

static void note_directive(struct cc_linker *l, const char *name, size_t len, const char *rest)
{
  bool global = is_word(name, len, ".globl") || is_word(name, len, ".weak");
  bool common = is_word(name, len, ".comm"), local = is_word(name, len, ".local");
  if (!global && !common && !local) {
    return;
  }
  struct symbol *s = enter(l, &l->own, rest, name_length(rest));
  if (s) {
    /* .local stands before the .comm that it is about. */
    s->global = global || (common && !s->shadowed);
    s->shadowed = local;
    s->defined = s->defined || common;
  }
}

static void note_line(struct cc_linker *l, const char *line)
{
  const char *s = skip_blanks(line);
  size_t len = name_length(s);
  if (len > 0 && s[len] == ':') {
    note_label(l, s, len);
  } else if (*s == '.') {
    note_directive(l, s, len, skip_blanks(s + len));
  }
}

/* A unit's own symbols become the program's, or get a name that no other unit has. */
struct joining {
  struct cc_linker *l;
};

static void join(const void *node, VISIT visit, void *closure)
{
  struct cc_linker *l = ((struct joining *)closure)->l;
  struct symbol *s = *(struct symbol *const *)node;
  if ((visit != postorder && visit != leaf) || !s->defined) {
    return;
  }
  s->shadowed = !s->global && l->count > 0;
  struct symbol *p = s->global ? enter(l, &l->program, s->name, strlen(s->name)) : NULL;
  if (!p) {
    return;
  }
  if (!p->defined) {
    p->defined = true;
    p->unit = l->unit->name;
  } else if (l->unit->library) {
    s->shadowed = true;
  } else {
    fprintf(l->errors, "%s: '%s' is defined here and in %s\n", l->unit->name, s->name,
            p->unit ? p->unit : "the start-up code");
    l->wrong = true;
  }
}

/* ------------------------------------------------------------- its text: pass two */

static void put_name(struct cc_linker *l, const char *name, size_t len)
{
  struct symbol *s = find(&l->own, name, len);
  enum isa_cr cr; /* in assembly by hand */
  fprintf(l->out, "%.*s", (int)len, name);
  if (s && s->shadowed) {
    fprintf(l->out, "$%u", l->count);
  } else if ((!s || !s->defined) && name[0] != '.' && !isa_find_cr(name, len, &cr)) {
    struct symbol *p = enter(l, &l->program, name, len);
    if (p && !p->user) {
      p->user = l->unit->name;
    }
  }
}

/* Operands, symbols renamed. Within %hi() and %lo() a register's name is a symbol's, and that
 * the assembler could not tell apart. */
static void put_operands(struct cc_linker *l, const char *s, const char *end)
{
  while (s < end && *s != '#') {
    size_t len = name_length(s);
    if (*s == '"') {
      const char *next = skip_string(s);
      fprintf(l->out, "%.*s", (int)(next - s), s);
      s = next;
    } else if (*s == '%' || isdigit((unsigned char)*s)) {
      len = 1 + strspn(s + 1, "0123456789abcdefghijklmnopqrstuvwxyzABCDEF");
      fprintf(l->out, "%.*s", (int)len, s);
      s += len;
    } else if (len > 0 && !is_register(s, len)) {
      put_name(l, s, len);
      s += len;
    } else {
      len = len > 0 ? len : 1;
      fprintf(l->out, "%.*s", (int)len, s);
      s += len;
    }
  }
  putc('\n', l->out);
}

static void to_section(struct cc_linker *l, const char *name)
{
  l->skipping = name == NULL;
  if (name) {
    l->section = name;
    fprintf(l->out, "\t%s\n", name);
  }
}

/* What is only read lies in .data: there is no section of its own for it. */
static void put_section(struct cc_linker *l, const char *rest)
{
  static const struct {
    const char *prefix, *section;
  } known[] = {{".text", ".text"},    {".rodata", ".data"},    {".data", ".data"},
               {".bss", ".bss"},      {".sdata", ".data"},     {".sbss", ".bss"},
               {".srodata", ".data"}, {".init_array", ".data"}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    size_t len = strlen(known[i].prefix);
    if (strncmp(rest, known[i].prefix, len) == 0 &&
        (rest[len] == 0 || strchr(".,\n\t ", rest[len]))) {
      to_section(l, known[i].section);
      return;
    }
  }
  to_section(l, NULL);
}

static void keep_file(struct cc_linker *l, const char *rest)
{
  char *end;
  unsigned long number = strtoul(rest, &end, 10);
  const char *name = strchr(end, '"');
  if (end == rest || !name) {
    return; /* the unit's own name, which the symbol table has no use for */
  }
  const char *after = skip_string(name);
  struct file *files = realloc(l->files, (l->file_count + 1) * sizeof *files);
  if (files) {
    l->files = files;
  }
  char *path = files ? strndup(name, (size_t)(after - name)) : NULL;
  if (!path) {
    l->failed = true;
    return;
  }
  files[l->file_count++] = (struct file){(unsigned)number, path};
}

/* .loc file line column … */
static void put_place(struct cc_linker *l, const char *rest)
{
  char *end;
  unsigned long number = strtoul(rest, &end, 10), line = strtoul(end, NULL, 10);
  for (size_t i = l->file_count; i-- > 0;) {
    if (l->files[i].number == number && line > 0) {
      fprintf(l->out, "\t.loc %s, %lu\n", l->files[i].path, line);
      return;
    }
  }
}

/* .comm name,size,alignment */
static void put_common(struct cc_linker *l, const char *rest)
{
  size_t len = name_length(rest);
  char *end;
  const char *comma = rest + len + strspn(rest + len, ", ");
  unsigned long size = strtoul(comma, &end, 10);
  unsigned long align = *end == ',' ? strtoul(end + 1, NULL, 10) : 1;
  fprintf(l->out, "\t.bss\n\t.balign %lu\n", align ? align : 1);
  put_name(l, rest, len);
  fprintf(l->out, ":\n\t.space %lu\n\t%s\n", size, l->section);
}

/* .dword value: the low word first. */
static void put_double(struct cc_linker *l, const char *rest)
{
  unsigned long long value = strtoull(rest, NULL, 0);
  fprintf(l->out, "\t.word %lu, %lu\n", (unsigned long)(uint32_t)value,
          (unsigned long)(uint32_t)(value >> 32));
}

/* Numbers that may lie anywhere, byte for byte. */
static void put_bytes(struct cc_linker *l, const char *rest, const char *end, unsigned size)
{
  char *after;
  unsigned long long value = strtoull(rest, &after, 0);
  if (after == rest || skip_blanks(after) < end) { /* an address, which is aligned */
    fputs("\t.word\t", l->out);
    put_operands(l, rest, end);
    return;
  }
  for (unsigned i = 0; i < size; i++) {
    fprintf(l->out, "%s%llu", i ? ", " : "\t.byte ", value >> 8 * i & 0xff);
  }
  putc('\n', l->out);
}

enum what { DROP, KEEP, RENAME, SECTION, IN_SECTION, FILE_NAME, LOC, COMMON, DOUBLE, BYTES };
static const struct {
  const char *name;
  enum what what;
  const char *instead;
  unsigned size;
} directives[] = {
    {".text", SECTION, ".text", 0},
    {".data", SECTION, ".data", 0},
    {".bss", SECTION, ".bss", 0},
    {".section", IN_SECTION, "", 0},
    {".file", FILE_NAME, "", 0},
    {".loc", LOC, "", 0},
    {".align", RENAME, ".p2align", 0},
    {".p2align", KEEP, "", 0},
    {".balign", KEEP, "", 0},
    {".globl", RENAME, ".globl", 0},
    {".weak", RENAME, ".globl", 0},
    {".comm", COMMON, "", 0},
    {".word", KEEP, "", 0},
    {".half", KEEP, "", 0},
    {".byte", KEEP, "", 0},
    {".string", KEEP, "", 0},
    {".ascii", KEEP, "", 0},
    {".asciz", KEEP, "", 0},
    {".zero", KEEP, "", 0},
    {".space", KEEP, "", 0},
    {".skip", KEEP, "", 0},
    {".set", KEEP, "", 0},
    {".equ", KEEP, "", 0},
    {".dword", DOUBLE, "", 0},
    {".quad", DOUBLE, "", 0},
    {".8byte", BYTES, "", 8},
    {".4byte", BYTES, "", 4},
    {".2byte", BYTES, "", 2},
};

static void put_directive(struct cc_linker *l, const char *name, size_t len, const char *rest,
                          const char *end)
{
  size_t i = 0, count = sizeof directives / sizeof directives[0];
  while (i < count && !is_word(name, len, directives[i].name)) {
    i++;
  }
  enum what what = i < count ? directives[i].what : DROP; /* .type, .size, .cfi_… */
  if (what == SECTION) {
    to_section(l, directives[i].instead);
  } else if (what == IN_SECTION) {
    put_section(l, rest);
  } else if (what == FILE_NAME) {
    keep_file(l, rest);
  } else if (what == DROP || l->skipping) {
    return;
  } else if (what == LOC) {
    put_place(l, rest);
  } else if (what == COMMON) {
    put_common(l, rest);
  } else if (what == DOUBLE) {
    put_double(l, rest);
  } else if (what == BYTES) {
    put_bytes(l, rest, end, directives[i].size);
  } else {
    fprintf(l->out, "\t%s\t", what == RENAME ? directives[i].instead : directives[i].name);
    put_operands(l, rest, end);
  }
}

/* RISC-V's words for what PG32 calls something else, or has no need of. */
static const struct {
  const char *name, *instead;
} words[] = {{"ebreak", ".word 0 #"}, {"fence", "nop #"}, {"unimp", ".word 0 #"}, {"lla", "la"}};

static void put_instruction(struct cc_linker *l, const char *name, size_t len, const char *rest,
                            const char *end)
{
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (is_word(name, len, words[i].name)) {
      fprintf(l->out, "\t%s\t", words[i].instead);
      put_operands(l, rest, end);
      return;
    }
  }
  fprintf(l->out, "\t%.*s\t", (int)len, name);
  put_operands(l, rest, end);
}

static void put_line(struct cc_linker *l, const char *line, const char *end)
{
  const char *s = skip_blanks(line);
  size_t len = name_length(s);
  if (len > 0 && s[len] == ':') {
    if (!l->skipping) {
      put_name(l, s, len);
      fputs(":\n", l->out);
    }
  } else if (*s == '.') {
    put_directive(l, s, len, skip_blanks(s + len), end);
  } else if (len > 0 && !l->skipping) {
    put_instruction(l, s, len, skip_blanks(s + len), end);
  }
}

/* ----------------------------------------------------------------------- the whole */

struct cc_linker *cc_linker_create(FILE *out, FILE *errors)
{
  struct cc_linker *l = calloc(1, sizeof *l);
  if (l) {
    *l = (struct cc_linker){.out = out, .errors = errors, .section = ".text"};
  }
  return l;
}

static void forget_files(struct cc_linker *l)
{
  for (size_t i = 0; i < l->file_count; i++) {
    free(l->files[i].path);
  }
  free(l->files);
  l->files = NULL;
  l->file_count = 0;
}

void cc_linker_destroy(struct cc_linker *l)
{
  if (l) {
    tdestroy(l->program, free_symbol);
    tdestroy(l->own, free_symbol);
    forget_files(l);
  }
  free(l);
}

bool cc_linker_know(struct cc_linker *l, const char *symbol)
{
  struct symbol *s = enter(l, &l->program, symbol, strlen(symbol));
  if (s) {
    s->defined = true;
  }
  return s != NULL;
}

bool cc_linker_want(struct cc_linker *l, const char *symbol)
{
  struct symbol *s = enter(l, &l->program, symbol, strlen(symbol));
  if (s) {
    s->user = "the start-up code";
  }
  return s != NULL;
}

/* A statement ends with its line, or at a ';' outside strings. */
static const char *statement_end(const char *s)
{
  while (*s && *s != '\n' && *s != ';' && *s != '#') {
    s = *s == '"' ? skip_string(s) : s + 1;
  }
  return *s == '#' ? s + strcspn(s, "\n") : s;
}

bool cc_linker_add(struct cc_linker *l, const struct cc_unit *unit)
{
  l->unit = unit;
  for (const char *s = unit->text; *s && !l->failed;) {
    const char *end = statement_end(s);
    note_line(l, s);
    s = *end ? end + 1 : end;
  }
  struct joining joining = {l};
  twalk_r(l->own, join, &joining);
  to_section(l, ".text");
  for (const char *s = unit->text; *s && !l->failed && !l->wrong;) {
    const char *end = statement_end(s);
    put_line(l, s, end);
    s = *end ? end + 1 : end;
  }
  fputs("\t.loc\n", l->out);
  tdestroy(l->own, free_symbol);
  l->own = NULL;
  forget_files(l);
  l->count++;
  return !l->failed && !l->wrong;
}

/* The compiler's helpers for floating point have names like __adddf3. */
static bool is_floating(const char *name)
{
  size_t len = strlen(name);
  return strncmp(name, "__", 2) == 0 && len > 4 &&
         (strstr(name, "sf") || strstr(name, "df") || strstr(name, "tf"));
}

static void miss(const void *node, VISIT visit, void *closure)
{
  struct cc_linker *l = ((struct joining *)closure)->l;
  const struct symbol *s = *(struct symbol *const *)node;
  if ((visit != postorder && visit != leaf) || s->defined || !s->user) {
    return;
  }
  l->wrong = true;
  fprintf(l->errors, "%s: '%s' is used and defined nowhere%s\n", s->user, s->name,
          is_floating(s->name) ? ": there is no floating point on this machine" : "");
}

bool cc_linker_close(struct cc_linker *l)
{
  struct joining joining = {l};
  twalk_r(l->program, miss, &joining);
  return !l->failed && !l->wrong;
}

bool cc_linker_failed(const struct cc_linker *l)
{
  return l->failed;
}
