#include "tools/classify/matrix.h"

#include <string.h>

#include "tools/classify/show.h"
#include "tools/trace/picture.h"

/* Points. A column a profile, a row an instruction, then one a theorem. What a cell is
 * can be told without colour: from its word, its border and how dark it is. */
#define CELL_WIDTH  56.0
#define CELL_HEIGHT 17.0
#define NAMES       104.0 /* the column of row names */
#define GAP         2.0
#define TEXT_SIZE   80

enum cell {
  CELL_ABSENT,
  CELL_INNOCUOUS,
  CELL_PRIVILEGED, /* and sensitive */
  CELL_OFFENDER,
  CELL_USER, /* offender, and user sensitive */
  CELL_HOLDS,
  CELL_FAILS,
  CELL_OPEN,
  CELLS
};

static const struct {
  const char *attributes;
  const char *legend; /* NULL: says it itself */
} cells[CELLS] = {
    [CELL_ABSENT] = {"shape=plaintext", "absent"},
    [CELL_INNOCUOUS] = {"shape=box, style=\"rounded,dashed\"", "innocuous"},
    [CELL_PRIVILEGED] = {"shape=box, style=filled, fillcolor=\"#e4f2de\", color=\"#99bb88\"",
                         "sensitive, privileged"},
    [CELL_OFFENDER] = {"shape=box, style=filled, fillcolor=\"#f5b26b\", penwidth=2, "
                       "fontname=\"DejaVu Sans Mono Bold\"",
                       "sensitive, not privileged: against Theorem 1"},
    [CELL_USER] = {"shape=octagon, style=filled, fillcolor=\"#9c1c2b\", fontcolor=white, "
                   "fontname=\"DejaVu Sans Mono Bold\"",
                   "user sensitive, not privileged: against Theorems 1 and 3"},
    [CELL_HOLDS] = {"shape=box, style=filled, fillcolor=\"#e4f2de\"", NULL},
    [CELL_FAILS] = {"shape=octagon, style=filled, fillcolor=\"#333333\", fontcolor=white, "
                    "fontname=\"DejaVu Sans Mono Bold\"",
                    NULL},
    [CELL_OPEN] = {"shape=box, style=dashed", NULL},
};

struct matrix {
  struct classification *const *of;
  size_t count;
  enum model model;
  FILE *out;
  double y; /* middle of the row, downwards from 0 */
  unsigned nodes;
};

/* ----------------------------------------------------------------- drawing */

/* The middle of column n, from 0. */
static double column(size_t n)
{
  return NAMES + ((double)n + 0.5) * CELL_WIDTH;
}

static void put(struct matrix *m, enum cell kind, double x, const char *word, const char *tip)
{
  fprintf(m->out, "  n%u [pos=\"%.1f,%.1f\", width=%.4f, height=%.4f, %s, label=", m->nodes++, x,
          m->y, (CELL_WIDTH - GAP) / 72, (CELL_HEIGHT - GAP) / 72, cells[kind].attributes);
  picture_quote(m->out, word);
  fputs(", tooltip=", m->out);
  picture_quote(m->out, tip);
  fputs("];\n", m->out);
}

/* A text that ends left of x, or begins there. */
static void words(struct matrix *m, double x, bool before, const char *text, bool bold)
{
  double half = (double)strlen(text) * PICTURE_CHAR / 2;
  fprintf(m->out,
          "  n%u [shape=plaintext, fixedsize=false, margin=0, width=0, height=0, "
          "pos=\"%.1f,%.1f\"%s, label=",
          m->nodes++, before ? x - half : x + half, m->y,
          bold ? ", fontname=\"DejaVu Sans Mono Bold\"" : "");
  picture_quote(m->out, text);
  fputs("];\n", m->out);
}

/* ------------------------------------------------------------------- cells */

static enum cell cell_of(const struct classify_insn *i)
{
  return !i->present         ? CELL_ABSENT
         : !i->sensitive     ? CELL_INNOCUOUS
         : i->privileged     ? CELL_PRIVILEGED
         : i->user_sensitive ? CELL_USER
                             : CELL_OFFENDER;
}

/* That it may be worse: a no on which it rests was only sampled. */
static bool is_open(const struct classify_insn *i, enum cell kind)
{
  unsigned noes = kind == CELL_INNOCUOUS    ? CLASSIFY_SENSITIVE_BY
                  : kind == CELL_PRIVILEGED ? CLASSIFY_PRIVILEGED_BY
                  : kind == CELL_OFFENDER   ? CLASSIFY_USER_BY
                                            : 0;
  return classify_open(classify_how_no(i, noes));
}

static void put_insn(struct matrix *m, size_t n, enum isa_insn insn)
{
  const struct classification *c = m->of[n * MODEL_COUNT + m->model];
  const struct profile *p = classification_profile(c);
  const struct classify_insn *i = classification_insn(c, insn);
  enum cell kind = cell_of(i);
  char word[TEXT_SIZE], tip[2 * TEXT_SIZE];
  snprintf(word, sizeof word, "%s%s", kind == CELL_ABSENT ? "" : profile_outside(p, insn),
           is_open(i, kind) ? "?" : "");
  snprintf(tip, sizeof tip, "%s on %s: %s", isa_insn_info(insn)->mnemonic, profile_name(p),
           cells[kind].legend);
  put(m, kind, column(n), word, tip);
}

static void put_theorem(struct matrix *m, size_t n, enum model model, enum classify_theorem t)
{
  const struct classification *c = m->of[n * MODEL_COUNT + model];
  const char *verdict = show_verdict(c, t);
  char tip[2 * TEXT_SIZE];
  snprintf(tip, sizeof tip, "Theorem %u on %s: %s in the %s model", (unsigned)t + 1,
           profile_name(classification_profile(c)), verdict, show_model(model));
  put(m,
      verdict[0] == 'h'   ? CELL_HOLDS
      : verdict[0] == 'o' ? CELL_OPEN
                          : CELL_FAILS,
      column(n), verdict, tip);
}

/* -------------------------------------------------------------------- rows */

/* Those that are innocuous or errant wherever they are: no rows. */
static bool is_told(const struct matrix *m, enum isa_insn insn)
{
  for (size_t n = 0; n < m->count; n++) {
    const struct classify_insn *i = classification_insn(m->of[n * MODEL_COUNT + m->model], insn);
    if (i->present && !i->errant && (i->sensitive || i->privileged)) {
      return true;
    }
  }
  return false;
}

static void head_row(struct matrix *m)
{
  for (size_t n = 0; n < m->count; n++) {
    char name[TEXT_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)(CELL_WIDTH / PICTURE_CHAR),
             profile_name(classification_profile(m->of[n * MODEL_COUNT])));
    words(m, column(n) - (double)strlen(name) * PICTURE_CHAR / 2, false, name, true);
  }
  m->y -= CELL_HEIGHT;
}

static unsigned insn_rows(struct matrix *m)
{
  unsigned untold = 0;
  for (unsigned insn = 0; insn < ISA_INSN_COUNT; insn++) {
    bool present = false;
    for (size_t n = 0; n < m->count; n++) {
      present =
          present ||
          classification_insn(m->of[n * MODEL_COUNT + m->model], (enum isa_insn)insn)->present;
    }
    if (!is_told(m, (enum isa_insn)insn)) {
      untold += present;
      continue;
    }
    words(m, NAMES - 8, true, isa_insn_info((enum isa_insn)insn)->mnemonic, true);
    for (size_t n = 0; n < m->count; n++) {
      put_insn(m, n, (enum isa_insn)insn);
    }
    m->y -= CELL_HEIGHT;
  }
  return untold;
}

static void theorem_rows(struct matrix *m)
{
  static const enum classify_theorem theorems[] = {CLASSIFY_THEOREM_1, CLASSIFY_THEOREM_3};
  for (unsigned model = 0; model < MODEL_COUNT; model++) {
    for (size_t t = 0; t < sizeof theorems / sizeof *theorems; t++) {
      char name[TEXT_SIZE];
      snprintf(name, sizeof name, "Th %u, %s", (unsigned)theorems[t] + 1,
               show_model((enum model)model));
      words(m, NAMES - 8, true, name, true);
      for (size_t n = 0; n < m->count; n++) {
        put_theorem(m, n, (enum model)model, theorems[t]);
      }
      m->y -= CELL_HEIGHT;
    }
  }
}

static void legend(struct matrix *m, unsigned untold)
{
  static const char *const examples[CELLS] = {[CELL_INNOCUOUS] = "full",
                                              [CELL_PRIVILEGED] = "trap",
                                              [CELL_OFFENDER] = "partial",
                                              [CELL_USER] = "full"};
  for (unsigned kind = CELL_USER; kind > CELL_ABSENT; kind--) {
    put(m, (enum cell)kind, column(0), examples[kind], cells[kind].legend);
    words(m, column(1) - CELL_WIDTH / 2 + 4, false, cells[kind].legend, false);
    m->y -= CELL_HEIGHT;
  }
  words(m, column(0) - CELL_WIDTH / 2, false,
        "no cell: absent. The word is what it does outside the privileged mode (check: partial, "
        "for some operands it traps).",
        false);
  m->y -= CELL_HEIGHT;
  char text[TEXT_SIZE];
  snprintf(text, sizeof text, "%u more instructions are innocuous or errant everywhere.", untold);
  words(m, column(0) - CELL_WIDTH / 2, false, text, false);
}

void matrix_write(struct classification *const *of, size_t count, enum model model, FILE *out)
{
  struct matrix m = {.of = of, .count = count, .model = model, .out = out};
  char title[200], features[SHOW_FEATURES_SIZE] = "";
  if (count) {
    show_features(classification_profile(of[0]), features);
  }
  snprintf(title, sizeof title, "Instructions in the %s model, theorems in both%s",
           show_model(model), features);
  fputs("graph matrix {\n  graph [labelloc=b, fontname=\"DejaVu Sans\", fontsize=12, label=", out);
  picture_quote(out, title);
  fprintf(out, "];\n  node [fontname=\"%s\", fontsize=%d, fixedsize=true];\n", PICTURE_FONT,
          PICTURE_FONT_SIZE);
  head_row(&m);
  unsigned untold = insn_rows(&m);
  m.y -= CELL_HEIGHT / 2;
  theorem_rows(&m);
  m.y -= CELL_HEIGHT / 2;
  legend(&m, untold);
  fputs("}\n", out);
}
