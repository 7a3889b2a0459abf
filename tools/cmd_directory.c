/* trapeze directory: the file that defines the machine and its users, explained. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/common/options.h"
#include "tools/directory/directory.h"
#include "tools/trace/graphviz.h"

enum format { TEXT, JSON, DOT, SVG, PNG, FORMATS };
static const char *const formats[FORMATS + 1] = {"text", "json", "dot", "svg", "png", NULL};

struct request {
  enum format format;
  const char *output;
};

static int apply_format(void *ctx, const char *value)
{
  unsigned chosen = TEXT;
  int status = options_choose("directory", "format", formats, value, &chosen);
  ((struct request *)ctx)->format = (enum format)chosen;
  return status;
}

OPTION_TEXT(apply_output, struct request, output)

static const struct option_spec options[] = {
    {"format", 'T', "FORMAT",
     "text (default), json (schema trapeze-directory/1), or the maps of storage and disk as dot, "
     "svg or png",
     apply_format},
    {"output", 'o', "FILE", "where to write (default: standard output)", apply_output},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "directory",
    .synopsis = "[OPTION]... check FILE\n       trapeze directory [OPTION]... example",
    .about = "A system directory is a text file that defines a machine and its users, each a "
             "virtual machine: storage, program, timer, share of the processor, mini-disks, "
             "console, network. 'check' holds it together and explains it: who gets which "
             "storage and which sectors, and what is free. 'example' prints one to begin with.",
    .notes = "Nothing is run. Pictures are drawn by Graphviz; -T dot writes what it is given.\n\n"
             "Exit status: 0 the directory is right; 2 it is not, or wrong usage; 3 trapeze or "
             "the host failed.",
    .min_operands = 1,
    .max_operands = 2,
    .operand = "what to do ('check FILE' or 'example')",
};

/* ------------------------------------------------------------------- writing */

static int out_of_memory(void)
{
  message_error("directory", "out of memory");
  return STATUS_OURS;
}

static int draw(const struct request *r, const struct directory *d, FILE *out)
{
  FILE *graph = graphviz_temporary("directory");
  if (!graph)
    return STATUS_OURS;
  int status = directory_draw(graph, d) ? STATUS_DONE : out_of_memory();
  if (status == STATUS_DONE && (fflush(graph) != 0 || ferror(graph))) {
    message_error("directory", "cannot write a temporary file: %s", strerror(errno));
    status = STATUS_OURS;
  }
  if (status == STATUS_DONE)
    status = r->format == DOT
                 ? graphviz_copy("directory", graph, out)
                 : graphviz_draw_file("directory", "neato", formats[r->format], graph, out);
  fclose(graph);
  return status;
}

static int write_json(const struct directory *d, FILE *out)
{
  errno = 0;
  json_t *object = directory_json(d);
  /* A member that could not be made is silently left out of its object. */
  int failed = !object || errno == ENOMEM ||
               json_dumpf(object, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0;
  json_decref(object);
  fputc('\n', out);
  return failed && !ferror(out) ? out_of_memory() : STATUS_DONE;
}

static int write_text(const struct directory *d, FILE *out)
{
  return directory_print(out, d) ? STATUS_DONE : out_of_memory();
}

static int write_out(const struct request *r, const struct directory *d)
{
  struct file_out f;
  int status = file_out_open(&f, "directory", r->output);
  if (status != STATUS_DONE)
    return status;
  if (!d)
    fputs(directory_example, f.stream);
  else
    status = r->format == TEXT   ? write_text(d, f.stream)
             : r->format == JSON ? write_json(d, f.stream)
                                 : draw(r, d, f.stream);
  if (status == STATUS_DONE)
    status = file_out_commit(&f);
  else
    file_out_abandon(&f);
  return status;
}

/* ------------------------------------------------------------------- commands */

static int check(const struct request *r, const char *path)
{
  if (file_same(r->output, path)) {
    message_error("directory", "'%s' is the directory itself, which is not overwritten", r->output);
    return STATUS_USAGE;
  }
  struct directory *d = directory_load(path, &directory_files, stderr);
  if (!d)
    return errno ? STATUS_OURS : STATUS_USAGE;
  int status = write_out(r, d);
  directory_destroy(d);
  return status;
}

static int example(const struct request *r)
{
  if (r->format != TEXT) {
    message_usage("directory", "the example is text only");
    return STATUS_USAGE;
  }
  return write_out(r, NULL);
}

static int unknown(const char *what)
{
  struct suggestion near = suggest_begin(what, strlen(what));
  suggest_offer(&near, "check");
  suggest_offer(&near, "example");
  if (near.best)
    message_usage("directory", "there is no '%s'; did you mean '%s'?", what, near.best);
  else
    message_usage("directory", "there is no '%s': write 'check FILE' or 'example'", what);
  return STATUS_USAGE;
}

int cmd_directory(int argc, char **argv)
{
  struct request r = {.output = "-"};
  const struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  if (strcmp(operands[0], "check") == 0) {
    if (count == 2)
      return check(&r, operands[1]);
    message_usage("directory", "which file? write 'check FILE'");
    return STATUS_USAGE;
  }
  if (strcmp(operands[0], "example") != 0)
    return unknown(operands[0]);
  if (count == 1)
    return example(&r);
  message_usage("directory", "'example' takes no file");
  return STATUS_USAGE;
}
