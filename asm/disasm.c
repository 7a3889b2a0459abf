/* Disassembly: prints source that assembles to the same bytes at the same
 * addresses. Code is printed by isa_print(), whatever is not an instruction and
 * all data as .word, .byte, .asciz and .space.
 */
#include <ctype.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "asm/arena.h"
#include "asm/asm.h"
#include "asm/section.h"
#include "isa/isa.h"

#define ZERO_RUN   16u /* zero bytes that become one .space */
#define SHORT_TEXT 4u  /* shorter strings are taken for numbers */
#define LONG_TEXT  60u /* bytes of one .ascii */

struct part { /* of the image */
  uint32_t address, size;
  const uint8_t *bytes; /* NULL: .bss */
  bool code;
  size_t index; /* ELF section */
};

struct name {
  uint32_t address;
  const char *text;
  size_t section; /* ELF section, or 0: a constant */
  bool global;
};

struct disassembly {
  struct arena arena;
  VEC(struct part) parts; /* by address, disjoint */
  VEC(struct name) names;
  VEC(struct name) labels; /* those of the names that can stand in a part, by address */
  VEC(uint32_t) targets;   /* sorted; branch targets without a label */
  bool mixed;              /* sections interleave: everything goes to .text */
  FILE *out;
};

/* ------------------------------------------------------------------- names */
static bool usable(const char *text)
{
  unsigned reg;
  if (!*text || isdigit((unsigned char)*text) || strcmp(text, ".") == 0 ||
      isa_find_reg(text, strlen(text), &reg))
    return false;
  for (const char *p = text; *p; p++)
    if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.' && *p != '$')
      return false;
  return true;
}

static int compare_texts(const void *x, const void *y)
{
  const struct name *a = x, *b = y;
  int order = strcmp(a->text, b->text);
  return order ? order : (a->address > b->address) - (a->address < b->address);
}

static int compare_names(const void *x, const void *y)
{
  const struct name *a = x, *b = y;
  if (a->address != b->address)
    return a->address < b->address ? -1 : 1;
  return strcmp(a->text, b->text);
}

static int compare_words(const void *x, const void *y)
{
  uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
  return (a > b) - (a < b);
}

/* The part that holds an address, or ends there if nothing else does. */
static const struct part *part_at(const struct disassembly *d, uint32_t address)
{
  size_t low = 0, high = d->parts.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (d->parts.items[middle].address <= address)
      low = middle + 1;
    else
      high = middle;
  }
  const struct part *p = low ? &d->parts.items[low - 1] : NULL;
  return p && address - p->address <= p->size ? p : NULL;
}

static bool is_label(const struct disassembly *d, const struct name *n)
{
  const struct part *p = n->section ? part_at(d, n->address) : NULL;
  if (p && p->index != n->section && p > d->parts.items && n->address == p->address)
    p--; /* at the end of the one before */
  return p && p->index == n->section && n->address - p->address <= p->size &&
         (!p->code || n->address % 4 == 0);
}

/* The first of names that occur twice stays. */
static void sort_names(struct disassembly *d)
{
  size_t kept = 0;
  if (d->names.count == 0)
    return;
  qsort(d->names.items, d->names.count, sizeof *d->names.items, compare_texts);
  for (size_t i = 0; i < d->names.count; i++)
    if (i == 0 || strcmp(d->names.items[i].text, d->names.items[kept - 1].text) != 0)
      d->names.items[kept++] = d->names.items[i];
  d->names.count = kept;
  qsort(d->names.items, kept, sizeof *d->names.items, compare_names);
  for (size_t i = 0; i < kept; i++)
    if (is_label(d, &d->names.items[i]))
      *VEC_PUSH(&d->arena, &d->labels) = d->names.items[i];
}

/* Index of the first label at or above an address. */
static size_t first_label(const struct disassembly *d, uint32_t address)
{
  size_t low = 0, high = d->labels.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (d->labels.items[middle].address < address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static const struct name *label_at(const struct disassembly *d, uint32_t address)
{
  size_t i = first_label(d, address);
  return i < d->labels.count && d->labels.items[i].address == address ? &d->labels.items[i] : NULL;
}

static bool is_target(const struct disassembly *d, uint32_t address)
{
  return d->targets.count && bsearch(&address, d->targets.items, d->targets.count, sizeof address,
                                     compare_words) != NULL;
}

static bool target_name(void *ctx, uint32_t address, char *buf, size_t size)
{
  const struct disassembly *d = ctx;
  const struct name *n = label_at(d, address);
  if (n)
    return snprintf(buf, size, "%s", n->text) < (int)size;
  return is_target(d, address) && snprintf(buf, size, "L_%08" PRIx32, address) < (int)size;
}

/* ----------------------------------------------------------------- targets */
static uint32_t word_at(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool relative_target(uint32_t word, uint32_t pc, uint32_t *target)
{
  struct isa_decoded insn;
  if (!isa_decode(word, &insn))
    return false;
  const struct isa_format_info *format = isa_format_info(isa_insn_info(insn.insn)->format);
  for (size_t i = 0; i < format->operand_count; i++) {
    if (format->operands[i].kind == ISA_OPERAND_REL) {
      *target = pc + insn.imm;
      return true;
    }
  }
  return false;
}

static bool in_code(const struct disassembly *d, uint32_t address)
{
  const struct part *p = part_at(d, address);
  return p && p->code && p->size - (address - p->address) >= 4;
}

/* Whether a symbol has the name that the target at its number would get. */
static void drop_taken(struct disassembly *d)
{
  for (size_t i = 0; i < d->names.count; i++) {
    uint32_t address;
    int end = 0;
    const char *text = d->names.items[i].text;
    if (sscanf(text, "L_%8" SCNx32 "%n", &address, &end) != 1 || text[end])
      continue;
    uint32_t *found =
        bsearch(&address, d->targets.items, d->targets.count, sizeof address, compare_words);
    if (found) {
      d->targets.count--;
      memmove(found, found + 1,
              (size_t)(d->targets.items + d->targets.count - found) * sizeof *found);
    }
  }
}

static void find_targets(struct disassembly *d)
{
  for (size_t i = 0; i < d->parts.count; i++) {
    const struct part *p = &d->parts.items[i];
    for (uint32_t at = 0; p->code && p->size - at >= 4; at += 4) {
      uint32_t target;
      if (relative_target(word_at(p->bytes + at), p->address + at, &target) && target % 4 == 0 &&
          in_code(d, target) && !label_at(d, target))
        *VEC_PUSH(&d->arena, &d->targets) = target;
    }
  }
  size_t kept = 0;
  if (d->targets.count == 0)
    return;
  qsort(d->targets.items, d->targets.count, sizeof(uint32_t), compare_words);
  for (size_t i = 0; i < d->targets.count; i++)
    if (kept == 0 || d->targets.items[kept - 1] != d->targets.items[i])
      d->targets.items[kept++] = d->targets.items[i];
  d->targets.count = kept;
  drop_taken(d);
}

/* ---------------------------------------------------------------- printing */
static void print_labels(struct disassembly *d, const struct part *p, uint32_t at)
{
  uint32_t address = p->address + at;
  for (size_t i = first_label(d, address);
       i < d->labels.count && d->labels.items[i].address == address; i++)
    if (d->labels.items[i].section == p->index)
      fprintf(d->out, "%s:\n", d->labels.items[i].text);
  if (p->code && at < p->size && is_target(d, address))
    fprintf(d->out, "L_%08" PRIx32 ":\n", address);
}

/* Offset of the next label after `at`, or the end of the part. */
static uint32_t next_label(const struct disassembly *d, const struct part *p, uint32_t at)
{
  size_t i = first_label(d, p->address + at + 1);
  uint32_t end = p->address + p->size;
  return (i < d->labels.count && d->labels.items[i].address < end ? d->labels.items[i].address
                                                                  : end) -
         p->address;
}

static uint32_t zero_run(const uint8_t *bytes, uint32_t limit)
{
  uint32_t n = 0;
  while (n < limit && bytes[n] == 0)
    n++;
  return n;
}

/* Bytes of a terminated text without its end, or 0. */
static uint32_t text_run(const uint8_t *bytes, uint32_t limit)
{
  uint32_t n = 0;
  while (n < limit && n < LONG_TEXT && (isprint(bytes[n]) || bytes[n] == '\n' || bytes[n] == '\t'))
    n++;
  return n >= SHORT_TEXT && n < limit && (bytes[n] == 0 || n == LONG_TEXT) ? n : 0;
}

static void print_text(struct disassembly *d, const uint8_t *bytes, uint32_t len, bool terminated)
{
  fprintf(d->out, "        %s \"", terminated ? ".asciz" : ".ascii");
  for (uint32_t i = 0; i < len; i++) {
    if (bytes[i] == '\n' || bytes[i] == '\t')
      fputs(bytes[i] == '\n' ? "\\n" : "\\t", d->out);
    else
      fprintf(d->out, "%s%c", bytes[i] == '"' || bytes[i] == '\\' ? "\\" : "", bytes[i]);
  }
  fputs("\"\n", d->out);
}

/* Prints what stands at `at` as data, not reaching `end`; returns its bytes. */
static uint32_t print_data(struct disassembly *d, const struct part *p, uint32_t at, uint32_t end)
{
  const uint8_t *bytes = p->bytes + at;
  uint32_t zeros = zero_run(bytes, end - at), text = p->code ? 0 : text_run(bytes, end - at);
  if (zeros >= ZERO_RUN) {
    if (p->code) /* keep what follows at a multiple of 4 */
      zeros &= ~3u;
    fprintf(d->out, "        .space %" PRIu32 "\n", zeros);
    return zeros;
  }
  if (text) {
    print_text(d, bytes, text, bytes[text] == 0);
    return text + (bytes[text] == 0);
  }
  if ((p->address + at) % 4 == 0 && end - at >= 4) {
    fprintf(d->out, "        .word 0x%08" PRIx32 "\n", word_at(bytes));
    return 4;
  }
  fprintf(d->out, "        .byte 0x%02x\n", bytes[0]);
  return 1;
}

static bool is_code(const struct part *p, uint32_t at)
{
  struct isa_decoded insn;
  return p->code && (p->address + at) % 4 == 0 && p->size - at >= 4 &&
         isa_decode(word_at(p->bytes + at), &insn);
}

static uint32_t print_insn(struct disassembly *d, const struct part *p, uint32_t at)
{
  char text[256];
  uint32_t address = p->address + at, word = word_at(p->bytes + at);
  isa_print(text, sizeof text, word, address, target_name, d);
  fprintf(d->out, "        %-31s # %08" PRIx32 ": %08" PRIx32 "\n", text, address, word);
  return 4;
}

/* Offset where data that begins at `at` must stop for the next instruction. */
static uint32_t data_end(const struct disassembly *d, const struct part *p, uint32_t at)
{
  uint32_t end = next_label(d, p, at);
  for (uint32_t next = at + 4 - (p->address + at) % 4; p->code && next < end; next += 4)
    if (is_code(p, next) || is_target(d, p->address + next))
      return next;
  return end;
}

static const char *section_of(const struct disassembly *d, const struct part *p)
{
  return d->mixed || p->code ? ".text" : p->bytes ? ".data" : ".bss";
}

static void print_part(struct disassembly *d, const struct part *p)
{
  fprintf(d->out, "\n        %s\n        .org 0x%" PRIx32 "\n", section_of(d, p), p->address);
  uint32_t end = 0;
  for (uint32_t at = 0; at < p->size;) {
    print_labels(d, p, at);
    if (!p->bytes) {
      uint32_t next = next_label(d, p, at);
      fprintf(d->out, "        .space %" PRIu32 "\n", next - at);
      at = next;
    } else if (is_code(p, at)) {
      at += print_insn(d, p, at);
    } else {
      if (at >= end)
        end = data_end(d, p, at);
      at += print_data(d, p, at, end);
    }
  }
  print_labels(d, p, p->size);
}

static void print_constants(struct disassembly *d)
{
  for (size_t i = 0; i < d->names.count; i++)
    if (d->names.items[i].global)
      fprintf(d->out, "        .globl %s\n", d->names.items[i].text);
  for (size_t i = 0; i < d->names.count; i++) {
    const struct name *n = &d->names.items[i];
    if (!is_label(d, n))
      fprintf(d->out, "        .equ %s, 0x%" PRIx32 "\n", n->text, n->address);
  }
}

static int compare_parts(const void *x, const void *y)
{
  const struct part *a = x, *b = y;
  return (a->address > b->address) - (a->address < b->address);
}

/* False if parts overlap or reach too far. */
static bool order_parts(struct disassembly *d)
{
  if (d->parts.count)
    qsort(d->parts.items, d->parts.count, sizeof *d->parts.items, compare_parts);
  unsigned seen = 0;
  int last = -1;
  for (size_t i = 0; i < d->parts.count; i++) {
    const struct part *p = &d->parts.items[i];
    uint64_t end = (uint64_t)p->address + p->size;
    if (end > IMAGE_LIMIT || (i + 1 < d->parts.count && end > p[1].address))
      return false;
    int class = p->code ? 0 : p->bytes ? 1 : 2;
    if (class != last && (seen & 1u << class))
      d->mixed = true;
    seen |= 1u << class;
    last = class;
  }
  return true;
}

static bool print_all(struct disassembly *d, const char *name, FILE *errors)
{
  if (!order_parts(d)) {
    fprintf(errors, "%s: error: its contents overlap or reach beyond 1 GiB\n", name);
    return false;
  }
  sort_names(d);
  find_targets(d);
  print_constants(d);
  for (size_t i = 0; i < d->parts.count; i++)
    print_part(d, &d->parts.items[i]);
  return true;
}

/* --------------------------------------------------------------------- ELF */
static bool bad_elf(const char *name, FILE *errors, const char *why)
{
  fprintf(errors, "%s: error: %s\n", name, why);
  return false;
}

static bool add_section(struct disassembly *d, Elf_Scn *scn, const Elf32_Shdr *h)
{
  if (!(h->sh_flags & SHF_ALLOC) || h->sh_size == 0)
    return true;
  struct part p = {.address = h->sh_addr, .size = h->sh_size, .index = elf_ndxscn(scn)};
  if (h->sh_type != SHT_NOBITS) {
    const Elf_Data *data = elf_rawdata(scn, NULL);
    if (!data || !data->d_buf || data->d_size != h->sh_size)
      return false;
    p.bytes = data->d_buf;
    p.code = (h->sh_flags & SHF_EXECINSTR) && h->sh_addr % 4 == 0;
  }
  *VEC_PUSH(&d->arena, &d->parts) = p;
  return true;
}

static void add_symbol(struct disassembly *d, const Elf32_Sym *s, const char *text)
{
  unsigned type = ELF32_ST_TYPE(s->st_info);
  if (type == STT_FILE || type == STT_SECTION || s->st_shndx == SHN_UNDEF || !text || !usable(text))
    return;
  *VEC_PUSH(&d->arena, &d->names) =
      (struct name){.address = s->st_value,
                    .text = text,
                    .section = s->st_shndx < SHN_LORESERVE ? s->st_shndx : 0,
                    .global = ELF32_ST_BIND(s->st_info) != STB_LOCAL};
}

static void add_symbols(struct disassembly *d, Elf *elf, Elf_Scn *scn, const Elf32_Shdr *h)
{
  const Elf_Data *data = h->sh_type == SHT_SYMTAB ? elf_getdata(scn, NULL) : NULL;
  if (!data || !data->d_buf || data->d_type != ELF_T_SYM)
    return;
  for (size_t i = 1; i < data->d_size / sizeof(Elf32_Sym); i++) {
    Elf32_Sym s;
    memcpy(&s, (const char *)data->d_buf + i * sizeof s, sizeof s);
    add_symbol(d, &s, elf_strptr(elf, h->sh_link, s.st_name));
  }
}

/* The assembler starts at _start, or at the beginning of .text. */
static void add_entry(struct disassembly *d, uint32_t entry)
{
  const struct part *text = NULL;
  for (size_t i = 0; i < d->names.count; i++)
    if (strcmp(d->names.items[i].text, "_start") == 0)
      return;
  for (size_t i = 0; i < d->parts.count; i++)
    if (d->parts.items[i].code && entry >= d->parts.items[i].address &&
        entry - d->parts.items[i].address < d->parts.items[i].size)
      text = &d->parts.items[i];
  if (text && entry != text->address)
    *VEC_PUSH(&d->arena, &d->names) =
        (struct name){.address = entry, .text = "_start", .section = text->index, .global = true};
}

/* libelf points into the image, where a crafted file has its tables at odd
 * offsets. False: there is none. */
static bool aligned_copy(void *to, const void *from, size_t size)
{
  if (from)
    memcpy(to, from, size);
  return from != NULL;
}

static bool read_elf(struct disassembly *d, const char *name, Elf *elf, FILE *errors)
{
  Elf32_Ehdr header, *e = &header;
  if (!elf || !aligned_copy(e, elf32_getehdr(elf), sizeof *e))
    return bad_elf(name, errors, "this is not a whole ELF32 file");
  if (e->e_machine != ISA_ELF_MACHINE || e->e_ident[EI_DATA] != ELFDATA2LSB)
    return bad_elf(name, errors, "this ELF file is for another machine");
  for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn; scn = elf_nextscn(elf, scn)) {
    Elf32_Shdr h;
    if (!aligned_copy(&h, elf32_getshdr(scn), sizeof h) || !add_section(d, scn, &h))
      return bad_elf(name, errors, "a section of this ELF file is cut off");
    add_symbols(d, elf, scn, &h);
  }
  if (d->parts.count == 0 && e->e_phnum > 0)
    return bad_elf(name, errors, "this ELF file has segments but no sections to print");
  add_entry(d, e->e_entry);
  return print_all(d, name, errors);
}

static bool disassemble(struct disassembly *d, const char *name, const uint8_t *bytes, size_t len,
                        uint32_t origin, Elf *elf, FILE *errors)
{
  if (len >= SELFMAG && memcmp(bytes, ELFMAG, SELFMAG) == 0)
    return read_elf(d, name, elf, errors);
  if (len > IMAGE_LIMIT)
    return bad_elf(name, errors, "the file is bigger than 1 GiB");
  if (len)
    *VEC_PUSH(&d->arena, &d->parts) = (struct part){.address = origin,
                                                    .size = (uint32_t)len,
                                                    .bytes = bytes,
                                                    .code = origin % 4 == 0,
                                                    .index = 1};
  return print_all(d, name, errors);
}

bool asm_disassemble(const char *name, const uint8_t *bytes, size_t len, uint32_t origin, FILE *out,
                     FILE *errors)
{
  struct disassembly d = {.out = out, .arena = {.limit = (size_t)1 << 30}};
  elf_version(EV_CURRENT);
  /* libelf only reads the image; its parameter is not const. */
  Elf *elf = elf_memory((char *)(uintptr_t)bytes, len);
  bool ok;
  if (setjmp(d.arena.failed) == 0)
    ok = disassemble(&d, name, bytes, len, origin, elf, errors);
  else
    ok = bad_elf(name, errors, "out of memory");
  elf_end(elf);
  arena_free(&d.arena);
  return ok;
}
