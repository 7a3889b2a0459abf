#include "isa/reader.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ messages */

/* Words of a source can be as long as the file: what is said of them is cut. */
static void say(const struct reader *r, struct source_place at, const char *kind,
                const char *format, va_list args)
{
  char message[1024];
  vsnprintf(message, sizeof message, format, args);
  diagnose(r->errors, &r->source, at, kind, "%s", message);
}

void reader_verror(struct reader *r, struct source_place at, const char *format, va_list args)
{
  r->error_count++;
  if (r->error_count <= READER_MOST_ERRORS)
    say(r, at, "error", format, args);
}

void reader_vnote(const struct reader *r, struct source_place at, const char *format, va_list args)
{
  if (r->error_count <= READER_MOST_ERRORS)
    say(r, at, "note", format, args);
}

void reader_note(const struct reader *r, struct source_place at, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  reader_vnote(r, at, format, args);
  va_end(args);
}

void reader_say_rest(const struct reader *r)
{
  if (r->error_count > READER_MOST_ERRORS)
    fprintf(r->errors, "%s: error: and %u more errors\n", r->source.file,
            r->error_count - READER_MOST_ERRORS);
}

/* -------------------------------------------------------------------- source */

bool reader_is(const struct reader *r, struct source_place at, const char *word)
{
  return at.length == strlen(word) && memcmp(reader_text(r, at), word, at.length) == 0;
}

bool reader_new_line(const struct reader *r, size_t from, size_t to)
{
  for (; from < to && from < r->source.len; from++)
    if (r->source.text[from] == '\n')
      return true;
  return false;
}

char *reader_load(const char *path, size_t most, size_t *len)
{
  FILE *in = fopen(path, "rb");
  if (!in)
    return NULL;
  char *bytes = malloc(most + 1);
  if (bytes)
    *len = fread(bytes, 1, most + 1, in);
  int problem = !bytes ? ENOMEM : ferror(in) ? errno : 0;
  fclose(in);
  if (problem) {
    free(bytes);
    errno = problem;
    return NULL;
  }
  return bytes;
}

/* ------------------------------------------------------------------- scanner */

struct scan_block {
  struct scan_block *next;
  size_t size;
  max_align_t bytes[];
};

void *reader_scan_alloc(struct reader *r, size_t size)
{
  struct scan_block *block = malloc(sizeof *block + size);
  if (!block)
    return NULL;
  *block = (struct scan_block){.next = r->scan_blocks, .size = size};
  r->scan_blocks = block;
  return block->bytes;
}

void *reader_scan_realloc(struct reader *r, void *old, size_t size)
{
  void *bigger = reader_scan_alloc(r, size);
  if (bigger && old) {
    const struct scan_block *block =
        (struct scan_block *)((char *)old - offsetof(struct scan_block, bytes));
    memcpy(bigger, old, block->size < size ? block->size : size);
  }
  return bigger;
}

void reader_scan_end(struct reader *r)
{
  while (r->scan_blocks) {
    struct scan_block *next = r->scan_blocks->next;
    free(r->scan_blocks);
    r->scan_blocks = next;
  }
}
