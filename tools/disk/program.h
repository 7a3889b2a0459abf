/* What becomes a file on a disk of solo's: the bytes of a host's file, or a
 * program, assembled on the way if it is source. And the files that come along.
 */
#ifndef TRAPEZE_TOOLS_DISK_PROGRAM_H
#define TRAPEZE_TOOLS_DISK_PROGRAM_H

#include <stdbool.h>

#include "tools/disk/solo_fs.h"

struct solo_file {
  char name[SOLO_NAME_MAX + 1];
  enum solo_type type;
  uint8_t *bytes; /* malloc'd */
  uint32_t size;
};

/* A program begins and starts at its address 0 and has room up to here. */
#define SOLO_PROGRAM_MAX 0x10000u

/* Assembler source and ELF files are programs, all else is data; *type, unless SOLO_FREE,
 * says otherwise. Returns an exit status, after a message. */
int solo_file_load(struct solo_file *f, const char *path, enum solo_type type);
void solo_file_destroy(struct solo_file *f);

/* The files of the example, in order: the programs guestos/solo/NAME.s and a text. False:
 * there are not so many. *status is an exit status. */
bool solo_example(size_t n, struct solo_file *f, int *status);
/* A disk in memory with them: what solo has if nobody says otherwise. Returns an exit
 * status, after a message from `command`. */
int solo_example_disk(const char *command, uint32_t sectors, struct disk_store **store);

#endif
