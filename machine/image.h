/* Loading a program into a machine: ELF32 (by physical address, pc = entry) or
 * raw (at ISA_RESET_PC). The loader plays the part of the boot ROM.
 */
#ifndef TRAPEZE_MACHINE_IMAGE_H
#define TRAPEZE_MACHINE_IMAGE_H

#include <stdio.h>

#include "machine/machine.h"

struct image_symbol { const char *name; uint32_t value; };
/* Where the text of [address, address+size) stands; `via`, the macro call or
 * .rept that expanded to it, NULL if it stands for itself. */
struct image_line {
  uint32_t address;
  uint32_t size;
  const char *file;
  unsigned line;
  const struct image_line *via;
};

/* A program in memory, checked: every segment in range, no overlap, entry
 * aligned. Immutable. Symbols and lines sorted by address. */
struct image;

/* Parses bytes of an ELF file (recognised by its magic) or a raw binary.
 * `name` is for messages. NULL after one message to `errors`; errno is 0 if the
 * file is wrong, ENOMEM if the host has no memory. */
struct image *image_parse(const char *name, const uint8_t *bytes, size_t len, FILE *errors);
void image_destroy(struct image *image);

uint32_t image_entry(const struct image *image);
/* Bytes of storage it needs: highest segment end. */
uint32_t image_extent(const struct image *image);
/* Writes the segments and sets pc. False and a message if the machine's storage
 * is too small. */
bool image_load(const struct image *image, struct machine *m, FILE *errors);

/* All symbols but section and file names; at equal values globals first. */
const struct image_symbol *image_symbols(const struct image *image, size_t *count);
/* The end of the section that symbol `index` of them stands in; 0: it stands for a
 * number and not for a place. */
uint32_t image_symbol_end(const struct image *image, size_t index);
/* A global one if there are several. */
bool image_find_symbol(const struct image *image, const char *name, uint32_t *value);
/* Nearest symbol at or below address in the section of instructions that holds
 * address; NULL if none. *offset from it. */
const char *image_symbol_at(const struct image *image, uint32_t address, uint32_t *offset);
/* The whole line table, by address. */
const struct image_line *image_lines(const struct image *image, size_t *count);
/* The source line of the instruction at address, or NULL. */
const struct image_line *image_line_at(const struct image *image, uint32_t address);
/* What a person wrote there: the outermost line, of the call that expanded to it. NULL
 * for NULL. */
const struct image_line *image_line_written(const struct image_line *line);

#endif
