/* The debugger: what its parts share. A session has one struct debugger; commands
 * are functions over it, listed in one table (commands.c).
 */
#ifndef TRAPEZE_TOOLS_DEBUG_DEBUGGER_H
#define TRAPEZE_TOOLS_DEBUG_DEBUGGER_H

#include <signal.h>
#include <stdio.h>

#include "tools/common/setup.h"
#include "tools/common/stack.h"
#include "tools/debug/formula.h"
#include "tools/debug/timeline.h"
#include "tools/trace/trace_options.h"

/* ----------------------------------------------------------------- what stops */

enum repl_stop_kind { REPL_BREAK, REPL_WATCH, REPL_RWATCH, REPL_AWATCH, REPL_TRAP, REPL_MODE,
                      REPL_IO, REPL_REAL_TRAP };

/* A list of command lines: of a breakpoint, or of a command that the user defined. */
struct repl_lines {
  char **line;
  size_t count;
};

#define REPL_ALSO 4u
struct repl_stop {
  struct repl_stop *next;
  unsigned number;
  enum repl_stop_kind kind;
  bool enabled, temporary;
  char *what;             /* as the user wrote it */
  uint32_t pc;            /* break */
  bool in_image;          /* break at a place of the image: where it is copied, too: */
  uint32_t also[REPL_ALSO]; /* the virtual addresses of that place in copies */
  unsigned also_count;
  struct formula *watched;   /* watches: the expression, */
  gpa_range_t range;      /* where it lies in storage; */
  bool soft;              /* or it lies in no storage: compared after every step, */
  bool at_machine;        /* of the real machine; */
  struct formula_value last; /* of the watched expression */
  uint64_t causes;        /* trap: a bit each */
  struct formula *condition; /* or NULL */
  uint64_t ignore, hits;
  struct repl_lines commands;
};

/* Where a command that moves wants to stop, besides: `finish`, `next`, `advance`. */
#define REPL_GOALS 2
struct repl_goal {
  unsigned count;
  uint32_t pc[REPL_GOALS];
  bool same_frame; /* and with this stack pointer, mode and place of the code */
  uint32_t sp, mode, pa;
};

struct repl_display {
  struct repl_display *next;
  unsigned number;
  char *command; /* "print/x" or "examine/4xw", whole line */
  bool enabled;
};

struct repl_user_command {
  struct repl_user_command *next;
  char *name, *document;
  struct repl_lines lines;
};

enum repl_level { REPL_GUEST, REPL_VMM, REPL_MACHINE };

/* What a stop is compared with, so that changes can be marked. */
struct repl_picture {
  bool taken;
  uint32_t reg[ISA_REG_COUNT], cr[ISA_CR_COUNT], real[ISA_CR_COUNT];
};

/* A copy of part of the image that the program made: code at `at` of storage is
 * what the image has at `at` - `delta`. */
#define REPL_COPIES 16
struct repl_copy {
  uint32_t first, last, delta;
};

/* Where command lines come from. */
struct repl_source {
  struct repl_source *outer;
  const char *name;  /* file, or NULL */
  FILE *file;        /* or NULL: lines */
  const struct repl_lines *lines;
  size_t at;         /* line number of the last line read */
  char *const *args; /* $arg0 … of a user's command */
  size_t arg_count;
  unsigned depth;
};

struct repl_signals;
struct repl_keys;

struct debugger {
  struct setup *setup;
  const struct trace_options *trace;   /* what is recorded at the end of the session */
  const struct program *trace_program; /* by which places are named there */
  unsigned depth; /* VMMs; 0: bare */
  struct timeline *timeline;
  FILE *out;
  bool interactive; /* a person: prompt, repeating, confirmation in words */
  bool colour, quit, failed;
  volatile sig_atomic_t killed_by; /* signal that asked us to end, or 0 */
  int status;

  struct repl_signals *signals;
  /* A signal came that nobody has acted upon. Who acts clears it; a move that is about
   * to begin does not, or a Ctrl-C just before it would be lost. */
  volatile sig_atomic_t interrupt;

  struct repl_stop *stops;
  unsigned last_stop, last_display;
  struct repl_display *displays;
  struct repl_user_command *user_commands;
  struct formula_memory memory;
  enum repl_level level;
  struct repl_source *source;
  struct repl_goal goal;

  struct timeline_stop stop; /* the last */
  struct repl_stop *soft_hit;  /* the soft watch that ended the move, or NULL */
  struct formula_value soft_was, soft_is; /* what it saw */
  bool moved;                /* a stop was reported already */
  struct repl_picture before;
  size_t console_shown;      /* bytes of its output */
  bool console_in_line;

  char repeat[512]; /* the line that an empty one repeats */
  struct {
    char letter;
    char size;
    unsigned count;
    uint32_t next;
  } x;
  const char *list_file; /* of the line table */
  unsigned list_line;
  size_t micro; /* events of the next step shown at level vmm */

  struct repl_copy copy[REPL_COPIES];
  unsigned copies;
  bool learning, learned; /* where breakpoints lie in copies; of one more */

  int layout; /* enum repl_layout */
  int rows, columns;
  bool brief; /* the pane shows what no other does */
  int width; /* of lines of the source, here and now; 0: TEXT_WIDTH */
  void *classes; /* classify.c */
};

/* -------------------------------------------------------------------- speaking */

void repl_say(struct debugger *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Always false. */
bool repl_refuse(struct debugger *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The host has no memory, or another fault: a script ends with it, at status 3. Said
 * once. Always false. */
bool repl_no_memory(struct debugger *d);
bool repl_host_failed(struct debugger *d, const char *reason);
/* Shows where in `text` it went wrong. Always false. */
bool repl_refuse_expr(struct debugger *d, const char *text, const struct formula_error *e);
const char *repl_bold(const struct debugger *d);
const char *repl_plain(const struct debugger *d);

/* ------------------------------------------------------------------ the machine */

struct machine *repl_focus(struct debugger *d);
struct machine *repl_real(struct debugger *d);
/* Which one commands look at, by the level. */
struct machine *repl_machine(struct debugger *d);
struct formula_scope repl_scope(struct debugger *d);
bool repl_eval(struct debugger *d, const char *text, struct formula_value *v);
/* The state of focus was changed by hand. */
void repl_changed(struct debugger *d);

/* Where in the image an address of the program lies: code that the program copied
 * is found in what it was copied from. False: nowhere. */
bool repl_image_address(struct debugger *d, uint32_t va, uint32_t *address);
/* Whether the program would execute at `va` now a copy of what the image has there. */
bool repl_is_copy(struct machine *m, uint32_t va, uint32_t address);
/* "unlock+8", or the number. */
#define REPL_PLACE 96
char *repl_place(struct debugger *d, uint32_t va, char buf[REPL_PLACE]);
/* The same of an address of storage: handlers are entered without relocation. */
char *repl_storage_place(struct debugger *d, uint32_t pa, char buf[REPL_PLACE]);
/* The same to stand behind the number: " <unlock+8>", or nothing. */
char *repl_named(struct debugger *d, uint32_t va, char buf[REPL_PLACE]);
char *repl_storage_named(struct debugger *d, uint32_t pa, char buf[REPL_PLACE]);
/* Where a person would say that the program is: its pc, or the instruction that
 * halted it. */
uint32_t repl_here_pc(struct debugger *d);
/* The text of a line of the source, tabs expanded, cut to so many columns and marked if
 * it is; false: it cannot be read, and buf is empty. */
#define REPL_TEXT 400
bool repl_source_text(struct debugger *d, const struct image_line *line, int columns, char buf[REPL_TEXT]);
bool repl_source_line(struct debugger *d, const char *file, unsigned line, int columns, char buf[REPL_TEXT]);
/* The line of an address, the outermost one: what a person wrote. NULL: none. */
const struct image_line *repl_line(struct debugger *d, uint32_t va);
const char *repl_file_name(const char *file);
/* The word at a pc; false: it cannot be fetched. */
bool repl_insn_at(struct machine *m, uint32_t pc, uint32_t *word);
bool repl_decode_at(struct machine *m, uint32_t pc, struct isa_decoded *insn);
/* "lw a0, 4(sp)", with symbols. */
#define REPL_INSN 96
char *repl_insn_text(struct debugger *d, uint32_t word, uint32_t pc, char buf[REPL_INSN]);
/* LOCATION: a symbol, FILE:LINE, a line number, *EXPRESSION or an expression. */
bool repl_location(struct debugger *d, const char *text, uint32_t *address);
/* "FILE.s:12: text of the line", or the instruction where there is none. */
void repl_show_where(struct debugger *d, uint32_t pc);

bool repl_is_call(const struct isa_decoded *i);
bool repl_is_return(const struct isa_decoded *i);

/* --------------------------------------------------------------------- commands */

enum repl_group { REPL_RUNNING, REPL_BACK, REPL_STOPS, REPL_DATA, REPL_SOURCE, REPL_LEVELS,
                  REPL_SUPPORT, REPL_GROUPS };

enum repl_complete { REPL_NOTHING, REPL_EXPRESSION, REPL_LOCATION, REPL_FILE, REPL_COMMAND,
                     REPL_WORDS, REPL_NUMBER };

struct repl_command {
  const char *name;
  const char *alias; /* a short form that is never ambiguous, or NULL */
  enum repl_group group;
  const char *synopsis; /* of its arguments */
  const char *help;     /* the first sentence is the summary */
  enum repl_complete complete;
  const char *words; /* REPL_WORDS: what may follow, parted by blanks */
  bool repeats;      /* an empty line does it again */
  bool (*run)(struct debugger *d, const char *args);
};

extern const struct repl_command repl_commands[]; /* ends with a NULL name */
const char *repl_group_title(enum repl_group group);
const char *repl_group_word(enum repl_group group); /* "running": for help */
/* NULL, after a message if d is not NULL. `len` bytes of name. */
const struct repl_command *repl_find_command(struct debugger *d, const char *name, size_t len);
const struct repl_user_command *repl_find_user_command(struct debugger *d, const char *name,
                                                       size_t len);
/* One line. False: it failed. */
bool repl_execute(struct debugger *d, const char *line);
bool repl_execute_lines(struct debugger *d, const struct repl_lines *lines, char *const *args,
                        size_t arg_count);
/* Reads commands of a file; the first that fails ends it. */
bool repl_source_file(struct debugger *d, const char *path, bool must_exist);
/* The lines up to "end". False: no more input before it. */
bool repl_read_block(struct debugger *d, const char *prompt, struct repl_lines *lines);
void repl_free_lines(struct repl_lines *lines);
bool repl_cmd_help(struct debugger *d, const char *args);
bool repl_cmd_apropos(struct debugger *d, const char *args);
bool repl_cmd_define(struct debugger *d, const char *args);
bool repl_cmd_document(struct debugger *d, const char *args);
bool repl_cmd_source(struct debugger *d, const char *args);
bool repl_cmd_history(struct debugger *d, const char *args);
bool repl_cmd_echo(struct debugger *d, const char *args);
bool repl_cmd_quit(struct debugger *d, const char *args);

/* A number of times: "" is 1. False after a message. */
bool repl_count(struct debugger *d, const char *args, uint64_t *n);

/* move.c */
bool repl_cmd_run(struct debugger *d, const char *args);
bool repl_cmd_start(struct debugger *d, const char *args);
bool repl_cmd_continue(struct debugger *d, const char *args);
bool repl_cmd_step(struct debugger *d, const char *args);
bool repl_cmd_stepi(struct debugger *d, const char *args);
bool repl_cmd_next(struct debugger *d, const char *args);
bool repl_cmd_nexti(struct debugger *d, const char *args);
bool repl_cmd_finish(struct debugger *d, const char *args);
bool repl_cmd_until(struct debugger *d, const char *args);
bool repl_cmd_advance(struct debugger *d, const char *args);
bool repl_cmd_jump(struct debugger *d, const char *args);
bool repl_cmd_type(struct debugger *d, const char *args);
/* back.c */
bool repl_cmd_reverse_step(struct debugger *d, const char *args);
bool repl_cmd_reverse_stepi(struct debugger *d, const char *args);
bool repl_cmd_reverse_next(struct debugger *d, const char *args);
bool repl_cmd_reverse_nexti(struct debugger *d, const char *args);
bool repl_cmd_reverse_continue(struct debugger *d, const char *args);
bool repl_cmd_reverse_finish(struct debugger *d, const char *args);
bool repl_cmd_goto(struct debugger *d, const char *args);
bool repl_cmd_checkpoint(struct debugger *d, const char *args);
bool repl_cmd_restart(struct debugger *d, const char *args);
bool repl_cmd_who_wrote(struct debugger *d, const char *args);
bool repl_cmd_backtrace(struct debugger *d, const char *args);
/* record.c */
bool repl_cmd_trace(struct debugger *d, const char *args);
/* stops.c */
bool repl_cmd_break(struct debugger *d, const char *args);
bool repl_cmd_tbreak(struct debugger *d, const char *args);
bool repl_cmd_watch(struct debugger *d, const char *args);
bool repl_cmd_rwatch(struct debugger *d, const char *args);
bool repl_cmd_awatch(struct debugger *d, const char *args);
bool repl_cmd_catch(struct debugger *d, const char *args);
bool repl_cmd_condition(struct debugger *d, const char *args);
bool repl_cmd_ignore(struct debugger *d, const char *args);
bool repl_cmd_commands(struct debugger *d, const char *args);
bool repl_cmd_delete(struct debugger *d, const char *args);
bool repl_cmd_disable(struct debugger *d, const char *args);
bool repl_cmd_enable(struct debugger *d, const char *args);
/* data.c */
bool repl_cmd_print(struct debugger *d, const char *args);
bool repl_cmd_examine(struct debugger *d, const char *args);
bool repl_cmd_display(struct debugger *d, const char *args);
bool repl_cmd_undisplay(struct debugger *d, const char *args);
bool repl_cmd_set(struct debugger *d, const char *args);
/* source.c */
bool repl_cmd_list(struct debugger *d, const char *args);
bool repl_cmd_disassemble(struct debugger *d, const char *args);
/* info.c, pane.c, why.c, layout.c */
bool repl_cmd_info(struct debugger *d, const char *args);
bool repl_cmd_context(struct debugger *d, const char *args);
bool repl_cmd_level(struct debugger *d, const char *args);
bool repl_cmd_why(struct debugger *d, const char *args);

/* pages.c: page tables, the TLB, one address. */
/* code.c: guest code in the form in which a technique has it executed. */
void repl_show_block(struct debugger *d);
bool repl_about_block(struct debugger *d, const char *args);

void repl_show_pagetable(struct debugger *d);
bool repl_about_pagetable(struct debugger *d, const char *args);
void repl_show_tlb(struct debugger *d);
/* shadow.c: what the VMM has behind a guest's own map. */
void repl_show_pmap(struct debugger *d);
void repl_show_shadow(struct debugger *d);
bool repl_about_shadow(struct debugger *d, const char *args);
void repl_show_way_down(struct debugger *d, uint32_t va); /* nothing of a real machine */
/* second.c: nested paging. Which of these may be called: */
bool repl_has_second_level(struct machine *m);
void repl_show_second_level(struct debugger *d, uint32_t va);
bool repl_draw_second_level(struct debugger *d, uint32_t va); /* refuses where there is none */
bool repl_cmd_translate(struct debugger *d, const char *args);
bool repl_cmd_layout(struct debugger *d, const char *args);

/* ---------------------------------------------------------------------- moving */

/* Between two of these the machine may move: remembers what to compare with, and
 * shows the console output that came. */
void repl_before_move(struct debugger *d);
void repl_show_console(struct debugger *d);
/* Goes on until something stops it. `limit`: tick. */
struct timeline_stop repl_go(struct debugger *d, uint64_t limit);
struct timeline_stop repl_go_back(struct debugger *d);
/* Tells of the stop, in words and with the pane. True unless the host failed. */
bool repl_report(struct debugger *d, struct timeline_stop stop);
bool repl_interrupted(struct debugger *d);
/* To a tick where we were, Ctrl-C or not: what was interrupted leaves us there. */
struct timeline_stop repl_return(struct debugger *d, uint64_t tick);
/* A move into the past was not made: says so, unless the host failed. Always false. */
bool repl_not_moved(struct debugger *d);
/* "halted": what the machine is or did, at its end. */
const char *repl_end_words(enum machine_why why);
/* False after a message: the machine has come to its end. */
bool repl_can_move(struct debugger *d);

/* frames.c: who called whom, by executing the past again. */
struct repl_frame {
  uint64_t tick; /* of the call, or of the raised trap */
  bool is_trap;
  enum isa_cause cause;
  uint32_t pc, sp, mode, pa; /* at that place */
  uint64_t space; /* which relocation, 0 for none */
};
#define REPL_FRAMES 64
/* The innermost calls that have not returned at the present place, the last one first.
 * Looks back until there are `want` of them; *beginning: that was the whole run. False:
 * interrupted or failed. The place is the same afterwards. */
bool repl_find_frames(struct debugger *d, unsigned want, struct repl_frame frames[REPL_FRAMES],
                      unsigned *count, bool *beginning);
/* Steps from tick to tick and calls back at each place but the last. False: interrupted. */
bool repl_scan(struct debugger *d, uint64_t from, uint64_t to,
               void (*visit)(void *ctx, struct debugger *d), void *ctx);
struct repl_frame repl_here(struct debugger *d);
/* The goal of coming back to behind the place of a frame. */
void repl_goal_after(struct debugger *d, const struct repl_frame *f);

/* stops.c */
bool repl_set_stops(struct debugger *d);
struct repl_stop *repl_find_stop(struct debugger *d, unsigned number);
/* The stops that a place of the timeline belongs to: the first one; counts hits,
 * ignores. NULL and *wanted false: go on. */
struct repl_stop *repl_stop_met(struct debugger *d, const struct timeline_stop *stop,
                                bool *wanted);
char *repl_break_place(struct debugger *d, const struct repl_stop *s, char buf[REPL_PLACE]);
void repl_describe_stop(struct debugger *d, const struct repl_stop *s);
void repl_destroy_stops(struct debugger *d);

/* A condition that cannot be evaluated holds, so that its author sees it. */
bool repl_condition_holds(struct debugger *d, const struct repl_stop *s, struct machine *m);
/* The goal of a move is here. */
bool repl_goal_met(struct debugger *d);

/* Some stop may be here; nothing is counted. */
bool repl_stops_here(struct debugger *d, const struct timeline_stop *stop);

/* watch.c: watches of what no access to storage changes, and traps of the real machine. */
bool repl_has_soft_watch(const struct debugger *d);
void repl_read_watches(struct debugger *d);
/* As timeline_continue(), and stops at a change (d->soft_hit, soft_was and soft_is) or
 * where the real machine traps, at `from` or later (d->soft_hit). */
struct timeline_stop repl_soft_go(struct debugger *d, uint64_t from, uint64_t until);
/* The last change in [oldest, now), if any: `tick` is before the step that made it. We
 * are somewhere then. False: interrupted. */
struct repl_change {
  struct repl_stop *hit;
  uint64_t tick;
  struct formula_value was, is;
  uint64_t previous; /* the place visited last */
  bool begun;
};
bool repl_find_change(struct debugger *d, uint64_t oldest, uint64_t now, struct repl_change *c);
/* The last trap of the real machine in [oldest, now) that is to be caught; *found NULL:
 * there is none. We are somewhere then. False: interrupted. */
bool repl_find_real_trap(struct debugger *d, uint64_t oldest, uint64_t now,
                         struct repl_stop **found, struct timeline_stop *at);

/* data.c */
bool repl_show_displays(struct debugger *d);
/* Formats as print/FMT does. */
char *repl_format(const struct formula_value *v, char letter, char *buf, size_t size);

/* pane.c */
void repl_pane(struct debugger *d);
void repl_take_picture(struct debugger *d);
/* "mode 0  IE on …" */
void repl_psw_text(uint32_t psw, char *buf, size_t size);

/* class.c: what the paper calls an instruction on this machine. */
struct repl_class {
  bool known, errant, privileged, sensitive, innocuous;
};
struct repl_class repl_classify(struct debugger *d, enum isa_insn insn);
const char *repl_class_text(const struct repl_class *c);
void repl_class_destroy(struct debugger *d);

/* why.c */
void repl_event_text(struct debugger *d, const struct trace_event *e, char *buf, size_t size);
bool repl_micro_step(struct debugger *d);

/* source.c */
void repl_list_around(struct debugger *d, FILE *out, unsigned lines);
void repl_disassemble_around(struct debugger *d, FILE *out, unsigned lines);

/* layout.c */
void repl_layout_draw(struct debugger *d);
void repl_layout_resized(struct debugger *d);
void repl_layout_end(struct debugger *d);

/* ----------------------------------------------------------- life of a session */

struct repl_options {
  bool no_init, quiet, batch;
  struct {
    bool is_file;
    const char *text;
  } script[64];
  unsigned scripts;
};

/* Everything: init file, scripts, the prompt. Returns an exit status. */
int repl_session(struct debugger *d, const struct repl_options *o);
/* Frees what commands have made. */
void repl_forget(struct debugger *d);

/* record.c: the file that --trace names can be written, as far as can be told. False after
 * a message. */
bool repl_trace_can_end(struct debugger *d);
/* Writes it. Returns an exit status, after a message. */
int repl_trace_at_end(struct debugger *d);

/* keys.c: lines from a person, or from a file or pipe. */
char *repl_read_line(struct debugger *d, const char *prompt); /* malloc'd; NULL: the end */
bool repl_keys_open(struct debugger *d);
void repl_keys_close(struct debugger *d);
void repl_keys_history(struct debugger *d, unsigned count);
/* What could stand at the end of `line`: calls back with each word. */
void repl_complete(struct debugger *d, const char *line, size_t word_start,
                   void (*offer)(void *ctx, const char *word), void *ctx);

#endif
