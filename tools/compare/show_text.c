/* The matrix for people: on a terminal, and as tables of the manual. */
#include <stdio.h>
#include <string.h>

#include "tools/common/message.h"
#include "tools/common/text.h"
#include "tools/compare/compare.h"

#define RED  "31"
#define BOLD "1"
/* Of the column; what is longer takes from the blanks before the next one. */
#define OUTCOME_WIDTH 15

static bool any_hypercalls(const struct compare_matrix *m)
{
  for (unsigned i = 0; i < m->rows; i++)
    for (unsigned t = 0; t < m->techniques; t++)
      if (m->row[i].cell[t].hypercalls)
        return true;
  return false;
}

/* Padded to `width`, in colour if it is not NULL. */
static void field(FILE *out, int width, const char *text, const char *color)
{
  int blanks = width - (int)strlen(text);
  if (color)
    fprintf(out, "\033[%sm%s\033[0m%*s", color, text, blanks > 0 ? blanks : 0, "");
  else
    fprintf(out, "%-*s", width, text);
}

static void milliseconds(char *buf, size_t size, uint64_t nanoseconds)
{
  snprintf(buf, size, "%llu", (unsigned long long)(nanoseconds / 1000000));
}

static void print_cell(const struct compare_matrix *m, const struct compare_row *row,
                       const struct compare_cell *c, FILE *out, bool color, bool hypercalls)
{
  char run[COMPARE_RUN_SIZE], share[TEXT_COUNT_SIZE], n[COMPARE_BRIEF_SIZE];
  const char *promise = compare_promise(row, c);
  bool odd = c->verdict == COMPARE_CONTRADICTS;
  field(out, 17, vmm_techniques[c->technique].name, NULL);
  field(out, 6, promise, color && strcmp(promise, "FAILS") == 0 ? RED : NULL);
  fputs(c->verdict == COMPARE_NOT_EXERCISED ? "? " : odd ? "! " : "  ", out);
  compare_outcome(c, run);
  field(out, 0, run, color && c->run != COMPARE_EQUAL ? RED : NULL);
  if (!compare_has_run(c)) {
    fputc('\n', out);
    return;
  }
  fprintf(out, "%*s", OUTCOME_WIDTH + 8 - (int)strlen(run),
          text_percent(share, c->vmm.direct, c->seen));
  fprintf(out, " %5s", compare_brief(n, c->traps));
  if (hypercalls)
    fprintf(out, " %6s", compare_brief(n, c->hypercalls));
  fprintf(out, " %6s", compare_brief(n, c->vmm.interpreted));
  fprintf(out, " %5s", compare_brief(n, compare_translated(c)));
  fprintf(out, " %5s", compare_brief(n, c->work));
  if (m->timed) {
    char ms[2][24];
    milliseconds(ms[0], sizeof ms[0], c->host[0]);
    milliseconds(ms[1], sizeof ms[1], c->host[1]);
    fprintf(out, " %5s %6s", ms[0], ms[1]);
  }
  fputc('\n', out);
}

static void print_heading(const struct compare_matrix *m, FILE *out, bool hypercalls)
{
  fprintf(out, "technique        theory  run            directly traps%s interp trans  work%s\n",
          hypercalls ? " hcalls" : "", m->timed ? "  bare     vm" : "");
}

static void print_remarks(const struct compare_row *row, unsigned techniques, FILE *out)
{
  char remark[COMPARE_REMARK_SIZE];
  for (unsigned t = 0; t < techniques; t++) {
    const struct compare_cell *c = &row->cell[t];
    if (compare_remark(row, c, remark)[0]) {
      int column = fprintf(out, "  %s: ", vmm_techniques[c->technique].name);
      text_wrap(out, remark, column, 4);
    }
  }
}

static void print_legend(const struct compare_matrix *m, FILE *out)
{
  static const struct {
    const char *word, *means;
  } legend[] = {
      {"theory", "whether the theorem that promises the technique holds: Theorem 1 for "
                 "trap-and-emulate, Theorem 3 for hybrid and translate; for paravirt, whether its "
                 "code has no offender of Theorem 1's; the others need none"},
      {"run", "equal to the bare machine's, or the instruction and the tick at which it parts; of "
              "paravirt, which is another guest, whether it prints and stores the same"},
      {"?", "no theorem promises it and it is right all the same: no offender was met where it "
            "matters"},
      {"!", "theory and run contradict one another"},
      {"directly", "share of the guest's instructions that the real machine executed by itself"},
      {"traps", "of the real machine, hypercalls (hcalls) among them; interp: instructions "
                "interpreted; trans: translated or patched; work: the VMM's, in ticks by the "
                "model of docs/timers.md"},
  };
  fputc('\n', out);
  for (size_t i = 0; i < sizeof legend / sizeof *legend; i++) {
    int column = fprintf(out, "%-10s", legend[i].word);
    text_wrap(out, legend[i].means, column, 10);
  }
  if (m->timed) {
    int column = fprintf(out, "%-10s", "bare, vm");
    text_wrap(out, "milliseconds of the host's processor, comparing not included", column, 10);
  }
}

void compare_text(const struct compare_matrix *m, FILE *out)
{
  bool color = message_color(out), hypercalls = any_hypercalls(m);
  char story[COMPARE_STORY_SIZE];
  int column = fprintf(out, "%s: ", m->guest);
  text_wrap(out, compare_story(m, story), column, 2);
  for (unsigned i = 0; i < m->rows; i++) {
    const struct compare_row *row = &m->row[i];
    const struct profile *p = row->setup.profile;
    fputc('\n', out);
    field(out, 0, profile_name(p), color ? BOLD : NULL);
    fprintf(out, ": %s\n", profile_title(p));
    print_heading(m, out, hypercalls);
    for (unsigned t = 0; t < m->techniques; t++)
      print_cell(m, row, &row->cell[t], out, color, hypercalls);
    print_remarks(row, m->techniques, out);
  }
  print_legend(m, out);
}

/* ---------------------------------------------------------------------- the manual */

void compare_markdown(const struct compare_matrix *m, FILE *out)
{
  char story[COMPARE_STORY_SIZE], run[COMPARE_RUN_SIZE], share[TEXT_COUNT_SIZE];
  char n[5][TEXT_COUNT_SIZE], remark[COMPARE_REMARK_SIZE];
  fprintf(out, "`%s`: %s.\n\n", m->guest, compare_story(m, story));
  fputs("| profile | technique | theory | run | directly | traps | hypercalls | interpreted | "
        "translated | VMM's work | remark |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
        out);
  for (unsigned i = 0; i < m->rows; i++)
    for (unsigned t = 0; t < m->techniques; t++) {
      const struct compare_row *row = &m->row[i];
      const struct compare_cell *c = &row->cell[t];
      bool named = compare_premise(c->technique) != COMPARE_ALWAYS && c->run != COMPARE_NO_BUILD;
      fprintf(out, "| `%s` | %s | %s%s%s | %s%s | ", profile_name(row->setup.profile),
              vmm_techniques[c->technique].name,
              named ? compare_premise_name(compare_premise(c->technique)) : "",
              !named                                                 ? ""
              : compare_premise(c->technique) == COMPARE_NO_OFFENDER ? ": "
                                                                     : " ",
              compare_promise(row, c), compare_outcome(c, run),
              c->verdict == COMPARE_NOT_EXERCISED ? " (?)"
              : c->verdict == COMPARE_CONTRADICTS ? " (!)"
                                                  : "");
      if (!compare_has_run(c)) {
        fprintf(out, "| | | | | | %s |\n", compare_remark(row, c, remark));
        continue;
      }
      fprintf(out, "%s | %s | %s | %s | %s | %s | %s |\n",
              text_percent(share, c->vmm.direct, c->seen), text_count(n[0], c->traps),
              text_count(n[1], c->hypercalls), text_count(n[2], c->vmm.interpreted),
              text_count(n[3], compare_translated(c)), text_count(n[4], c->work),
              compare_remark(row, c, remark));
    }
}
