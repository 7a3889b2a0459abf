#include "tools/cc/translate.h"

#include <ctype.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "isa/isa.h"
#include "tools/common/memory.h"

/* A symbol of a unit, or of the whole program. */
struct symbol {
  char *name;
  const char *unit; /* the program's: where it is defined, or NULL; first used in … */
  char *place;      /* malloc'd: where it is used first, "file.c:12", or "file.c" alone */
  unsigned order;   /* of first uses */
  bool global, defined, shadowed;
};

/* A source file's name by the number that .file gives it. */
struct file {
  unsigned number;
  char *path;
};

struct cc_linker {
  FILE *out, *errors;
  enum cc_layout layout;
  struct memory data;  /* CC_ONE_PIECE: what is to follow the text */
  FILE *to;            /* where the section's lines go: `out`, or `data` */
  unsigned long zeros; /* CC_ONE_PIECE: bytes of .bss so far */
  unsigned main_in;    /* 1 + the number of the last unit that has a main(), 0: none */
  void *program;       /* tree of symbols: those that units share */
  void *own;           /* tree of the symbols of the unit that is being added */
  void *reserved;      /* tree of names that mean something else to the assembler */
  unsigned count;      /* units so far */
  const struct cc_unit *unit;
  struct file *files;
  size_t file_count;
  const char *section; /* the one that .comm must come back to */
  const char *path;    /* of the C source of the text that follows, in quotes, and its line; */
  unsigned long line;  /* 0: not known */
  unsigned uses;
  bool skipping; /* in a section that only debuggers of other machines read */
  bool failed, wrong;
};

static const char main_name[] = "main";

/* ---------------------------------------------------------------------- symbols */

static int compare(const void *a, const void *b)
{
  return strcmp(((const struct symbol *)a)->name, ((const struct symbol *)b)->name);
}

static void free_symbol(void *s)
{
  free(((struct symbol *)s)->name);
  free(((struct symbol *)s)->place);
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
  bool alias = is_word(name, len, ".set") || is_word(name, len, ".equ");
  if (!global && !common && !local && !alias) {
    return;
  }
  struct symbol *s = enter(l, &l->own, rest, name_length(rest));
  if (s) {
    /* .local stands before the .comm that it is about. */
    s->global = s->global || global || (common && !s->shadowed);
    s->shadowed = local;
    s->defined = s->defined || common || alias;
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
  } else if (l->unit->library || (l->layout == CC_ONE_PIECE && strcmp(s->name, main_name) == 0)) {
    s->shadowed = true;
  } else {
    fprintf(l->errors, "%s: error: '%s' is defined here and in %s\n", l->unit->name, s->name,
            p->unit ? p->unit : "the start-up code");
    l->wrong = true;
  }
}

/* ------------------------------------------------------------- its text: pass two */

/* Where in C the statement comes from: malloc'd. */
static char *place_name(struct cc_linker *l)
{
  bool known = l->line > 0 && strcmp(l->section, ".text") == 0;
  char *place = NULL;
  int n = known ? asprintf(&place, "%.*s:%lu", (int)strlen(l->path) - 2, l->path + 1, l->line)
                : asprintf(&place, "%s", l->unit->name);
  l->failed |= n < 0;
  return n < 0 ? NULL : place;
}

static void note_use(struct cc_linker *l, const char *name, size_t len)
{
  struct symbol *p = enter(l, &l->program, name, len);
  if (p && !p->place) {
    p->place = place_name(l);
    p->order = ++l->uses;
  }
}

/* What the name means to the assembler is not what it means in C. */
static bool is_taken(const struct cc_linker *l, const char *name, size_t len)
{
  return is_register(name, len) || find(&l->reserved, name, len);
}

static void put_name(struct cc_linker *l, const char *name, size_t len)
{
  struct symbol *s = find(&l->own, name, len);
  bool foreign = !s || !s->defined;
  fprintf(l->to, "%.*s", (int)len, name);
  if (foreign && name[0] == '.') {
    return;
  }
  if (s && s->shadowed) {
    fprintf(l->to, "$%u", l->count);
  } else if (is_taken(l, name, len)) {
    fputs("$c", l->to);
  }
  if (foreign) {
    note_use(l, name, len);
  }
}

/* A name whose value is an address: as the program has it where it runs. */
static void put_address(struct cc_linker *l, const char *name, size_t len)
{
  if (l->layout == CC_SECTIONS) {
    put_name(l, name, len);
  } else {
    putc('(', l->to);
    put_name(l, name, len);
    fputs("-C_BASE)", l->to);
  }
}

/* What a name among operands can be. */
enum names {
  ANY,       /* a register, a control register or a symbol */
  TARGETS,   /* a symbol, to be jumped to */
  ADDRESSES, /* a register, or a symbol whose address is a number */
  VALUES     /* a symbol whose address is a number */
};

static void put_operand(struct cc_linker *l, const char *s, size_t len, enum names names)
{
  enum isa_cr cr; /* in assembly by hand */
  bool symbol = names == TARGETS || names == VALUES;
  if (!symbol && (is_register(s, len) || isa_find_cr(s, len, &cr))) {
    fprintf(l->to, "%.*s", (int)len, s);
  } else if (names == ANY || names == TARGETS) {
    put_name(l, s, len);
  } else {
    put_address(l, s, len);
  }
}

/* Operands, symbols renamed. Within %hi() and %lo() a register's name is a symbol's. */
static void put_operands(struct cc_linker *l, const char *s, const char *end, enum names names)
{
  bool part = false; /* between %hi( or %lo( and its ) */
  while (s < end && *s != '#') {
    size_t len = name_length(s);
    part = *s == '%' || (part && *s != ')');
    if (*s == '"') {
      len = (size_t)(skip_string(s) - s);
      fprintf(l->to, "%.*s", (int)len, s);
    } else if (*s == '%' || isdigit((unsigned char)*s)) {
      len = 1 + strspn(s + 1, "0123456789_abcdefghijklmnopqrstuvwxyzABCDEF");
      fprintf(l->to, "%.*s", (int)len, s);
    } else if (len > 0) {
      put_operand(l, s, len, part ? VALUES : names);
    } else {
      putc(*s, l->to);
      len = 1;
    }
    s += len;
  }
  putc('\n', l->to);
}

static void to_section(struct cc_linker *l, const char *name)
{
  l->skipping = name == NULL;
  if (!name) {
    return;
  }
  l->section = name;
  if (l->layout == CC_SECTIONS) {
    fprintf(l->to, "\t%s\n", name);
  } else {
    l->to = strcmp(name, ".data") == 0 ? l->data.stream : l->out;
  }
}

/* A section of the program's own: by what it holds; NULL: what no machine loads. */
static const char *section_by_flags(const char *rest)
{
  const char *flags = strchr(rest, '"'), *end = rest + strcspn(rest, "\n");
  size_t len = flags && flags < end ? strcspn(flags + 1, "\"\n") : 0;
  if (len == 0 || !memchr(flags + 1, 'a', len)) {
    return NULL;
  }
  return memchr(flags + 1, 'x', len) ? ".text" : ".data";
}

/* What is only read lies in .data: there is no section of its own for it. */
static void put_section(struct cc_linker *l, const char *rest)
{
  static const struct {
    const char *prefix, *section;
  } known[] = {{".text", ".text"},  {".rodata", ".data"}, {".data", ".data"},   {".bss", ".bss"},
               {".sdata", ".data"}, {".sbss", ".bss"},    {".srodata", ".data"}};
  if (strncmp(rest, ".init_array", strlen(".init_array")) == 0) {
    fprintf(l->errors, "%s: error: a constructor: nothing is called before main() here\n",
            l->unit->name);
    l->wrong = true;
  }
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    size_t len = strlen(known[i].prefix);
    if (strncmp(rest, known[i].prefix, len) == 0 &&
        (rest[len] == 0 || strchr(".,\n\t ", rest[len]))) {
      to_section(l, known[i].section);
      return;
    }
  }
  to_section(l, section_by_flags(rest));
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
      fprintf(l->to, "\t.loc %s, %lu\n", l->files[i].path, line);
      l->path = l->files[i].path;
      l->line = line;
      return;
    }
  }
}

static unsigned long aligned(unsigned long n, unsigned long to)
{
  return to > 1 ? (n + to - 1) / to * to : n;
}

/* Of what is only used here the compiler says it too, before the line that uses it. */
static void put_global(struct cc_linker *l, const char *rest)
{
  size_t len = name_length(rest);
  const struct symbol *s = find(&l->own, rest, len);
  if (s && s->defined) {
    fputs("\t.globl\t", l->to);
    put_name(l, rest, len);
    putc('\n', l->to);
  }
}

static void put_zeros_label(struct cc_linker *l, const char *name, size_t len)
{
  fputs("\t.equ\t", l->to);
  put_name(l, name, len);
  fprintf(l->to, ", c_end+%lu\n", l->zeros);
}

/* .comm name,size,alignment */
static void put_common(struct cc_linker *l, const char *rest)
{
  size_t len = name_length(rest);
  char *end;
  const char *comma = rest + len + strspn(rest + len, ", ");
  unsigned long size = strtoul(comma, &end, 10);
  unsigned long align = *end == ',' ? strtoul(end + 1, NULL, 10) : 1;
  if (l->layout == CC_ONE_PIECE) {
    l->zeros = aligned(l->zeros, align);
    put_zeros_label(l, rest, len);
    l->zeros += size;
    return;
  }
  fprintf(l->to, "\t.bss\n\t.balign %lu\n", align ? align : 1);
  put_name(l, rest, len);
  fprintf(l->to, ":\n\t.space %lu\n\t%s\n", size, l->section);
}

/* .dword value: the low word first. */
static void put_double(struct cc_linker *l, const char *rest)
{
  unsigned long long value = strtoull(rest, NULL, 0);
  fprintf(l->to, "\t.word %lu, %lu\n", (unsigned long)(uint32_t)value,
          (unsigned long)(uint32_t)(value >> 32));
}

/* Numbers that may lie anywhere, byte for byte. */
static void put_bytes(struct cc_linker *l, const char *rest, const char *end, unsigned size)
{
  char *after;
  unsigned long long value = strtoull(rest, &after, 0);
  if (after == rest || skip_blanks(after) < end) { /* an address, which is aligned */
    fputs("\t.word\t", l->to);
    put_operands(l, rest, end, VALUES);
    return;
  }
  for (unsigned i = 0; i < size; i++) {
    fprintf(l->to, "%s%llu", i ? ", " : "\t.byte ", value >> 8 * i & 0xff);
  }
  putc('\n', l->to);
}

enum what {
  DROP,
  KEEP,
  ALIGN,
  SIZED,
  GLOBAL,
  SECTION,
  IN_SECTION,
  FILE_NAME,
  LOC,
  COMMON,
  DOUBLE,
  BYTES
};
static const struct {
  const char *name;
  enum what what;
  const char *instead;
  unsigned size;
} directives[] = {
    {".text", SECTION, ".text", 0},   {".data", SECTION, ".data", 0},
    {".bss", SECTION, ".bss", 0},     {".section", IN_SECTION, "", 0},
    {".file", FILE_NAME, "", 0},      {".loc", LOC, "", 0},
    {".align", ALIGN, ".p2align", 0}, {".p2align", ALIGN, ".p2align", 0},
    {".balign", ALIGN, ".balign", 0}, {".globl", GLOBAL, "", 0},
    {".weak", GLOBAL, "", 0},         {".comm", COMMON, "", 0},
    {".word", KEEP, ".word", 0},      {".half", KEEP, ".half", 0},
    {".byte", KEEP, ".byte", 0},      {".string", KEEP, ".string", 0},
    {".ascii", KEEP, ".ascii", 0},    {".asciz", KEEP, ".asciz", 0},
    {".zero", SIZED, ".zero", 0},     {".space", SIZED, ".space", 0},
    {".skip", SIZED, ".skip", 0},     {".set", KEEP, ".equ", 0},
    {".equ", KEEP, ".equ", 0},        {".dword", DOUBLE, "", 0},
    {".quad", DOUBLE, "", 0},         {".8byte", BYTES, "", 8},
    {".4byte", BYTES, "", 4},         {".2byte", BYTES, "", 2},
};

static bool is_zeros(const struct cc_linker *l)
{
  return l->layout == CC_ONE_PIECE && strcmp(l->section, ".bss") == 0;
}

/* In .bss there is nothing but room. */
static void put_room(struct cc_linker *l, enum what what, const char *name, size_t len,
                     const char *rest)
{
  unsigned long n = strtoul(rest, NULL, 0);
  if (what == SIZED) {
    l->zeros += n;
  } else if (is_word(name, len, ".balign")) {
    l->zeros = aligned(l->zeros, n);
  } else {
    l->zeros = aligned(l->zeros, 1ul << (n & 31));
  }
}

/* What only other assemblers, linkers and debuggers want to know. */
static bool is_dropped(const char *name, size_t len)
{
  static const char *const names[] = {
      ".type",   ".size",      ".ident",    ".attribute", ".option",  ".local",   ".weakref",
      ".hidden", ".protected", ".internal", ".addrsig",   ".sleb128", ".uleb128", ".cfi_sections"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (is_word(name, len, names[i])) {
      return true;
    }
  }
  return len > 5 && memcmp(name, ".cfi_", 5) == 0;
}

static void put_directive(struct cc_linker *l, const char *name, size_t len, const char *rest,
                          const char *end)
{
  size_t i = 0, count = sizeof directives / sizeof directives[0];
  while (i < count && !is_word(name, len, directives[i].name)) {
    i++;
  }
  enum what what = i < count ? directives[i].what : is_dropped(name, len) ? DROP : KEEP;
  if (what == SECTION) {
    to_section(l, directives[i].instead);
  } else if (what == IN_SECTION) {
    put_section(l, rest);
  } else if (what == FILE_NAME) {
    keep_file(l, rest);
  } else if (what == DROP || l->skipping) {
    return;
  } else if (what == GLOBAL) {
    put_global(l, rest);
  } else if (is_zeros(l) && (what == SIZED || what == ALIGN)) {
    put_room(l, what, name, len, rest);
  } else if (what == LOC) {
    put_place(l, rest);
  } else if (what == COMMON) {
    put_common(l, rest);
  } else if (what == DOUBLE) {
    put_double(l, rest);
  } else if (what == BYTES) {
    put_bytes(l, rest, end, directives[i].size);
  } else {
    fprintf(l->to, "\t%.*s\t", i < count ? (int)strlen(directives[i].instead) : (int)len,
            i < count ? directives[i].instead : name);
    put_operands(l, rest, end, is_word(name, len, ".word") ? VALUES : TARGETS);
  }
}

/* RISC-V's words for what PG32 calls something else, or has no need of. */
static const struct {
  const char *name, *instead;
} words[] = {{"ebreak", ".word 0 #"}, {"fence", "nop #"}, {"unimp", ".word 0 #"}, {"lla", "la"}};

static enum names names_of(const char *name, size_t len)
{
  if (is_word(name, len, "call") || is_word(name, len, "tail") || is_word(name, len, "j")) {
    return TARGETS;
  }
  return is_word(name, len, "la") || is_word(name, len, "lla") ? ADDRESSES : ANY;
}

static void put_instruction(struct cc_linker *l, const char *name, size_t len, const char *rest,
                            const char *end)
{
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (is_word(name, len, words[i].name)) {
      fprintf(l->to, "\t%s\t", words[i].instead);
      put_operands(l, rest, end, names_of(name, len));
      return;
    }
  }
  fprintf(l->to, "\t%.*s\t", (int)len, name);
  put_operands(l, rest, end, names_of(name, len));
}

static void put_line(struct cc_linker *l, const char *line, const char *end)
{
  const char *s = skip_blanks(line);
  size_t len = name_length(s);
  if (len > 0 && s[len] == ':') {
    if (is_zeros(l) && !l->skipping) {
      put_zeros_label(l, s, len);
    } else if (!l->skipping) {
      put_name(l, s, len);
      fputs(":\n", l->to);
    }
  } else if (*s == '.') {
    put_directive(l, s, len, skip_blanks(s + len), end);
  } else if (len > 0 && !l->skipping) {
    put_instruction(l, s, len, skip_blanks(s + len), end);
  }
}

/* ----------------------------------------------------------------------- the whole */

struct cc_linker *cc_linker_create(FILE *out, FILE *errors, enum cc_layout layout)
{
  struct cc_linker *l = calloc(1, sizeof *l);
  if (!l) {
    return NULL;
  }
  *l = (struct cc_linker){
      .out = out, .errors = errors, .layout = layout, .to = out, .section = ".text"};
  if (layout == CC_ONE_PIECE && !memory_open(&l->data)) {
    free(l);
    return NULL;
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
  l->line = 0;
}

void cc_linker_destroy(struct cc_linker *l)
{
  if (l) {
    tdestroy(l->program, free_symbol);
    tdestroy(l->own, free_symbol);
    tdestroy(l->reserved, free_symbol);
    forget_files(l);
    memory_close(&l->data);
    free(l->data.text);
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
  if (s && !s->place) {
    s->place = strdup("cc");
    l->failed |= !s->place;
  }
  return s && s->place;
}

bool cc_linker_reserve(struct cc_linker *l, const char *symbol, size_t len)
{
  return enter(l, &l->reserved, symbol, len) != NULL;
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
  struct symbol *m = find(&l->own, main_name, sizeof main_name - 1);
  l->main_in = m && m->defined && m->global ? 1 + (m->shadowed ? l->count : 0) : 0;
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

/* What a name that is missing may be looked for in vain. */
static const char *advice(const struct cc_linker *l, const char *name)
{
  static const struct {
    const char *prefix, *sections, *one_piece;
  } known[] = {
      {"main", ": a program begins with it", ": a program begins with it"},
      {"minos_", ": processes of minos have it (--for minos)", ""},
      {"solo_", ": programs for solo have it (--for solo)", ""},
      {"c_in", "", ": a process has no devices"},
      {"c_out", "", ": a process has no devices"},
      {"c_halt", "", ": a process cannot stop the machine; exit() ends it"},
      {"c_on_trap", "", ": a process handles no traps"},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strncmp(name, known[i].prefix, strlen(known[i].prefix)) == 0) {
      return l->layout == CC_SECTIONS ? known[i].sections : known[i].one_piece;
    }
  }
  return "";
}

struct missing {
  struct cc_linker *l;
  const struct symbol *floating; /* the first use of floating point: one message is enough */
};

static void miss(const void *node, VISIT visit, void *closure)
{
  struct missing *m = closure;
  const struct symbol *s = *(struct symbol *const *)node;
  if ((visit != postorder && visit != leaf) || s->defined || !s->place) {
    return;
  }
  m->l->wrong = true;
  if (!is_floating(s->name)) {
    fprintf(m->l->errors, "%s: error: '%s' is used and defined nowhere%s\n", s->place, s->name,
            advice(m->l, s->name));
  } else if (!m->floating || s->order < m->floating->order) {
    m->floating = s;
  }
}

static void report_missing(struct cc_linker *l)
{
  struct missing m = {.l = l};
  twalk_r(l->program, miss, &m);
  if (m.floating) {
    fprintf(l->errors, "%s: error: floating point, which this machine has not (%s)\n",
            m.floating->place, m.floating->name);
  }
}

bool cc_linker_main(const struct cc_linker *l, char *name, size_t size)
{
  int n = l->main_in > 1 ? snprintf(name, size, "%s$%u", main_name, l->main_in - 1)
                         : snprintf(name, size, "%s", main_name);
  return l->main_in > 0 && n > 0 && (size_t)n < size;
}

/* Behind all text: the data, and how much room is needed behind them. */
static void put_data(struct cc_linker *l)
{
  if (!memory_close(&l->data)) {
    l->failed = true;
    return;
  }
  fputs("\t.text\n\t.balign 16\n", l->out);
  fwrite(l->data.text, 1, l->data.len, l->out);
  fprintf(l->out, "\t.balign 16\nc_end:\n\t.equ\tC_ZEROS, %lu\n", aligned(l->zeros, 16));
}

bool cc_linker_close(struct cc_linker *l)
{
  report_missing(l);
  if (l->layout == CC_ONE_PIECE) {
    put_data(l);
  }
  return !l->failed && !l->wrong;
}

bool cc_linker_failed(const struct cc_linker *l)
{
  return l->failed;
}
