#include "tests/unit/machine/cmocka_all.h"

#include "machine/image.h"
#include "tests/unit/machine/elf_builder.h"
#include "tests/unit/machine/random.h"

/* Parses from a heap copy of exactly len bytes, so that the sanitizer sees a
 * read beyond its end; *messages (malloc'd) receives what was reported. */
static struct image *parse(const void *bytes, size_t len, char **messages)
{
  size_t size;
  FILE *errors = open_memstream(messages, &size);
  uint8_t *copy = malloc(len);
  assert_non_null(errors);
  assert_true(copy || len == 0);
  if (len) {
    memcpy(copy, bytes, len);
  }
  struct image *image = image_parse("prog.elf", copy, len, errors);
  free(copy);
  fclose(errors);
  return image;
}

static struct image *parse_ok(const struct elf_file *f)
{
  char *messages;
  struct image *image = parse(f, sizeof *f, &messages);
  if (!image) {
    fail_msg("%s", messages);
  }
  assert_string_equal(messages, "");
  free(messages);
  return image;
}

/* Exactly one line, "prog.elf: error: …", that contains `expected`. */
static void parse_fails(const void *bytes, size_t len, const char *expected)
{
  char *messages;
  struct image *image = parse(bytes, len, &messages);
  if (image) {
    fail_msg("parsed, but expected: %s", expected);
  }
  if (strncmp(messages, "prog.elf: error: ", 17) != 0 || !strstr(messages, expected) ||
      strchr(messages, '\n') != messages + strlen(messages) - 1) {
    fail_msg("expected \"%s\", got \"%s\"", expected, messages);
  }
  free(messages);
}

#define FAILS(expected, change)                                                                    \
  do {                                                                                             \
    struct elf_file f;                                                                             \
    elf_build(&f);                                                                                 \
    change;                                                                                        \
    parse_fails(&f, sizeof f, expected);                                                           \
  } while (0)

static struct machine *machine_of(uint32_t storage, struct profile **profile)
{
  *profile = profile_load("pg", stderr);
  assert_non_null(*profile);
  struct machine_config config = {.profile = *profile, .storage = storage};
  struct machine *m = machine_create(&config, NULL);
  assert_non_null(m);
  return m;
}

/* ----------------------------------------------------------------- loading */

static void test_loads_by_physical_address(void **state)
{
  (void)state;
  struct elf_file f;
  struct profile *profile;
  elf_build(&f);
  struct machine *m = machine_of(MACHINE_MIN_STORAGE, &profile);
  uint8_t junk[64], got[64];
  memset(junk, 0xee, sizeof junk);
  assert_true(machine_phys_write(m, gpa(0x1ff0), junk, sizeof junk));
  struct image *image = parse_ok(&f);
  assert_int_equal(image_entry(image), 0x1004);
  assert_int_equal(image_extent(image), 0x2018);
  assert_true(image_load(image, m, stderr));
  image_destroy(image);
  assert_int_equal(machine_get_pc(m), 0x1004);
  assert_true(machine_phys_read(m, gpa(0x1000), got, 16));
  assert_memory_equal(got, f.text, 16);
  assert_true(machine_phys_read(m, gpa(0x1ff0), got, 64));
  assert_memory_equal(got, junk, 16);
  assert_memory_equal(got + 16, "datadata\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
  assert_memory_equal(got + 40, junk, 24);
  machine_destroy(m);
  profile_destroy(profile);
}

static void test_load_needs_storage(void **state)
{
  (void)state;
  struct elf_file f;
  struct profile *profile;
  elf_build(&f);
  f.segments[0].p_memsz = MACHINE_MIN_STORAGE - 0x2000;
  struct image *fits = parse_ok(&f);
  f.segments[0].p_memsz++;
  struct image *image = parse_ok(&f);
  struct machine *m = machine_of(MACHINE_MIN_STORAGE, &profile);
  char *messages;
  size_t size;
  FILE *errors = open_memstream(&messages, &size);
  assert_true(image_load(fits, m, errors));
  machine_set_pc(m, 4);
  assert_false(image_load(image, m, errors));
  fclose(errors);
  assert_string_equal(messages,
                      "prog.elf: error: it needs 65537 bytes of storage, machine has 65536\n");
  assert_int_equal(machine_get_pc(m), 4);
  free(messages);
  image_destroy(fits);
  image_destroy(image);
  machine_destroy(m);
  profile_destroy(profile);
}

static void test_raw(void **state)
{
  (void)state;
  char *messages;
  struct profile *profile;
  struct machine *m = machine_of(MACHINE_MIN_STORAGE, &profile);
  struct image *image = parse("\x7f"
                              "ELRabc",
                              7, &messages);
  assert_non_null(image);
  assert_int_equal(image_entry(image), ISA_RESET_PC);
  assert_int_equal(image_extent(image), ISA_RESET_PC + 7);
  size_t count = 1;
  image_symbols(image, &count);
  assert_int_equal(count, 0);
  assert_null(image_symbol_at(image, ISA_RESET_PC, NULL));
  assert_null(image_line_at(image, ISA_RESET_PC));
  assert_true(image_load(image, m, stderr));
  uint8_t got[8];
  assert_true(machine_phys_read(m, gpa(ISA_RESET_PC), got, 8));
  assert_memory_equal(got,
                      "\x7f"
                      "ELRabc\0",
                      8);
  free(messages);
  image_destroy(image);
  machine_destroy(m);
  profile_destroy(profile);
  parse_fails("", 0, "empty");
  image = parse("x", 1, &messages);
  assert_non_null(image);
  free(messages);
  image_destroy(image);
}

/* ------------------------------------------------------------- what is wrong */

static void test_refuses_other_files(void **state)
{
  (void)state;
  FAILS("expected a 32-bit ELF file", f.header.e_ident[EI_CLASS] = ELFCLASS64);
  FAILS("expected a 32-bit ELF file", f.header.e_ident[EI_CLASS] = 0);
  FAILS("expected a little-endian ELF file", f.header.e_ident[EI_DATA] = ELFDATA2MSB);
  FAILS("ELF file", f.header.e_ident[EI_VERSION] = 9);
  FAILS("expected a program for PG32 (ELF machine 0x5047), this one is for 0xf3",
        f.header.e_machine = EM_RISCV);
  FAILS("expected an executable", f.header.e_type = ET_REL);
  FAILS("expected an executable", f.header.e_type = ET_DYN);
}

static void test_refuses_bad_segments(void **state)
{
  (void)state;
  FAILS("no loadable segment", f.header.e_phnum = 0);
  FAILS("no loadable segment", f.segments[0].p_type = f.segments[1].p_type = PT_NOTE);
  FAILS("no loadable segment", f.segments[0].p_memsz = f.segments[1].p_memsz = 0);
  FAILS("segment 0 has more bytes in the file (25) than in memory (24)",
        f.segments[0].p_filesz = 25);
  FAILS("segment 1 lies outside the file", f.segments[1].p_offset = sizeof f - 15);
  FAILS("segment 1 lies outside the file", f.segments[1].p_offset = 0xfffffff8);
  FAILS("segment 0 lies outside the file",
        f.segments[0].p_filesz = f.segments[0].p_memsz = 0xfffffff0);
  FAILS("segment 0 ends at 0x40000001; expected physical addresses below 0x40000000",
        f.segments[0].p_paddr = 0x3fffffe9);
  FAILS("segment 0 ends at 0x100000008", f.segments[0].p_paddr = 0xfffffff0); /* no wrap-around */
  FAILS("segment 0 ends at 0x100001fff", f.segments[0].p_memsz = 0xffffffff);
  FAILS("the segments at 0x1000 and 0x100c overlap", f.segments[0].p_paddr = 0x100c);
  FAILS("the segments at 0xfe9 and 0x1000 overlap", f.segments[0].p_paddr = 0xfe9);
  FAILS("overlap", f.segments[0].p_paddr = 0x1000);
}

static void test_refuses_bad_entry(void **state)
{
  (void)state;
  FAILS("its entry point 0x1006 is not a multiple of 4", f.header.e_entry = 0x1006);
  FAILS("its entry point 0x1010 lies in no loaded segment", f.header.e_entry = 0x1010);
  FAILS("its entry point 0x0 lies in no loaded segment", f.header.e_entry = 0);
  FAILS("lies in no loaded segment", f.header.e_entry = 0x80000000); /* virtual */
  FAILS("lies in no loaded segment", f.segments[1].p_memsz = f.segments[1].p_filesz = 7);
}

static void test_accepts_edges(void **state)
{
  (void)state;
  struct elf_file f;
  elf_build(&f);
  f.segments[0].p_paddr = 0x1010; /* touching is no overlap */
  image_destroy(parse_ok(&f));
  f.segments[0].p_paddr = 0x40000000 - 24;
  f.header.e_entry = 0x40000000 - 4; /* its zeros */
  struct image *image = parse_ok(&f);
  assert_int_equal(image_extent(image), 0x40000000);
  image_destroy(image);
  elf_build(&f);
  f.segments[0].p_filesz = 0;
  f.segments[0].p_offset = (uint32_t)sizeof f;
  image_destroy(parse_ok(&f));
  f.segments[0].p_memsz = 0; /* nothing to load: its place does not matter */
  f.segments[0].p_paddr = 0x1004;
  image_destroy(parse_ok(&f));
}

static void test_refuses_truncated_files(void **state)
{
  (void)state;
  struct elf_file f;
  elf_build(&f);
  for (size_t len = 4; len < sizeof f; len++) {
    char *messages;
    struct image *image = parse(&f, len, &messages);
    /* The last bytes are the padding of a table of names. */
    assert_true(image == NULL || len >= offsetof(struct elf_file, names) - 64);
    assert_true((image == NULL) == (messages[0] != '\0'));
    image_destroy(image);
    free(messages);
  }
}

static void test_without_sections(void **state)
{
  (void)state;
  struct elf_file f;
  elf_build(&f);
  f.header.e_shnum = 0;
  f.header.e_shoff = 0;
  f.header.e_shstrndx = 0;
  struct image *image = parse_ok(&f);
  size_t count;
  image_symbols(image, &count);
  assert_int_equal(count, 0);
  assert_null(image_symbol_at(image, 0x1000, NULL));
  image_destroy(image);
}

/* ------------------------------------------------------------------ symbols */

static void assert_symbol_at(const struct image *image, uint32_t address, const char *name,
                             uint32_t offset)
{
  uint32_t got = 0xdeadbeef;
  const char *found = image_symbol_at(image, address, &got);
  if (!name) {
    assert_null(found);
    return;
  }
  assert_non_null(found);
  assert_string_equal(found, name);
  assert_int_equal(got, offset);
  assert_ptr_equal(image_symbol_at(image, address, NULL), found);
}

static void test_symbols(void **state)
{
  (void)state;
  struct elf_file f;
  elf_build(&f);
  struct image *image = parse_ok(&f);
  static const struct image_symbol expected[] = {
      {"start", 0x1000}, {"begin", 0x1000}, {"loop", 0x1008}, {"ten", 0x100a}, {"table", 0x2000}};
  size_t count;
  const struct image_symbol *symbols = image_symbols(image, &count);
  assert_int_equal(count, sizeof expected / sizeof *expected);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(symbols[i].name, expected[i].name);
    assert_int_equal(symbols[i].value, expected[i].value);
    uint32_t value = 0;
    assert_true(image_find_symbol(image, expected[i].name, &value));
    assert_int_equal(value, expected[i].value);
  }
  uint32_t value = 42;
  assert_false(image_find_symbol(image, "gone", &value));
  assert_false(image_find_symbol(image, "sec", &value));
  assert_false(image_find_symbol(image, "", &value));
  assert_int_equal(value, 42);
  assert_symbol_at(image, 0xfff, NULL, 0);
  assert_symbol_at(image, 0x1000, "start", 0);
  assert_symbol_at(image, 0x1007, "start", 7);
  assert_symbol_at(image, 0x1008, "loop", 0);
  assert_symbol_at(image, 0x100f, "loop", 7); /* "ten" is a number */
  assert_symbol_at(image, 0x1010, NULL, 0);
  assert_symbol_at(image, 0x2000, NULL, 0);
  assert_symbol_at(image, 0xffffffff, NULL, 0);
  image_destroy(image);
}

static void test_find_prefers_global(void **state)
{
  (void)state;
  struct elf_file f;
  elf_build(&f);
  f.symbols[SYMBOL_LOCAL].st_name = f.symbols[SYMBOL_START].st_name;
  f.symbols[SYMBOL_LOCAL].st_value = 0x100;
  struct image *image = parse_ok(&f);
  uint32_t value;
  assert_true(image_find_symbol(image, "start", &value));
  assert_int_equal(value, 0x1000);
  image_destroy(image);
}

static void test_refuses_bad_symbols(void **state)
{
  (void)state;
  FAILS("the name of symbol 5 lies outside its string table",
        f.symbols[SYMBOL_LOOP].st_name = 4000);
  FAILS("outside its string table", f.sections[SECTION_SYMTAB].sh_link = 77);
  FAILS("symbol table", f.sections[SECTION_SYMTAB].sh_offset = sizeof f);
  FAILS("symbol table", f.sections[SECTION_SYMTAB].sh_size = 0xffffff00);
}

/* --------------------------------------------------------------- line table */

static void assert_line(const struct image_line *line, const char *file, unsigned number)
{
  assert_non_null(line);
  assert_string_equal(line->file, file);
  assert_int_equal(line->line, number);
}

static void test_lines(void **state)
{
  (void)state;
  struct elf_file f;
  elf_build(&f);
  struct image *image = parse_ok(&f);
  assert_null(image_line_at(image, 0));
  assert_null(image_line_at(image, 0xfff));
  assert_line(image_line_at(image, 0x1000), "a.s", 1);
  assert_null(image_line_at(image, 0x1000)->via);
  const struct image_line *line = image_line_at(image, 0x1004);
  assert_line(line, "m.inc", 2);
  assert_line(line->via, "a.s", 3);
  assert_line(line->via->via, "a.s", 9);
  assert_null(line->via->via->via);
  assert_line(image_line_at(image, 0x1008), "b.s", 4);
  assert_line(image_line_at(image, 0x100f), "b.s", 4);
  assert_null(image_line_at(image, 0x1010));
  assert_line(image_line_at(image, 0x2004), "a.s", 20);
  assert_null(image_line_at(image, 0x2008));
  assert_null(image_line_at(image, 0xffffffff));
  image_destroy(image);
}

static void test_refuses_bad_lines(void **state)
{
  (void)state;
  FAILS("the file name of line record 2", f.lines[2].file = 16);
  FAILS("the file name of line record 2", f.lines[2].file = 0xffffffff);
  FAILS("the file name of line record 2", f.linestr[14] = f.linestr[15] = 'x');
  FAILS("line record 1 names record 7 of 6 as its origin", f.lines[1].via = 7);
  FAILS("the origins of line record 1 go round in a circle", f.lines[4].via = 5);
  FAILS("go round in a circle", f.lines[5].via = 5);
  FAILS("go round in a circle", f.lines[5].via = 2);
  FAILS("line record 2 is out of order", f.lines[2].address = 0x1004);
  FAILS("line record 2 is out of order", f.lines[1].size = 5);
  FAILS("line record 1 is out of order", f.lines[0].size = 0);
  FAILS("line record 3 is out of order",
        (f.lines[2].size = 0xffffffff, f.lines[2].address = 0x1fff));
  FAILS("is not a multiple of 20", f.sections[SECTION_LINE].sh_size = 21);
  FAILS("missing", f.sections[SECTION_LINESTR].sh_name = 0);
  FAILS("lies outside the file", f.sections[SECTION_LINE].sh_offset = 0x7fffffff);
}

static void test_without_lines(void **state)
{
  (void)state;
  struct elf_file f;
  elf_build(&f);
  f.sections[SECTION_LINE].sh_name = 0;
  struct image *image = parse_ok(&f);
  assert_null(image_line_at(image, 0x1000));
  image_destroy(image);
  elf_build(&f);
  f.sections[SECTION_LINE].sh_size = 0;
  image = parse_ok(&f);
  assert_null(image_line_at(image, 0x1000));
  image_destroy(image);
}

/* --------------------------------------------------------------------- fuzz */

/* Uses everything that an image offers. */
static void use(const struct image *image)
{
  size_t count, length = 0;
  const struct image_symbol *symbols = image_symbols(image, &count);
  for (size_t i = 0; i < count; i++) {
    length += strlen(symbols[i].name);
    assert_true(i == 0 || symbols[i - 1].value <= symbols[i].value);
  }
  for (uint32_t at = 0xff0; at < 0x2020; at += 4) {
    uint32_t offset = 0;
    const char *name = image_symbol_at(image, at, &offset);
    length += name ? strlen(name) : 0;
    for (const struct image_line *l = image_line_at(image, at); l; l = l->via) {
      length += strlen(l->file);
    }
  }
  assert_true(length < 10000000);
  assert_int_equal(image_entry(image) % 4, 0);
  assert_true(image_entry(image) < image_extent(image));
}

static uint8_t interesting(uint64_t *seed)
{
  static const uint8_t values[] = {0, 1, 2, 4, 0x10, 0x7f, 0x80, 0xff, 0xfe, 0x40};
  uint32_t i = random_below(seed, 2 * sizeof values);
  return i < sizeof values ? values[i] : (uint8_t)random_next(seed);
}

/* Changes a few bytes, most of them in headers; sometimes cuts or swaps words. */
static size_t mutate(struct elf_file *f, uint64_t *seed)
{
  uint8_t *bytes = (uint8_t *)f;
  uint32_t edits = 1 + random_below(seed, 4);
  for (uint32_t i = 0; i < edits; i++) {
    size_t limit = random_below(seed, 3) ? offsetof(struct elf_file, text) : sizeof *f;
    size_t at = 4 + random_below(seed, (uint32_t)limit - 4);
    if (random_below(seed, 3) == 0) {
      at &= ~(size_t)3;
      uint32_t word = interesting(seed) * 0x01010101u;
      memcpy(bytes + at, &word, 4);
    } else {
      bytes[at] = interesting(seed);
    }
  }
  return random_below(seed, 8) ? sizeof *f : 4 + random_below(seed, sizeof *f - 4);
}

static void test_mutants(void **state)
{
  (void)state;
  const char *rounds = getenv("FUZZ_ROUNDS");
  unsigned accepted = 0, limit = rounds ? (unsigned)atoi(rounds) : 20000;
  uint64_t seed = 1;
  for (unsigned i = 0; i < limit; i++) {
    struct elf_file f;
    char *messages;
    elf_build(&f);
    size_t len = mutate(&f, &seed);
    struct image *image = parse(&f, len, &messages);
    /* A message if and only if it fails, and one. */
    size_t size = strlen(messages);
    assert_true(image ? size == 0 : size > 0 && strchr(messages, '\n') == messages + size - 1);
    if (image) {
      use(image);
      accepted++;
    }
    image_destroy(image);
    free(messages);
  }
  assert_true(accepted > limit / 20 && accepted < limit - limit / 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_loads_by_physical_address),
      cmocka_unit_test(test_load_needs_storage),
      cmocka_unit_test(test_raw),
      cmocka_unit_test(test_refuses_other_files),
      cmocka_unit_test(test_refuses_bad_segments),
      cmocka_unit_test(test_refuses_bad_entry),
      cmocka_unit_test(test_accepts_edges),
      cmocka_unit_test(test_refuses_truncated_files),
      cmocka_unit_test(test_without_sections),
      cmocka_unit_test(test_symbols),
      cmocka_unit_test(test_find_prefers_global),
      cmocka_unit_test(test_refuses_bad_symbols),
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_refuses_bad_lines),
      cmocka_unit_test(test_without_lines),
      cmocka_unit_test(test_mutants),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
