/* The ELF file: headers, segments, symbols, line table. */
#include "run.h"

#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "isa/isa.h"

struct elf {
  struct run run;
  Elf *elf;
  const Elf32_Ehdr *header;
};

static struct elf open_files(const struct test_file *files)
{
  struct elf e = {.run = run_files(files, RUN_ELF)};
  if (e.run.status != ASM_OK)
    fail_msg("%s", e.run.errors);
  elf_version(EV_CURRENT);
  e.elf = elf_memory((char *)e.run.out.bytes, e.run.out.len);
  assert_non_null(e.elf);
  e.header = elf32_getehdr(e.elf);
  assert_non_null(e.header);
  return e;
}

static struct elf open_text(const char *text)
{
  const struct test_file files[] = {{"dir/test.s", text, 0}, {NULL, NULL, 0}};
  return open_files(files);
}

static void close_elf(struct elf *e)
{
  elf_end(e->elf);
  run_free(&e->run);
}

static Elf_Scn *section(const struct elf *e, const char *name, Elf32_Shdr **header)
{
  for (Elf_Scn *s = elf_nextscn(e->elf, NULL); s; s = elf_nextscn(e->elf, s)) {
    *header = elf32_getshdr(s);
    if (strcmp(elf_strptr(e->elf, e->header->e_shstrndx, (*header)->sh_name), name) == 0)
      return s;
  }
  fail_msg("no section %s", name);
  return NULL;
}

static void test_header(void **state)
{
  (void)state;
  struct elf e = open_text("nop\n.globl _start\n_start: nop\n.data\n.word 1\n.bss\nb: .space 8\n");
  assert_int_equal(e.header->e_type, ET_EXEC);
  assert_int_equal(e.header->e_machine, ISA_ELF_MACHINE);
  assert_int_equal(e.header->e_ident[EI_DATA], ELFDATA2LSB);
  assert_int_equal(e.header->e_entry, 0x1004);
  assert_int_equal(e.header->e_phnum, 3);
  const Elf32_Phdr *p = elf32_getphdr(e.elf);
  static const struct {
    uint32_t address, file_size, size, flags;
  } expected[] = {
      {0x1000, 8, 8, PF_R | PF_X}, {0x2000, 4, 4, PF_R | PF_W}, {0x2004, 0, 8, PF_R | PF_W}};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(p[i].p_type, PT_LOAD);
    assert_int_equal(p[i].p_vaddr, expected[i].address);
    assert_int_equal(p[i].p_paddr, expected[i].address);
    assert_int_equal(p[i].p_filesz, expected[i].file_size);
    assert_int_equal(p[i].p_memsz, expected[i].size);
    assert_int_equal(p[i].p_flags, expected[i].flags);
    assert_int_equal(p[i].p_offset % 4096, p[i].p_vaddr % 4096);
  }
  close_elf(&e);
}

static uint32_t entry_of(const char *text)
{
  struct elf e = open_text(text);
  uint32_t entry = e.header->e_entry;
  close_elf(&e);
  return entry;
}

static void test_placement(void **state)
{
  (void)state;
  assert_int_equal(entry_of("nop\n"), 0x1000);
  assert_int_equal(entry_of(".org 0x8000\nnop\n"), 0x8000);
  assert_int_equal(entry_of(""), 0x1000);
  Elf32_Shdr *h;
  struct elf e = open_text(".org 0x400\n.space 4097\n.data\n.byte 1\n.bss\n.align 64\n.space 4\n");
  section(&e, ".text", &h);
  assert_int_equal(h->sh_addr, 0x400);
  section(&e, ".data", &h);
  assert_int_equal(h->sh_addr, 0x2000);
  section(&e, ".bss", &h);
  assert_int_equal(h->sh_addr, 0x2040);
  close_elf(&e);
  e = open_text(
      "nop\n.data\n.org 0x100\n.word 1\n.align 1024\n.word 2\n.bss\n.org 0x9000\n.space 1\n");
  section(&e, ".data", &h);
  assert_int_equal(h->sh_addr, 0x100);
  section(&e, ".bss", &h);
  assert_int_equal(h->sh_addr, 0x9000);
  close_elf(&e);
}

static void test_placement_errors(void **state)
{
  (void)state;
  run_fails("nop\n.data\n.org 0x1000\n.word 1\n", "overlap");
  run_fails(".bss\n.org 0x3ffffffc\n.space 8\n", "beyond 1 GiB");
  run_fails(".bss\n.space 0x3fffffff\n.text\nnop\n", "beyond 1 GiB");
  run_fails("nop\n.org 0x1000\n", "cannot go back");
  run_fails(".data\n.byte 1\n.org 0x3000\n", "not settled yet");
  run_fails(".space 0x4000001\n", "bigger than 64 MiB");
  run_fails(".bss\n.word 1\n", ".bss holds no contents");
  run_fails(".align 3\n", "power of two");
  run_fails(".byte 1\nnop\n", "put '.align 4' before it");
}

struct expected_symbol {
  const char *name;
  uint32_t value;
  unsigned bind, type;
  const char *section; /* NULL: absolute */
};

static void check_symbol(const struct elf *e, const struct expected_symbol *x)
{
  Elf32_Shdr *h, *sh;
  Elf_Data *data = elf_getdata(section(e, ".symtab", &h), NULL);
  for (size_t i = 0; i < data->d_size / sizeof(Elf32_Sym); i++) {
    const Elf32_Sym *s = (const Elf32_Sym *)data->d_buf + i;
    if (strcmp(elf_strptr(e->elf, h->sh_link, s->st_name), x->name) != 0)
      continue;
    assert_int_equal(s->st_value, x->value);
    assert_int_equal(ELF32_ST_BIND(s->st_info), x->bind);
    assert_int_equal(ELF32_ST_TYPE(s->st_info), x->type);
    assert_int_equal(i < h->sh_info, x->bind == STB_LOCAL);
    if (x->section)
      assert_int_equal(s->st_shndx, elf_ndxscn(section(e, x->section, &sh)));
    else
      assert_int_equal(s->st_shndx, SHN_ABS);
    return;
  }
  fail_msg("no symbol %s", x->name);
}

static void test_symbols(void **state)
{
  (void)state;
  struct elf e =
      open_text(".globl main, table\nlocal: nop\nmain: nop\n.Lhidden: 1: nop\n"
                ".data\ntable: .word 1\n.bss\nroom: .space 4\n.equ SIZE, room - table\n");
  const struct expected_symbol expected[] = {
      {"main", 0x1004, STB_GLOBAL, STT_FUNC, ".text"},
      {"local", 0x1000, STB_LOCAL, STT_NOTYPE, ".text"},
      {"table", 0x2000, STB_GLOBAL, STT_OBJECT, ".data"},
      {"room", 0x2004, STB_LOCAL, STT_OBJECT, ".bss"},
      {"SIZE", 4, STB_LOCAL, STT_NOTYPE, NULL},
      {"test.s", 0, STB_LOCAL, STT_FILE, NULL},
  };
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
    check_symbol(&e, &expected[i]);
  Elf32_Shdr *h;
  Elf_Data *names = elf_getdata(section(&e, ".strtab", &h), NULL);
  assert_null(memmem(names->d_buf, names->d_size, ".Lhidden", 8));
  close_elf(&e);
}

/* ---------------------------------------------------------------- line table */
struct record {
  uint32_t address, size, file, line, via;
};

static size_t records(const struct elf *e, struct record *out, size_t max)
{
  Elf32_Shdr *h;
  Elf_Data *data = elf_rawdata(section(e, ASM_LINE_SECTION, &h), NULL);
  size_t count = data->d_size / 20;
  assert_true(count <= max && data->d_size % 20 == 0);
  for (size_t i = 0; i < count; i++) {
    const uint8_t *p = (const uint8_t *)data->d_buf + 20 * i;
    out[i] = (struct record){word_at(p, 0), word_at(p, 4), word_at(p, 8), word_at(p, 12),
                             word_at(p, 16)};
  }
  return count;
}

static const char *file_name(const struct elf *e, uint32_t offset)
{
  Elf32_Shdr *h;
  Elf_Data *data = elf_rawdata(section(e, ASM_LINESTR_SECTION, &h), NULL);
  assert_true(offset < data->d_size);
  return (const char *)data->d_buf + offset;
}

static void test_line_table(void **state)
{
  (void)state;
  const struct test_file files[] = {
      {"dir/main.s",
       ".include \"inc.s\"\n" /* 1 */
       "_start: nop\n"        /* 2: 0x1000 */
       "li t0, 0x12345678\n"  /* 3: 0x1004, 8 bytes */
       "outer\n"              /* 4: inc.s:4, 0x100c; inc.s:2 by inc.s:5, 0x1010 */
       ".rept 2\n"            /* 5 */
       "ret\n"                /* 6: 0x1014, 0x1018 */
       ".endr\n"
       ".data\n.asciz \"x\"\n", /* 9: 0x2000 */
       0},
      {"dir/inc.s", ".macro inner\nbrk\n.endm\n.macro outer\nnop\ninner\n.endm\n", 0},
      {NULL, NULL, 0}};
  struct elf e = open_files(files);
  struct record r[32];
  assert_int_equal(records(&e, r, 32), 10);
  static const struct {
    uint32_t address, size, line, via;
    const char *file;
  } expected[] = {
      {0x1000, 4, 2, 0, "dir/main.s"},  {0x1004, 8, 3, 0, "dir/main.s"},
      {0x100c, 4, 5, 8, "dir/inc.s"},   {0x1010, 4, 2, 9, "dir/inc.s"},
      {0x1014, 4, 6, 10, "dir/main.s"}, {0x1018, 4, 6, 10, "dir/main.s"},
      {0x2000, 2, 9, 0, "dir/main.s"},  {0x100c, 0, 4, 0, "dir/main.s"},
      {0x1010, 0, 6, 8, "dir/inc.s"},   {0x1014, 0, 5, 0, "dir/main.s"},
  };
  for (size_t i = 0; i < 10; i++) {
    assert_int_equal(r[i].address, expected[i].address);
    assert_int_equal(r[i].size, expected[i].size);
    assert_int_equal(r[i].line, expected[i].line);
    assert_int_equal(r[i].via, expected[i].via);
    assert_string_equal(file_name(&e, r[i].file), expected[i].file);
  }
  close_elf(&e);
}

static void test_raw(void **state)
{
  (void)state;
  struct run r = run_text("nop\n.data\n.org 0x1010\n.word 7\n.bss\n.space 100\n", RUN_RAW);
  assert_int_equal(r.status, ASM_OK);
  assert_int_equal(r.out.len, 0x14);
  assert_int_equal(word_at(r.out.bytes, 0x0c), 0);
  assert_int_equal(word_at(r.out.bytes, 0x10), 7);
  run_free(&r);
  r = run_text(".data\n.org 0x10\n.word 7\n.text\n.org 0x18\nnop\n", RUN_RAW);
  assert_int_equal(r.out.len, 12);
  assert_int_equal(word_at(r.out.bytes, 0), 7);
  run_free(&r);
  r = run_text("", RUN_RAW);
  assert_int_equal(r.status, ASM_OK);
  assert_int_equal(r.out.len, 0);
  run_free(&r);
  r = run_text("nop\n.data\n.org 0x20000000\n.word 1\n", RUN_RAW);
  assert_int_equal(r.status, ASM_ERRORS);
  assert_non_null(strstr(r.errors, "bigger than 64 MiB"));
  run_free(&r);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header),           cmocka_unit_test(test_placement),
      cmocka_unit_test(test_placement_errors), cmocka_unit_test(test_symbols),
      cmocka_unit_test(test_line_table),       cmocka_unit_test(test_raw),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
