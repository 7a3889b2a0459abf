/* The full-screen view: panes above, commands below in a part of the screen that
 * scrolls by itself (DECSTBM). Everything is drawn anew after each command and when
 * the window changes, from the state alone, so nothing is ever out of step. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/common/text.h"
#include "tools/debug/debugger.h"

enum repl_layout { LAYOUT_OFF, LAYOUT_ALL, LAYOUT_SOURCE, LAYOUT_CODE, LAYOUT_REGISTERS,
                   LAYOUT_MEMORY };

#define MIN_ROWS     10
#define COMMAND_ROWS 6 /* that are left to commands, at least a quarter */
#define RIGHT        32 /* columns of registers and storage beside the code: two across, */
#define RIGHT_WIDE   64 /* or four */
#define MIN_LEFT     40

/* Part of the screen. */
struct area {
  int row, column, rows, columns;
};

static void measure(struct debugger *d)
{
  struct winsize w;
  bool ok = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0;
  d->rows = ok ? w.ws_row : 24;
  d->columns = ok ? w.ws_col : TEXT_WIDTH;
}

/* Text into an area: cut to its width (escapes count for nothing), filled with blanks. */
static int put_rows(const struct area *a, const char *text)
{
  int used = 0;
  for (int n = 0; n < a->rows; n++) {
    int column = 0;
    used += *text != 0;
    fprintf(stdout, "\033[%d;%dH", a->row + n, a->column);
    for (; *text && *text != '\n'; text++) {
      if (*text == '\033') {
        size_t len = strcspn(text, "m") + 1;
        fprintf(stdout, "%.*s", (int)len, text);
        text += len - 1;
      } else if (((unsigned char)*text & 0xc0) == 0x80) {
        if (column <= a->columns)
          fputc(*text, stdout);
      } else if (column++ < a->columns) {
        fputc(*text, stdout);
      }
    }
    text += *text == '\n';
    fprintf(stdout, "\033[0m%*s", column < a->columns ? a->columns - column : 0, "");
  }
  return used;
}

static void put_title(const char *title, int row, int column, int columns)
{
  char line[512];
  int n = snprintf(line, sizeof line, "--- %s ", title);
  for (; n < columns && n < (int)sizeof line - 1; n++)
    line[n] = '-';
  line[n] = 0;
  fprintf(stdout, "\033[%d;%dH%.*s", row, column, columns, line);
}

/* What a pane shows, as text. NULL: no memory. */
static char *text_of(struct debugger *d, void (*draw)(struct debugger *d, const struct area *a),
                     const struct area *a)
{
  char *text = NULL;
  size_t len;
  FILE *out = d->out, *memory = open_memstream(&text, &len);
  int width = d->width;
  if (!memory)
    return NULL;
  d->out = memory;
  d->width = a->columns;
  draw(d, a);
  d->width = width;
  d->out = out;
  fclose(memory);
  return text;
}

static void draw_state(struct debugger *d, const struct area *a)
{
  int layout = d->layout;
  (void)a;
  d->layout = LAYOUT_OFF;
  d->brief = layout == LAYOUT_ALL; /* the other panes show the line, and what changed */
  repl_pane(d);
  d->brief = false;
  d->layout = layout;
}

/* As many beside each other as there is room for. */
static void draw_registers(struct debugger *d, const struct area *a)
{
  uint32_t reg[ISA_REG_COUNT], cr[ISA_CR_COUNT];
  struct machine *m = repl_machine(d);
  bool real = m != repl_focus(d);
  const uint32_t *before = real ? d->before.real : d->before.cr;
  int across = a->columns >= 60 ? 4 : a->columns >= 45 ? 3 : 2, n = 0;
  machine_get_regs(m, reg);
  machine_get_crs(m, cr);
  for (unsigned i = 0; i < ISA_REG_COUNT; i++, n++) {
    bool changed = !real && d->before.taken && d->before.reg[i] != reg[i];
    repl_say(d, "%s%-5s%08x%s%s", changed ? repl_bold(d) : "", isa_reg_name(i), reg[i],
             changed ? "*" : " ", changed ? repl_plain(d) : "");
    repl_say(d, (n + 1) % across ? "  " : "\n");
  }
  for (unsigned i = 0; i < ISA_CR_COUNT; i++) {
    if (!profile_has_cr(machine_profile(m), (enum isa_cr)i) || i == CR_TICK)
      continue;
    bool changed = d->before.taken && before[i] != cr[i] && i != CR_TIMER;
    repl_say(d, "%-6s%08x%s", isa_cr_info((enum isa_cr)i)->name, cr[i], changed ? "*" : " ");
    repl_say(d, (++n) % across ? " " : "\n");
  }
}

static void draw_source(struct debugger *d, const struct area *a)
{
  repl_list_around(d, d->out, (unsigned)a->rows);
}

static void draw_insns(struct debugger *d, const struct area *a)
{
  repl_disassemble_around(d, d->out, (unsigned)a->rows);
}

/* The stack, or what was examined last. */
static void draw_memory(struct debugger *d, const struct area *a)
{
  struct machine *m = repl_machine(d);
  uint32_t at = machine_get_reg(m, REG_SP) & ~7u, word, step = a->columns >= 60 ? 16 : 8;
  if (d->x.next)
    at = (d->x.next - step) & ~7u;
  for (int i = 0; i < a->rows; i++, at += step) {
    repl_say(d, "%08x:", at);
    for (uint32_t k = 0; k < step; k += 4) {
      if (formula_read(m, at + k, 4, &word))
        repl_say(d, "  %08x%s", word, at + k == machine_get_reg(m, REG_SP) ? "<" : " ");
      else
        repl_say(d, "  -------- ");
    }
    repl_say(d, "\n");
  }
}

typedef void drawer(struct debugger *d, const struct area *a);

/* A title over a pane. Rows that it needed. */
static int draw_pane(struct debugger *d, const char *title, drawer *draw, struct area a)
{
  char *text = NULL;
  put_title(title, a.row++, a.column, a.columns);
  a.rows--;
  text = text_of(d, draw, &a);
  int used = put_rows(&a, text ? text : "out of memory");
  free(text);
  return used + 1;
}

/* Two panes, one over the other; the lower one only if it gets three rows. */
static void draw_two(struct debugger *d, const char *title, drawer *draw, const char *below,
                     drawer *draw_below, struct area a, int upper)
{
  struct area first = a, second = a;
  first.rows = a.rows - upper >= 3 ? upper : a.rows;
  second.row += first.rows;
  second.rows -= first.rows;
  draw_pane(d, title, draw, first);
  if (second.rows >= 3)
    draw_pane(d, below, draw_below, second);
}

/* What is under the state. */
static void draw_body(struct debugger *d, struct area a)
{
  struct area left = a, right = a;
  int upper = a.rows * 3 / 5;
  switch (d->layout) {
  case LAYOUT_SOURCE: draw_pane(d, "source", draw_source, a); return;
  case LAYOUT_CODE: draw_pane(d, "instructions", draw_insns, a); return;
  case LAYOUT_REGISTERS: draw_pane(d, "registers", draw_registers, a); return;
  case LAYOUT_MEMORY:
    draw_two(d, "instructions", draw_insns, "storage", draw_memory, a, a.rows / 2);
    return;
  default: break;
  }
  if (a.columns < MIN_LEFT + 1 + RIGHT) {
    draw_two(d, "source", draw_source, "registers", draw_registers, a, upper);
    return;
  }
  right.columns = a.columns >= MIN_LEFT + RIGHT_WIDE + 20 ? RIGHT_WIDE : RIGHT;
  left.columns = a.columns - right.columns - 1;
  right.column += left.columns + 1;
  int registers = right.columns == RIGHT ? 9 : 5; /* the general ones, at least */
  draw_two(d, "source", draw_source, "instructions", draw_insns, left, upper);
  draw_two(d, "registers", draw_registers, "storage", draw_memory, right,
           upper > registers ? upper : registers);
}

static void draw_screen(struct debugger *d, int height)
{
  struct area state = {1, 1, height < 8 ? height : 8, d->columns};
  int used = draw_pane(d, "state", draw_state, state);
  struct area body = {1 + used, 1, height - used, d->columns};
  if (body.rows >= 3)
    draw_body(d, body);
  for (int i = body.rows < 3 ? body.row : height + 1; i <= height; i++)
    fprintf(stdout, "\033[%d;1H\033[2K", i);
}

void repl_layout_draw(struct debugger *d)
{
  if (!d->layout)
    return;
  measure(d);
  if (d->rows < MIN_ROWS) { /* too small for panes: commands alone, until it grows */
    fprintf(stdout, "\033[r\033[%d;1H", d->rows);
    fflush(stdout);
    return;
  }
  int commands = d->rows / 4 > COMMAND_ROWS ? d->rows / 4 : COMMAND_ROWS;
  commands = commands > d->rows / 2 ? d->rows / 2 : commands;
  fprintf(stdout, "\0337\033[r");
  draw_screen(d, d->rows - commands - 1);
  put_title("commands ('layout off' ends this view)", d->rows - commands, 1, d->columns);
  fprintf(stdout, "\033[%d;%dr\033[%d;1H", d->rows - commands + 1, d->rows, d->rows);
  fflush(stdout);
}

void repl_layout_resized(struct debugger *d)
{
  if (d->layout)
    fprintf(stdout, "\033[r\033[2J"); /* the terminal has moved what stood there */
  repl_layout_draw(d);
}

void repl_layout_end(struct debugger *d)
{
  if (!d->layout)
    return;
  measure(d);
  fprintf(stdout, "\033[r\033[%d;1H\n", d->rows);
  fflush(stdout);
  d->layout = LAYOUT_OFF;
}

bool repl_cmd_layout(struct debugger *d, const char *args)
{
  static const struct {
    const char *name;
    enum repl_layout layout;
  } names[] = {{"on", LAYOUT_ALL},         {"off", LAYOUT_OFF},          {"source", LAYOUT_SOURCE},
               {"code", LAYOUT_CODE},      {"registers", LAYOUT_REGISTERS},
               {"memory", LAYOUT_MEMORY},  {"split", LAYOUT_ALL},        {"src", LAYOUT_SOURCE},
               {"asm", LAYOUT_CODE},       {"regs", LAYOUT_REGISTERS}}; /* the last ones are gdb's */
  int want = -1;
  for (size_t i = 0; want < 0 && i < sizeof names / sizeof *names; i++)
    if (strcmp(*args ? args : "on", names[i].name) == 0)
      want = (int)names[i].layout;
  if (want < 0)
    return repl_refuse(d, "no layout '%s'; they are on, source, code, registers, memory and off",
                       args);
  if (!d->interactive)
    return repl_refuse(d, "layouts need a terminal; 'context', 'list' and 'info registers' show the "
                       "same here");
  if (want == LAYOUT_OFF) {
    repl_layout_end(d);
    return true;
  }
  d->layout = want;
  fprintf(stdout, "\033[2J");
  repl_layout_draw(d);
  return true;
}
