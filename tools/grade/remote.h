/* Modules of a VMM that live in another process: for each, one that sends every call there
 * and answers what it needs of the virtual machine, after checking it. The judge's side of
 * labs/runner/wire.h.
 *
 * A submission cannot do more to the VMM than answer wrongly. Everything that it sends is
 * checked: form, order, number, and whether a module of this VM may ask for it at all; what
 * it answers is checked likewise. The first mistake of that kind, or the end of the process,
 * ends the conversation: from then on every call is answered here, harmlessly.
 */
#ifndef TRAPEZE_TOOLS_GRADE_REMOTE_H
#define TRAPEZE_TOOLS_GRADE_REMOTE_H

#include "labs/patch.h"
#include "labs/runner/wire.h"
#include "vmm/modules.h"

/* Which modules are elsewhere. */
enum remote_module {
  REMOTE_DISPATCH = 1 << 0,
  REMOTE_EMULATE = 1 << 1,
  REMOTE_INTERPRET = 1 << 2,
  REMOTE_REFLECT = 1 << 3,
  REMOTE_MEMORY = 1 << 4,
  REMOTE_TIMER = 1 << 5,
  REMOTE_SCHEDULE = 1 << 6,
  REMOTE_MINIDISK = 1 << 7,
  REMOTE_SHARE = 1 << 8,
  REMOTE_CHAIN = 1 << 9,
  REMOTE_SHADOW = 1 << 11,
  REMOTE_PATCH = 1 << 10, /* lab 5's, which is in no set: remote_patch */
};

/* Why the conversation ended. */
enum remote_end {
  REMOTE_OPEN,       /* it has not */
  REMOTE_GONE,       /* the process ended: whoever started it knows how */
  REMOTE_STALLED,    /* no answer */
  REMOTE_PROTOCOL,   /* a message that is none */
  REMOTE_FLOODED,    /* too many requests, within one call or in all */
  REMOTE_FORBIDDEN,  /* it asked for, or answered, what no module may */
  REMOTE_UNFORETOLD, /* no fault of its own: it answered otherwise than foretold, or ended before
                      * that was known, or cannot be answered now. All over again, exactly */
};

/* What the judge does for a module, in all: so many requests, and so many more for each tick that
 * the guest has made. That is many times what any of ours asks for, and less than its process has
 * processor time for. What the view answers costs the judge nothing and counts within its
 * call only. */
#define REMOTE_REQUESTS      200000u
#define REMOTE_REQUESTS_TICK 2u

struct remote {
  int fd;                /* the socket */
  uint32_t requests_max; /* within one call */
  enum remote_end end;
  char reason[200]; /* a sentence, unless REMOTE_OPEN */
  uint64_t seq;     /* of the last call */
  uint64_t calls, requests;
  unsigned depth;            /* of calls within requests of calls */
  bool exact;                /* every call is made when it is to be answered: nothing is foretold */
  const struct vmm_env *env; /* of the last call that was put off; NULL: none that still is */
  uint64_t view[WIRE_VIEW];  /* as last sent */
  struct wire out;           /* calls put off; op 0: none … */
  uint32_t foretold_count;   /* … and what they are to answer */
  uint32_t ahead_max;        /* so many are put off; few at first, for one who ends at once */
  uint64_t foretold[WIRE_CALLS * 2];
  struct vmm_modules set; /* with == this; for vmm_create_with() */
};

/* Fills *r; r->set is the default set but for `modules`, an or of enum remote_module. The
 * socket stays the caller's. *r must not move until the VMM is gone. */
void remote_open(struct remote *r, int fd, unsigned modules, int stall_ms, uint32_t requests_max);
/* Makes the calls that were put off. Before the socket is closed: what comes of them is
 * part of r->end. */
void remote_settle(struct remote *r);

/* With what remote_open() made as create()'s argument. */
extern const struct patch_module remote_patch;

/* The module's file name, as "emulate.c", to its number. 0: there is none. */
unsigned remote_module_of(const char *file);

#endif
