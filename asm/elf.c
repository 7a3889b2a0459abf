/* ELF output: ET_EXEC for ISA_ELF_MACHINE, one PT_LOAD for each section that has
 * a size, symbols, line table. Everything is laid out before libelf is called,
 * so that an allocation that fails cannot lose its descriptor.
 */
#include <errno.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "asm/assembly.h"

/* Section header indexes. */
enum {
  SH_NULL,
  SH_TEXT,
  SH_DATA,
  SH_BSS,
  SH_LINE,
  SH_LINESTR,
  SH_SYMTAB,
  SH_STRTAB,
  SH_SHSTRTAB,
  SH_COUNT
};

struct elf_section {
  const char *name;
  Elf32_Word type, flags, link, info, entsize, align;
  Elf32_Addr address;
  Elf_Type data_type;
  const void *bytes;
  size_t size;      /* in memory */
  size_t file_size; /* 0 for .bss */
  Elf32_Word name_offset;
  Elf32_Off offset;
};

struct elf_file {
  struct assembly *a;
  struct elf_section sections[SH_COUNT];
  VEC(Elf32_Sym) symbols;
  VEC(char) names; /* .strtab */
  VEC(char) section_names;
  struct line_table lines;
  Elf32_Phdr segments[SECTION_COUNT];
  size_t segment_count;
  Elf32_Addr entry;
  Elf32_Off section_headers;
};

/* ----------------------------------------------------------------- symbols */
static Elf32_Word add_name(struct elf_file *f, const char *name, size_t len)
{
  struct arena *arena = &f->a->arena;
  if (f->names.count == 0)
    *VEC_PUSH(arena, &f->names) = 0;
  if (len == 0)
    return 0;
  Elf32_Word at = (Elf32_Word)f->names.count;
  VEC_RESERVE(arena, &f->names, len + 1);
  memcpy(f->names.items + at, name, len + 1);
  f->names.count += len + 1;
  return at;
}

static void add_symbol(struct elf_file *f, const char *name, uint32_t value, unsigned bind,
                       unsigned type, unsigned section)
{
  Elf32_Sym *s = VEC_PUSH(&f->a->arena, &f->symbols);
  memset(s, 0, sizeof *s);
  s->st_name = add_name(f, name, strlen(name));
  s->st_value = value;
  s->st_info = (unsigned char)ELF32_ST_INFO(bind, type);
  s->st_shndx = (Elf32_Half)section;
}

static void add_user_symbol(struct elf_file *f, struct symbol *s)
{
  struct value v;
  struct expr use = {.kind = EXPR_SYMBOL, .symbol = s, .loc = s->defined};
  if (s->kind == SYMBOL_UNDEFINED || strncmp(s->name, ".L", 2) == 0 ||
      expr_eval(f->a, &use, &v) != EVAL_KNOWN)
    return;
  unsigned type = STT_NOTYPE, section = SHN_ABS;
  if (s->kind == SYMBOL_LABEL) {
    section = SH_TEXT + (unsigned)(s->section - f->a->sections.s);
    type = section != SH_TEXT ? STT_OBJECT : s->global ? STT_FUNC : STT_NOTYPE;
  }
  add_symbol(f, s->name, (uint32_t)v.number, s->global ? STB_GLOBAL : STB_LOCAL, type, section);
}

/* Locals come first; returns the index of the first global. */
static Elf32_Word add_symbols(struct elf_file *f)
{
  const struct symbol_table *t = &f->a->symbols;
  const char *path = f->a->frames[0].file;
  const char *slash = strrchr(path, '/');
  add_symbol(f, "", 0, STB_LOCAL, STT_NOTYPE, SHN_UNDEF);
  add_symbol(f, slash ? slash + 1 : path, 0, STB_LOCAL, STT_FILE, SHN_ABS);
  for (unsigned i = 0; i < SECTION_COUNT; i++)
    add_symbol(f, "", f->a->sections.s[i].base, STB_LOCAL, STT_SECTION, SH_TEXT + i);
  for (size_t i = 0; i < t->all.count; i++)
    if (!t->all.items[i]->global)
      add_user_symbol(f, t->all.items[i]);
  Elf32_Word first_global = (Elf32_Word)f->symbols.count;
  for (size_t i = 0; i < t->all.count; i++)
    if (t->all.items[i]->global)
      add_user_symbol(f, t->all.items[i]);
  return first_global;
}

/* ------------------------------------------------------------------ layout */
static void describe_contents(struct elf_file *f)
{
  static const Elf32_Word flags[SECTION_COUNT] = {SHF_ALLOC | SHF_EXECINSTR, SHF_ALLOC | SHF_WRITE,
                                                  SHF_ALLOC | SHF_WRITE};
  for (unsigned i = 0; i < SECTION_COUNT; i++) {
    const struct section *s = &f->a->sections.s[i];
    f->sections[SH_TEXT + i] = (struct elf_section){.name = s->name,
                                                    .type = s->nobits ? SHT_NOBITS : SHT_PROGBITS,
                                                    .flags = flags[i],
                                                    .align = s->base % 4 ? 1 : 4,
                                                    .address = s->base,
                                                    .data_type = ELF_T_BYTE,
                                                    .bytes = s->bytes,
                                                    .size = s->size,
                                                    .file_size = s->nobits ? 0 : s->size};
  }
}

static struct elf_section table(const char *name, Elf32_Word type, const void *bytes, size_t size)
{
  return (struct elf_section){.name = name,
                              .type = type,
                              .align = 1,
                              .data_type = ELF_T_BYTE,
                              .bytes = bytes,
                              .size = size,
                              .file_size = size};
}

static void describe_tables(struct elf_file *f)
{
  Elf32_Word first_global = add_symbols(f);
  linetable_build(f->a, &f->lines);
  struct elf_section *s = f->sections;
  s[SH_LINE] =
      table(ASM_LINE_SECTION, SHT_PROGBITS, f->lines.records.items, f->lines.records.count);
  s[SH_LINE].entsize = 20;
  s[SH_LINE].align = 4;
  s[SH_LINESTR] =
      table(ASM_LINESTR_SECTION, SHT_PROGBITS, f->lines.strings.items, f->lines.strings.count);
  s[SH_SYMTAB] =
      table(".symtab", SHT_SYMTAB, f->symbols.items, f->symbols.count * sizeof(Elf32_Sym));
  s[SH_SYMTAB].data_type = ELF_T_SYM;
  s[SH_SYMTAB].entsize = sizeof(Elf32_Sym);
  s[SH_SYMTAB].align = 4;
  s[SH_SYMTAB].link = SH_STRTAB;
  s[SH_SYMTAB].info = first_global;
  s[SH_STRTAB] = table(".strtab", SHT_STRTAB, f->names.items, f->names.count);
  s[SH_SHSTRTAB] = table(".shstrtab", SHT_STRTAB, NULL, 0);
  *VEC_PUSH(&f->a->arena, &f->section_names) = 0;
  for (unsigned i = 1; i < SH_COUNT; i++) {
    size_t len = strlen(s[i].name) + 1;
    s[i].name_offset = (Elf32_Word)f->section_names.count;
    VEC_RESERVE(&f->a->arena, &f->section_names, len);
    memcpy(f->section_names.items + f->section_names.count, s[i].name, len);
    f->section_names.count += len;
  }
  s[SH_SHSTRTAB].bytes = f->section_names.items;
  s[SH_SHSTRTAB].size = s[SH_SHSTRTAB].file_size = f->section_names.count;
}

static void describe_segments(struct elf_file *f)
{
  const struct section *order[SECTION_COUNT];
  sections_by_address(f->a, order);
  for (int i = 0; i < SECTION_COUNT; i++) {
    if (order[i]->size == 0)
      continue;
    unsigned index = SH_TEXT + (unsigned)(order[i] - f->a->sections.s);
    const struct elf_section *s = &f->sections[index];
    f->segments[f->segment_count++] =
        (Elf32_Phdr){.p_type = PT_LOAD,
                     .p_offset = index,
                     .p_vaddr = s->address,
                     .p_paddr = s->address,
                     .p_filesz = (Elf32_Word)s->file_size,
                     .p_memsz = (Elf32_Word)s->size,
                     .p_flags = index == SH_TEXT ? PF_R | PF_X : PF_R | PF_W,
                     .p_align = ISA_PAGE_SIZE};
  }
}

static size_t align_up(size_t value, size_t alignment)
{
  return (value + alignment - 1) / alignment * alignment;
}

/* Loaded contents lie in the file where they lie in their page. */
static void lay_out(struct elf_file *f)
{
  size_t at = sizeof(Elf32_Ehdr) + f->segment_count * sizeof(Elf32_Phdr);
  for (unsigned i = 1; i < SH_COUNT; i++) {
    struct elf_section *s = &f->sections[i];
    if ((s->flags & SHF_ALLOC) && s->size > 0)
      at += (s->address - at) % ISA_PAGE_SIZE;
    else
      at = align_up(at, s->align);
    s->offset = (Elf32_Off)at;
    at += s->file_size;
  }
  f->section_headers = (Elf32_Off)align_up(at, 4);
  for (size_t i = 0; i < f->segment_count; i++)
    f->segments[i].p_offset = f->sections[f->segments[i].p_offset].offset;
}

static void find_entry(struct elf_file *f)
{
  const struct symbol *start = symbol_get(f->a, "_start", strlen("_start"));
  f->entry = f->a->sections.s[SECTION_TEXT].base;
  if (start->kind == SYMBOL_LABEL)
    f->entry = section_address(start->section, start->offset);
}

/* ----------------------------------------------------------------- writing */
static bool write_header(const struct elf_file *f, Elf *elf)
{
  Elf32_Ehdr *e = elf32_newehdr(elf);
  Elf32_Phdr *p = e && f->segment_count ? elf32_newphdr(elf, f->segment_count) : NULL;
  if (!e || (f->segment_count && !p))
    return false;
  e->e_ident[EI_DATA] = ELFDATA2LSB;
  e->e_type = ET_EXEC;
  e->e_machine = ISA_ELF_MACHINE;
  e->e_version = EV_CURRENT;
  e->e_entry = f->entry;
  e->e_phoff = f->segment_count ? sizeof(Elf32_Ehdr) : 0;
  e->e_shoff = f->section_headers;
  e->e_shstrndx = SH_SHSTRTAB;
  for (size_t i = 0; i < f->segment_count; i++)
    p[i] = f->segments[i];
  return true;
}

static bool write_section(const struct elf_section *s, Elf *elf)
{
  /* libelf 0.188 answers a half-made section when memory runs out in
   * elf_newscn(), and elf_newdata() then crashes on it; only the error tells. */
  elf_errno();
  Elf_Scn *scn = elf_newscn(elf);
  int error = elf_errno();
  if (!scn || error != 0) {
    errno = ENOMEM;
    return false;
  }
  Elf_Data *data = elf_newdata(scn);
  Elf32_Shdr *h = data ? elf32_getshdr(scn) : NULL;
  if (!h)
    return false;
  /* libelf does not write to it. */
  data->d_buf = s->file_size ? (void *)(uintptr_t)s->bytes : NULL;
  data->d_size = s->size;
  data->d_type = s->data_type;
  data->d_align = 1;
  data->d_version = EV_CURRENT;
  h->sh_name = s->name_offset;
  h->sh_type = s->type;
  h->sh_flags = s->flags;
  h->sh_addr = s->address;
  h->sh_offset = s->offset;
  h->sh_size = (Elf32_Word)s->size;
  h->sh_link = s->link;
  h->sh_info = s->info;
  h->sh_addralign = s->align;
  h->sh_entsize = s->entsize;
  return true;
}

static bool write_elf(const struct elf_file *f, int fd)
{
  elf_version(EV_CURRENT);
  elf_errno(); /* forgets what others may have left */
  Elf *elf = elf_begin(fd, ELF_C_WRITE, NULL);
  if (!elf)
    return false;
  bool ok = write_header(f, elf);
  for (unsigned i = 1; ok && i < SH_COUNT; i++)
    ok = write_section(&f->sections[i], elf);
  ok = ok && elf_flagelf(elf, ELF_C_SET, ELF_F_LAYOUT) && elf_update(elf, ELF_C_WRITE) >= 0;
  elf_end(elf);
  return ok;
}

static bool read_back(int fd, struct asm_output *out)
{
  off_t size = lseek(fd, 0, SEEK_END);
  if (size < 0)
    return false;
  out->bytes = malloc((size_t)size + 1);
  if (!out->bytes)
    return false;
  while (out->len < (size_t)size) {
    ssize_t got = pread(fd, out->bytes + out->len, (size_t)size - out->len, (off_t)out->len);
    if (got <= 0)
      return false;
    out->len += (size_t)got;
  }
  return true;
}

enum asm_status output_elf(struct assembly *a, struct asm_output *out)
{
  struct elf_file f = {.a = a};
  describe_contents(&f);
  describe_tables(&f);
  describe_segments(&f);
  lay_out(&f);
  find_entry(&f);
  int fd = memfd_create("trapeze-asm", MFD_CLOEXEC);
  bool ok = fd >= 0 && write_elf(&f, fd) && read_back(fd, out);
  int error = ok || fd < 0 ? 0 : elf_errno(); /* it is gone once it is asked for */
  if (!ok && a->options->errors)
    fprintf(a->options->errors, "error: cannot make the ELF file: %s\n",
            error ? elf_errmsg(error) : strerror(errno));
  if (fd >= 0)
    close(fd);
  return ok ? ASM_OK : ASM_HOST;
}
