#include "tools/common/guests.h"

#include <stdlib.h>
#include <string.h>

#include "isa/profile.h"

bool guests_is_shipped_name(const char *name)
{
  return !strpbrk(name, "/.");
}

static const struct embedded_file *find(const char *stem, size_t len, const char *suffix)
{
  for (const struct embedded_file *f = tools_embedded_guests; f->name; f++)
    if (strncmp(f->name, stem, len) == 0 && strcmp(f->name + len, suffix) == 0)
      return f;
  return NULL;
}

const struct embedded_file *guests_source(const char *name)
{
  return find(name, strlen(name), ".s");
}

const struct embedded_file *guests_session(const char *name)
{
  const struct embedded_file *own = find(name, strlen(name), ".in");
  const char *variant = strchr(name, '-');
  return own || !variant ? own : find(name, (size_t)(variant - name), ".in");
}

const struct embedded_file *guests_file(const char *path)
{
  size_t prefix = strlen(GUESTS_FOLDER);
  if (strncmp(path, GUESTS_FOLDER, prefix) != 0)
    return NULL;
  return find(path + prefix, strlen(path + prefix), "");
}

/* The text of the first comment line, without its marks and without the name. */
static void first_comment(const struct embedded_file *f, char *buf, size_t size)
{
  const char *text = (const char *)f->bytes;
  text += strspn(text, " \t\n");
  text += strspn(text, "#;/* \t");
  size_t stem = strcspn(f->name, ".");
  if (strncmp(text, f->name, stem) == 0 && text[stem] == ':')
    text += stem + 1 + strspn(text + stem + 1, " ");
  snprintf(buf, size, "%.*s", (int)strcspn(text, "\n"), text);
}

void guests_each(guests_visit *visit, void *ctx)
{
  for (const struct embedded_file *f = tools_embedded_guests; f->name; f++) {
    size_t len = strlen(f->name);
    if (strchr(f->name, '/') || len < 3 || strcmp(f->name + len - 2, ".s") != 0)
      continue;
    char name[64], summary[200];
    snprintf(name, sizeof name, "%.*s", (int)(len - 2), f->name);
    first_comment(f, summary, sizeof summary);
    visit(ctx, name, summary);
  }
}

const char *guests_wants(const char *name, const char *key)
{
  const struct embedded_file *f = guests_source(name);
  char line[200];
  if (!f)
    return NULL;
  first_comment(f, line, sizeof line);
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++) {
    char option[48];
    snprintf(option, sizeof option, "(--%s=%s)", w->key, w->word);
    if (strcmp(w->key, key) == 0 && strstr(line, option))
      return w->word;
  }
  return NULL;
}

static uint8_t *read_embedded(void *ctx, const char *path, size_t *len, const char **reason)
{
  (void)ctx;
  const struct embedded_file *f = guests_file(path);
  if (!f) {
    *reason = "no such file among the shipped guests";
    return NULL;
  }
  uint8_t *copy = malloc(f->len + 1);
  if (!copy) {
    *reason = "out of memory";
    return NULL;
  }
  memcpy(copy, f->bytes, f->len + 1);
  *len = f->len;
  return copy;
}

const struct asm_reader guests_reader = {read_embedded, NULL};
