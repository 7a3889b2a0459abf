/* What can be wrong with a disk of solo's, entry by entry and between entries. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/disk/solo_fs.h"

struct check {
  const struct solo_fs *fs;
  solo_complain *complain;
  void *ctx;
  size_t count;
};

__attribute__((format(printf, 2, 3))) static void say(struct check *c, const char *format, ...)
{
  char text[300];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  c->count++;
  c->complain(c->ctx, text);
}

/* "entry 3 (notes)", whatever bytes the name has. */
#define LABEL_SIZE 96
static const char *label(const struct solo_fs *fs, size_t i, char buf[LABEL_SIZE])
{
  const struct solo_entry *e = &fs->entries[i];
  char quoted[72];
  if (!e->name[0])
    snprintf(buf, LABEL_SIZE, "entry %zu", i);
  else if (solo_name_good(e->name))
    snprintf(buf, LABEL_SIZE, "entry %zu (%s)", i, e->name);
  else
    snprintf(buf, LABEL_SIZE, "entry %zu (\"%s\")", i,
             text_quote(quoted, sizeof quoted, (const uint8_t *)e->name, strlen(e->name)));
  return buf;
}

static void check_free(struct check *c, size_t i)
{
  const struct solo_entry *e = &c->fs->entries[i];
  char buf[LABEL_SIZE];
  if (e->name[0] || e->ragged || e->size || e->first || e->tick || e->spare[0] || e->spare[1] ||
      e->spare[2])
    say(c, "%s is free, but not all zero", label(c->fs, i, buf));
}

static void check_extent(struct check *c, size_t i)
{
  const struct solo_fs *fs = c->fs;
  const struct solo_entry *e = &fs->entries[i];
  uint32_t sectors = solo_sectors_of(e->size);
  char buf[LABEL_SIZE];
  label(fs, i, buf);
  if (sectors == 0) {
    if (e->first != 0)
      say(c, "%s is empty, but has a first sector, %u", buf, e->first);
  } else if (e->first < solo_data_first(fs)) {
    say(c, "%s begins at sector %u, within the directory: files begin at sector %u", buf, e->first,
        solo_data_first(fs));
  } else if (e->first >= fs->sectors || sectors > fs->sectors - e->first) {
    say(c, "%s has %u bytes from sector %u on, beyond the last of %u sectors", buf, e->size,
        e->first, fs->sectors);
  }
}

static void check_entry(struct check *c, size_t i)
{
  const struct solo_entry *e = &c->fs->entries[i];
  char buf[LABEL_SIZE];
  if (e->type == SOLO_FREE) {
    check_free(c, i);
    return;
  }
  if (e->type >= SOLO_TYPES)
    say(c, "%s has the type %u, which does not exist", label(c->fs, i, buf), e->type);
  if (!solo_name_good(e->name))
    say(c, "%s has no good name", label(c->fs, i, buf));
  if (e->ragged)
    say(c, "%s has bytes other than 0 behind its name", label(c->fs, i, buf));
  if (e->spare[0] || e->spare[1] || e->spare[2])
    say(c, "%s has bytes other than 0 where nothing is defined", label(c->fs, i, buf));
  check_extent(c, i);
}

static void check_pair(struct check *c, size_t i, size_t k)
{
  const struct solo_entry *a = &c->fs->entries[i], *b = &c->fs->entries[k];
  char first[LABEL_SIZE], second[LABEL_SIZE];
  if (!a->sound || !b->sound)
    return;
  label(c->fs, i, first);
  label(c->fs, k, second);
  if (strcmp(a->name, b->name) == 0)
    say(c, "%s and %s have the same name", first, second);
  uint32_t a_end = a->first + solo_sectors_of(a->size), b_end = b->first + solo_sectors_of(b->size);
  uint32_t from = a->first > b->first ? a->first : b->first, to = a_end < b_end ? a_end : b_end;
  if (from < to)
    say(c, "%s and %s both have the sectors %u to %u", first, second, from, to - 1);
}

size_t solo_check(const struct solo_fs *fs, solo_complain *complain, void *ctx)
{
  struct check c = {.fs = fs, .complain = complain, .ctx = ctx};
  for (size_t i = 0; i < solo_capacity(fs); i++)
    check_entry(&c, i);
  for (size_t i = 0; i < solo_capacity(fs); i++)
    for (size_t k = i + 1; k < solo_capacity(fs); k++)
      check_pair(&c, i, k);
  return c.count;
}
