#include "tools/classify/sets.h"

#include <string.h>

#include "tools/classify/show.h"
#include "tools/trace/picture.h"

/* Points. A column of names has room for COLUMN_CHARS. Regions lie side by side,
 *
 *   +- all ------------------------------------------+
 *   | +- privileged ------------+                    |
 *   | |        +- sensitive ----|------------------+ |
 *   | |  alone |     both       |  offenders       | |
 *   | |        |                |  +- user ------+ | |
 *   | |        |                |  |  sensitive  | | |
 *   ...
 * so that what both contain stands where both lie. */
#define LINE         13.0
#define PAD          12.0
#define COLUMN_CHARS 22u
#define WIDTH        (COLUMN_CHARS * PICTURE_CHAR)
#define REGIONS      6u

enum region {
  REGION_PRIVILEGED, /* and innocuous */
  REGION_BOTH,
  REGION_OFFENDERS, /* sensitive, unprivileged, not user sensitive */
  REGION_USER,      /* and user sensitive */
  REGION_INNOCUOUS,
  REGION_ERRANT
};

struct sets {
  const struct classification *c;
  FILE *out;
  char text[REGIONS][1200];
  unsigned lines[REGIONS], at[REGIONS];
  unsigned nodes;
};

static enum region region_of(const struct classify_insn *i)
{
  if (i->errant) {
    return REGION_ERRANT;
  }
  if (!i->sensitive) {
    return i->privileged ? REGION_PRIVILEGED : REGION_INNOCUOUS;
  }
  if (i->privileged) {
    return REGION_BOTH;
  }
  return i->user_sensitive ? REGION_USER : REGION_OFFENDERS;
}

/* Names in lines of at most `chars`, offenders each on a line with a star. */
static void add_name(struct sets *s, enum region r, const char *name, unsigned chars)
{
  bool star = r == REGION_OFFENDERS || r == REGION_USER;
  char *text = s->text[r];
  size_t len = strlen(text), size = sizeof s->text[r];
  bool fits = s->lines[r] > 0 && !star && s->at[r] + 1 + strlen(name) <= chars;
  snprintf(text + len, size - len, "%s%s%s",
           !s->lines[r] ? ""
           : fits       ? " "
                        : "\\n",
           star ? "* " : "", name);
  s->at[r] = fits ? s->at[r] + 1 + (unsigned)strlen(name) : (unsigned)strlen(name);
  s->lines[r] += !fits;
}

static void box(struct sets *s, double left, double bottom, double right, double top,
                const char *attributes)
{
  fprintf(s->out,
          "  n%u [shape=box, label=\"\", fixedsize=true, pos=\"%.1f,%.1f\", width=%.4f, "
          "height=%.4f, %s];\n",
          s->nodes++, (left + right) / 2, (bottom + top) / 2, (right - left) / 72,
          (top - bottom) / 72, attributes);
}

static void words(struct sets *s, double x, double y, const char *text, const char *attributes)
{
  fprintf(s->out, "  n%u [shape=plaintext, margin=0, width=0, height=0, pos=\"%.1f,%.1f\", label=",
          s->nodes++, x, y);
  picture_quote(s->out, text);
  fprintf(s->out, "%s%s];\n", attributes[0] ? ", " : "", attributes);
}

/* The list of a region, its first line at `top`. */
static void list(struct sets *s, enum region r, double middle, double top)
{
  words(s, middle, top - s->lines[r] * LINE / 2, s->lines[r] ? s->text[r] : "(none)",
        r == REGION_OFFENDERS || r == REGION_USER ? "fontname=\"DejaVu Sans Mono Bold\"" : "");
}

static void heading(struct sets *s, double middle, double y, const char *text)
{
  words(s, middle, y, text, "fontsize=11, fontname=\"DejaVu Sans Bold\"");
}

static double lines_of(const struct sets *s, enum region r)
{
  return (s->lines[r] ? s->lines[r] : 1) * LINE;
}

static double larger(double a, double b)
{
  return a > b ? a : b;
}

static void draw(struct sets *s)
{
  double column = WIDTH + 2 * PAD, head = 2 * LINE;
  /* Columns: 0 to 3 are borders of privileged alone, both, offenders. */
  double x0 = 0, x1 = column, x2 = 2 * column, x3 = 3 * column + PAD;
  double user = lines_of(s, REGION_USER) + head + PAD;
  double inner = larger(larger(lines_of(s, REGION_PRIVILEGED), lines_of(s, REGION_BOTH)),
                        lines_of(s, REGION_OFFENDERS) + user + 2 * PAD) +
                 PAD;
  double below = larger(lines_of(s, REGION_INNOCUOUS), lines_of(s, REGION_ERRANT)) + head + PAD;
  double top = below + inner + 3 * head, sensitive_top = top - head - PAD;
  double list_top = sensitive_top - head - PAD / 2;
  box(s, x0 - 2 * PAD, 0, x3 + 2 * PAD, top + head + PAD, "penwidth=1");
  box(s, x0, below, x2, top, "penwidth=2");
  box(s, x1, below - PAD / 2, x3, sensitive_top, "penwidth=2, style=dashed");
  heading(s, (x0 + x3) / 2, top + head / 2 + PAD / 2, "all instructions");
  heading(s, (x0 + x1) / 2, top - LINE, "privileged");
  heading(s, (x1 + x3) / 2 + column / 4, sensitive_top - LINE, "sensitive");
  list(s, REGION_PRIVILEGED, (x0 + x1) / 2, list_top);
  list(s, REGION_BOTH, (x1 + x2) / 2, list_top);
  list(s, REGION_OFFENDERS, (x2 + x3) / 2, list_top);
  double user_top = list_top - lines_of(s, REGION_OFFENDERS) - PAD;
  box(s, x2 + PAD, user_top - user, x3 - PAD, user_top,
      s->lines[REGION_USER] ? "penwidth=2, style=\"filled,dotted\", fillcolor=\"#dddddd\""
                            : "penwidth=1, style=dotted");
  heading(s, (x2 + x3) / 2, user_top - LINE, "user sensitive");
  list(s, REGION_USER, (x2 + x3) / 2, user_top - head);
  double middle = x0 + (x2 - x0) / 2, low = below - PAD - LINE;
  heading(s, middle, low, "innocuous");
  list(s, REGION_INNOCUOUS, middle, low - LINE);
  heading(s, (x2 + x3) / 2, low, "errant");
  list(s, REGION_ERRANT, (x2 + x3) / 2, low - LINE);
}

static const char *verdict(const struct classification *c, enum classify_theorem t)
{
  return classification_holds(c, t) ? show_verdict(c, t) : "fails";
}

static void write_title(const struct classification *c, FILE *out)
{
  const struct profile *p = classification_profile(c);
  const char *const title[] = {
      profile_name(p),
      ": ",
      profile_title(p),
      "\\n",
      show_model(classification_model(c)),
      " model: Theorem 1 ",
      verdict(c, CLASSIFY_THEOREM_1),
      ", Theorem 3 ",
      verdict(c, CLASSIFY_THEOREM_3),
      classification_holds(c, CLASSIFY_THEOREM_1) ? "" : "   (* stands in the way)",
      classify_open(classification_how(c, CLASSIFY_THEOREM_1)) ? "   only sampled" : "",
      NULL};
  picture_quote_all(out, title);
}

void sets_write(const struct classification *c, FILE *out)
{
  struct sets s = {.c = c, .out = out};
  for (unsigned n = 0; n < ISA_INSN_COUNT; n++) {
    const struct classify_insn *i = classification_insn(c, (enum isa_insn)n);
    if (i->present) {
      enum region r = region_of(i);
      add_name(&s, r, isa_insn_info((enum isa_insn)n)->mnemonic,
               r == REGION_INNOCUOUS ? 2 * COLUMN_CHARS : COLUMN_CHARS);
    }
  }
  fprintf(out, "graph sets {\n  graph [labelloc=b, fontname=\"DejaVu Sans\", fontsize=12, label=");
  write_title(c, out);
  fprintf(out, "];\n  node [fontname=\"%s\", fontsize=%d];\n", PICTURE_FONT, PICTURE_FONT_SIZE);
  draw(&s);
  fputs("}\n", out);
}
