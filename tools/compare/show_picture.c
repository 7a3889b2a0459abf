/* The matrix as a picture: a table for Graphviz's dot, and a page of HTML. */
#include <stdio.h>
#include <string.h>

#include "tools/common/text.h"
#include "tools/compare/compare.h"
#include "tools/trace/picture.h"

struct look {
  const char *sign, *fill, *word;
};

/* Told apart without colour by the sign. */
static struct look look_of(const struct compare_cell *c)
{
  if (c->verdict == COMPARE_CONTRADICTS)
    return (struct look){"!", "#ffd24d", "contradicts the theory"};
  if (!compare_has_run(c) || c->run == COMPARE_UNENDED)
    return (struct look){"\u2013", "#ffffff", "cannot be"};
  if (c->run != COMPARE_EQUAL || c->out_of_control)
    return (struct look){"\u2260", "#f4b6b0", "parts, as the theory allows"};
  if (c->technique == VMM_TECHNIQUE_PARAVIRT && c->verdict == COMPARE_AGREES)
    return (struct look){"\u2248", "#cdeac0", "the same output, as promised"};
  if (c->verdict == COMPARE_NOT_EXERCISED)
    return (struct look){"= ?", "#dfe8f7", "equal, though not promised"};
  if (c->verdict == COMPARE_UNPREDICTED)
    return (struct look){"=", "#ffffff", "equal; nothing is predicted"};
  return (struct look){"=", "#cdeac0", "equal, as promised"};
}

/* "99.59 % direct, 54.3k traps, work 4.30M", on lines of a cell's width. */
static void costs(FILE *out, const struct compare_cell *c)
{
  char share[TEXT_COUNT_SIZE], n[COMPARE_BRIEF_SIZE];
  if (!compare_has_run(c))
    return;
  fprintf(out, "%s direct, %s traps", text_percent(share, c->vmm.direct, c->seen),
          compare_brief(n, c->traps));
  if (c->hypercalls)
    fprintf(out, ",<br/>%s hypercalls", compare_brief(n, c->hypercalls));
  if (c->vmm.interpreted)
    fprintf(out, ",%s%s interpreted", c->hypercalls ? " " : "<br/>",
            compare_brief(n, c->vmm.interpreted));
  fputs(",<br/>", out);
  if (compare_translated(c))
    fprintf(out, "%s translated, ", compare_brief(n, compare_translated(c)));
  fprintf(out, "work %s", compare_brief(n, c->work));
}

/* ---------------------------------------------------------------------- Graphviz */

static void dot_cell(FILE *out, const struct compare_row *row, const struct compare_cell *c)
{
  struct look look = look_of(c);
  char run[COMPARE_RUN_SIZE];
  fprintf(out, "<td bgcolor=\"%s\" align=\"left\" balign=\"left\"><b>%s</b> ", look.fill,
          look.sign);
  text_markup(out, compare_outcome(c, run));
  fprintf(out, "<br/><font point-size=\"8\">theory: %s<br/>", compare_promise(row, c));
  costs(out, c);
  fputs("</font></td>", out);
}

static void dot_key(FILE *out, const struct compare_cell *example, unsigned columns)
{
  struct look look = look_of(example);
  fprintf(out,
          "<tr><td border=\"0\"></td><td border=\"0\" align=\"left\" colspan=\"%u\"><b>%s</b> "
          "%s</td></tr>\n",
          columns, look.sign, look.word);
}

void compare_dot(const struct compare_matrix *m, FILE *out)
{
  char story[COMPARE_STORY_SIZE];
  fprintf(out,
          "digraph compare {\n  node [shape=plaintext, fontname=\"%s\", fontsize=%d];\n"
          "  matrix [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" "
          "cellpadding=\"4\">\n<tr><td border=\"0\"></td>",
          PICTURE_FONT, PICTURE_FONT_SIZE);
  for (unsigned t = 0; t < m->techniques; t++)
    fprintf(out, "<td border=\"0\"><b>%s</b><br/><font point-size=\"8\">%s</font></td>",
            vmm_techniques[m->technique[t]].name,
            compare_premise_name(compare_premise(m->technique[t])));
  fputs("</tr>\n", out);
  for (unsigned i = 0; i < m->rows; i++) {
    fputs("<tr><td border=\"0\" align=\"right\"><b>", out);
    text_markup(out, profile_name(m->row[i].setup.profile));
    fputs("</b></td>", out);
    for (unsigned t = 0; t < m->techniques; t++)
      dot_cell(out, &m->row[i], &m->row[i].cell[t]);
    fputs("</tr>\n", out);
  }
  static const struct compare_cell examples[] = {
      {.run = COMPARE_EQUAL, .verdict = COMPARE_AGREES},
      {.technique = VMM_TECHNIQUE_PARAVIRT},
      {.run = COMPARE_PARTS, .verdict = COMPARE_AGREES},
      {.run = COMPARE_EQUAL, .verdict = COMPARE_NOT_EXERCISED},
      {.run = COMPARE_PARTS, .verdict = COMPARE_CONTRADICTS}};
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
    dot_key(out, &examples[i], m->techniques);
  fprintf(out,
          "<tr><td border=\"0\"></td><td border=\"0\" align=\"left\" colspan=\"%u\"><font "
          "point-size=\"8\">",
          m->techniques);
  text_markup(out, m->guest);
  fputs(": ", out);
  text_markup(out, compare_story(m, story));
  fputs("</font></td></tr>\n</table>>];\n}\n", out);
}

/* -------------------------------------------------------------------------- HTML */

static void html_cell(FILE *out, const struct compare_row *row, const struct compare_cell *c)
{
  struct look look = look_of(c);
  char run[COMPARE_RUN_SIZE], remark[COMPARE_REMARK_SIZE];
  fprintf(out, "<td style=\"background:%s\" title=\"", look.fill);
  text_markup(out, compare_remark(row, c, remark)[0] ? remark : look.word);
  fprintf(out, "\"><b>%s</b> ", look.sign);
  text_markup(out, compare_outcome(c, run));
  fprintf(out, "<br><small>theory: %s<br>", compare_promise(row, c));
  costs(out, c);
  fputs("</small></td>", out);
}

static void html_remarks(FILE *out, const struct compare_matrix *m)
{
  char remark[COMPARE_REMARK_SIZE];
  fputs("<ul>\n", out);
  for (unsigned i = 0; i < m->rows; i++)
    for (unsigned t = 0; t < m->techniques; t++) {
      const struct compare_row *row = &m->row[i];
      const struct compare_cell *c = &row->cell[t];
      if (!compare_remark(row, c, remark)[0])
        continue;
      fprintf(out, "<li><b>");
      text_markup(out, profile_name(row->setup.profile));
      fprintf(out, "</b>, %s: ", vmm_techniques[c->technique].name);
      text_markup(out, remark);
      fputs("</li>\n", out);
    }
  fputs("</ul>\n", out);
}

void compare_html(const struct compare_matrix *m, FILE *out)
{
  char story[COMPARE_STORY_SIZE];
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", out);
  text_markup(out, m->guest);
  fputs(" under every technique</title>\n<style>body{font-family:sans-serif;margin:2em}"
        "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.4em;"
        "text-align:left;vertical-align:top}small{color:#333}</style></head><body>\n<h1>",
        out);
  text_markup(out, m->guest);
  fputs(" under every technique</h1>\n<p>", out);
  text_markup(out, compare_story(m, story));
  fputs(".</p>\n<table><tr><th></th>", out);
  for (unsigned t = 0; t < m->techniques; t++)
    fprintf(out, "<th>%s<br><small>%s</small></th>", vmm_techniques[m->technique[t]].name,
            compare_premise_name(compare_premise(m->technique[t])));
  fputs("</tr>\n", out);
  for (unsigned i = 0; i < m->rows; i++) {
    fputs("<tr><th>", out);
    text_markup(out, profile_name(m->row[i].setup.profile));
    fputs("</th>", out);
    for (unsigned t = 0; t < m->techniques; t++)
      html_cell(out, &m->row[i], &m->row[i].cell[t]);
    fputs("</tr>\n", out);
  }
  fputs("</table>\n", out);
  html_remarks(out, m);
  fputs("</body></html>\n", out);
}
