/* The console's front end: input from a log of (tick, byte), output immediate.
 * A plain object that knows no machine: the bare machine and the VMM's virtual
 * machine each own one, in their own ticks.
 *
 * The owner: at each boundary whose tick has reached console_next_event(),
 * calls console_fire() and raises the console's line if it says so.
 */
#ifndef TRAPEZE_MACHINE_DEVICES_CONSOLE_H
#define TRAPEZE_MACHINE_DEVICES_CONSOLE_H

#include "machine/devices/note.h"
#include "machine/devices/state.h"
#include "machine/machine.h"

struct console;

/* NULL: no memory. */
struct console *console_create(void);
void console_destroy(struct console *c); /* NULL is fine */
/* From now on *note is kept up to date; borrowed. */
void console_tells(struct console *c, struct device_note *note);

/* Port access. False, and nothing done: not a port of the console. `now` is the
 * tick of the boundary after the access. A byte has arrived once console_fire()
 * has seen it, not before. */
bool console_port_in(struct console *c, uint64_t now, uint32_t port, uint32_t *value);
bool console_port_out(struct console *c, uint64_t now, uint32_t port, uint32_t value);

/* Tick of the next byte of the log that has not arrived, or MACHINE_NEVER. */
uint64_t console_next_event(const struct console *c);
/* Every byte with a tick of at most `now` arrives. True if one did: raise the line. */
bool console_fire(struct console *c, uint64_t now);

/* Appends to the log: `byte` arrives at tick `at`, or at `now` or with the last
 * byte of the log if those are later. False: no memory. */
bool console_input(struct console *c, uint64_t now, uint64_t at, uint8_t byte);
/* How many bytes of the log have not arrived; and forgets them. */
unsigned console_ahead(const struct console *c);
void console_forget(struct console *c);
/* Bytes of output that are kept at most: a guest that writes for ever must not
 * cost the host all its memory. What comes after them still reaches the digest and
 * the callback. */
#define CONSOLE_KEPT (16u << 20)
/* Everything written so far, up to CONSOLE_KEPT bytes; valid until the next call. */
const uint8_t *console_output(const struct console *c, size_t *len);
/* Called with each byte as it is written; NULL for none. */
void console_on_output(struct console *c, machine_console_fn *fn, void *ctx);

/* The reason, from the moment that the host had no memory to keep output; such
 * bytes still reach the digest and the callback. NULL: all is kept. */
const char *console_host_error(const struct console *c);

/* Canonical state: all output, and the bytes that have arrived and are unread.
 * Bytes of the log still to come are inputs of the run, not state: a session
 * typed live and its replay from the complete log must agree at every tick, and
 * only the replay knows the future. Bytes read are past and leave no trace. */
uint64_t console_digest(const struct console *c);

/* How far it has come. Returning to a mark of the same console costs nothing, since
 * log and output only grow: whatever was typed or written since is there no more. A mark
 * from *later* on serves too, as long as what has been typed and written in between
 * was the same as it was then. */
struct console_mark {
  uint64_t written, digest;
  size_t len, logged, arrived, read;
};
struct console_mark console_mark(const struct console *c);
void console_return(struct console *c, const struct console_mark *mark);

/* For snapshots: the digest's state, the log, and how much of it has arrived and
 * been read. */
void console_save(const struct console *c, struct state_writer *w);
/* Checks everything, then prepares; nothing of `c` changes before
 * console_commit(). False: not a console's state, or no memory.
 *
 * If the log saved is a beginning of c's own, c's own stays: a machine sent back
 * in time meets again what was typed later. Otherwise the saved log replaces it. */
struct console_state;
struct console_state *console_load(struct state_reader *r);
void console_commit(struct console *c, struct console_state *s); /* consumes s */
void console_discard(struct console_state *s);

#endif
