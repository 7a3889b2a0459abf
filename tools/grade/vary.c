/* See vary.h. */
#include "tools/grade/vary.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------- what is drawn */

/* FNV-1a, then splitmix64's last step: names that differ in one letter differ in all bits. */
static uint64_t hash(uint64_t h, const char *text)
{
  for (; *text; text++) {
    h = (h ^ (uint8_t)*text) * UINT64_C(1099511628211);
  }
  h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
  return h ^ h >> 31;
}

uint64_t vary_seed_of(const char *student)
{
  return hash(UINT64_C(14695981039346656037), student) >> 16;
}

const char *vary_draw(const json_t *lists, uint64_t seed, json_t *drawn)
{
  static const char expected[] = "an object of arrays, none of them empty";
  const char *name;
  json_t *list;
  if (lists && !json_is_object(lists)) {
    return expected;
  }
  json_object_foreach((json_t *)lists, name, list)
  {
    if (!json_is_array(list) || json_array_size(list) == 0) {
      return expected;
    }
    json_t *one = json_array_get(list, hash(seed, name) % json_array_size(list));
    if (json_object_set(drawn, name, one) != 0) {
      return "memory";
    }
  }
  return NULL;
}

/* ------------------------------------------------------------------ what is replaced */

/* "${" … "}" at `at`: its length, or 0 if it is none. */
static size_t mark(const char *at, const char *end)
{
  if (end - at < 3 || at[0] != '$' || at[1] != '{') {
    return 0;
  }
  const char *close = memchr(at, '}', (size_t)(end - at));
  return close && (size_t)(close - at) < VARY_NAME_SIZE ? (size_t)(close - at) + 1 : 0;
}

/* NULL: nothing of that name; it is in unknown. */
static const json_t *find(const json_t *drawn, const char *at, size_t len,
                          char unknown[VARY_NAME_SIZE])
{
  snprintf(unknown, VARY_NAME_SIZE, "%.*s", (int)(len - 3), at + 2);
  char name[VARY_NAME_SIZE];
  strcpy(name, unknown);
  char *member = strchr(name, '.');
  if (member) {
    *member++ = '\0';
  }
  const json_t *value = json_object_get(drawn, name);
  value = member ? json_object_get(value, member) : value;
  if (value) {
    *unknown = '\0';
  }
  return value;
}

static bool put(const json_t *value, FILE *out)
{
  if (json_is_string(value)) {
    return fputs(json_string_value(value), out) >= 0;
  }
  return json_is_integer(value) &&
         fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) >= 0;
}

bool vary_text(const char *text, size_t len, const json_t *drawn, FILE *out,
               char unknown[VARY_NAME_SIZE])
{
  const char *end = text + len;
  *unknown = '\0';
  while (text < end) {
    size_t marked = mark(text, end);
    if (!marked) {
      fputc(*text++, out);
      continue;
    }
    const json_t *value = find(drawn, text, marked, unknown);
    if (!value) {
      return false;
    }
    if (!put(value, out)) {
      snprintf(unknown, VARY_NAME_SIZE, "%.*s", (int)(marked - 3), text + 2);
      return false;
    }
    text += marked;
  }
  return ferror(out) == 0;
}

static json_t *vary_string(const char *text, const json_t *drawn, char unknown[VARY_NAME_SIZE])
{
  size_t len = strlen(text);
  if (len > 0 && mark(text, text + len) == len) {
    const json_t *value = find(drawn, text, len, unknown);
    return value ? json_deep_copy(value) : NULL;
  }
  char *varied = NULL;
  size_t varied_len;
  FILE *out = open_memstream(&varied, &varied_len);
  bool done = out && vary_text(text, len, drawn, out, unknown);
  done = out && fclose(out) == 0 && done;
  json_t *value = done ? json_string(varied) : NULL;
  free(varied);
  return value;
}

/* The copy's part; takes `member` over. */
static bool keep(json_t *copy, const char *key, json_t *member)
{
  return member &&
         (key ? json_object_set_new(copy, key, member) : json_array_append_new(copy, member)) == 0;
}

json_t *vary_json(const json_t *value, const json_t *drawn, char unknown[VARY_NAME_SIZE])
{
  *unknown = '\0';
  if (json_is_string(value)) {
    return vary_string(json_string_value(value), drawn, unknown);
  }
  bool done = true;
  json_t *copy = NULL;
  if (json_is_object(value)) {
    const char *key;
    json_t *member;
    copy = json_object();
    json_object_foreach((json_t *)value, key, member)
    {
      done = done && keep(copy, key, vary_json(member, drawn, unknown));
    }
  } else if (json_is_array(value)) {
    size_t i;
    json_t *member;
    copy = json_array();
    json_array_foreach((json_t *)value, i, member)
    {
      done = done && keep(copy, NULL, vary_json(member, drawn, unknown));
    }
  } else {
    return json_deep_copy(value);
  }
  if (!done) {
    json_decref(copy);
    return NULL;
  }
  return copy;
}
