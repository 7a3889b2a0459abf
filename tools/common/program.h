/* A program as the command line names it: a shipped guest, an ELF file, a raw
 * binary, or a source file that is assembled on the way.
 */
#ifndef TRAPEZE_TOOLS_COMMON_PROGRAM_H
#define TRAPEZE_TOOLS_COMMON_PROGRAM_H

#include "asm/asm.h"
#include "machine/image.h"

#define PROGRAM_MAX_BYTES (64u << 20)

struct program {
  const char *name; /* as given; borrowed */
  uint8_t *bytes;   /* the file, or what was assembled */
  size_t len;
  struct image *image; /* program_load() only */
};

/* Where the source of `name` is, if it has one: its path for messages, and a
 * reader for it. NULL path: it is no source. */
struct program_source {
  char *path; /* malloc'd */
  struct asm_reader reader;
};
/* Returns an exit status, after a message if there is no such program. */
int program_find_source(const char *command, const char *name, struct program_source *source);

/* Only the bytes. Returns an exit status, after messages; *p is destroyed then. */
int program_read(const char *command, const char *name, struct program *p);
/* And parsed. */
int program_load(const char *command, const char *name, struct program *p);
void program_destroy(struct program *p);

/* The text of a line of a source file that the line table names: of a shipped
 * guest or of the host. False: it cannot be had; errno is then 0 if there is no
 * such line any more, else the host's error. Cut to fit, without the newline; tabs
 * and control characters become blanks. */
bool program_source_text(const char *file, unsigned line, char *buf, size_t size);

/* "unlock+0x8", "unlock", or "0x00001f34" where there is no symbol. Returns buf. */
char *program_place(const struct image *image, uint32_t address, char *buf, size_t size);

#endif
