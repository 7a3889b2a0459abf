#include "tools/common/inputlog.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

void inputlog_destroy(struct inputlog *log)
{
  free(log->entries);
  *log = (struct inputlog){0};
}

bool inputlog_add(struct inputlog *log, uint64_t tick, uint8_t byte)
{
  if (log->count == log->capacity) {
    size_t capacity = log->capacity ? log->capacity * 2 : 256;
    struct inputlog_entry *moved = realloc(log->entries, capacity * sizeof *moved);
    if (!moved)
      return false;
    log->entries = moved;
    log->capacity = capacity;
  }
  if (log->count && tick < log->entries[log->count - 1].tick)
    tick = log->entries[log->count - 1].tick;
  log->entries[log->count++] = (struct inputlog_entry){tick, byte};
  return true;
}

bool inputlog_type(struct inputlog *log, const uint8_t *bytes, size_t len, uint64_t rate)
{
  for (size_t i = 0; i < len; i++)
    if (!inputlog_add(log, rate * (i + 1), bytes[i]))
      return false;
  return true;
}

/* A number in C's notation at *text, which moves past it. False: there is none. */
static bool take_number(const char **text, uint64_t *value)
{
  *text += strspn(*text, " \t");
  if (!isdigit((unsigned char)**text))
    return false;
  char *end;
  *value = strtoull(*text, &end, 0);
  *text = end;
  return *end == 0 || isspace((unsigned char)*end) || *end == '#';
}

static bool at_line_end(const char *text)
{
  text += strspn(text, " \t\r");
  return *text == 0 || *text == '\n' || *text == '#';
}

/* NULL, or what is wrong with the line. *log grows by the entry on it, if any. */
static const char *parse_line(struct inputlog *log, const char *text, bool *no_memory)
{
  uint64_t tick, byte;
  if (at_line_end(text))
    return NULL;
  if (!take_number(&text, &tick) || !take_number(&text, &byte) || !at_line_end(text))
    return "expected a tick and a byte, as in '5000 0x68'";
  if (byte > 255)
    return "a byte is at most 255";
  if (log->count && tick < log->entries[log->count - 1].tick)
    return "ticks must not decrease";
  *no_memory = !inputlog_add(log, tick, (uint8_t)byte);
  return NULL;
}

int inputlog_parse(struct inputlog *log, const char *file, const char *text)
{
  for (unsigned line = 1; *text; line++) {
    bool no_memory = false;
    const char *wrong = parse_line(log, text, &no_memory);
    if (wrong || no_memory) {
      fprintf(stderr, "%s:%u:1: error: %s\n", file, line, wrong ? wrong : "out of memory");
      return wrong ? STATUS_USAGE : STATUS_OURS;
    }
    text += strcspn(text, "\n");
    text += *text == '\n';
  }
  return STATUS_DONE;
}

void inputlog_write(const struct inputlog *log, FILE *out)
{
  fprintf(out, "# tick byte: console input, for trapeze run --input-log\n");
  for (size_t i = 0; i < log->count; i++) {
    uint8_t byte = log->entries[i].byte;
    fprintf(out, "%" PRIu64 " 0x%02x", log->entries[i].tick, byte);
    fprintf(out, isprint(byte) ? " # %c\n" : "\n", byte);
  }
}

void inputlog_feed(const struct inputlog *log, struct machine *m)
{
  for (size_t i = 0; i < log->count; i++)
    machine_console_input(m, log->entries[i].tick, log->entries[i].byte);
}
