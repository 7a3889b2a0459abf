#include "tests/unit/machine/elf_builder.h"

#include <string.h>

#include "isa/isa.h"

#define AT(field) ((uint32_t)offsetof(struct elf_file, field))

/* Appends a zero-terminated string to a table that starts with an empty one. */
static uint32_t intern(char *table, size_t size, const char *text)
{
  size_t at = 1;
  while (at < size && table[at]) {
    at += strlen(table + at) + 1;
  }
  memcpy(table + at, text, strlen(text) + 1);
  return (uint32_t)at;
}

static void section(struct elf_file *f, unsigned i, const char *name, uint32_t type, uint32_t at,
                    uint32_t size)
{
  f->sections[i].sh_name = intern(f->names, sizeof f->names, name);
  f->sections[i].sh_type = type;
  f->sections[i].sh_offset = at;
  f->sections[i].sh_size = size;
  f->sections[i].sh_addralign = 1;
}

static void symbol(struct elf_file *f, unsigned i, const char *name, uint32_t value, unsigned bind,
                   unsigned type, uint16_t shndx)
{
  f->symbols[i].st_name = intern(f->strtab, sizeof f->strtab, name);
  f->symbols[i].st_value = value;
  f->symbols[i].st_info = (unsigned char)ELF32_ST_INFO(bind, type);
  f->symbols[i].st_shndx = shndx;
}

static void build_header(struct elf_file *f)
{
  Elf32_Ehdr *h = &f->header;
  memcpy(h->e_ident, ELFMAG, SELFMAG);
  h->e_ident[EI_CLASS] = ELFCLASS32;
  h->e_ident[EI_DATA] = ELFDATA2LSB;
  h->e_ident[EI_VERSION] = EV_CURRENT;
  h->e_type = ET_EXEC;
  h->e_machine = ISA_ELF_MACHINE;
  h->e_version = EV_CURRENT;
  h->e_entry = 0x1004;
  h->e_phoff = AT(segments);
  h->e_shoff = AT(sections);
  h->e_ehsize = sizeof *h;
  h->e_phentsize = sizeof *f->segments;
  h->e_phnum = 2;
  h->e_shentsize = sizeof *f->sections;
  h->e_shnum = SECTION_COUNT;
  h->e_shstrndx = SECTION_NAMES;
  /* Not in the order of addresses, and a virtual address that is not physical. */
  f->segments[0] = (Elf32_Phdr){.p_type = PT_LOAD,
                                .p_offset = AT(data),
                                .p_vaddr = 0x80000000,
                                .p_paddr = 0x2000,
                                .p_filesz = 8,
                                .p_memsz = 24,
                                .p_align = 4};
  f->segments[1] = (Elf32_Phdr){.p_type = PT_LOAD,
                                .p_offset = AT(text),
                                .p_vaddr = 0x1000,
                                .p_paddr = 0x1000,
                                .p_filesz = 16,
                                .p_memsz = 16,
                                .p_align = 4};
}

static void build_symbols(struct elf_file *f)
{
  symbol(f, SYMBOL_FILE, "a.s", 0, STB_LOCAL, STT_FILE, SHN_ABS);
  symbol(f, SYMBOL_SECTION, "sec", 0x1000, STB_LOCAL, STT_SECTION, SECTION_TEXT);
  symbol(f, SYMBOL_LOOP, "loop", 0x1008, STB_LOCAL, STT_NOTYPE, SECTION_TEXT);
  symbol(f, SYMBOL_LOCAL, "begin", 0x1000, STB_LOCAL, STT_NOTYPE, SECTION_TEXT);
  symbol(f, SYMBOL_START, "start", 0x1000, STB_GLOBAL, STT_NOTYPE, SECTION_TEXT);
  symbol(f, SYMBOL_DATA, "table", 0x2000, STB_LOCAL, STT_NOTYPE, SECTION_DATA);
  symbol(f, SYMBOL_CONSTANT, "ten", 0x100a, STB_LOCAL, STT_NOTYPE, SHN_ABS);
  symbol(f, SYMBOL_UNDEFINED, "gone", 0x1001, STB_GLOBAL, STT_NOTYPE, SHN_UNDEF);
}

/* 0x1000 a.s:1; 0x1004 m.inc:2, from a.s:3, from a.s:9; 0x1008 b.s:4 for 8 bytes. */
static void build_lines(struct elf_file *f)
{
  memcpy(f->linestr, "\0a.s\0m.inc\0b.s", 15);
  const struct line_record lines[LINE_COUNT] = {
      {0x1000, 4, 1, 1, 0},  {0x1004, 4, 5, 2, 5}, {0x1008, 8, 11, 4, 0},
      {0x2000, 8, 1, 20, 0}, {0, 0, 1, 3, 6},      {0, 0, 1, 9, 0},
  };
  memcpy(f->lines, lines, sizeof lines);
}

void elf_build(struct elf_file *f)
{
  memset(f, 0, sizeof *f);
  build_header(f);
  build_symbols(f);
  build_lines(f);
  section(f, SECTION_TEXT, ".text", SHT_PROGBITS, AT(text), sizeof f->text);
  section(f, SECTION_DATA, ".data", SHT_PROGBITS, AT(data), sizeof f->data);
  section(f, SECTION_LINE, ".pg32.line", SHT_PROGBITS, AT(lines), sizeof f->lines);
  section(f, SECTION_LINESTR, ".pg32.linestr", SHT_PROGBITS, AT(linestr), sizeof f->linestr);
  section(f, SECTION_SYMTAB, ".symtab", SHT_SYMTAB, AT(symbols), sizeof f->symbols);
  section(f, SECTION_STRTAB, ".strtab", SHT_STRTAB, AT(strtab), sizeof f->strtab);
  section(f, SECTION_NAMES, ".names", SHT_STRTAB, AT(names), sizeof f->names);
  f->sections[SECTION_TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  f->sections[SECTION_TEXT].sh_addr = 0x1000;
  f->sections[SECTION_DATA].sh_flags = SHF_ALLOC | SHF_WRITE;
  f->sections[SECTION_DATA].sh_addr = 0x2000;
  f->sections[SECTION_SYMTAB].sh_link = SECTION_STRTAB;
  f->sections[SECTION_SYMTAB].sh_entsize = sizeof(Elf32_Sym);
  f->sections[SECTION_SYMTAB].sh_addralign = 4;
  f->sections[SECTION_SYMTAB].sh_info = SYMBOL_LOOP;
  for (uint32_t i = 0; i < 4; i++) {
    f->text[i] = 0x11110000 + i;
  }
  memcpy(f->data, "datadata", 8);
}
