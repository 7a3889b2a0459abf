/* The story that a trace tells: who was running, who trapped to whom, who did what
 * about it. Rows between lanes, in order of time; the ladder, the graph, the page
 * and the Chrome trace are all drawn from them.
 */
#ifndef TRAPEZE_TOOLS_TRACE_STORY_H
#define TRAPEZE_TOOLS_TRACE_STORY_H

#include "tools/trace/classes.h"
#include "tools/trace/list.h"
#include "tools/trace/words.h"

#define STORY_MAX_LANES (3 * TRACE_MAX_MACHINES + 1)
#define STORY_MAX_ROWS  1000000u
#define STORY_LABEL     28

enum row_kind {
  ROW_RUN,       /* instructions executed directly: a box */
  ROW_TRAP,      /* to the VMM, or in a bare machine to the hardware: an arrow */
  ROW_INTERRUPT, /* the same, by a line */
  ROW_DELIVER,   /* to the guest's handler: an arrow */
  ROW_EMULATE,   /* the VMM's routines: boxes, with an arrow back to the guest */
  ROW_REFLECT,
  ROW_SERVE,
  ROW_RAISE,     /* a line raised */
  ROW_RETURN,    /* the guest changes its mode by itself: an arrow */
  ROW_IO,        /* an arrow to the hardware */
  ROW_MAP,       /* a box */
  ROW_SENSITIVE, /* an instruction of the system group that did not trap: a box */
  ROW_INSN,      /* any other instruction */
  ROW_STATE,     /* waits, stops: a box */
  ROW_NOTE,
  ROW_KIND_COUNT,
};

struct row {
  enum row_kind kind;
  int16_t from, to; /* lanes; to < 0: a box at from */
  int16_t back;     /* a box: the lane an arrow leads to, or -1 */
  bool reflects;    /* that arrow leads into a handler */
  bool placed;      /* there is a pc */
  uint8_t machine;  /* the guest's */
  uint64_t tick;    /* of the guest */
  uint64_t ticks;   /* ROW_RUN: how many instructions */
  uint32_t pc;
  uint32_t address; /* of the pc in the program, if it is in it */
  bool in_program;
  char label[STORY_LABEL];
};

struct story {
  const struct trace *trace;
  struct row *rows;
  size_t count, capacity;
  bool cut; /* there were more rows than STORY_MAX_ROWS */
  bool no_memory;
  char *lanes[STORY_MAX_LANES]; /* names, from left to right */
  unsigned lane_count;
};

/* Rows of the classes and ticks (of the guest) that the filter takes. False: out of memory. */
bool story_tell(struct story *s, const struct trace *t, const struct trace_filter *f);
void story_destroy(struct story *s);

/* "popf on x86 (Intel x86 before VT-x), in a virtual machine". */
void story_title(const struct trace *t, char *buf, size_t size);

bool row_is_arrow(const struct row *r);
enum trace_class row_class(const struct row *r);
const char *row_kind_name(enum row_kind kind);
/* "unlock+0x8"; "popf.s:24: popf"; both "" where there is nothing to say. */
char *row_place(const struct story *s, const struct row *r, char *buf, size_t size);
char *row_source(const struct story *s, const struct row *r, char *buf, size_t size);

/* Rows, repeats collapsed: `rows` rows from `first` on, `times` times. */
struct passage {
  size_t first;
  unsigned rows;
  uint64_t times;
};
/* malloc'd; NULL: out of memory. */
struct passage *story_collapse(const struct story *s, size_t *count);

#endif
