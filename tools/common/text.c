#include "tools/common/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

char *text_count(char buf[TEXT_COUNT_SIZE], uint64_t n)
{
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
  char *to = buf;
  for (int i = 0; i < len; i++) {
    if (i && (len - i) % 3 == 0)
      *to++ = ',';
    *to++ = digits[i];
  }
  *to = 0;
  return buf;
}

char *text_things(char buf[TEXT_THINGS_SIZE], uint64_t n, const char *thing)
{
  char count[TEXT_COUNT_SIZE];
  snprintf(buf, TEXT_THINGS_SIZE, "%s %.30s%s", text_count(count, n), thing, n == 1 ? "" : "s");
  return buf;
}

char *text_size(char buf[TEXT_COUNT_SIZE], uint64_t bytes)
{
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
  size_t u = 0;
  for (; u < 3 && bytes && bytes % 1024 == 0; u++)
    bytes /= 1024;
  snprintf(buf, TEXT_COUNT_SIZE, "%" PRIu64 " %s", bytes, units[u]);
  return buf;
}

char *text_percent(char buf[TEXT_COUNT_SIZE], uint64_t part, uint64_t whole)
{
  if (whole == 0) {
    snprintf(buf, TEXT_COUNT_SIZE, "-");
  } else if (part == whole) {
    snprintf(buf, TEXT_COUNT_SIZE, "100 %%");
  } else {
    uint64_t points = (uint64_t)((__uint128_t)part * 10000 / whole);
    snprintf(buf, TEXT_COUNT_SIZE, "%" PRIu64 ".%02" PRIu64 " %%", points / 100, points % 100);
  }
  return buf;
}

static int terminal_columns(int fd)
{
  const char *columns = getenv("COLUMNS");
  struct winsize size;
  if (columns && atoi(columns) > 0)
    return atoi(columns);
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : TEXT_WIDTH;
}

int text_columns(FILE *out)
{
  int before = errno, fd = fileno(out), width = TEXT_WIDTH; /* a memory stream has no fd */
  if (fd >= 0 && isatty(fd) == 1)
    width = terminal_columns(fd);
  errno = before;
  return width > TEXT_WIDTH ? TEXT_WIDTH : width < TEXT_LEAST_WIDTH ? TEXT_LEAST_WIDTH : width;
}

void text_wrap(FILE *out, const char *text, int column, int indent)
{
  int start = column, width = text_columns(out);
  while (*text) {
    text += strspn(text, " \n");
    int len = (int)strcspn(text, " \n");
    if (len == 0)
      break;
    if (column > start && column + 1 + len > width) {
      fprintf(out, "\n%*s", indent, "");
      column = start = indent;
    }
    column += fprintf(out, "%s%.*s", column > start ? " " : "", len, text);
    text += len;
  }
  fputc('\n', out);
}

void text_wrapf(FILE *out, int column, int indent, const char *format, ...)
{
  char small[1024] = "", *large = NULL;
  va_list args;
  va_start(args, format);
  int len = vsnprintf(small, sizeof small, format, args);
  va_end(args);
  if (len < 0 || (size_t)len < sizeof small) {
    text_wrap(out, small, column, indent);
    return;
  }
  va_start(args, format);
  len = vasprintf(&large, format, args);
  va_end(args);
  if (len >= 0) {
    text_wrap(out, large, column, indent);
    free(large);
    return;
  }
  va_start(args, format); /* in one line, without storage for it */
  vfprintf(out, format, args);
  va_end(args);
  fputc('\n', out);
}

void text_paragraphs(FILE *out, const char *text)
{
  while (*text) {
    if (*text == '\n' || *text == ' ') {
      int len = (int)strcspn(text, "\n");
      fprintf(out, "%.*s\n", len, text);
      text += len + (text[len] == '\n');
      continue;
    }
    const char *end = strstr(text, "\n\n");
    const char *kept = strstr(text, "\n ");
    if (!end || (kept && kept < end))
      end = kept;
    size_t len = end ? (size_t)(end - text) : strlen(text);
    text_wrapf(out, 0, 0, "%.*s", (int)len, text);
    text += len + (end != NULL);
  }
}

void text_printable(char *text)
{
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
      *text = '?';
  }
}

char *text_quote(char *buf, size_t size, const uint8_t *bytes, size_t len)
{
  size_t at = 0;
  for (size_t i = 0; i < len; i++) {
    char one[8];
    uint8_t c = bytes[i];
    if (c == '\n')
      strcpy(one, "\\n");
    else if (c == '\t')
      strcpy(one, "\\t");
    else if (c == '"' || c == '\\')
      snprintf(one, sizeof one, "\\%c", c);
    else if (c >= 0x20 && c < 0x7f)
      snprintf(one, sizeof one, "%c", c);
    else
      snprintf(one, sizeof one, "\\x%02x", c);
    if (at + strlen(one) + sizeof "..." > size) {
      strcpy(buf + at, "...");
      return buf;
    }
    strcpy(buf + at, one);
    at += strlen(one);
  }
  buf[at] = 0;
  return buf;
}

void text_markup(FILE *out, const char *text)
{
  for (; *text; text++)
    switch (*text) {
    case '<':
      fputs("&lt;", out);
      break;
    case '>':
      fputs("&gt;", out);
      break;
    case '&':
      fputs("&amp;", out);
      break;
    case '"':
      fputs("&quot;", out);
      break;
    default:
      fputc(*text, out);
    }
}
