/* Classes of trace events, as --trace-events and the renderers' --class name
 * them.
 */
#ifndef TRAPEZE_TOOLS_TRACE_CLASSES_H
#define TRAPEZE_TOOLS_TRACE_CLASSES_H

#include <stddef.h>

#include "machine/trace.h"

/* The order is that of the bits in a trace file: add at the end. */
enum trace_class {
  CLASS_TRAPS,        /* traps, their delivery, changes of mode, waiting and stopping */
  CLASS_EMULATION,    /* a routine of the VMM did what a privileged instruction would do */
  CLASS_REFLECTION,   /* the VMM gave a trap back to the guest */
  CLASS_SWITCHES,     /* the VMM lends the processor and takes it back */
  CLASS_INTERRUPTS,   /* lines raised, interrupts taken, delivered, served */
  CLASS_IO,           /* port accesses */
  CLASS_MEMORY,       /* what the VMM puts into the real MMU */
  CLASS_SENSITIVE,    /* instructions of the system group executed outside mode 0, not trapped */
  CLASS_INSTRUCTIONS, /* every instruction completed */
  CLASS_COUNT,
};

#define CLASSES_ALL ((1u << CLASS_COUNT) - 1)
/* Those that leave the fast engine its speed. The default has CLASS_SENSITIVE too where
 * the profile has something of the kind: without it the trace would hide the trouble. */
#define CLASSES_FAST (CLASSES_ALL & ~(1u << CLASS_SENSITIVE | 1u << CLASS_INSTRUCTIONS))

const char *trace_class_name(enum trace_class c);
enum trace_class trace_class_of(enum trace_kind kind, uint32_t a);
/* A TRACE_INSN that is of CLASS_SENSITIVE. */
bool trace_is_sensitive(const struct trace_event *e);

/* What is said of a word that names no class. */
#define TRACE_CLASSES_WRONG 200
void trace_classes_wrong(const char *word, size_t len, char buf[TRACE_CLASSES_WRONG]);
/* As below, without a message. NULL, or the word that is wrong, of *len bytes. */
const char *trace_classes_find(const char *text, unsigned fallback, unsigned *classes, size_t *len);
/* "traps,io", "all", "default", "default,sensitive", "all,-io": from the left.
 * `fallback` is what "default" is. Returns an exit status, after a message from `command`. */
int trace_classes_parse(const char *command, const char *text, unsigned fallback,
                        unsigned *classes);

#endif
