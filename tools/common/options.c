#include "tools/common/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/text.h"

/* getopt's value of long option i; above every letter. 0 to 255 are letters. */
enum { LONG_BASE = 256, HELP = 'h', MAX_OPTIONS = 64 };

struct parser {
  const struct command_usage *usage;
  const struct option_group *groups;
  const struct option_spec *specs[MAX_OPTIONS];
  void *ctx[MAX_OPTIONS];
  size_t count;
  struct option longs[MAX_OPTIONS + 2];
  char letters[2 * MAX_OPTIONS + 4];
};

static void parser_prepare(struct parser *p)
{
  char *letter = p->letters;
  *letter++ = ':'; /* tell a missing value from an unknown option */
  *letter++ = HELP;
  for (const struct option_group *g = p->groups; g->title; g++) {
    for (const struct option_spec *s = g->options; s->name && p->count < MAX_OPTIONS; s++) {
      p->specs[p->count] = s;
      p->ctx[p->count] = g->ctx;
      p->longs[p->count] = (struct option){s->name, s->metavar ? required_argument : no_argument,
                                           NULL, LONG_BASE + (int)p->count};
      if (s->letter) {
        *letter++ = s->letter;
        if (s->metavar)
          *letter++ = ':';
      }
      p->count++;
    }
  }
  p->longs[p->count] = (struct option){"help", no_argument, NULL, HELP};
  *letter = 0;
}

/* The index of getopt's value, or count if it is no option of the table. */
static size_t parser_index(const struct parser *p, int value)
{
  if (value >= LONG_BASE)
    return (size_t)(value - LONG_BASE);
  for (size_t i = 0; i < p->count; i++)
    if (p->specs[i]->letter && p->specs[i]->letter == value)
      return i;
  return p->count;
}

static void print_synopsis(FILE *out, const struct command_usage *u)
{
  fprintf(out, "Usage: trapeze %s %s\n", u->command, u->synopsis);
}

static void print_option(const char *name, char letter, const char *metavar, const char *help)
{
  char head[80];
  int n = letter ? snprintf(head, sizeof head, "  -%c, --%s", letter, name)
                 : snprintf(head, sizeof head, "      --%s", name);
  if (metavar)
    n += snprintf(head + n, sizeof head - (size_t)n, "=%s", metavar);
  fputs(head, stdout);
  const int column = 28;
  if (n + 2 > column)
    printf("\n%*s", column, "");
  else
    printf("%*s", column - n, "");
  text_wrap(stdout, help, column, column);
}

static int print_help(const struct parser *p)
{
  const struct command_usage *u = p->usage;
  print_synopsis(stdout, u);
  putchar('\n');
  text_paragraphs(stdout, u->about);
  for (const struct option_group *g = p->groups; g->title; g++) {
    printf("\n%s:\n", g->title);
    for (const struct option_spec *s = g->options; s->name; s++)
      print_option(s->name, s->letter, s->metavar, s->help);
  }
  printf("\n");
  print_option("help", HELP, NULL, "show this and exit");
  if (u->notes) {
    putchar('\n');
    text_paragraphs(stdout, u->notes);
  }
  return STATUS_DONE;
}

/* The candidates that begin with the `len` bytes of name. */
static size_t count_prefixed(const struct parser *p, const char *name, size_t len)
{
  size_t n = 0;
  for (const struct option *o = p->longs; o->name; o++)
    n += strncmp(o->name, name, len) == 0;
  return n;
}

static int complain_unknown(const struct parser *p, const char *word)
{
  const char *command = p->usage->command;
  if (strncmp(word, "--", 2) != 0) {
    message_usage(command, "unknown option '-%c'", optopt ? optopt : word[1]);
    return STATUS_USAGE;
  }
  const char *name = word + 2;
  size_t len = strcspn(name, "=");
  if (optopt) {
    message_usage(command, "option '--%.*s' takes no value", (int)len, name);
    return STATUS_USAGE;
  }
  if (len && count_prefixed(p, name, len) > 1) {
    message_usage(command, "option '--%.*s' could be more than one", (int)len, name);
    return STATUS_USAGE;
  }
  struct suggestion s = suggest_begin(name, len);
  for (const struct option *o = p->longs; o->name; o++)
    suggest_offer(&s, o->name);
  if (s.best)
    message_usage(command, "unknown option '--%.*s'; did you mean '--%s'?", (int)len, name, s.best);
  else
    message_usage(command, "unknown option '--%.*s'", (int)len, name);
  return STATUS_USAGE;
}

static int complain_missing(const struct parser *p)
{
  const struct option_spec *s = p->specs[parser_index(p, optopt)];
  message_usage(p->usage->command, "option '--%s' needs a value: %s", s->name, s->metavar);
  return STATUS_USAGE;
}

static int check_operands(const struct command_usage *u, int argc, char **argv)
{
  int n = argc - optind;
  if (n < u->min_operands) {
    message_usage(u->command, "%s is missing", u->operand);
    return STATUS_USAGE;
  }
  if (u->max_operands >= 0 && n > u->max_operands) {
    message_usage(u->command, "unexpected argument '%s'", argv[optind + u->max_operands]);
    return STATUS_USAGE;
  }
  return OPTIONS_GO_ON;
}

int options_parse(const struct command_usage *usage, const struct option_group *groups, int argc,
                  char **argv, char ***operands, int *operand_count)
{
  struct parser p = {.usage = usage, .groups = groups};
  parser_prepare(&p);
  optind = 0; /* glibc: forget any earlier parse */
  opterr = 0;
  for (;;) {
    int at = optind ? optind : 1;
    optopt = 0;
    int value = getopt_long(argc, argv, p.letters, p.longs, NULL);
    if (value == -1)
      break;
    /* A permuted operand may have moved `at`; a long option is always the word before optind. */
    const char *word = optind > at ? argv[optind - 1] : argv[at];
    if (value == HELP)
      return print_help(&p);
    if (value == '?')
      return complain_unknown(&p, word);
    if (value == ':')
      return complain_missing(&p);
    size_t i = parser_index(&p, value);
    int status = p.specs[i]->apply(p.ctx[i], optarg);
    if (status != STATUS_DONE)
      return status;
  }
  *operands = argv + optind;
  *operand_count = argc - optind;
  return check_operands(usage, argc, argv);
}

int options_choose(const char *command, const char *what, const char *const *names,
                   const char *value, unsigned *chosen)
{
  struct suggestion s = suggest_begin(value, strlen(value));
  char list[128] = "";
  for (unsigned i = 0; names[i]; i++) {
    if (strcmp(names[i], value) == 0) {
      *chosen = i;
      return STATUS_DONE;
    }
    suggest_offer(&s, names[i]);
    size_t len = strlen(list);
    snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", names[i]);
  }
  if (s.best)
    message_usage(command, "unknown %s '%s'; did you mean '%s'?", what, value, s.best);
  else
    message_usage(command, "unknown %s '%s': %s", what, value, list);
  return STATUS_USAGE;
}

static bool parse_number(const char *text, const char *suffixes, uint64_t step, uint64_t *value)
{
  if (!isdigit((unsigned char)*text))
    return false;
  int base = strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0 ? 16 : 10;
  char *end;
  errno = 0;
  uint64_t n = strtoull(text, &end, base);
  if (errno || end == text)
    return false;
  if (*end) {
    const char *suffix = strchr(suffixes, *end);
    if (!suffix || end[1])
      return false;
    for (const char *s = suffixes; s <= suffix; s++)
      if (__builtin_mul_overflow(n, step, &n))
        return false;
  }
  *value = n;
  return true;
}

bool options_count(const char *text, uint64_t *value)
{
  return parse_number(text, "kMG", 1000, value);
}

bool options_size(const char *text, uint64_t *value)
{
  return parse_number(text, "KMG", 1024, value);
}
