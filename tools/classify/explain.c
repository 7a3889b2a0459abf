#include "tools/classify/explain.h"

#include <string.h>

#include "tools/classify/show.h"
#include "tools/classify/witness_rows.h"
#include "tools/common/message.h"
#include "tools/common/text.h"

struct explain {
  const struct classification *c;
  const struct classify_insn *i;
  const struct profile *profile;
  const struct isa_insn_info *info;
  const struct profile_behaviour *user; /* in the least privileged mode */
  const char *named;                    /* the profile, by the user */
  bool shown;                           /* by a program that --witness writes */
  const char *lacks;
  FILE *out;
};

static void heading(const struct explain *e, const char *text, const char *more)
{
  bool color = message_color(e->out);
  fprintf(e->out, "\n%s%s %s%s\n", color ? "\033[1m" : "", text, more, color ? "\033[0m" : "");
}

static void say(const struct explain *e, const char *text)
{
  fputs("  ", e->out);
  text_wrap(e->out, text, 2, 2);
}

/* "A and B, C" of the components in the set. Returns buf. */
static char *explain_components(component_set set, char *buf, size_t size)
{
  size_t at = 0;
  buf[0] = '\0';
  for (unsigned n = 0; n < COMPONENT_COUNT && at < size; n++) {
    if (set & component_bit(n) && component_name(n)) {
      at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", component_name(n));
    }
  }
  return buf;
}

/* --------------------------------------------------------------- the questions */

static const struct {
  const char *question, *definition;
  const char *sought; /* what shows it, or that it is not privileged */
  const char *mark;   /* what `<` stands at in that */
  const char *no;     /* said of what it is not */
} questions[QUESTION_COUNT] = {
    [QUESTION_UNPRIVILEGED] =
        {"Privileged?",
         "Privileged is what always traps in the least privileged mode, and never in mode 0: for "
         "every pair of states which differ in the mode alone, and in which neither execution "
         "memory-traps. One pair that does otherwise makes it unprivileged, whatever else the two "
         "executions do.",
         "A pair that does otherwise", "the mode, and what each of them did", NULL},
    [QUESTION_CONTROL] =
        {"Control sensitive?",
         "Control sensitive is an instruction for which there is a state in which it does not trap "
         "and changes the resources of the processor.",
         "Such a state", "the resources that it changes",
         "control sensitive: in no state does it change a resource without a trap"},
    [QUESTION_LOCATION] =
        {"Location sensitive?",
         "Location sensitive is an instruction for which there are two states, differing in the "
         "relocation alone, that give different results.",
         "Such a pair", "what differs, before and after",
         "location sensitive: no two states that differ in the relocation alone give different "
         "results"},
    [QUESTION_MODE] =
        {"Mode sensitive?",
         "Mode sensitive is an instruction for which there are two states, differing in the mode "
         "alone, in neither of which it traps, that give different results.",
         "Such a pair", "what differs, before and after",
         "mode sensitive: no two states that differ in the mode alone, in neither of which it "
         "traps, give different results"},
    [QUESTION_RESOURCE] =
        {"Resource sensitive?",
         "Resource-behaviour sensitive is an instruction for which there are two states, alike but "
         "for the resources of the processor, that give different results outside them. Location "
         "and mode sensitivity are cases of it.",
         "Such a pair", "what differs, before and after",
         "resource sensitive: no two states that differ in the resources alone give different "
         "results outside them"},
    [QUESTION_USER_CONTROL] =
        {"User sensitive, by control?",
         "The same as control sensitive, in the least privileged mode.", "Such a state",
         "the resources that it changes",
         "user sensitive: in the least privileged mode it changes no resource"},
    [QUESTION_USER_RESOURCE] = {"User sensitive, by what it shows?",
                                "The same as resource sensitive, with both states in the least "
                                "privileged mode.",
                                "Such a pair", "what differs, before and after",
                                "nor by what it shows: its result there depends on no resource"},
};

/* Whether the answer to the question as it is put is yes. */
static bool is_yes(const struct explain *e, enum question q)
{
  return q == QUESTION_UNPRIVILEGED ? !e->i->answer[q].yes : e->i->answer[q].yes;
}

/* "(solver: yes, exhaustion: yes)" of a yes or no to whether there is a state as is sought. */
static void list_routes(const struct classify_answer *a, char *buf, size_t size)
{
  const struct {
    enum route_answer answer;
    const char *name;
  } routes[] = {
      {a->by_solver, "solver"}, {a->by_exhaustion, "exhaustion"}, {a->by_experiment, "experiment"}};
  size_t at = 0;
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    if (routes[i].answer != ROUTE_UNKNOWN) {
      at += (size_t)snprintf(buf + at, size - at, "%s%s: %s", at ? ", " : "(", routes[i].name,
                             routes[i].answer == ROUTE_YES ? "found" : "none");
    }
  }
  snprintf(buf + at, size - at, at ? ")" : "(no route was asked)");
}

/* `sought`: what would answer, or did. */
static void print_how(const struct explain *e, const char *sought, enum question q)
{
  static const char *const how[] = {
      [CLASSIFY_PROVED] = "proved for all states that there is none",
      [CLASSIFY_EXHAUSTED] = "none in the small scope, which was exhausted",
      [CLASSIFY_WITNESSED] = "the machine was run in this one",
      [CLASSIFY_SAMPLED] = "none met among samples, which proves nothing",
      [CLASSIFY_SOLVED] = "the solver says that there is one; none was run",
      [CLASSIFY_UNKNOWN] = "nobody knows, no route answered",
  };
  const struct classify_answer *a = &e->i->answer[q];
  char text[400], routes[100];
  list_routes(a, routes, sizeof routes);
  snprintf(text, sizeof text, "%s: %s %s.%s%s%s", sought, how[a->how], routes,
           a->witness ? " Marked <: " : "", a->witness ? questions[q].mark : "",
           a->witness ? "." : "");
  say(e, text);
}

/* What the paper calls mode sensitive, or what a reader would, and is not here. */
static const char *why_not_mode(const struct explain *e)
{
  bool bounds = profile_features(e->profile) & ISA_FEATURE_MMU_BOUNDS;
  switch (e->i->insn) {
  case ISA_LDPREV:
  case ISA_STPREV:
    return "The paper's example of a mode sensitive instruction is the PDP-11's MFPI, which asks "
           "for the previous mode. Here the previous mode (pmode) is a component of its own: two "
           "states that differ in the mode alone have the same one. It belongs to the extended "
           "model's K, where resource sensitivity finds it. And since that mode decides whether "
           "the access is relocated, the instruction is location sensitive in both models.";
  case ISA_PROBE:
    return bounds ? "Rights depend on BOUND and TE here: relocation and bounds are the same in "
                    "every mode, so the instruction is location sensitive. On a machine whose "
                    "pages have rights for each mode it would be mode sensitive too."
                  : NULL;
  default:
    return NULL;
  }
}

static const char *answer_word(const struct explain *e, enum question q)
{
  const struct classify_answer *a = &e->i->answer[q];
  return a->how == CLASSIFY_UNKNOWN   ? "Unknown."
         : a->how == CLASSIFY_SAMPLED ? is_yes(e, q) ? "Yes, as far as was sampled." : "None met."
         : is_yes(e, q)               ? "Yes."
                                      : "No.";
}

static void print_question(const struct explain *e, enum question q)
{
  const struct classify_answer *a = &e->i->answer[q];
  heading(e, questions[q].question, answer_word(e, q));
  say(e, questions[q].definition);
  print_how(e, questions[q].sought, q);
  if (a->witness) {
    fputc('\n', e->out);
    witness_rows_print(e->out, e->profile, q, classification_model(e->c), a->witness);
  }
}

static bool same_how(const struct classify_answer *a, const struct classify_answer *b)
{
  return a->how == b->how && a->by_solver == b->by_solver && a->by_exhaustion == b->by_exhaustion &&
         a->by_experiment == b->by_experiment;
}

/* That a verdict rests on samples. */
static const char *as_far(const struct classify_insn *i)
{
  return classify_open(
             classify_how_no(i, CLASSIFY_PRIVILEGED_BY | CLASSIFY_SENSITIVE_BY | CLASSIFY_USER_BY))
             ? ", as far as was sampled"
             : "";
}

static void print_no(const struct explain *e, enum question q)
{
  fputs("  - ", e->out);
  text_wrap(e->out, questions[q].no, 4, 4);
  const char *why_not = q == QUESTION_MODE ? why_not_mode(e) : NULL;
  if (why_not) {
    fputs("    ", e->out);
    text_wrap(e->out, why_not, 4, 4);
  }
}

/* What it is not: of that nothing can be shown but how it is known. */
static void print_noes(const struct explain *e)
{
  enum question last = QUESTION_COUNT;
  for (unsigned q = QUESTION_UNPRIVILEGED + 1; q < QUESTION_COUNT; q++) {
    if (is_yes(e, (enum question)q)) {
      continue;
    }
    if (last == QUESTION_COUNT) {
      heading(e, as_far(e->i)[0] ? "As far as was sampled," : "What", "it is not");
    } else if (!same_how(&e->i->answer[last], &e->i->answer[q])) {
      print_how(e, "A counterexample", last);
    }
    print_no(e, (enum question)q);
    last = (enum question)q;
  }
  if (last != QUESTION_COUNT) {
    print_how(e, "A counterexample", last);
  }
}

/* ------------------------------------------------------------ what it amounts to */

/* What the profile tells of the real instructions. */
static void print_reals(const struct explain *e)
{
  size_t count;
  const struct profile_real *real = profile_reals(e->profile, &count);
  for (size_t i = 0; i < count; i++) {
    if (real[i].insn == e->i->insn && real[i].note) {
      fputs("  - ", e->out);
      text_wrapf(e->out, 4, 4, "%s: %s%s%s%s.", real[i].name, real[i].note,
                 real[i].source ? " (" : "", real[i].source ? real[i].source : "",
                 real[i].source ? ")" : "");
    }
  }
}

static void print_head(const struct explain *e)
{
  int column = fprintf(e->out, "%s ", e->info->mnemonic);
  char features[SHOW_FEATURES_SIZE];
  text_wrapf(e->out, column, 2, "on %s (%s)%s, in the %s model", profile_name(e->profile),
             profile_title(e->profile), show_features(e->profile, features),
             show_model(classification_model(e->c)));
  fputs("\n  ", e->out);
  text_wrapf(e->out, 2, 2, "%s. Outside the privileged mode: %s.", e->info->summary,
             profile_outside(e->profile, e->i->insn));
  if (e->user->models) {
    fputs("  ", e->out);
    text_wrapf(e->out, 2, 2, "The real instruction: %s%s%s.", e->user->models,
               e->user->source ? ". Source: " : "", e->user->source ? e->user->source : "");
  } else if (e->info->models[0]) {
    fputs("  ", e->out);
    text_wrapf(e->out, 2, 2, "Real instructions like it: %s.", e->info->models);
  }
  print_reals(e);
  if (e->user->file && e->user->line) {
    fputs("  ", e->out);
    text_wrapf(e->out, 2, 2, "Said in %s, line %u.", e->user->file, e->user->line);
  }
}

static void list_kinds(const struct classify_insn *i, char *buf, size_t size)
{
  const struct {
    bool is;
    const char *word;
  } kinds[] = {{i->control, "control"},
               {i->location, "location"},
               {i->mode, "mode"},
               {i->resource, "resource"}};
  size_t at = 0;
  buf[0] = '\0';
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds && at < size; k++) {
    if (kinds[k].is) {
      at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", kinds[k].word);
    }
  }
}

static void print_verdict(const struct explain *e)
{
  char text[300], kinds[80];
  if (e->i->errant) {
    say(e, "Verdict: errant. It traps in every mode, and is neither sensitive nor privileged.");
    return;
  }
  if (!e->i->sensitive) {
    snprintf(text, sizeof text, "Verdict: innocuous%s%s.",
             e->i->privileged ? ", and privileged all the same" : "", as_far(e->i));
    say(e, text);
    return;
  }
  list_kinds(e->i, kinds, sizeof kinds);
  snprintf(text, sizeof text, "Verdict: sensitive (%s) and %sprivileged%s.", kinds,
           e->i->privileged ? "" : "not ",
           e->i->privileged       ? as_far(e->i)
           : e->i->user_sensitive ? ". It stands in the way of Theorems 1 and 3"
                                  : ". It stands in the way of Theorem 1, not of Theorem 3");
  say(e, text);
  if (as_far(e->i)[0]) {
    say(e, "Whatever it is not, is only sampled, not proved.");
  }
}

/* The components that the witnesses show changed, or showing. */
static component_set witnessed(const struct explain *e, enum question q)
{
  const struct witness *w = e->i->answer[q].witness;
  component_set k = model_resources(classification_model(e->c), e->profile);
  if (!w) {
    return 0;
  }
  return k & (question_states(q) == 1 ? question_changed(e->profile, &w->state[0], &w->result[0])
                                      : question_differing(e->profile, w));
}

static void meaning_of_control(const struct explain *e)
{
  char text[700], what[200];
  explain_components(witnessed(e, QUESTION_CONTROL), what, sizeof what);
  bool user = e->i->answer[QUESTION_USER_CONTROL].yes;
  snprintf(text, sizeof text,
           "In mode 0 it changes resources (in the state below: %s). A guest kernel that does so "
           "runs in the real machine's least privileged mode, where the instruction does not "
           "always trap: the VMM is not told, and what the guest asked for does not happen to the "
           "virtual machine.%s",
           what[0] ? what : "see below",
           user ? " Worse, there too it changes the real resources: resource control is lost."
                : "");
  say(e, text);
}

static void meaning_of_showing(const struct explain *e)
{
  char text[700], what[200];
  enum question q = e->i->user_sensitive && e->i->answer[QUESTION_USER_RESOURCE].yes
                        ? QUESTION_USER_RESOURCE
                        : QUESTION_RESOURCE;
  explain_components(witnessed(e, q), what, sizeof what);
  snprintf(text, sizeof text,
           "Its result depends on resources (in the pair below: %s). Executed directly it answers "
           "for the real machine, which the VMM has set up, and not for the virtual one.%s",
           what[0] ? what : "see below",
           q == QUESTION_USER_RESOURCE
               ? " User programs see it too, so a hybrid VMM, which runs them directly, is no help."
               : "");
  say(e, text);
}

static void say_where_to_see(const struct explain *e)
{
  char text[400];
  if (e->shown) {
    snprintf(text, sizeof text, "See it happen: trapeze classify %s --witness %s -o %s.s", e->named,
             e->info->mnemonic, e->info->mnemonic);
    say(e, text);
  } else if (e->lacks) {
    snprintf(text, sizeof text,
             "No program shows it here: those states in which a virtual machine of our VMM would "
             "differ, if there are any, need '%s'.",
             e->lacks);
    say(e, text);
  } else {
    say(e, "Yet in no state that was tried does a virtual machine of our VMM differ from the bare "
           "one: what the real machine answers is what the virtual one should. Theorem 1 is "
           "sufficient, not necessary.");
  }
}

static void print_meaning(const struct explain *e)
{
  heading(e, "For a", "VMM");
  if (e->i->errant) {
    say(e, "It traps to the VMM, which delivers the trap to the guest's kernel.");
  } else if (!e->i->sensitive && !e->i->privileged) {
    say(e, "It executes directly: it neither touches the resources nor depends on them, so the "
           "virtual machine's program cannot tell, and the VMM need not be told.");
  } else if (e->i->privileged) {
    say(e, "Every virtual mode runs in the real machine's least privileged mode, where it always "
           "traps to the VMM. If the guest was in virtual mode 0 the VMM verifies and emulates it, "
           "else it delivers the trap to the guest's kernel.");
  } else {
    if (e->i->control) {
      meaning_of_control(e);
    }
    if (e->i->resource) {
      meaning_of_showing(e);
    }
    if (!e->i->user_sensitive) {
      say(e, "No user program can do harm with it: a hybrid VMM, which interprets all of virtual "
             "mode 0 and runs only user programs directly, copes (Theorem 3).");
    }
    say_where_to_see(e);
  }
}

void explain_print(const struct classification *c, enum isa_insn insn, const char *profile,
                   bool shown, const char *lacks, FILE *out)
{
  const struct explain e = {.c = c,
                            .i = classification_insn(c, insn),
                            .profile = classification_profile(c),
                            .info = isa_insn_info(insn),
                            .user = profile_behaviour(classification_profile(c), insn,
                                                      profile_user_mode(classification_profile(c))),
                            .named = profile,
                            .shown = shown,
                            .lacks = lacks,
                            .out = out};
  print_head(&e);
  print_verdict(&e);
  print_meaning(&e);
  print_question(&e, QUESTION_UNPRIVILEGED);
  for (unsigned q = QUESTION_UNPRIVILEGED + 1; q < QUESTION_COUNT; q++) {
    if (is_yes(&e, (enum question)q)) {
      print_question(&e, (enum question)q);
    }
  }
  print_noes(&e);
}
