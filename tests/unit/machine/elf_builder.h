/* Small ELF files, valid until a test bends them: a .text of four words at
 * 0x1000, a .data of 8 bytes with 24 in memory at 0x2000, symbols, a line table.
 */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_ELF_BUILDER_H
#define TRAPEZE_TESTS_UNIT_MACHINE_ELF_BUILDER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SECTION_NULL,
  SECTION_TEXT,
  SECTION_DATA,
  SECTION_LINE,
  SECTION_LINESTR,
  SECTION_SYMTAB,
  SECTION_STRTAB,
  SECTION_NAMES,
  SECTION_COUNT
};
enum {
  SYMBOL_NULL,
  SYMBOL_FILE,
  SYMBOL_SECTION,
  SYMBOL_START,
  SYMBOL_LOCAL,
  SYMBOL_LOOP,
  SYMBOL_DATA,
  SYMBOL_CONSTANT,
  SYMBOL_UNDEFINED,
  SYMBOL_COUNT
};
enum { LINE_COUNT = 6 };

struct line_record {
  uint32_t address, size, file, line, via;
};

struct elf_file {
  Elf32_Ehdr header;
  Elf32_Phdr segments[2];
  Elf32_Shdr sections[SECTION_COUNT];
  uint32_t text[4];
  uint8_t data[8];
  struct line_record lines[LINE_COUNT];
  char linestr[16];
  Elf32_Sym symbols[SYMBOL_COUNT];
  char strtab[64];
  char names[64];
};

void elf_build(struct elf_file *f);

#endif
