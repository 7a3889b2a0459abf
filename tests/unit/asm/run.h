/* Runs the assembler on files held in memory. */
#ifndef TRAPEZE_TESTS_ASM_RUN_H
#define TRAPEZE_TESTS_ASM_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asm/asm.h"
#include "tests/common/random.h"

struct test_file {
  const char *name; /* NULL ends a table */
  const char *text;
  size_t len; /* 0: strlen(text) */
};

struct run {
  enum asm_status status;
  struct asm_output out;
  char *errors;  /* what was said, terminated */
  char *listing; /* NULL unless it was asked for */
};

enum run_kind { RUN_RAW, RUN_ELF, RUN_LISTING /* ELF too */ };

struct asm_reader run_reader(const struct test_file *files);

/* Assembles the first file; the others are there to be included. */
struct run run_files(const struct test_file *files, enum run_kind kind);
struct run run_text(const char *text, enum run_kind kind);
struct run run_bytes(const char *text, size_t len, enum run_kind kind);
void run_free(struct run *r);

/* Raw output of a text that must assemble without a word; *count of its words. */
uint32_t *run_words(const char *text, size_t *count);
/* The text fails, says `message`, and puts nothing out. */
void run_fails(const char *text, const char *message);

/* What asm_disassemble() printed, terminated; NULL if it failed, with *errors. */
char *disassembled(const uint8_t *bytes, size_t len, uint32_t origin, char **errors);

uint32_t word_at(const uint8_t *bytes, size_t offset);

#endif
