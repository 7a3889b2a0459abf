/* What a trace's events say, in words: places, instructions, ports. Follows the
 * events to know which relocation a pc is under, and who the guest is.
 */
#ifndef TRAPEZE_TOOLS_TRACE_WORDS_H
#define TRAPEZE_TOOLS_TRACE_WORDS_H

#include "tools/trace/trace_file.h"

/* Whose program runs on a machine: a machine that no VMM runs on. */
struct words_guest {
  uint32_t base; /* what is added to a pc, in the guest's own storage */
  bool blind;    /* the relocation is not known */
  unsigned mode;
};

struct words {
  const struct trace *trace;
  struct words_guest guests[TRACE_MAX_MACHINES]; /* of those that are guests */
  unsigned running;                              /* the guest last seen to run */
};

#define WORDS_SIZE 160

void words_start(struct words *w, const struct trace *t);
/* Before an event is described. */
void words_follow(struct words *w, unsigned machine, const struct trace_event *e);

bool words_has_vmm(const struct trace *t, unsigned machine); /* a VMM runs on it */
/* The guest that an event of this machine is about. */
unsigned words_guest(const struct words *w, unsigned machine);

/* Where in the program a pc is: an address of the image. False: in none of it. */
bool words_address(const struct words *w, unsigned guest, uint32_t pc, uint32_t *address);
/* "popf.s:24: popf", or "" if there is no source; of an address in the program. */
char *words_line(const struct trace *t, uint32_t address, char *buf, size_t size);
/* The instruction, disassembled; its mnemonic alone, "" for a word that is none. */
char *words_insn(uint32_t word, uint32_t pc, char *buf, size_t size);
const char *words_mnemonic(uint32_t word);
/* "console data", or its number. */
char *words_port(uint32_t port, char *buf, size_t size);
/* TRACE_CHANNEL and TRACE_CCW. */
void words_channel(const struct trace_event *e, char *buf, size_t size);
/* Of a CCW: "read". */
const char *words_command(uint32_t command);
void words_ccw(const struct trace_event *e, char *buf, size_t size);
/* What a TRACE_IO was, by the instruction for it. */
const char *words_access(const struct trace_event *e);
const char *words_cause(uint32_t cause);

/* "trap", "deliver", …: one word a kind. */
const char *words_kind(enum trace_kind kind);
/* The event's fields, in words. */
char *words_event(const struct words *w, unsigned machine, const struct trace_event *e, char *buf,
                  size_t size);

#endif
