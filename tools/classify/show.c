/* The words that all reports share, and the tables for a terminal. */
#include "tools/classify/show.h"

#include <ctype.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/common/message.h"
#include "tools/common/text.h"

#define BOLD  "\033[1m"
#define GREEN "\033[1;32m"
#define RED   "\033[1;31m"
#define AMBER "\033[1;33m"

#define TABLE_WIDTH    74 /* of the wide one */
#define OFFENDERS_SIZE (ISA_INSN_COUNT * 12u)

/* ------------------------------------------------------------------- words */

/* "popf pushf": those that stand in the theorem's way; "" if none. Returns buf. */
static char *show_offenders(const struct classification *c, enum classify_theorem t, char *buf,
                            size_t size)
{
  size_t at = 0;
  buf[0] = '\0';
  for (unsigned n = 0; n < ISA_INSN_COUNT && at < size; n++) {
    if (classification_offends(c, t, (enum isa_insn)n)) {
      at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? " " : "",
                             isa_insn_info((enum isa_insn)n)->mnemonic);
    }
  }
  return buf;
}

const char *show_class(const struct classification *c, enum isa_insn insn)
{
  const struct classify_insn *i = classification_insn(c, insn);
  if (!i->present) {
    return "absent";
  }
  if (i->errant) {
    return "errant";
  }
  if (i->innocuous) {
    return i->privileged ? "innocuous, privileged" : "innocuous";
  }
  return i->privileged ? "sensitive, privileged" : "SENSITIVE, UNPRIVILEGED";
}

const char *show_verdict(const struct classification *c, enum classify_theorem t)
{
  return !classification_holds(c, t)               ? "FAILS"
         : classify_open(classification_how(c, t)) ? "open"
                                                   : "holds";
}

const char *show_model(enum model model)
{
  return model == MODEL_PAPER ? "paper's" : "extended";
}

char *show_features(const struct profile *p, char buf[SHOW_FEATURES_SIZE])
{
  size_t at = 0;
  buf[0] = '\0';
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++) {
    char said[PROFILE_FEATURE_SIZE];
    bool usual = strcmp(w->word, "bounds") == 0 || strcmp(w->word, "ports") == 0 ||
                 strcmp(w->word, w->key) == 0;
    if (!usual && profile_feature_word_holds(w, profile_features(p)) && at < SHOW_FEATURES_SIZE) {
      at += (size_t)snprintf(buf + at, SHOW_FEATURES_SIZE - at, "%s%s", at ? ", " : ", with ",
                             profile_say_feature(w, said));
    }
  }
  return buf;
}

char *show_samples(const struct classification *c, char buf[SHOW_SAMPLES_SIZE])
{
  char things[TEXT_THINGS_SIZE];
  snprintf(buf, SHOW_SAMPLES_SIZE, "%s of each instruction",
           text_things(things, classification_samples(c), "sample"));
  return buf;
}

static unsigned offender_count(const struct classification *c, enum classify_theorem t)
{
  unsigned count = 0;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    count += classification_offends(c, t, (enum isa_insn)n);
  }
  return count;
}

/* ------------------------------------------------------------- the theorems */

struct printer {
  const struct classification *c;
  FILE *out;
  bool color;
  bool narrow; /* the terminal, for the table of instructions */
};

/* A table that a terminal wraps cannot be read. */
static bool is_narrow(FILE *out)
{
  struct winsize size;
  return isatty(fileno(out)) == 1 && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 &&
         size.ws_col > 0 && size.ws_col < TABLE_WIDTH;
}

static void paint(const struct printer *p, const char *color, const char *text)
{
  fprintf(p->out, "%s%s%s", p->color ? color : "", text, p->color ? "\033[0m" : "");
}

/* Returns how many columns it is narrower than the widest. */
static int paint_verdict(const struct printer *p, const struct classification *c,
                         enum classify_theorem t)
{
  const char *verdict = show_verdict(c, t);
  paint(p, verdict[0] == 'h' ? GREEN : verdict[0] == 'o' ? AMBER : RED, verdict);
  return (int)(strlen("holds") - strlen(verdict));
}

/* What follows from a verdict that is not known to be wrong, in the words that fit how
 * it is known. */
static void say_holds(const struct printer *p, const char *means, enum classify_how how, char *line,
                      size_t size)
{
  char samples[SHOW_SAMPLES_SIZE];
  switch (how) {
  case CLASSIFY_PROVED:
    snprintf(line, size, "%s", means);
    return;
  case CLASSIFY_EXHAUSTED:
    snprintf(line, size, "in the small scope that was exhausted; if that stands for all: %s",
             means);
    return;
  case CLASSIFY_SAMPLED:
    snprintf(line, size, "no counterexample found in %s", show_samples(p->c, samples));
    return;
  default:
    snprintf(line, size, "not every instruction has an answer: no route gave one");
  }
}

static void say_fails(const struct printer *p, const char *set, enum classify_theorem t, char *line,
                      size_t size)
{
  char offenders[OFFENDERS_SIZE];
  bool more = classify_open(classification_how(p->c, t));
  snprintf(line, size, "%s and not privileged: %s%s", set,
           show_offenders(p->c, t, offenders, sizeof offenders),
           more                           ? "; and perhaps others, that no sample met"
           : offender_count(p->c, t) == 1 ? " alone"
                                          : "");
}

/* Condition (b) of Theorem 2 is about the VMM, which nobody proves here. */
static void print_theorem(const struct printer *p, enum classify_theorem t)
{
  static const struct {
    const char *name, *means, *set;
  } theorems[CLASSIFY_THEOREMS] = {
      [CLASSIFY_THEOREM_1] = {"Theorem 1", "a VMM may be constructed", "sensitive"},
      [CLASSIFY_THEOREM_2] = {"Theorem 2",
                              "VMMs may be stacked, if they depend on no timing: of ours that is "
                              "tested (verify --depth 3), not proved",
                              "sensitive"},
      [CLASSIFY_THEOREM_3] = {"Theorem 3", "a hybrid VMM may be constructed", "user sensitive"},
  };
  char line[OFFENDERS_SIZE + 200];
  fprintf(p->out, "  %s  ", theorems[t].name);
  fprintf(p->out, "%*s", paint_verdict(p, p->c, t) + 2, "");
  if (classification_holds(p->c, t)) {
    say_holds(p, theorems[t].means, classification_how(p->c, t), line, sizeof line);
  } else if (t == CLASSIFY_THEOREM_2) {
    snprintf(line, sizeof line, "Theorem 1 fails");
  } else {
    say_fails(p, theorems[t].set, t, line, sizeof line);
  }
  text_wrap(p->out, line, 20, 20);
}

/* ---------------------------------------------------------- the instructions */

/* A cell; one that rests on a no which was only sampled is marked so. */
static const char *sensitive_cell(const struct classify_insn *i, bool yes, unsigned questions)
{
  return yes ? "yes" : classify_open(classify_how_no(i, questions)) ? "-?" : "-";
}

static const char *privileged_cell(const struct classify_insn *i)
{
  return !i->privileged                                              ? "-"
         : classify_open(classify_how_no(i, CLASSIFY_PRIVILEGED_BY)) ? "yes?"
                                                                     : "yes";
}

static void print_row(const struct printer *p, enum isa_insn insn)
{
  const struct classify_insn *i = classification_insn(p->c, insn);
  bool offends = classification_offends(p->c, CLASSIFY_THEOREM_1, insn);
  fprintf(p->out, "%c ", offends ? '*' : ' ');
  char name[16];
  snprintf(name, sizeof name, "%-8s", isa_insn_info(insn)->mnemonic);
  paint(p, offends ? RED : "", name);
  fprintf(p->out,
          p->narrow ? "%-8s %-5s %-4s %-4s %-5s %-4s %s\n" : "%-9s %-11s %-8s %-9s %-5s %-9s %s\n",
          profile_outside(classification_profile(p->c), insn), privileged_cell(i),
          sensitive_cell(i, i->control, 1u << QUESTION_CONTROL),
          sensitive_cell(i, i->location, 1u << QUESTION_LOCATION),
          sensitive_cell(i, i->mode, 1u << QUESTION_MODE),
          sensitive_cell(i, i->resource, 1u << QUESTION_RESOURCE),
          sensitive_cell(i, i->user_sensitive, CLASSIFY_USER_BY));
}

/* Innocuous and errant instructions in a line each: what a student looks for are
 * the others. */
static void print_group(const struct printer *p, const char *title, const char *what,
                        bool (*in)(const struct classify_insn *))
{
  char list[OFFENDERS_SIZE + 40];
  size_t at = (size_t)snprintf(list, sizeof list, "%s: ", what);
  unsigned count = 0;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct classify_insn *i = classification_insn(p->c, (enum isa_insn)n);
    if (i->present && in(i)) {
      at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", count ? " " : "",
                             isa_insn_info((enum isa_insn)n)->mnemonic);
      count++;
    }
  }
  if (count) {
    int column = fprintf(p->out, "  %-11s", title);
    text_wrap(p->out, list, column, 13);
  }
}

static bool is_errant(const struct classify_insn *i)
{
  return i->errant;
}

static bool is_as_sampled(const struct classify_insn *i)
{
  return classify_open(classify_how_no(i, CLASSIFY_SENSITIVE_BY));
}

static bool is_user_part(const struct classify_insn *i)
{
  return i->innocuous && isa_insn_info(i->insn)->group == ISA_GROUP_USER;
}

static bool is_plain(const struct classify_insn *i)
{
  return is_user_part(i) && !i->privileged && !is_as_sampled(i);
}

/* Nor shows a sample of some of them that they are not privileged: such as reach
 * storage meet memory traps in most states. */
static bool is_plain_as_sampled(const struct classify_insn *i)
{
  return is_user_part(i) && is_as_sampled(i);
}

static void print_instructions(const struct printer *p)
{
  fputs(p->narrow ? "\n                         -- sensitive: --\n"
                    "  instr.  outside  priv. ctrl loc. mode  res. user\n"
                  : "\n                                ------------- sensitive --------------\n"
                    "  instr.  outside   privileged  control  location  mode  resource  user\n",
        p->out);
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct classify_insn *i = classification_insn(p->c, (enum isa_insn)n);
    if (i->present && !is_plain(i) && !is_plain_as_sampled(i) && !i->errant) {
      print_row(p, (enum isa_insn)n);
    }
  }
  fputc('\n', p->out);
  print_group(p, "errant", "trap in every mode", is_errant);
  print_group(p, "innocuous", "run directly in every mode", is_plain);
  print_group(p, "innocuous?", "no sample shows them sensitive", is_plain_as_sampled);
}

/* ---------------------------------------------------------- how it is known */

static unsigned count_how(const struct classification *c, unsigned counts[CLASSIFY_UNKNOWN + 1])
{
  unsigned sum = 0;
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct classify_insn *i = classification_insn(c, (enum isa_insn)n);
    for (unsigned q = 0; i->present && q < QUESTION_COUNT; q++) {
      counts[i->answer[q].how]++;
      sum++;
    }
  }
  return sum;
}

/* What R is on this machine: "BASE, BOUND, TE", "ASID, TLB, TE". */
static char *list_location(const struct profile *profile, char *buf, size_t size)
{
  component_set r = model_location(profile);
  size_t at = 0;
  for (unsigned k = 0; k < COMPONENT_COUNT && at < size; k++) {
    unsigned c = (k + COMPONENT_CR) % COMPONENT_COUNT; /* fields of the PSW last */
    if (r & component_bit(c)) {
      at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", component_name(c));
    }
  }
  for (char *letter = buf; *letter; letter++) {
    *letter = (char)toupper((unsigned char)*letter);
  }
  return buf;
}

static void print_legend(const struct printer *p)
{
  char location[60], control[200];
  snprintf(control, sizeof control,
           "changes K. location, mode, resource: its result shows R (%s), the mode, any of K. "
           "user: one of these in the least privileged mode.",
           list_location(classification_profile(p->c), location, sizeof location));
  static const char *const resources[MODEL_COUNT] = {
      [MODEL_PAPER] = "the resources, in this model the mode and R alone.",
      [MODEL_EXTENDED] = "the resources: the mode, R, and all else that a VMM keeps for itself: "
                         "interrupts, clock, control registers, storage keys, devices."};
  const struct {
    const char *word, *means;
  } legend[] = {
      {"*", "sensitive and not privileged: it stands in the way of Theorem 1."},
      {"?", "only sampled: no state was met that shows otherwise."},
      {"outside", "what it does in the other modes than 0: trap, nop (nothing), full (as in mode "
                  "0), or a variant (partial, check: docs/isa-tables.md)."},
      {"control", control},
      {"K", resources[classification_model(p->c)]},
  };
  fputc('\n', p->out);
  for (size_t i = 0; i < sizeof legend / sizeof *legend; i++) {
    bool sampled = classify_open(classification_how(p->c, CLASSIFY_THEOREM_1));
    if (strcmp(legend[i].word, "?") != 0 || sampled) {
      int column = fprintf(p->out, "  %-11s", legend[i].word);
      text_wrap(p->out, legend[i].means, column, 13);
    }
  }
}

static void print_how(const struct printer *p)
{
  static const char *const words[CLASSIFY_UNKNOWN + 1] = {
      [CLASSIFY_PROVED] = "proved for all states by the solver",
      [CLASSIFY_EXHAUSTED] = "exhausted in the small scope",
      [CLASSIFY_WITNESSED] = "witnessed by states that were run",
      [CLASSIFY_SAMPLED] = "only sampled",
      [CLASSIFY_SOLVED] = "found by the solver and not run",
      [CLASSIFY_UNKNOWN] = "unknown",
  };
  unsigned counts[CLASSIFY_UNKNOWN + 1] = {0};
  char line[400];
  bool first = true;
  unsigned answers = count_how(p->c, counts);
  size_t at = (size_t)snprintf(line, sizeof line,
                               "%u answers, to %u questions of %u instructions: ", answers,
                               (unsigned)QUESTION_COUNT, answers / QUESTION_COUNT);
  for (unsigned h = 0; h <= CLASSIFY_UNKNOWN; h++) {
    if (counts[h]) {
      at += (size_t)snprintf(line + at, sizeof line - at, "%s%u %s", first ? "" : ", ", counts[h],
                             words[h]);
      first = false;
    }
  }
  snprintf(line + at, sizeof line - at, ".");
  fputc('\n', p->out);
  text_wrap(p->out, line, 0, 2);
  const char *disagreement;
  unsigned disagreements = classification_disagreements(p->c, &disagreement);
  if (disagreements) {
    paint(p, RED, "The routes disagree");
    snprintf(line, sizeof line, ", %u times: %s. This is an error of trapeze, please report it.",
             disagreements, disagreement);
    text_wrap(p->out, line, 19, 2);
  }
}

void show_print(const struct classification *c, FILE *out)
{
  const struct printer p = {
      .c = c, .out = out, .color = message_color(out), .narrow = is_narrow(out)};
  const struct profile *profile = classification_profile(c);
  paint(&p, BOLD, profile_name(profile));
  char features[SHOW_FEATURES_SIZE];
  text_wrapf(out, (int)strlen(profile_name(profile)), 2, ": %s%s, in the %s model",
             profile_title(profile), show_features(profile, features),
             show_model(classification_model(c)));
  fputc('\n', out);
  for (unsigned t = 0; t < CLASSIFY_THEOREMS; t++) {
    print_theorem(&p, (enum classify_theorem)t);
  }
  print_instructions(&p);
  print_legend(&p);
  print_how(&p);
}

/* --------------------------------------------------------------- the matrix */

void show_matrix(struct classification *const *of, size_t count, FILE *out)
{
  struct printer p = {.out = out, .color = message_color(out)};
  char features[SHOW_FEATURES_SIZE];
  if (count && show_features(classification_profile(of[0]), features)[0]) {
    fprintf(out, "All%s\n\n", features + 1);
  }
  fputs("            paper's model  extended model\n"
        "profile     Th 1   Th 3   Th 1   Th 3   sensitive and not privileged (extended)\n",
        out);
  for (size_t i = 0; i < count; i++) {
    struct classification *const *c = of + i * MODEL_COUNT;
    fprintf(out, "%-10s", profile_name(classification_profile(c[0])));
    int pad = 0;
    for (unsigned m = 0; m < MODEL_COUNT; m++) {
      fprintf(out, "%*s", pad + 2, "");
      fprintf(out, "%*s", paint_verdict(&p, c[m], CLASSIFY_THEOREM_1) + 2, "");
      pad = paint_verdict(&p, c[m], CLASSIFY_THEOREM_3);
    }
    char offenders[OFFENDERS_SIZE + 2] = "  ";
    show_offenders(c[MODEL_EXTENDED], CLASSIFY_THEOREM_1, offenders + 2, sizeof offenders - 2);
    if (offenders[2]) {
      fprintf(out, "%*s", pad + 2, "");
      text_wrap(out, offenders + 2, 40, 40);
    } else {
      fputc('\n', out);
    }
  }
}

static void markdown_cell(const struct classification *c, enum classify_theorem t, FILE *out)
{
  if (classification_holds(c, t)) {
    fprintf(out, " %s |", show_verdict(c, t));
    return;
  }
  fputs(" fails:", out);
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    if (classification_offends(c, t, (enum isa_insn)n)) {
      fprintf(out, " `%s`", isa_insn_info((enum isa_insn)n)->mnemonic);
    }
  }
  fputs(" |", out);
}

void show_matrix_markdown(struct classification *const *of, size_t count, FILE *out)
{
  fputs("| profile | Theorem 1, paper | Theorem 3, paper | Theorem 1, extended | Theorem 3, "
        "extended |\n|---|---|---|---|---|\n",
        out);
  for (size_t i = 0; i < count; i++) {
    struct classification *const *c = of + i * MODEL_COUNT;
    fprintf(out, "| `%s` |", profile_name(classification_profile(c[0])));
    for (unsigned m = 0; m < MODEL_COUNT; m++) {
      markdown_cell(c[m], CLASSIFY_THEOREM_1, out);
      markdown_cell(c[m], CLASSIFY_THEOREM_3, out);
    }
    fputc('\n', out);
  }
}
