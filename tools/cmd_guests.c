/* trapeze guests: the programs that come with it, and their sources. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/guests.h"
#include "tools/common/json.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/common/text.h"

struct request {
  bool json;
};

OPTION_FLAG(apply_json, struct request, json)

static const struct option_spec options[] = {
    {"json", 0, NULL, "one JSON object, schema trapeze-guests/1", apply_json},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "guests",
    .synopsis = "[OPTION]... [FILE]",
    .about = "List the guest programs that come with trapeze, or print one of their source files.",
    .notes = "A guest with a session is one whose console input comes with it: see --session of "
             "'trapeze run'.",
    .max_operands = 1,
};

static void print_guest(void *ctx, const char *name, const char *summary)
{
  (void)ctx;
  printf("%-14s ", name);
  text_wrap(stdout, summary[0] ? summary : "-", 15, 15);
  for (const struct embedded_file *f = tools_embedded_guests; f->name; f++) {
    size_t len = strlen(name);
    if (strncmp(f->name, name, len) == 0 && (f->name[len] == '.' || f->name[len] == '/'))
      printf("%15s" GUESTS_FOLDER "%s\n", "", f->name);
  }
}

/* Files of no guest's own, which sources may include by their bare name. */
static void print_includes(void)
{
  printf("\nFor '.include \"NAME\"' in any source:\n");
  for (const struct embedded_file *f = tools_embedded_guests; f->name; f++) {
    size_t len = strlen(f->name);
    if (!strchr(f->name, '/') && len > 4 && strcmp(f->name + len - 4, ".inc") == 0)
      printf("%-14s " GUESTS_FOLDER "%s\n", f->name, f->name);
  }
}

static void add_guest(void *ctx, const char *name, const char *summary)
{
  json_t *guest =
      json_pack("{s:s, s:o, s:s, s:b}", "name", name, "summary", json_text(summary), "file",
                guests_source(name)->name, "session", guests_session(name) != NULL);
  json_array_append_new(ctx, guest);
}

static int complain_no_file(const char *path)
{
  struct suggestion s = suggest_begin(path, strlen(path));
  for (const struct embedded_file *f = tools_embedded_guests; f->name; f++)
    suggest_offer(&s, f->name);
  if (s.best)
    message_error("guests", "no file '%s' comes with trapeze; did you mean '%s'?", path, s.best);
  else
    message_error("guests", "no file '%s' comes with trapeze; 'trapeze guests' lists them", path);
  return STATUS_USAGE;
}

/* "guestos/hello.s" as it is listed, or shorter: "hello.s", "hello". */
static int print_file(const char *path)
{
  char full[300];
  snprintf(full, sizeof full, GUESTS_FOLDER "%s", path);
  const struct embedded_file *f = guests_file(path);
  if (!f)
    f = guests_file(full);
  if (!f && guests_is_shipped_name(path))
    f = guests_source(path);
  if (!f)
    return complain_no_file(path);
  fwrite(f->bytes, 1, f->len, stdout);
  return STATUS_DONE;
}

int cmd_guests(int argc, char **argv)
{
  struct request r = {0};
  const struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  if (count == 1)
    return print_file(operands[0]);
  if (!r.json) {
    guests_each(print_guest, NULL);
    print_includes();
    return STATUS_DONE;
  }
  json_t *list = json_array();
  guests_each(add_guest, list);
  return json_print("guests",
                    json_pack("{s:s, s:o}", "schema", "trapeze-guests/1", "guests", list));
}
