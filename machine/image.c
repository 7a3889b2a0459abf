#include "machine/image.h"

#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The format is documented in asm/asm.h, a layer this one may not include. */
#define LINE_SECTION    ".pg32.line"
#define LINESTR_SECTION ".pg32.linestr"
#define LINE_WORDS      5u /* address, size, file, line, via */

struct segment {
  uint32_t address, size; /* in storage */
  const uint8_t *bytes;   /* the first file_size bytes; the rest is zero */
  uint32_t file_size;
};

/* Beside each public symbol: what the queries need to know of it. */
struct symbol {
  struct image_symbol public;
  bool global;
  uint32_t end;      /* of the section it is in; 0: in none */
  uint32_t text_end; /* end of the section of instructions it is in; 0: in none */
};

struct image {
  char *name;
  uint8_t *bytes; /* our copy of the file; aligned, as libelf likes it */
  size_t len;
  Elf *elf; /* NULL: raw. Symbol names live in it */
  uint32_t entry;
  struct segment *segments; /* by address */
  size_t segment_count;
  struct symbol *symbols;              /* by value, then globals first, then by name */
  struct image_symbol *public_symbols; /* the same, as image_symbols() hands them out */
  size_t symbol_count;
  struct symbol *text; /* those in text, the first of each value */
  size_t text_count;
  struct image_line *lines; /* records with a size by address, then call sites */
  size_t line_count;        /* of those with a size */
};

/* While parsing. Every failure goes through complain(), once. */
struct parse {
  struct image *image;
  FILE *errors;
  bool no_memory; /* it is the host's fault, not the file's */
};

static bool __attribute__((format(printf, 2, 3))) complain(struct parse *p, const char *format, ...)
{
  /* libelf names no error "out of memory", but calloc() has left it in errno. */
  p->no_memory = p->no_memory || errno == ENOMEM;
  va_list args;
  va_start(args, format);
  fprintf(p->errors, "%s: error: ", p->image->name);
  vfprintf(p->errors, format, args);
  fputc('\n', p->errors);
  va_end(args);
  return false;
}

static bool no_memory(struct parse *p)
{
  p->no_memory = true;
  return complain(p, "the host has no memory left to load it");
}

/* ----------------------------------------------------------------- segments */

static int by_address(const void *a, const void *b)
{
  const struct segment *x = a, *y = b;
  return (x->address > y->address) - (x->address < y->address);
}

static bool add_segment(struct parse *p, size_t index, const GElf_Phdr *ph)
{
  struct image *image = p->image;
  if (ph->p_memsz == 0) {
    return true;
  }
  if (ph->p_filesz > ph->p_memsz) {
    return complain(p, "segment %zu has more bytes in the file (%llu) than in memory (%llu)", index,
                    (unsigned long long)ph->p_filesz, (unsigned long long)ph->p_memsz);
  }
  if (ph->p_offset > image->len || ph->p_filesz > image->len - ph->p_offset) {
    return complain(p,
                    "segment %zu lies outside the file: it ends at byte %llu of %zu; "
                    "is the file cut short?",
                    index, (unsigned long long)(ph->p_offset + ph->p_filesz), image->len);
  }
  if (ph->p_paddr + ph->p_memsz > MACHINE_MAX_STORAGE) {
    return complain(p, "segment %zu ends at 0x%llx; expected physical addresses below 0x%x", index,
                    (unsigned long long)(ph->p_paddr + ph->p_memsz), MACHINE_MAX_STORAGE);
  }
  image->segments[image->segment_count++] = (struct segment){
      .address = (uint32_t)ph->p_paddr,
      .size = (uint32_t)ph->p_memsz,
      .bytes = image->bytes + ph->p_offset,
      .file_size = (uint32_t)ph->p_filesz,
  };
  return true;
}

static bool check_overlap(struct parse *p)
{
  struct image *image = p->image;
  qsort(image->segments, image->segment_count, sizeof *image->segments, by_address);
  for (size_t i = 1; i < image->segment_count; i++) {
    const struct segment *a = &image->segments[i - 1], *b = &image->segments[i];
    if (range_overlaps(a->address, a->size, b->address, b->size)) {
      return complain(p, "the segments at 0x%x and 0x%x overlap", a->address, b->address);
    }
  }
  return true;
}

static bool read_segments(struct parse *p)
{
  struct image *image = p->image;
  size_t count;
  if (elf_getphdrnum(image->elf, &count) != 0) {
    return complain(p, "its program headers cannot be read: %s", elf_errmsg(-1));
  }
  image->segments = calloc(count + 1, sizeof *image->segments);
  if (!image->segments) {
    return no_memory(p);
  }
  for (size_t i = 0; i < count; i++) {
    GElf_Phdr ph;
    if (!gelf_getphdr(image->elf, (int)i, &ph)) {
      return complain(p, "program header %zu lies outside the file; is the file cut short?", i);
    }
    if (ph.p_type == PT_LOAD && !add_segment(p, i, &ph)) {
      return false;
    }
  }
  if (image->segment_count == 0) {
    return complain(p, "it has no loadable segment; expected a linked program");
  }
  return check_overlap(p);
}

/* ------------------------------------------------------------------ headers */

/* Before libelf sees the file: it would convert other byte orders in place. */
static bool check_ident(struct parse *p)
{
  const uint8_t *e = p->image->bytes;
  if (p->image->len < sizeof(Elf32_Ehdr)) {
    return complain(p, "its ELF header is cut short");
  }
  if (e[EI_CLASS] != ELFCLASS32) {
    return complain(p, "expected a 32-bit ELF file, this one says class %u", e[EI_CLASS]);
  }
  if (e[EI_DATA] != ELFDATA2LSB) {
    return complain(p, "expected a little-endian ELF file, this one says byte order %u",
                    e[EI_DATA]);
  }
  return true;
}

static bool read_header(struct parse *p)
{
  struct image *image = p->image;
  GElf_Ehdr eh;
  if (!gelf_getehdr(image->elf, &eh)) {
    return complain(p, "its ELF header cannot be read: %s", elf_errmsg(-1));
  }
  if (eh.e_machine != ISA_ELF_MACHINE) {
    return complain(p, "expected a program for PG32 (ELF machine 0x%x), this one is for 0x%x",
                    ISA_ELF_MACHINE, eh.e_machine);
  }
  if (eh.e_type != ET_EXEC) {
    return complain(p, "expected an executable (ELF type %d), this one has type %u", ET_EXEC,
                    eh.e_type);
  }
  /* libelf takes such a file for one without sections. */
  if (eh.e_shoff > image->len ||
      (uint64_t)eh.e_shnum * sizeof(Elf32_Shdr) > image->len - eh.e_shoff) {
    return complain(p, "its section headers lie outside the file; is the file cut short?");
  }
  image->entry = (uint32_t)eh.e_entry;
  return true;
}

static bool check_entry(struct parse *p)
{
  struct image *image = p->image;
  if (image->entry % 4 != 0) {
    return complain(p, "its entry point 0x%x is not a multiple of 4", image->entry);
  }
  for (size_t i = 0; i < image->segment_count; i++) {
    if (range_contains(image->segments[i].address, image->segments[i].size, image->entry, 4)) {
      return true;
    }
  }
  return complain(p, "its entry point 0x%x lies in no loaded segment", image->entry);
}

/* ------------------------------------------------------------------ symbols */

static int by_value(const void *a, const void *b)
{
  const struct symbol *x = a, *y = b;
  if (x->public.value != y->public.value) {
    return x->public.value < y->public.value ? -1 : 1;
  }
  if (x->global != y->global) {
    return x->global ? -1 : 1;
  }
  return strcmp(x->public.name, y->public.name);
}

static bool wanted_symbol(const GElf_Sym *sym)
{
  int type = GELF_ST_TYPE(sym->st_info);
  return sym->st_shndx != SHN_UNDEF && type != STT_SECTION && type != STT_FILE;
}

/* The section a symbol is defined in. */
static bool section_of(Elf *elf, const GElf_Sym *sym, GElf_Shdr *sh)
{
  Elf_Scn *scn = sym->st_shndx < SHN_LORESERVE ? elf_getscn(elf, sym->st_shndx) : NULL;
  return scn && gelf_getshdr(scn, sh);
}

static bool add_symbol(struct parse *p, size_t index, const GElf_Sym *sym, size_t strings)
{
  struct image *image = p->image;
  const char *name = elf_strptr(image->elf, strings, sym->st_name);
  if (!name) {
    return complain(p, "the name of symbol %zu lies outside its string table", index);
  }
  if (name[0] == '\0') {
    return true;
  }
  struct symbol *s = &image->symbols[image->symbol_count++];
  GElf_Shdr sh;
  *s = (struct symbol){.public = {.name = name, .value = (uint32_t)sym->st_value},
                       .global = GELF_ST_BIND(sym->st_info) != STB_LOCAL};
  if (section_of(image->elf, sym, &sh)) {
    s->end = (uint32_t)(sh.sh_addr + sh.sh_size);
    s->text_end = sh.sh_flags & SHF_EXECINSTR ? s->end : 0;
  }
  return true;
}

static bool read_symbol_table(struct parse *p, Elf_Scn *scn, const GElf_Shdr *sh)
{
  struct image *image = p->image;
  Elf_Data *data = elf_getdata(scn, NULL);
  if (!data) {
    return complain(p, "its symbol table lies outside the file; is the file cut short?");
  }
  size_t count = data->d_size / sizeof(Elf32_Sym);
  if (count > INT32_MAX) {
    return complain(p, "its symbol table is too large");
  }
  image->symbols = calloc(count + 1, sizeof *image->symbols);
  if (!image->symbols) {
    return no_memory(p);
  }
  for (size_t i = 1; i < count; i++) {
    GElf_Sym sym;
    if (!gelf_getsym(data, (int)i, &sym)) {
      return complain(p, "symbol %zu cannot be read: %s", i, elf_errmsg(-1));
    }
    if (wanted_symbol(&sym) && !add_symbol(p, i, &sym, sh->sh_link)) {
      return false;
    }
  }
  return true;
}

static bool sort_symbols(struct parse *p)
{
  struct image *image = p->image;
  if (image->symbol_count != 0) {
    qsort(image->symbols, image->symbol_count, sizeof *image->symbols, by_value);
  }
  image->public_symbols = calloc(image->symbol_count + 1, sizeof *image->public_symbols);
  image->text = calloc(image->symbol_count + 1, sizeof *image->text);
  if (!image->public_symbols || !image->text) {
    return no_memory(p);
  }
  for (size_t i = 0; i < image->symbol_count; i++) {
    const struct symbol *s = &image->symbols[i], *last = &image->text[image->text_count];
    image->public_symbols[i] = s->public;
    if (s->public.value < s->text_end &&
        (image->text_count == 0 || last[-1].public.value != s->public.value)) {
      image->text[image->text_count++] = *s;
    }
  }
  return true;
}

/* --------------------------------------------------------------- line table */

static uint32_t word_at(const Elf_Data *data, size_t index)
{
  const uint8_t *b = (const uint8_t *)data->d_buf + 4 * index;
  return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool read_line(struct parse *p, size_t i, const Elf_Data *data, const Elf_Data *strings,
                      size_t count)
{
  struct image *image = p->image;
  struct image_line *line = &image->lines[i];
  uint32_t file = word_at(data, i * LINE_WORDS + 2);
  uint32_t via = word_at(data, i * LINE_WORDS + 4);
  line->address = word_at(data, i * LINE_WORDS);
  line->size = word_at(data, i * LINE_WORDS + 1);
  line->line = word_at(data, i * LINE_WORDS + 3);
  if (file >= strings->d_size ||
      !memchr((const char *)strings->d_buf + file, '\0', strings->d_size - file)) {
    return complain(p, "the file name of line record %zu lies outside %s", i, LINESTR_SECTION);
  }
  line->file = (const char *)strings->d_buf + file;
  if (via > count) {
    return complain(p, "line record %zu names record %u of %zu as its origin", i, via, count);
  }
  line->via = via ? &image->lines[via - 1] : NULL;
  return true;
}

/* Records with a size: ascending, disjoint, and before those without. */
static bool check_line_order(struct parse *p, size_t count)
{
  struct image *image = p->image;
  const struct image_line *lines = image->lines;
  for (size_t i = 0; i < count; i++) {
    if (lines[i].size == 0) {
      continue;
    }
    if (image->line_count != i ||
        (i > 0 && (uint64_t)lines[i - 1].address + lines[i - 1].size > lines[i].address)) {
      return complain(p, "line record %zu is out of order in %s", i, LINE_SECTION);
    }
    image->line_count++;
  }
  return true;
}

/* Every chain of origins ends: walks each once, marking what is known to end. */
static bool check_line_origins(struct parse *p, size_t count)
{
  const struct image_line *lines = p->image->lines;
  enum { NEW, WALKING, ENDS };
  uint8_t *state = calloc(count + 1, 1);
  if (!state) {
    return no_memory(p);
  }
  bool ok = true;
  for (size_t i = 0; ok && i < count; i++) {
    const struct image_line *at = &lines[i];
    while (at && state[at - lines] == NEW) {
      state[at - lines] = WALKING;
      at = at->via;
    }
    ok = !at || state[at - lines] == ENDS;
    for (at = &lines[i]; ok && at && state[at - lines] == WALKING; at = at->via) {
      state[at - lines] = ENDS;
    }
    if (!ok) {
      complain(p, "the origins of line record %zu go round in a circle in %s", i, LINE_SECTION);
    }
  }
  free(state);
  return ok;
}

static bool read_lines(struct parse *p, Elf_Scn *records, Elf_Scn *names)
{
  if (!records) {
    return true;
  }
  Elf_Data *data = elf_rawdata(records, NULL), *strings = names ? elf_rawdata(names, NULL) : NULL;
  if (!data || !strings || (data->d_size && !data->d_buf) || (strings->d_size && !strings->d_buf)) {
    return complain(p, "%s or %s is missing or lies outside the file", LINE_SECTION,
                    LINESTR_SECTION);
  }
  if (data->d_size % (4 * LINE_WORDS) != 0) {
    return complain(p, "the size of %s is not a multiple of %u", LINE_SECTION, 4 * LINE_WORDS);
  }
  size_t count = data->d_size / (4 * LINE_WORDS);
  p->image->lines = calloc(count + 1, sizeof *p->image->lines);
  if (!p->image->lines) {
    return no_memory(p);
  }
  for (size_t i = 0; i < count; i++) {
    if (!read_line(p, i, data, strings, count)) {
      return false;
    }
  }
  return check_line_order(p, count) && check_line_origins(p, count);
}

/* ----------------------------------------------------------------- sections */

static bool read_sections(struct parse *p)
{
  Elf *elf = p->image->elf;
  Elf_Scn *records = NULL, *names = NULL;
  size_t section_names;
  if (elf_getshdrstrndx(elf, &section_names) != 0) {
    return complain(p, "its section headers cannot be read: %s", elf_errmsg(-1));
  }
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
    GElf_Shdr sh;
    if (!gelf_getshdr(scn, &sh)) {
      return complain(p, "section header %zu cannot be read: %s", elf_ndxscn(scn), elf_errmsg(-1));
    }
    const char *name = elf_strptr(elf, section_names, sh.sh_name);
    if (sh.sh_type == SHT_SYMTAB && !p->image->symbols && !read_symbol_table(p, scn, &sh)) {
      return false;
    }
    if (name && strcmp(name, LINE_SECTION) == 0) {
      records = scn;
    } else if (name && strcmp(name, LINESTR_SECTION) == 0) {
      names = scn;
    }
  }
  return sort_symbols(p) && read_lines(p, records, names);
}

/* ------------------------------------------------------------------ parsing */

static bool parse_elf(struct parse *p)
{
  struct image *image = p->image;
  if (!check_ident(p)) {
    return false;
  }
  elf_version(EV_CURRENT);
  image->elf = elf_memory((char *)image->bytes, image->len);
  if (!image->elf || elf_kind(image->elf) != ELF_K_ELF) {
    return complain(p, "it cannot be read as an ELF file: %s", elf_errmsg(-1));
  }
  return read_header(p) && read_segments(p) && check_entry(p) && read_sections(p);
}

static bool parse_raw(struct parse *p)
{
  struct image *image = p->image;
  if (image->len == 0) {
    return complain(p, "it is empty; expected an ELF file or a raw binary");
  }
  if (image->len > MACHINE_MAX_STORAGE - ISA_RESET_PC) {
    return complain(p, "it has %zu bytes; expected at most %u", image->len,
                    MACHINE_MAX_STORAGE - ISA_RESET_PC);
  }
  image->segments = calloc(1, sizeof *image->segments);
  if (!image->segments) {
    return no_memory(p);
  }
  image->segments[0] = (struct segment){.address = ISA_RESET_PC,
                                        .size = (uint32_t)image->len,
                                        .bytes = image->bytes,
                                        .file_size = (uint32_t)image->len};
  image->segment_count = 1;
  image->entry = ISA_RESET_PC;
  return true;
}

static struct image *image_new(const char *name, const uint8_t *bytes, size_t len)
{
  struct image *image = calloc(1, sizeof *image);
  if (!image) {
    return NULL;
  }
  image->name = strdup(name);
  image->bytes = malloc(len + 1);
  if (!image->name || !image->bytes) {
    image_destroy(image);
    return NULL;
  }
  if (len != 0) {
    memcpy(image->bytes, bytes, len);
  }
  image->len = len;
  return image;
}

struct image *image_parse(const char *name, const uint8_t *bytes, size_t len, FILE *errors)
{
  struct image *image = image_new(name, bytes, len);
  if (!image) {
    fprintf(errors, "%s: error: the host has no memory left to load it\n", name);
    errno = ENOMEM;
    return NULL;
  }
  struct parse p = {.image = image, .errors = errors};
  errno = 0;
  bool is_elf = len >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0;
  if (is_elf ? parse_elf(&p) : parse_raw(&p)) {
    return image;
  }
  image_destroy(image);
  errno = p.no_memory ? ENOMEM : 0;
  return NULL;
}

void image_destroy(struct image *image)
{
  if (!image) {
    return;
  }
  if (image->elf) {
    elf_end(image->elf);
  }
  free(image->lines);
  free(image->text);
  free(image->public_symbols);
  free(image->symbols);
  free(image->segments);
  free(image->bytes);
  free(image->name);
  free(image);
}

/* ------------------------------------------------------------------ loading */

uint32_t image_entry(const struct image *image)
{
  return image->entry;
}

uint32_t image_extent(const struct image *image)
{
  const struct segment *last = &image->segments[image->segment_count - 1];
  return last->address + last->size;
}

/* Storage that is zero already is not written, so that a large .bss costs a
 * fresh machine nothing. */
static bool clear(struct machine *m, uint32_t at, uint32_t len)
{
  static const uint8_t zeros[ISA_PAGE_SIZE];
  uint8_t now[ISA_PAGE_SIZE];
  bool ok = true;
  while (ok && len != 0) {
    uint32_t part = len < sizeof now ? len : (uint32_t)sizeof now;
    ok = machine_phys_read(m, gpa(at), now, part) &&
         (memcmp(now, zeros, part) == 0 || machine_phys_write(m, gpa(at), zeros, part));
    at += part;
    len -= part;
  }
  return ok;
}

bool image_load(const struct image *image, struct machine *m, FILE *errors)
{
  if (image_extent(image) > machine_storage_size(m)) {
    fprintf(errors, "%s: error: it needs %u bytes of storage, %s has %u\n", image->name,
            image_extent(image), machine_name(m), machine_storage_size(m));
    return false;
  }
  for (size_t i = 0; i < image->segment_count; i++) {
    const struct segment *s = &image->segments[i];
    if (!machine_phys_write(m, gpa(s->address), s->bytes, s->file_size) ||
        !clear(m, s->address + s->file_size, s->size - s->file_size)) {
      fprintf(errors, "%s: error: %s refused its storage\n", image->name, machine_name(m));
      return false;
    }
  }
  machine_set_pc(m, image->entry);
  return true;
}

/* ------------------------------------------------------------------ queries */

const struct image_symbol *image_symbols(const struct image *image, size_t *count)
{
  *count = image->symbol_count;
  return image->public_symbols;
}

uint32_t image_symbol_end(const struct image *image, size_t index)
{
  return image->symbols[index].end;
}

bool image_find_symbol(const struct image *image, const char *name, uint32_t *value)
{
  const struct symbol *found = NULL;
  for (size_t i = 0; i < image->symbol_count; i++) {
    const struct symbol *s = &image->symbols[i];
    if (strcmp(s->public.name, name) == 0 && (!found || (s->global && !found->global))) {
      found = s;
    }
  }
  if (found) {
    *value = found->public.value;
  }
  return found != NULL;
}

const char *image_symbol_at(const struct image *image, uint32_t address, uint32_t *offset)
{
  size_t low = 0, high = image->text_count; /* those before low are at or below address */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (image->text[middle].public.value <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0 || address >= image->text[low - 1].text_end) {
    return NULL;
  }
  if (offset) {
    *offset = address - image->text[low - 1].public.value;
  }
  return image->text[low - 1].public.name;
}

const struct image_line *image_lines(const struct image *image, size_t *count)
{
  *count = image->line_count;
  return image->lines;
}

const struct image_line *image_line_at(const struct image *image, uint32_t address)
{
  size_t low = 0, high = image->line_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const struct image_line *line = &image->lines[middle];
    if (range_contains(line->address, line->size, address, 1)) {
      return line;
    }
    if (line->address <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return NULL;
}

const struct image_line *image_line_written(const struct image_line *line)
{
  while (line && line->via) {
    line = line->via;
  }
  return line;
}
