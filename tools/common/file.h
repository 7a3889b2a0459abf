/* Host files: read whole, written whole or not at all. */
#ifndef TRAPEZE_TOOLS_COMMON_FILE_H
#define TRAPEZE_TOOLS_COMMON_FILE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Reads a file, or standard input for "-". malloc'd, with a zero byte after the
 * last that *len does not count. More than `limit` bytes are refused. Returns
 * an exit status, after a message from `command`. */
int file_read(const char *command, const char *path, size_t limit, uint8_t **bytes, size_t *len);

/* An output file that appears under its name only when it is complete; "-" is
 * standard output. While it has no name, signals that would end the process wait:
 * of several files, close the one opened first last, and do not wait for anybody. */
struct file_out {
  const char *command; /* for messages */
  const char *path;    /* borrowed */
  char *temporary;     /* NULL: standard output */
  FILE *stream;
  bool signals_wait;
  sigset_t saved_mask;
};

/* Returns an exit status, after a message. */
int file_out_open(struct file_out *f, const char *command, const char *path);
/* Gives the file its name. Returns an exit status, after a message. */
int file_out_commit(struct file_out *f);
/* Leaves nothing behind. Harmless after a commit, or if never opened ({0}). */
void file_out_abandon(struct file_out *f);

/* Where output goes by default: "dir/hello.s" and "elf" give "hello.elf". The path ends in a dot
 * and one letter. malloc'd; NULL: no memory. */
char *file_beside(const char *path, const char *ending);

/* Both name the same existing file. */
bool file_same(const char *a, const char *b);

#endif
