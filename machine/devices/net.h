/* The network's front end: one frame sent at a time, one receive buffer, a bounded queue
 * of frames that have arrived and have no buffer yet. docs/machine.md, "The network". A
 * plain object that knows no machine: what it needs comes through struct net_ops.
 *
 * The owner: at each boundary whose tick has reached net_next_event(), calls net_fire()
 * and raises the network's line if it says so.
 */
#ifndef TRAPEZE_MACHINE_DEVICES_NET_H
#define TRAPEZE_MACHINE_DEVICES_NET_H

#include "machine/devices/note.h"
#include "machine/devices/state.h"
#include "machine/machine.h"

/* What the front end asks of the outside. */
struct net_ops {
  /* Storage of the machine. */
  uint32_t (*storage_size)(void *ctx);
  bool (*dma_read)(void *ctx, gpa_t at, void *buf, uint32_t len);
  bool (*dma_write)(void *ctx, gpa_t at, const void *buf, uint32_t len);
  /* A frame was sent, has arrived, or was dropped; the device's state is complete. The
   * bytes are valid for the call, which may let frames arrive at other devices. */
  void (*frame)(void *ctx, enum machine_frame way, const uint8_t *bytes, uint32_t len);
};

struct net;

/* station: its address; 0: no network, the registers are there all the same. ops and ctx
 * are borrowed. NULL: no memory. */
struct net *net_create(uint32_t station, const struct net_ops *ops, void *ctx);
void net_destroy(struct net *n); /* NULL is fine */
/* From now on *note is kept up to date; borrowed. */
void net_tells(struct net *n, struct device_note *note);

/* Port access. False, and nothing done: not a port of the network. `now` is the tick of
 * the boundary after the access; latency counts from it. */
bool net_port_in(struct net *n, uint64_t now, uint32_t port, uint32_t *value);
bool net_port_out(struct net *n, uint64_t now, uint32_t port, uint32_t value);

/* Tick of the next completion, or of the log's next frame, or MACHINE_NEVER. */
uint64_t net_next_event(const struct net *n);
/* What is due at `now` happens: the sending, the receiving, then frames of the log in its
 * order. True: raise the line. */
bool net_fire(struct net *n, uint64_t now);

/* Whether the bytes can be a frame at all. */
static inline bool net_is_frame(uint32_t len)
{
  return len >= MACHINE_MIN_FRAME && len <= MACHINE_MAX_FRAME;
}
/* The address that a frame is for, and the one that it says it is from. */
uint32_t net_frame_to(const uint8_t *frame);
uint32_t net_frame_from(const uint8_t *frame);

/* Appends to the log: the frame arrives at tick `at`, or at `now` or with the last of the
 * log if those are later. False: no network here, no frame, or no memory. */
bool net_log(struct net *n, uint64_t now, uint64_t at, const uint8_t *frame, uint32_t len);
/* It arrives now, and no log keeps it: for an owner whose frames come from a run that
 * would bring them again. True: raise the line. Without a network nothing happens. */
bool net_arrive(struct net *n, const uint8_t *frame, uint32_t len);
/* How many frames from this address are in the queue. */
unsigned net_queued(const struct net *n, uint32_t from);

/* The counts are since the machine began, and part of the state. */
struct machine_net net_state(const struct net *n);

/* The reason, once the host had no memory for the log; else NULL. */
const char *net_host_error(const struct net *n);

/* Canonical state: registers, what is under way with the ticks it has left, the queue, and
 * all that was sent. Frames of the log still to come are inputs, as with the console. */
uint64_t net_digest(const struct net *n, uint64_t now);

/* How far it has come, see console_mark(): the log only grows, the rest is a copy. NULL:
 * no memory; free() it. */
struct net_mark;
struct net_mark *net_mark(const struct net *n);
void net_return(struct net *n, const struct net_mark *mark);

/* For snapshots; as console_save() and console_load(). */
void net_save(const struct net *n, struct state_writer *w);
/* NULL: not the state of a network device with this address, or no memory. */
struct net_state;
struct net_state *net_load(const struct net *n, struct state_reader *r);
void net_commit(struct net *n, struct net_state *s); /* consumes s */
void net_discard(struct net_state *s);

#endif
