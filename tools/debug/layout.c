/* The full-screen view: panes above, commands below in a part of the screen that
 * scrolls by itself (DECSTBM). Everything is drawn anew after each command and when
 * the window changes, from the state alone, so nothing is ever out of step. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/debug/debugger.h"

enum repl_layout { LAYOUT_OFF, LAYOUT_ALL, LAYOUT_SOURCE, LAYOUT_REGISTERS, LAYOUT_MEMORY };

#define MIN_ROWS     10
#define COMMAND_ROWS 8 /* that are left to commands, at least a third */

static void measure(struct debugger *d)
{
  struct winsize w;
  bool ok = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0;
  d->rows = ok ? w.ws_row : 24;
  d->columns = ok ? w.ws_col : 80;
}

/* Text as rows of the screen: cut to its width (escapes count for nothing), at most
 * `rows`. How many there were. */
static int put_rows(struct debugger *d, const char *text, int row, int rows)
{
  int n = 0;
  for (; *text && n < rows; n++) {
    int column = 0;
    fprintf(stdout, "\033[%d;1H\033[2K", row + n);
    for (; *text && *text != '\n'; text++) {
      if (*text == '\033') {
        size_t len = strcspn(text, "m") + 1;
        fprintf(stdout, "%.*s", (int)len, text);
        text += len - 1;
      } else if (((unsigned char)*text & 0xc0) == 0x80) {
        fputc(*text, stdout);
      } else if (column++ < d->columns) {
        fputc(*text, stdout);
      } else {
        column--;
      }
    }
    text += *text == '\n';
  }
  for (int i = n; i < rows; i++)
    fprintf(stdout, "\033[%d;1H\033[2K", row + i);
  return n;
}

static void put_title(struct debugger *d, const char *title, int row)
{
  char line[512];
  int n = snprintf(line, sizeof line, "--- %s ", title);
  for (; n < d->columns && n < (int)sizeof line - 1; n++)
    line[n] = '-';
  line[n] = 0;
  fprintf(stdout, "\033[%d;1H\033[2K%.*s", row, d->columns, line);
}

/* What a pane shows, as text. NULL: no memory. */
static char *text_of(struct debugger *d, void (*draw)(struct debugger *d, int rows), int rows)
{
  char *text = NULL;
  size_t len;
  FILE *out = d->out, *memory = open_memstream(&text, &len);
  if (!memory)
    return NULL;
  d->out = memory;
  draw(d, rows);
  d->out = out;
  fclose(memory);
  return text;
}

static void draw_state(struct debugger *d, int rows)
{
  int layout = d->layout;
  (void)rows;
  d->layout = LAYOUT_OFF;
  repl_pane(d);
  d->layout = layout;
}

static void draw_registers(struct debugger *d, int rows)
{
  repl_cmd_info(d, rows > 24 ? "all-registers" : "registers");
}

static void draw_source(struct debugger *d, int rows)
{
  repl_list_around(d, d->out, (unsigned)rows);
}

static void draw_insns(struct debugger *d, int rows)
{
  repl_disassemble_around(d, d->out, (unsigned)rows);
}

/* The stack, or what was examined last. */
static void draw_memory(struct debugger *d, int rows)
{
  struct machine *m = repl_machine(d);
  uint32_t at = machine_get_reg(m, REG_SP) & ~15u, word;
  if (d->x.next)
    at = (d->x.next - 16) & ~15u;
  for (int i = 0; i < rows; i++, at += 16) {
    repl_say(d, "0x%08x:", at);
    for (uint32_t k = 0; k < 16; k += 4) {
      if (formula_read(m, at + k, 4, &word))
        repl_say(d, "  %08x%s", word, at + k == machine_get_reg(m, REG_SP) ? "<" : " ");
      else
        repl_say(d, "  -------- ");
    }
    repl_say(d, "\n");
  }
}

struct pane {
  const char *title;
  void (*draw)(struct debugger *d, int rows);
  int share; /* of the rows; 0: as many as it has, at most `most` */
  int most;
};

/* In the order in which they are kept when the window is small. */
static const struct pane all_panes[] = {{"state", draw_state, 0, 6},
                                        {"source", draw_source, 3, 0},
                                        {"instructions", draw_insns, 2, 0},
                                        {"registers", draw_registers, 2, 0},
                                        {"storage", draw_memory, 1, 0},
                                        {NULL, NULL, 0, 0}};
static const struct pane source_panes[] = {
    {"state", draw_state, 0, 7}, {"source", draw_source, 1, 0}, {NULL, NULL, 0, 0}};
static const struct pane register_panes[] = {
    {"state", draw_state, 0, 7}, {"registers", draw_registers, 1, 0}, {NULL, NULL, 0, 0}};
static const struct pane memory_panes[] = {{"state", draw_state, 0, 7},
                                           {"instructions", draw_insns, 1, 0},
                                           {"storage", draw_memory, 1, 0},
                                           {NULL, NULL, 0, 0}};

static const struct pane *panes_of(int layout)
{
  return layout == LAYOUT_SOURCE      ? source_panes
         : layout == LAYOUT_REGISTERS ? register_panes
         : layout == LAYOUT_MEMORY    ? memory_panes
                                      : all_panes;
}

/* The panes that fit, from the first; rows that are used. */
static int draw_panes(struct debugger *d, int height)
{
  const struct pane *panes = panes_of(d->layout);
  int row = 1, shares = 0, fixed = 0;
  const struct pane *end = panes;
  for (; end->title && (!end->share || height - fixed - 1 >= 2 * (shares + end->share)); end++) {
    shares += end->share;
    fixed += 1 + end->most;
  }
  int flexible = height > fixed ? height - fixed : 0;
  for (const struct pane *p = panes; p < end && row + 2 <= height; p++) {
    int rows = p->share ? flexible * p->share / shares : p->most;
    rows = rows > height - row ? height - row : rows;
    if (p->share && rows < 1)
      continue;
    put_title(d, p->title, row);
    char *text = text_of(d, p->draw, rows);
    int used = put_rows(d, text ? text : "out of memory", row + 1, rows);
    free(text);
    row += 1 + (p->share ? rows : used);
  }
  return row;
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
  int commands = d->rows / 3 > COMMAND_ROWS ? d->rows / 3 : COMMAND_ROWS;
  commands = commands > d->rows / 2 ? d->rows / 2 : commands;
  fprintf(stdout, "\0337\033[r");
  int row = draw_panes(d, d->rows - commands - 1);
  for (int i = row; i < d->rows - commands; i++)
    fprintf(stdout, "\033[%d;1H\033[2K", i);
  put_title(d, "commands ('layout off' ends this view)", d->rows - commands);
  fprintf(stdout, "\033[%d;%dr\033[%d;1H", d->rows - commands + 1, d->rows, d->rows);
  fflush(stdout);
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
  static const char *const names[] = {"off", "on", "source", "registers", "memory"};
  int want = -1;
  for (int i = 0; i < 5; i++)
    if (strcmp(*args ? args : "on", names[i]) == 0)
      want = i;
  if (want < 0)
    return repl_refuse(d, "no layout '%s'; they are on, source, registers, memory and off", args);
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
