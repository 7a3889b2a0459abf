#include "run.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *read_table(void *ctx, const char *path, size_t *len, const char **reason)
{
  for (const struct test_file *f = ctx; f->name; f++) {
    if (strcmp(f->name, path) != 0)
      continue;
    *len = f->len ? f->len : strlen(f->text);
    uint8_t *copy = malloc(*len + 1);
    memcpy(copy, f->text, *len);
    return copy;
  }
  *reason = "no such file in the test";
  return NULL;
}

struct asm_reader run_reader(const struct test_file *files)
{
  return (struct asm_reader){read_table, (void *)(uintptr_t)files};
}

struct run run_files(const struct test_file *files, enum run_kind kind)
{
  struct run r = {.status = ASM_OK};
  size_t errors_len, listing_len;
  FILE *listing = kind == RUN_LISTING ? open_memstream(&r.listing, &listing_len) : NULL;
  FILE *errors = open_memstream(&r.errors, &errors_len);
  struct asm_options options = {.reader = run_reader(files), .errors = errors, .listing = listing};
  r.status =
      (kind == RUN_RAW ? asm_assemble_raw : asm_assemble_elf)(files[0].name, &options, &r.out);
  fclose(errors);
  if (listing)
    fclose(listing);
  if (r.status != ASM_OK) {
    assert_null(r.out.bytes);
    assert_int_equal(r.out.len, 0);
  }
  return r;
}

struct run run_bytes(const char *text, size_t len, enum run_kind kind)
{
  const struct test_file files[] = {{"test.s", text, len}, {NULL, NULL, 0}};
  return run_files(files, kind);
}

struct run run_text(const char *text, enum run_kind kind)
{
  return run_bytes(text, 0, kind);
}

void run_free(struct run *r)
{
  free(r->out.bytes);
  free(r->errors);
  free(r->listing);
}

uint32_t word_at(const uint8_t *bytes, size_t offset)
{
  const uint8_t *p = bytes + offset;
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t *run_words(const char *text, size_t *count)
{
  struct run r = run_text(text, RUN_RAW);
  if (r.status != ASM_OK || *r.errors)
    fail_msg("status %d: %s", r.status, r.errors);
  *count = r.out.len / 4;
  uint32_t *words = calloc(*count + 1, sizeof *words);
  for (size_t i = 0; i < *count; i++)
    words[i] = word_at(r.out.bytes, 4 * i);
  run_free(&r);
  return words;
}

void run_fails(const char *text, const char *message)
{
  struct run r = run_text(text, RUN_ELF);
  if (r.status != ASM_ERRORS || !strstr(r.errors, message))
    fail_msg("expected '%s', got status %d: %s", message, r.status, r.errors);
  run_free(&r);
}

char *disassembled(const uint8_t *bytes, size_t len, uint32_t origin, char **errors)
{
  char *text;
  size_t text_len, errors_len;
  FILE *out = open_memstream(&text, &text_len), *err = open_memstream(errors, &errors_len);
  bool ok = asm_disassemble("test", bytes, len, origin, out, err);
  fclose(out);
  fclose(err);
  if (ok)
    return text;
  free(text);
  return NULL;
}
