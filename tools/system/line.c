#include "tools/system/line.h"

#include <stdlib.h>
#include <string.h>

/* What one byte adds at most: eight blanks, or a control in two characters. */
#define MOST 8u

static bool reserve(struct line *l)
{
  if (l->len + MOST <= l->room)
    return true;
  size_t room = l->room ? 2 * l->room : 64;
  if (room > LINE_MAX_BYTES)
    room = LINE_MAX_BYTES;
  if (l->len + MOST > room)
    return false;
  char *moved = realloc(l->text, room);
  l->lost = l->lost || !moved;
  if (!moved)
    return false;
  l->text = moved;
  l->room = room;
  return true;
}

static void write_one(struct line *l, char c)
{
  l->text[l->cursor++] = c;
  if (l->cursor > l->len)
    l->len = l->cursor;
}

static void back(struct line *l)
{
  while (l->cursor > 0 && ((uint8_t)l->text[--l->cursor] & 0xc0) == 0x80) {
  }
}

/* The bytes of UTF-8, but none that by itself or together with its first one is a
 * control (U+0080 to U+009F). */
static void put_beyond_ascii(struct line *l, uint8_t byte)
{
  bool continues = byte < 0xc0 && l->rest > 0;
  if (continues && l->c1 && byte < 0xa0) {
    l->text[l->cursor - 1] = '?';
    l->rest = 0;
  } else if (continues) {
    write_one(l, (char)byte);
    l->rest--;
  } else if (byte >= 0xc2 && byte < 0xf5) {
    write_one(l, (char)byte);
    l->rest = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  } else {
    write_one(l, '?');
    l->rest = 0;
  }
  l->c1 = byte == 0xc2;
}

static void put_control(struct line *l, uint8_t byte)
{
  switch (byte) {
  case '\b':
    back(l);
    break;
  case '\t':
    do
      write_one(l, ' ');
    while (l->cursor % 8 != 0);
    break;
  case '\r': /* most often before a newline */
  case 0:
    break;
  default:
    write_one(l, '^');
    write_one(l, (char)(byte ^ 0x40));
  }
}

bool line_put(struct line *l, uint8_t byte, bool *again)
{
  *again = false;
  if (byte == '\n')
    return true;
  if (!reserve(l)) {
    *again = l->len > 0; /* without any memory the byte is lost */
    return l->len > 0;
  }
  if (byte >= 0x80) {
    put_beyond_ascii(l, byte);
    return false;
  }
  l->rest = 0;
  if (byte < 0x20 || byte == 0x7f)
    put_control(l, byte);
  else
    write_one(l, (char)byte);
  return false;
}

size_t line_visible(const struct line *l)
{
  size_t len = l->len;
  while (len > l->cursor && l->text[len - 1] == ' ')
    len--;
  return len;
}

bool line_copy(struct line *to, const struct line *from)
{
  size_t len = line_visible(from);
  line_clear(to);
  if (to->room < len) {
    char *moved = realloc(to->text, from->room);
    if (!moved)
      return false;
    to->text = moved;
    to->room = from->room;
  }
  if (len > 0)
    memcpy(to->text, from->text, len);
  to->len = to->cursor = len;
  return true;
}

void line_clear(struct line *l)
{
  l->len = l->cursor = 0;
  l->rest = 0;
}

void line_free(struct line *l)
{
  free(l->text);
  *l = (struct line){0};
}
