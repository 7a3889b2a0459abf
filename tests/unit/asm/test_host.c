/* The assembler and the disassembler on a host that refuses: whatever fails, one
 * message, ASM_HOST, and no output. */
#include "run.h"
#include "tests/common/host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char source[] = ".include \"part.s\"\n"
                             "_start: li a0, X\n"
                             ".macro twice a:req\n.word \\a, \\a\n.endm\n"
                             "twice table\n"
                             ".rept 3\nnop\n.endr\n"
                             "halt\n"
                             ".data\ntable: .word 1, 2, 3\n"
                             ".bss\n.space 64\n";
static const char part[] = ".equ X, 0x12345678\n";

struct folder {
  char dir[64], main[96], part[96];
};

static void write_file(const char *path, const char *text)
{
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
  struct folder *f = calloc(1, sizeof *f);
  assert_non_null(f);
  strcpy(f->dir, "/tmp/trapeze-asm-host-XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  snprintf(f->main, sizeof f->main, "%s/main.s", f->dir);
  snprintf(f->part, sizeof f->part, "%s/part.s", f->dir);
  write_file(f->main, source);
  write_file(f->part, part);
  *state = f;
  return 0;
}

static int teardown(void **state)
{
  struct folder *f = *state;
  unlink(f->main);
  unlink(f->part);
  rmdir(f->dir);
  free(f);
  return 0;
}

typedef enum asm_status assemble_fn(const char *path, const struct asm_options *o,
                                    struct asm_output *out);

static enum asm_status assemble(assemble_fn *fn, const char *path, char **errors)
{
  size_t size;
  struct asm_output out = {NULL, 1};
  FILE *stream = open_memstream(errors, &size);
  assert_non_null(stream);
  struct asm_options options = {.reader = asm_host_reader, .errors = stream};
  enum asm_status status = fn(path, &options, &out);
  fclose(stream);
  assert_true(status == ASM_OK ? out.len > 0 : !out.bytes && out.len == 0);
  free(out.bytes);
  return status;
}

/* Each call in turn fails, until none is left that could. How many there were. */
static unsigned long each(assemble_fn *fn, const struct folder *f, enum host_call call,
                          const char *message)
{
  for (unsigned long nth = 1;; nth++) {
    char *errors;
    host_fail(call, nth, ENOMEM);
    enum asm_status status = assemble(fn, f->main, &errors);
    bool struck = host_heal();
    const char *newline = strchr(errors, '\n');
    if (struck && (status != ASM_HOST || !strstr(errors, message) || !newline || newline[1]))
      fail_msg("failure %lu: status %d: %s", nth, status, errors);
    if (!struck && (status != ASM_OK || *errors))
      fail_msg("nothing failed: status %d: %s", status, errors);
    free(errors);
    if (!struck)
      return nth - 1;
  }
}

static void test_memory(void **state)
{
  assert_true(each(asm_assemble_raw, *state, HOST_MEMORY, "emory") > 5);
  assert_true(each(asm_assemble_elf, *state, HOST_MEMORY, "emory") > 5);
}

static void test_writing_elf(void **state)
{
  static const char message[] = "error: cannot make the ELF file: Cannot allocate memory";
  assert_int_equal(each(asm_assemble_elf, *state, HOST_MEMFD, message), 1);
  assert_int_equal(each(asm_assemble_elf, *state, HOST_LSEEK, message), 1);
  assert_int_equal(each(asm_assemble_elf, *state, HOST_PREAD, message), 1);
  assert_true(each(asm_assemble_elf, *state, HOST_ELF, message) > 10);
  assert_int_equal(each(asm_assemble_raw, *state, HOST_ELF, message), 0);
}

/* What libelf itself says is passed on. */
static void test_libelf_says_why(void **state)
{
  const struct folder *f = *state;
  struct rlimit before;
  char *errors;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, before.rlim_max}), 0);
  enum asm_status status = assemble(asm_assemble_elf, f->main, &errors);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, old);
  assert_int_equal(status, ASM_HOST);
  assert_non_null(strstr(errors, "error: cannot make the ELF file: "));
  assert_null(strstr(errors, "no error"));
  assert_null(strstr(errors, "Success"));
  free(errors);
}

/* A file that comes back in two halves is the same file. */
static void test_half_a_read(void **state)
{
  const struct folder *f = *state;
  struct asm_options options = {.reader = asm_host_reader};
  struct asm_output whole, halves;
  assert_int_equal(asm_assemble_elf(f->main, &options, &whole), ASM_OK);
  host_fail(HOST_PREAD, 1, 0);
  assert_int_equal(asm_assemble_elf(f->main, &options, &halves), ASM_OK);
  assert_true(host_heal());
  assert_int_equal(halves.len, whole.len);
  assert_memory_equal(halves.bytes, whole.bytes, whole.len);
  free(whole.bytes);
  free(halves.bytes);
}

/* Without a stream for messages there is none, and the status says it all. */
static void test_silence(void **state)
{
  const struct folder *f = *state;
  static const enum host_call calls[] = {HOST_MEMORY, HOST_ELF};
  struct asm_options options = {.reader = asm_host_reader};
  struct asm_output out;
  for (size_t i = 0; i < 2; i++) {
    host_fail(calls[i], 1, ENOMEM);
    assert_int_equal(asm_assemble_elf(f->main, &options, &out), ASM_HOST);
    assert_true(host_heal());
    assert_null(out.bytes);
  }
  write_file(f->part, "wrong\n");
  assert_int_equal(asm_assemble_elf(f->main, &options, &out), ASM_ERRORS);
  assert_null(out.bytes);
}

/* ---------------------------------------------------------------- reading files */

static void expect(const struct folder *f, enum asm_status wanted, const char *message)
{
  char *errors;
  enum asm_status status = assemble(asm_assemble_elf, f->main, &errors);
  if (status != wanted || !strstr(errors, message))
    fail_msg("expected '%s', got status %d: %s", message, status, errors);
  free(errors);
}

/* The host's fault is told from the user's. */
static void test_reading(void **state)
{
  const struct folder *f = *state;
  host_fail(HOST_FREAD, 1, EIO);
  expect(f, ASM_HOST, "main.s: error: Input/output error");
  assert_true(host_heal());
  host_fail(HOST_FREAD, 2, EIO);
  expect(f, ASM_HOST, "part.s: error: Input/output error");
  assert_true(host_heal());
  host_fail(HOST_FREAD, 2, EACCES);
  expect(f, ASM_ERRORS, "main.s:1:10: error: cannot read");
  assert_true(host_heal());
  unlink(f->part);
  expect(f, ASM_ERRORS, "part.s': No such file or directory");
  assert_int_equal(mkdir(f->part, 0700), 0);
  expect(f, ASM_ERRORS, "part.s': Is a directory");
  assert_int_equal(rmdir(f->part), 0);
}

/* More than is read at once; and more than there may be. */
static void test_long_files(void **state)
{
  const struct folder *f = *state;
  FILE *file = fopen(f->part, "w");
  assert_non_null(file);
  for (unsigned i = 0; i < 20000; i++)
    fprintf(file, "# comment\n");
  fprintf(file, ".equ X, 5\n");
  assert_int_equal(fclose(file), 0);
  expect(f, ASM_OK, "");
  assert_int_equal(truncate(f->part, (64l << 20) + 1), 0);
  expect(f, ASM_ERRORS, "part.s': the file is bigger than 64 MiB");
  assert_int_equal(truncate(f->part, 200l << 20), 0);
  expect(f, ASM_ERRORS, "part.s': the file is bigger than 64 MiB");
}

/* ----------------------------------------------------------------- disassembling */

static void test_disassembling(void **state)
{
  const struct folder *f = *state;
  struct asm_options options = {.reader = asm_host_reader};
  struct asm_output out;
  assert_int_equal(asm_assemble_elf(f->main, &options, &out), ASM_OK);
  for (unsigned long nth = 1;; nth++) {
    char *errors = NULL;
    host_fail(HOST_MEMORY, nth, ENOMEM);
    char *text = disassembled(out.bytes, out.len, 0, &errors);
    bool struck = host_heal();
    assert_int_equal(text == NULL, struck);
    assert_string_equal(errors, struck ? "test: error: out of memory\n" : "");
    free(text);
    free(errors);
    if (!struck) {
      assert_true(nth > 1);
      break;
    }
  }
  free(out.bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(test_memory),      TEST(test_writing_elf),   TEST(test_libelf_says_why),
      TEST(test_half_a_read), TEST(test_silence),       TEST(test_reading),
      TEST(test_long_files),  TEST(test_disassembling),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
