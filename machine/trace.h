/* Trace events: typed records of what a machine and its VMM did. With no
 * tracer set, an event costs one predictable branch on a path that already
 * left the engine. Recording never changes what a run does.
 */
#ifndef TRAPEZE_MACHINE_TRACE_H
#define TRAPEZE_MACHINE_TRACE_H

#include "machine/machine.h"

enum trace_kind {
  TRACE_TRAP,      /* a = cause, b = epc, c = value, d = insn */
  TRACE_DELIVER,   /* a = cause, b = epc, c = handler address */
  TRACE_IO,        /* a = port, b = value, c = 1 for out */
  TRACE_DEVICE,    /* a line was raised: a = cause */
  TRACE_WORLD_IN,  /* VMM loads a VM on the real machine: b = guest pc, c = virtual PSW */
  TRACE_WORLD_OUT, /* and leaves it: a = real cause, b = guest pc, c = virtual PSW */
  TRACE_EMULATE,   /* a = enum isa_insn, b = epc, d = insn */
  TRACE_REFLECT,   /* a = virtual cause, b = epc, c = real cause */
  TRACE_SERVE,     /* the VMM dealt with it and the guest sees nothing: a = real cause */
  TRACE_MODE,  /* an instruction changed the mode: a = PSW before, b = its pc, c = PSW, d = insn */
  TRACE_STATE, /* the processor waits, stops or wakes: a = enum machine_run_state, b = pc */
  TRACE_MAP,   /* other relocation: a = base in force, b = bound; c = BASE, d = BOUND of the guest.
                * On a VM: what the VMM composed for the machine that it runs on */
  TRACE_INSN,  /* completed: b = its pc, c = PSW before, d = insn; see struct tracer */
  TRACE_CHANNEL, /* a = 0 sio, 1 tio; b = operand, c = answer. Before a sio, of its program: */
  TRACE_CCW,     /* a = command, flags, count; b = data address, c = argument of a seek, d = where
                  * it lay */
  TRACE_FRAME,   /* of the network: a = enum machine_frame, b = to, c = from, d = length */
  TRACE_INTERPRET, /* the VMM does an instruction as the virtual machine would: a = enum isa_insn,
                    * b = its pc, d = insn. Of those that a technique has interpreted these are the
                    * system group's; with struct tracer's instructions all */
  TRACE_CODE, /* of what executes in the place of the guest's code: a = enum trace_code; b to d there */
  TRACE_KIND_COUNT,
};

/* Addresses of the guest, but for those of the cache, which are the real machine's. */
enum trace_code {
  TRACE_CODE_BLOCK,   /* was made: b = pc, c = where in the cache, d = words */
  TRACE_CODE_CHAIN,   /* a branch leads to the block of b and no longer to the exit at c */
  TRACE_CODE_FORGET,  /* d blocks, since storage at b was written */
  TRACE_CODE_EMPTY,   /* nothing is in the cache any more; at pc b */
  TRACE_CODE_COPY,    /* of the page at b, at c of the real machine's storage; d words replaced */
  TRACE_CODE_COUNT,
};

struct trace_event {
  enum trace_kind kind;
  const char *machine; /* name; borrowed */
  uint64_t tick;       /* of that machine */
  uint32_t a, b, c, d;
};

struct tracer {
  void (*record)(struct tracer *t, const struct trace_event *event);
  /* TRACE_INSN too: a bare machine then executes on the plain stepper. The
   * instructions of a VM are the real machine's, and those emulated. */
  bool instructions;
  /* TRACE_INSN of the system group outside mode 0: what did not trap there, and is
   * sensitive. The engine stays, but for these. */
  bool sensitive;
  /* A tracer that cannot afford to be called for each event lends room for them. What
   * `keep` has a bit for, by kind and `a` modulo 32, is put down at `at`, which moves; at
   * the end, full() makes room. NULL: there is none, and record() is called. */
  struct trace_event *at, *end;
  void (*full)(struct tracer *t);
  uint32_t keep[TRACE_KIND_COUNT];
};

#endif
