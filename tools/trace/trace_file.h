/* Reads trace files. All of a file is checked when it is opened, so that going
 * through its events cannot fail.
 */
#ifndef TRAPEZE_TOOLS_TRACE_TRACE_FILE_H
#define TRAPEZE_TOOLS_TRACE_TRACE_FILE_H

#include "machine/image.h"
#include "tools/trace/codec.h"

struct trace_machine {
  char *name;
  int parent; /* index, or -1: a bare machine */
  uint32_t storage, sectors;
  uint32_t start;      /* of its storage, in its parent's */
  uint32_t disk_first; /* of its mini-disk */
  bool disk_readonly;
  uint64_t end; /* its tick when recording ended */
};

struct trace_note {
  unsigned machine;
  uint64_t tick;
  char *text;
};

struct trace_behaviour {
  char *mnemonic, *behaviour;
};

struct trace_source {
  const char *file; /* points to the name stored with an earlier line, or with this one */
  uint64_t line;
  char *own_file, *text;
};

struct trace {
  char *command, *program, *profile, *title;
  uint64_t modes;
  unsigned classes;
  struct trace_behaviour *behaviours; /* of the system instructions in user mode */
  size_t behaviour_count;
  struct image *image;
  struct trace_source *source;
  size_t source_count;
  struct trace_machine machines[TRACE_MAX_MACHINES];
  unsigned machine_count;
  struct trace_note *notes;
  size_t note_count;
  uint64_t count; /* events */
  char *end;      /* how it ended, "" if that was not told */
  bool progress;  /* set by its user: trace_next() tells standard error how far it is */
  /* Blocks of events in `bytes`. */
  struct trace_block {
    size_t at, end;
    uint64_t count;
  } * blocks;
  size_t block_count;
  uint8_t *bytes;
};

/* Where one is in a trace. */
struct trace_cursor {
  const struct trace *trace;
  size_t block;   /* the next to be begun */
  uint64_t left;  /* events of this one */
  uint64_t index; /* of the event that trace_next() gave last, from 1 */
  struct codec_bytes bytes;
  struct codec codec;
};

/* "-" is standard input. Returns an exit status, after a message with the place in
 * the file; *t is NULL then. */
int trace_open(const char *command, const char *path, struct trace **t);
/* The same of bytes, malloc'd, which become the trace's; `path` is for messages. */
int trace_parse(const char *command, const char *path, uint8_t *bytes, size_t len,
                struct trace **t);
void trace_destroy(struct trace *t);

void trace_start(struct trace_cursor *c, const struct trace *t);
/* False: there is no more. event->machine is the name. */
bool trace_next(struct trace_cursor *c, unsigned *machine, struct trace_event *event);

/* The text of a source line, or NULL. */
const char *trace_source_text(const struct trace *t, const char *file, unsigned line);
/* What a system instruction does in user mode, or NULL: "trap", "nop", "partial". */
const char *trace_behaviour_of(const struct trace *t, enum isa_insn insn);
/* The profile has system instructions that do not trap in user mode, and those that were
 * executed are not recorded: without a word, a reader would think that there were none. */
bool trace_hides_sensitive(const struct trace *t);
/* The last tick of any of its machines. */
uint64_t trace_last_tick(const struct trace *t);

#endif
