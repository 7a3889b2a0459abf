/* The assembler: PG32 source to an ELF32 file, a raw binary or a listing, all
 * in memory. docs/asm.md is the language. No state outside the call; all errors
 * of a source are reported up to a cap, and then there is no output.
 */
#ifndef TRAPEZE_ASM_ASM_H
#define TRAPEZE_ASM_ASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How .include and .incbin (and the source itself) are read. Returns malloc'd
 * bytes (the assembler frees them), or NULL with a one-line reason; errno is then
 * the host's error if the host is at fault (isa/host.h). */
struct asm_reader {
  uint8_t *(*read)(void *ctx, const char *path, size_t *len, const char **reason);
  void *ctx;
};

/* Reads host files. */
extern const struct asm_reader asm_host_reader;

struct asm_define {
  const char *name;
  int64_t value;
}; /* -D NAME=VALUE */

struct asm_options {
  struct asm_reader reader;
  const char *const *include_dirs; /* NULL-terminated, or NULL; after the includer's own folder */
  /* The last resort of .include and .incbin, by the folder's name and the name as
   * written. Without a folder: none. */
  struct asm_reader library;
  const char *library_folder; /* "guestos/" */
  const struct asm_define *defines;
  size_t define_count;
  unsigned max_errors; /* 0: 20 */
  bool color;
  FILE *errors;  /* diagnostics */
  FILE *listing; /* NULL: none */
};

struct asm_output {
  uint8_t *bytes; /* malloc'd */
  size_t len;
};

enum asm_status {
  ASM_OK,
  ASM_ERRORS /* user's, reported */,
  ASM_HOST /* memory or I/O, reported */
};

/* Assembles `path` to ELF32 (symbols, .pg32.line) or raw bytes from the lowest
 * section to the highest. On anything but ASM_OK *out is empty. */
enum asm_status asm_assemble_elf(const char *path, const struct asm_options *o,
                                 struct asm_output *out);
enum asm_status asm_assemble_raw(const char *path, const struct asm_options *o,
                                 struct asm_output *out);

/* Prints what reassembles to the same bytes: an ELF file (all allocated
 * sections, with its symbols) or raw bytes placed at `origin`. `name` is for
 * messages. False after a message to errors. */
bool asm_disassemble(const char *name, const uint8_t *bytes, size_t len, uint32_t origin, FILE *out,
                     FILE *errors);

/* The ELF sections of the line table, little-endian words:
 *   .pg32.line     records of {address, size, file, line, via}: file is an
 *                  offset into .pg32.linestr; via is 0, or 1 + the index of the
 *                  record of the macro call it was expanded from. Records of
 *                  call sites have size 0. Sorted by address, size 0 last.
 *   .pg32.linestr  zero-terminated file names */
#define ASM_LINE_SECTION    ".pg32.line"
#define ASM_LINESTR_SECTION ".pg32.linestr"

#endif
