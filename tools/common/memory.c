#include "tools/common/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* fopencookie() wants 0 for an error, never a negative number. */
static ssize_t append(void *cookie, const char *bytes, size_t len)
{
  struct memory *m = cookie;
  if (m->room - m->len <= len) {
    size_t room = 2 * m->room + len + 1;
    char *grown = realloc(m->text, room);
    if (!grown) {
      m->failed = true;
      return 0;
    }
    m->text = grown;
    m->room = room;
  }
  memcpy(m->text + m->len, bytes, len);
  m->len += len;
  m->text[m->len] = '\0';
  return (ssize_t)len;
}

bool memory_open(struct memory *m)
{
  *m = (struct memory){.text = calloc(1, 1), .room = 1};
  m->stream = m->text ? fopencookie(m, "w", (cookie_io_functions_t){.write = append}) : NULL;
  if (!m->stream) {
    free(m->text);
    m->text = NULL;
  }
  return m->stream != NULL;
}

bool memory_close(struct memory *m)
{
  bool whole = m->stream && fclose(m->stream) == 0 && !m->failed;
  m->stream = NULL;
  if (!whole) {
    free(m->text);
    m->text = NULL;
    m->len = 0;
  }
  return whole;
}
