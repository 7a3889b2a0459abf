/* See lab.h. */
#include "tools/grade/lab.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/grade/vary.h"

#define POINTS_MAX 10000

/* ------------------------------------------------------------------- the folder */

static bool is_folder(const char *path)
{
  struct stat s;
  return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static bool is_lab(const char *folder)
{
  char *file = NULL;
  struct stat s;
  bool is = asprintf(&file, "%s/lab.json", folder) >= 0 && stat(file, &s) == 0;
  free(file);
  return is;
}

/* "04-trap-and-emulate" by "4", "04", "trap-and-emulate". */
static bool named(const char *entry, const char *where)
{
  char *rest;
  unsigned long number = strtoul(entry, &rest, 10);
  if (rest == entry || *rest != '-') {
    return false;
  }
  uint64_t wanted;
  return strcmp(rest + 1, where) == 0 || (options_count(where, &wanted) && wanted == number);
}

/* malloc'd, or NULL. */
static char *find_folder(const char *labs, const char *where)
{
  if (is_folder(where) && is_lab(where)) {
    return strdup(where);
  }
  char *found = NULL;
  DIR *dir = opendir(labs);
  for (struct dirent *e; dir && !found && (e = readdir(dir));) {
    if (strcmp(e->d_name, where) != 0 && !named(e->d_name, where)) {
      continue;
    }
    if (asprintf(&found, "%s/%s", labs, e->d_name) < 0 || !is_lab(found)) {
      free(found);
      found = NULL;
    }
  }
  if (dir) {
    closedir(dir);
  }
  return found;
}

/* --------------------------------------------------------------------- the text */

static json_t *read_json(const char *command, const char *folder, const char *name)
{
  char *path = NULL;
  if (asprintf(&path, "%s/%s", folder, name) < 0) {
    message_error(command, "out of memory");
    return NULL;
  }
  json_error_t error;
  json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
  if (!root && error.line > 0) {
    fprintf(stderr, "%s:%d:%d: error: %s\n", path, error.line, error.column, error.text);
  } else if (!root) {
    message_error(command, "%s", error.text);
  } else if (!json_is_object(root)) {
    fprintf(stderr, "%s:1:1: error: expected an object\n", path);
    json_decref(root);
    root = NULL;
  }
  free(path);
  return root;
}

/* The messages of this file that are no JSON errors name the file and what in it. */
static int wrong(const char *folder, const char *file, const char *what, const char *expected)
{
  fprintf(stderr, "%s/%s: error: %s: expected %s\n", folder, file, what, expected);
  return STATUS_USAGE;
}

/* The file as it is for one student: what is drawn is added to lab->drawn. */
static int vary(struct lab *lab, json_t **root, const char *folder, const char *file, uint64_t seed)
{
  char unknown[VARY_NAME_SIZE], what[VARY_NAME_SIZE + 8];
  const char *expected = vary_draw(json_object_get(*root, "draw"), seed, lab->drawn);
  if (expected) {
    return wrong(folder, file, "\"draw\"", expected);
  }
  json_object_del(*root, "draw");
  json_t *varied = vary_json(*root, lab->drawn, unknown);
  json_decref(*root);
  *root = varied;
  if (!varied && *unknown) {
    snprintf(what, sizeof what, "${%s}", unknown);
    return wrong(folder, file, what, "a name in \"draw\", with a text or a number");
  }
  if (!varied) {
    message_error("grade", "out of memory");
    return STATUS_OURS;
  }
  return STATUS_DONE;
}

static const char *text_member(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text && *text ? text : NULL;
}

static int read_test(struct lab *lab, const json_t *object, struct lab_test *t, const char *folder,
                     const char *file, bool hidden)
{
  *t = (struct lab_test){.id = text_member(object, "id"),
                         .title = text_member(object, "title"),
                         .category = text_member(object, "category"),
                         .rule = text_member(object, "rule"),
                         .check = text_member(object, "check"),
                         .hidden = hidden,
                         .folder = folder,
                         .spec = (json_t *)object};
  if (!t->id) {
    return wrong(folder, file, "\"id\" of a test", "a name");
  }
  if (!t->title || !t->category || !t->rule || !t->check) {
    return wrong(folder, file, t->id, "\"title\", \"category\", \"rule\" and \"check\", all texts");
  }
  json_int_t points = json_integer_value(json_object_get(object, "points"));
  if (points < 1 || points > POINTS_MAX) {
    return wrong(folder, file, t->id, "\"points\", at least 1");
  }
  for (const struct lab_test *other = lab->tests; other < t; other++) {
    if (strcmp(other->id, t->id) == 0) {
      return wrong(folder, file, t->id, "another \"id\": there is one of that name");
    }
  }
  t->points = (unsigned)points;
  lab->points += t->points;
  return STATUS_DONE;
}

static int read_tests(struct lab *lab, const json_t *root, const char *folder, const char *file,
                      bool hidden)
{
  const json_t *tests = json_object_get(root, "tests");
  if (!json_is_array(tests) || json_array_size(tests) == 0) {
    return wrong(folder, file, "\"tests\"", "an array of tests");
  }
  size_t n = lab->test_count + json_array_size(tests);
  struct lab_test *grown = realloc(lab->tests, n * sizeof *grown);
  if (!grown) {
    message_error("grade", "out of memory");
    return STATUS_OURS;
  }
  lab->tests = grown;
  int status = STATUS_DONE;
  for (size_t i = 0; status == STATUS_DONE && i < json_array_size(tests); i++) {
    status = read_test(lab, json_array_get(tests, i), &lab->tests[lab->test_count], folder, file,
                       hidden);
    lab->test_count++;
  }
  return status;
}

static bool has_suffix(const char *name, const char *suffix)
{
  size_t len = strlen(name), end = strlen(suffix);
  return len > end && strcmp(name + len - end, suffix) == 0;
}

bool lab_is_source(const char *name)
{
  return has_suffix(name, ".s");
}

static int read_files(struct lab *lab)
{
  const json_t *files = json_object_get(lab->root, "files");
  size_t n = json_array_size(files);
  if (!json_is_array(files) || n == 0 || n > LAB_MAX_FILES) {
    return wrong(lab->folder, "lab.json", "\"files\"", "an array of one to 24 files");
  }
  for (size_t i = 0; i < n; i++) {
    const json_t *object = json_array_get(files, i);
    struct lab_file *f = &lab->files[i];
    *f =
        (struct lab_file){.name = text_member(object, "name"), .from = text_member(object, "from")};
    if (!f->name || strchr(f->name, '/') || *f->name == '.') {
      return wrong(lab->folder, "lab.json", "\"files\"", "a \"name\" without folders");
    }
    f->kind = has_suffix(f->name, ".c") ? LAB_MODULE
              : lab_is_source(f->name)  ? LAB_GUEST
                                        : LAB_TEXT;
    lab->kinds |= 1u << f->kind;
  }
  lab->file_count = (unsigned)n;
  lab->whole = n == 1 || lab->kinds == 1u << LAB_MODULE;
  return STATUS_DONE;
}

static int read_head(struct lab *lab)
{
  static const char *const reveals[] = {"name", "category", "full"};
  const char *schema = text_member(lab->root, "schema");
  if (!schema || strcmp(schema, "trapeze-lab/1") != 0) {
    return wrong(lab->folder, "lab.json", "\"schema\"", "\"trapeze-lab/1\"");
  }
  lab->name = text_member(lab->root, "name");
  lab->title = text_member(lab->root, "title");
  json_int_t number = json_integer_value(json_object_get(lab->root, "number"));
  if (!lab->name || !lab->title || number < 1 || number > 99) {
    return wrong(lab->folder, "lab.json", "the lab", "\"number\", \"name\" and \"title\"");
  }
  lab->number = (unsigned)number;
  const char *reveal = text_member(lab->root, "reveal");
  for (unsigned i = 0; reveal && i < 3; i++) {
    if (strcmp(reveal, reveals[i]) == 0) {
      lab->reveal = (enum lab_reveal)i;
      reveal = NULL;
    }
  }
  if (reveal) {
    return wrong(lab->folder, "lab.json", "\"reveal\"", "\"name\", \"category\" or \"full\"");
  }
  return read_files(lab);
}

static int read_hidden(struct lab *lab, const char *command, const char *hidden, uint64_t seed)
{
  if (hidden && (*hidden == '\0' || strcmp(hidden, "none") == 0)) {
    return STATUS_DONE;
  }
  if (hidden) {
    lab->hidden_folder = strdup(hidden);
  } else if (asprintf(&lab->hidden_folder, "%s/hidden", lab->folder) < 0) {
    lab->hidden_folder = NULL;
  }
  if (!lab->hidden_folder) {
    message_error(command, "out of memory");
    return STATUS_OURS;
  }
  if (!hidden && !is_folder(lab->hidden_folder)) {
    return STATUS_DONE;
  }
  lab->hidden_root = read_json(command, lab->hidden_folder, "hidden.json");
  int status = lab->hidden_root
                   ? vary(lab, &lab->hidden_root, lab->hidden_folder, "hidden.json", seed)
                   : STATUS_USAGE;
  return status == STATUS_DONE
             ? read_tests(lab, lab->hidden_root, lab->hidden_folder, "hidden.json", true)
             : status;
}

int lab_load(struct lab *lab, const char *command, const char *labs, const char *where,
             const char *hidden, uint64_t seed)
{
  *lab = (struct lab){.folder = find_folder(labs, where), .drawn = json_object()};
  if (!lab->folder) {
    message_error(command,
                  "%s: no lab of that name: expected a folder with a lab.json, or the "
                  "number or name of one in %s",
                  where, labs);
    return STATUS_USAGE;
  }
  lab->root = read_json(command, lab->folder, "lab.json");
  int status = lab->root ? vary(lab, &lab->root, lab->folder, "lab.json", seed) : STATUS_USAGE;
  if (status == STATUS_DONE) {
    status = read_head(lab);
  }
  if (status == STATUS_DONE) {
    status = read_tests(lab, lab->root, lab->folder, "lab.json", false);
  }
  return status == STATUS_DONE ? read_hidden(lab, command, hidden, seed) : status;
}

void lab_destroy(struct lab *lab)
{
  json_decref(lab->root);
  json_decref(lab->hidden_root);
  json_decref(lab->drawn);
  free(lab->tests);
  free(lab->hidden_folder);
  free(lab->folder);
}

/* -------------------------------------------------------------------- its tests */

static bool mistyped(const struct lab *lab, const struct lab_test *t, const char *key,
                     const char *expected)
{
  char what[200];
  snprintf(what, sizeof what, "\"%s\" of %s", key, t->id);
  wrong(t->folder, t->folder == lab->folder ? "lab.json" : "hidden.json", what, expected);
  return false;
}

bool lab_string(const struct lab *lab, const struct lab_test *t, const char *key,
                const char **value)
{
  const json_t *member = json_object_get(t->spec, key);
  if (!member) {
    return true;
  }
  if (!json_is_string(member)) {
    return mistyped(lab, t, key, "a text");
  }
  *value = json_string_value(member);
  return true;
}

bool lab_count(const struct lab *lab, const struct lab_test *t, const char *key, uint64_t *value)
{
  const json_t *member = json_object_get(t->spec, key);
  if (!member) {
    return true;
  }
  if (!json_is_integer(member) || json_integer_value(member) < 0) {
    return mistyped(lab, t, key, "a number");
  }
  *value = (uint64_t)json_integer_value(member);
  return true;
}

char *lab_path(const struct lab_test *t, const char *name)
{
  char *path = NULL;
  return asprintf(&path, "%s/%s", t->folder, name) < 0 ? NULL : path;
}
