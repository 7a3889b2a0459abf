#include "machine/devices/net.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "machine/devices/ports.h"
#include "machine/digest.h"

#define NET_TAG 0x5754454eu /* "NETW", little-endian */

struct frame {
  uint32_t len;
  uint8_t bytes[MACHINE_MAX_FRAME];
};

/* A command under way, captured when it was given. */
struct sending {
  bool busy;
  uint8_t error; /* found when it was given: completes without a frame */
  uint32_t at, len;
  uint64_t due;
};
struct receiving {
  bool busy; /* a buffer is there, or an error to be told */
  uint8_t error;
  uint32_t at;
  uint64_t due; /* MACHINE_NEVER: it waits for a frame, and the queue is empty */
};

struct registers {
  uint32_t send_at, send_length, receive_at;
  uint32_t received; /* length of the last frame received; 0 while a buffer waits */
  uint8_t send_error, receive_error;
};

/* All but the log: plain data, so that a mark is a copy. */
struct front {
  struct registers regs;
  struct sending sending;
  struct receiving receiving;
  struct {
    uint64_t sent, received, dropped;
  } counts;
  uint64_t sent_digest; /* of all frames sent */
  unsigned queued;
  struct frame queue[NET_QUEUE]; /* the oldest first */
};

struct entry {
  uint64_t at;
  struct frame *frame;
};

/* arrived <= count <= kept: what a return to a mark forgot is kept, since a mark from
 * later on makes it count again. */
struct log {
  struct entry *entries;
  size_t count, capacity, kept;
  size_t arrived;
};

struct net {
  const struct net_ops *ops;
  void *ctx;
  uint32_t station;
  bool log_lost; /* for lack of memory */
  struct log log;
  struct front front;
  struct device_note *note;
};

struct net_state {
  struct log log;
  struct front front;
};

struct net_mark {
  size_t logged, arrived;
  struct front front; /* last, and of its queue only the frames that are there */
};

struct net *net_create(uint32_t station, const struct net_ops *ops, void *ctx)
{
  struct net *n = calloc(1, sizeof *n);
  if (n) {
    n->ops = ops;
    n->ctx = ctx;
    n->station = station;
  }
  return n;
}

static void log_free(struct log *log)
{
  for (size_t i = 0; i < log->kept; i++) {
    free(log->entries[i].frame);
  }
  free(log->entries);
  *log = (struct log){0};
}

void net_destroy(struct net *n)
{
  if (n) {
    log_free(&n->log);
    free(n);
  }
}

static uint32_t word_at(const uint8_t *b)
{
  return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint32_t net_frame_to(const uint8_t *frame)
{
  return word_at(frame);
}

uint32_t net_frame_from(const uint8_t *frame)
{
  return word_at(frame + 4);
}

/* ------------------------------------------------------------------- ports */

static uint32_t status(const struct front *f)
{
  return (f->sending.busy ? NET_STATUS_SENDING : 0) |
         (f->receiving.busy ? NET_STATUS_RECEIVING : 0) | (f->queued > 0 ? NET_STATUS_WAITING : 0) |
         (uint32_t)f->regs.send_error << NET_STATUS_SEND_ERROR_SHIFT |
         (uint32_t)f->regs.receive_error << NET_STATUS_RECEIVE_ERROR_SHIFT;
}

bool net_port_in(struct net *n, uint64_t now, uint32_t port, uint32_t *value)
{
  (void)now; /* what has happened is decided at boundaries, by net_fire() */
  const struct front *f = &n->front;
  switch (port) {
  case PORT_NET_STATION:
    *value = n->station;
    return true;
  case PORT_NET_SEND_AT:
    *value = f->regs.send_at;
    return true;
  case PORT_NET_SEND_LENGTH:
    *value = f->regs.send_length;
    return true;
  case PORT_NET_RECEIVE_AT:
    *value = f->regs.receive_at;
    return true;
  case PORT_NET_COMMAND:
    *value = 0;
    return true;
  case PORT_NET_STATUS:
    *value = status(f);
    return true;
  case PORT_NET_RECEIVED:
    *value = f->regs.received;
    return true;
  case PORT_NET_DROPPED:
    *value = (uint32_t)f->counts.dropped;
    return true;
  default:
    return false;
  }
}

static bool in_storage(const struct net *n, uint32_t at, uint32_t len)
{
  return at % NET_ADDRESS_ALIGN == 0 && range_contains(0, n->ops->storage_size(n->ctx), at, len);
}

static enum net_error check_send(const struct net *n, uint32_t at, uint32_t len)
{
  return n->station == 0           ? NET_ERROR_STATION
         : !net_is_frame(len)      ? NET_ERROR_LENGTH
         : !in_storage(n, at, len) ? NET_ERROR_ADDRESS
                                   : NET_OK;
}

/* A buffer has room for any frame. */
static enum net_error check_receive(const struct net *n, uint32_t at)
{
  return n->station == 0                         ? NET_ERROR_STATION
         : !in_storage(n, at, MACHINE_MAX_FRAME) ? NET_ERROR_ADDRESS
                                                 : NET_OK;
}

static void tell(const struct net *n)
{
  if (n->note) {
    *n->note = (struct device_note){net_next_event(n), net_host_error(n)};
  }
}

void net_tells(struct net *n, struct device_note *note)
{
  n->note = note;
  tell(n);
}

static void start_sending(struct net *n, uint64_t now)
{
  struct front *f = &n->front;
  uint32_t len = f->regs.send_length;
  if (f->sending.busy) {
    return;
  }
  enum net_error error = check_send(n, f->regs.send_at, len);
  f->sending = (struct sending){
      .busy = true,
      .error = (uint8_t)error,
      .at = f->regs.send_at,
      .len = len,
      .due = now + NET_LATENCY + (error == NET_OK ? (len + 3) / 4 * NET_PER_WORD : 0),
  };
  f->regs.send_error = NET_OK;
  tell(n);
}

static void start_receiving(struct net *n, uint64_t now)
{
  struct front *f = &n->front;
  if (f->receiving.busy) {
    return;
  }
  enum net_error error = check_receive(n, f->regs.receive_at);
  bool waits = error == NET_OK && f->queued == 0;
  f->receiving = (struct receiving){.busy = true,
                                    .error = (uint8_t)error,
                                    .at = f->regs.receive_at,
                                    .due = waits ? MACHINE_NEVER : now + NET_LATENCY};
  f->regs.receive_error = NET_OK;
  f->regs.received = 0;
  tell(n);
}

bool net_port_out(struct net *n, uint64_t now, uint32_t port, uint32_t value)
{
  struct registers *regs = &n->front.regs;
  switch (port) {
  case PORT_NET_SEND_AT:
    regs->send_at = value;
    return true;
  case PORT_NET_SEND_LENGTH:
    regs->send_length = value;
    return true;
  case PORT_NET_RECEIVE_AT:
    regs->receive_at = value;
    return true;
  case PORT_NET_COMMAND:
    if (value == NET_COMMAND_SEND) {
      start_sending(n, now);
    } else if (value == NET_COMMAND_RECEIVE) {
      start_receiving(n, now);
    }
    return true;
  case PORT_NET_STATION:
  case PORT_NET_STATUS:
  case PORT_NET_RECEIVED:
  case PORT_NET_DROPPED:
    return true;
  default:
    return false;
  }
}

/* -------------------------------------------------------------------- time */

static uint64_t next_of_log(const struct log *log)
{
  return log->arrived < log->count ? log->entries[log->arrived].at : MACHINE_NEVER;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

uint64_t net_next_event(const struct net *n)
{
  const struct front *f = &n->front;
  uint64_t next = next_of_log(&n->log);
  next = f->sending.busy ? earlier(next, f->sending.due) : next;
  return f->receiving.busy ? earlier(next, f->receiving.due) : next;
}

/* Of a frame, whatever follows it in its buffer. */
static uint64_t digest_frame(const uint8_t *bytes, uint32_t len)
{
  uint8_t padded[MACHINE_MAX_FRAME] = {0};
  memcpy(padded, bytes, len);
  return digest_add(len, digest_block(padded, (len + 7) / 8 * 8));
}

/* The state is complete before anybody hears of it. */
static bool finish_sending(struct net *n, uint64_t now)
{
  struct front *f = &n->front;
  struct sending s = f->sending;
  uint8_t bytes[MACHINE_MAX_FRAME];
  if (!s.busy || s.due > now) {
    return false;
  }
  f->sending = (struct sending){.busy = false};
  tell(n);
  if (s.error == NET_OK && !n->ops->dma_read(n->ctx, gpa(s.at), bytes, s.len)) {
    s.error = NET_ERROR_HOST;
  }
  f->regs.send_error = s.error;
  if (s.error == NET_OK) {
    f->counts.sent++;
    f->sent_digest = digest_add(f->sent_digest, digest_frame(bytes, s.len));
    n->ops->frame(n->ctx, MACHINE_FRAME_SENT, bytes, s.len);
  }
  return true;
}

/* A frame into the buffer that waits for it. */
static void receive(struct net *n, const uint8_t *bytes, uint32_t len)
{
  struct front *f = &n->front;
  bool ok = n->ops->dma_write(n->ctx, gpa(f->receiving.at), bytes, len);
  f->receiving = (struct receiving){.busy = false};
  tell(n);
  f->regs.receive_error = ok ? NET_OK : NET_ERROR_HOST;
  f->regs.received = ok ? len : 0;
  f->counts.received += ok;
}

static bool finish_receiving(struct net *n, uint64_t now)
{
  struct front *f = &n->front;
  if (!f->receiving.busy || f->receiving.due > now) {
    return false;
  }
  if (f->receiving.error != NET_OK) {
    f->regs.receive_error = f->receiving.error;
    f->receiving = (struct receiving){.busy = false};
    tell(n);
    return true;
  }
  receive(n, f->queue[0].bytes, f->queue[0].len);
  f->queued--;
  memmove(&f->queue[0], &f->queue[1], f->queued * sizeof f->queue[0]);
  return true;
}

bool net_arrive(struct net *n, const uint8_t *frame, uint32_t len)
{
  struct front *f = &n->front;
  if (n->station == 0 || !net_is_frame(len)) {
    return false;
  }
  if (f->receiving.busy && f->receiving.due == MACHINE_NEVER) {
    receive(n, frame, len);
  } else if (f->queued < NET_QUEUE) {
    f->queue[f->queued].len = len;
    memcpy(f->queue[f->queued++].bytes, frame, len);
  } else {
    f->counts.dropped++;
    n->ops->frame(n->ctx, MACHINE_FRAME_DROPPED, frame, len);
    return false;
  }
  n->ops->frame(n->ctx, MACHINE_FRAME_ARRIVED, frame, len);
  return true;
}

bool net_fire(struct net *n, uint64_t now)
{
  bool sent = finish_sending(n, now), received = finish_receiving(n, now), arrived = false;
  while (n->log.arrived < n->log.count && next_of_log(&n->log) <= now) {
    const struct frame *f = n->log.entries[n->log.arrived++].frame;
    tell(n);
    arrived = net_arrive(n, f->bytes, f->len) || arrived;
  }
  return sent || received || arrived;
}

/* --------------------------------------------------------------- the owner */

static bool log_append(struct log *log, uint64_t at, const uint8_t *bytes, uint32_t len)
{
  if (log->count == log->capacity) {
    size_t capacity = log->capacity ? 2 * log->capacity : 16;
    struct entry *entries = reallocarray(log->entries, capacity, sizeof *entries);
    if (!entries) {
      return false;
    }
    log->entries = entries;
    log->capacity = capacity;
  }
  struct frame *frame = malloc(offsetof(struct frame, bytes) + len); /* no longer than it is */
  if (!frame) {
    return false;
  }
  frame->len = len;
  memcpy(frame->bytes, bytes, len);
  if (log->count < log->kept) {
    free(log->entries[log->count].frame);
  } else {
    log->kept++;
  }
  log->entries[log->count++] = (struct entry){at, frame};
  return true;
}

bool net_log(struct net *n, uint64_t now, uint64_t at, const uint8_t *frame, uint32_t len)
{
  uint64_t last = n->log.count ? n->log.entries[n->log.count - 1].at : 0;
  if (n->station == 0 || !net_is_frame(len)) {
    return false;
  }
  at = at < now ? now : at;
  bool kept = log_append(&n->log, at < last ? last : at, frame, len);
  n->log_lost = n->log_lost || !kept;
  tell(n);
  return kept;
}

unsigned net_queued(const struct net *n, uint32_t from)
{
  unsigned count = 0;
  for (unsigned i = 0; i < n->front.queued; i++) {
    count += net_frame_from(n->front.queue[i].bytes) == from;
  }
  return count;
}

struct machine_net net_state(const struct net *n)
{
  const struct front *f = &n->front;
  return (struct machine_net){.station = n->station,
                              .sending = f->sending.busy,
                              .receiving = f->receiving.busy,
                              .waiting = f->queued,
                              .sent = f->counts.sent,
                              .received = f->counts.received,
                              .dropped = f->counts.dropped};
}

const char *net_host_error(const struct net *n)
{
  return n->log_lost ? "no memory for frames that arrive" : NULL;
}

static uint64_t digest_under_way(uint64_t digest, const struct front *f, uint64_t now)
{
  const struct sending *s = &f->sending;
  const struct receiving *r = &f->receiving;
  digest = digest_add(digest, s->busy ? s->due - now : 0);
  if (s->busy) {
    digest = digest_add(digest, s->error);
    digest = digest_add(digest, (uint64_t)s->at << 32 | s->len);
  }
  digest = digest_add(digest, !r->busy ? 0 : r->due == MACHINE_NEVER ? r->due : r->due - now);
  if (r->busy) {
    digest = digest_add(digest, (uint64_t)r->at << 32 | r->error);
  }
  return digest;
}

uint64_t net_digest(const struct net *n, uint64_t now)
{
  const struct front *f = &n->front;
  const struct registers *regs = &f->regs;
  uint64_t digest = digest_add(n->station, (uint64_t)regs->send_at << 32 | regs->send_length);
  digest = digest_add(digest, (uint64_t)regs->receive_at << 32 | regs->received);
  digest = digest_add(digest, (uint64_t)regs->send_error << 8 | regs->receive_error);
  if (n->station == 0 && !f->sending.busy && !f->receiving.busy) {
    return digest; /* nothing is ever sent, nor arrives */
  }
  digest = digest_under_way(digest, f, now);
  digest = digest_add(digest_add(digest, f->counts.sent), f->sent_digest);
  digest = digest_add(digest_add(digest, f->counts.received), f->counts.dropped);
  for (unsigned i = 0; i < f->queued; i++) {
    digest = digest_add(digest, digest_frame(f->queue[i].bytes, f->queue[i].len));
  }
  return digest_add(digest, f->queued);
}

/* --------------------------------------------------------------- snapshots */

static size_t front_bytes(const struct front *f)
{
  return offsetof(struct front, queue) + f->queued * sizeof f->queue[0];
}

struct net_mark *net_mark(const struct net *n)
{
  size_t front = front_bytes(&n->front);
  struct net_mark *mark = malloc(offsetof(struct net_mark, front) + front);
  if (mark) {
    mark->logged = n->log.count;
    mark->arrived = n->log.arrived;
    memcpy(&mark->front, &n->front, front);
  }
  return mark;
}

void net_return(struct net *n, const struct net_mark *mark)
{
  n->log.count = mark->logged;
  n->log.arrived = mark->arrived;
  memcpy(&n->front, &mark->front, front_bytes(&mark->front));
  tell(n);
}

static void save_frame(const struct frame *f, struct state_writer *w)
{
  state_put_u32(w, f->len);
  state_put_bytes(w, f->bytes, f->len);
}

static void save_front(const struct front *f, struct state_writer *w)
{
  state_put_u32(w, f->regs.send_at);
  state_put_u32(w, f->regs.send_length);
  state_put_u32(w, f->regs.receive_at);
  state_put_u32(w, f->regs.received);
  state_put_u8(w, f->regs.send_error);
  state_put_u8(w, f->regs.receive_error);
  state_put_u8(w, f->sending.busy);
  state_put_u8(w, f->sending.error);
  state_put_u32(w, f->sending.at);
  state_put_u32(w, f->sending.len);
  state_put_u64(w, f->sending.due);
  state_put_u8(w, f->receiving.busy);
  state_put_u8(w, f->receiving.error);
  state_put_u32(w, f->receiving.at);
  state_put_u64(w, f->receiving.due);
  state_put_u64(w, f->counts.sent);
  state_put_u64(w, f->counts.received);
  state_put_u64(w, f->counts.dropped);
  state_put_u64(w, f->sent_digest);
  state_put_u32(w, f->queued);
  for (unsigned i = 0; i < f->queued; i++) {
    save_frame(&f->queue[i], w);
  }
}

void net_save(const struct net *n, struct state_writer *w)
{
  state_put_u32(w, NET_TAG);
  state_put_u32(w, n->station);
  save_front(&n->front, w);
  state_put_u64(w, n->log.count);
  state_put_u64(w, n->log.arrived);
  for (size_t i = 0; i < n->log.count; i++) {
    state_put_u64(w, n->log.entries[i].at);
    save_frame(n->log.entries[i].frame, w);
  }
}

static bool load_flag(bool *flag, struct state_reader *r)
{
  uint8_t byte = state_get_u8(r);
  *flag = byte == 1;
  return byte <= 1;
}

static bool load_frame(struct frame *f, struct state_reader *r)
{
  f->len = state_get_u32(r);
  const uint8_t *bytes = net_is_frame(f->len) ? state_get_bytes(r, f->len) : NULL;
  if (bytes) {
    memcpy(f->bytes, bytes, f->len);
  }
  return bytes != NULL;
}

static bool load_front(struct front *f, struct state_reader *r)
{
  f->regs.send_at = state_get_u32(r);
  f->regs.send_length = state_get_u32(r);
  f->regs.receive_at = state_get_u32(r);
  f->regs.received = state_get_u32(r);
  f->regs.send_error = state_get_u8(r);
  f->regs.receive_error = state_get_u8(r);
  bool flags = load_flag(&f->sending.busy, r);
  f->sending.error = state_get_u8(r);
  f->sending.at = state_get_u32(r);
  f->sending.len = state_get_u32(r);
  f->sending.due = state_get_u64(r);
  flags = load_flag(&f->receiving.busy, r) && flags;
  f->receiving.error = state_get_u8(r);
  f->receiving.at = state_get_u32(r);
  f->receiving.due = state_get_u64(r);
  f->counts.sent = state_get_u64(r);
  f->counts.received = state_get_u64(r);
  f->counts.dropped = state_get_u64(r);
  f->sent_digest = state_get_u64(r);
  f->queued = state_get_u32(r);
  bool ok = flags && !r->failed && f->queued <= NET_QUEUE;
  for (unsigned i = 0; ok && i < f->queued; i++) {
    ok = load_frame(&f->queue[i], r);
  }
  return ok;
}

/* What is under way will be done without looking again. */
static bool front_possible(const struct net *n, const struct front *f)
{
  const struct sending *s = &f->sending;
  const struct receiving *r = &f->receiving;
  bool send = !s->busy || s->error != NET_OK || check_send(n, s->at, s->len) == NET_OK;
  bool receives = r->busy && r->error == NET_OK;
  bool receiving = !receives || (check_receive(n, r->at) == NET_OK &&
                                 (r->due == MACHINE_NEVER) == (f->queued == 0));
  return send && receiving && f->regs.send_error <= NET_STATUS_ERROR_MASK &&
         f->regs.receive_error <= NET_STATUS_ERROR_MASK && s->error <= NET_STATUS_ERROR_MASK &&
         r->error <= NET_STATUS_ERROR_MASK && (n->station != 0 || f->queued == 0);
}

static bool load_log(struct log *log, struct state_reader *r)
{
  uint64_t count = state_get_u64(r), last = 0;
  log->arrived = state_get_u64(r);
  if (r->failed || log->arrived > count) {
    return false;
  }
  for (uint64_t i = 0; i < count; i++) {
    struct frame f;
    uint64_t at = state_get_u64(r);
    if (!load_frame(&f, r) || at < last || !log_append(log, at, f.bytes, f.len)) {
      return false;
    }
    last = at;
  }
  return true;
}

struct net_state *net_load(const struct net *n, struct state_reader *r)
{
  struct net_state *s = calloc(1, sizeof *s);
  if (!s) {
    return NULL;
  }
  if (state_get_u32(r) != NET_TAG || state_get_u32(r) != n->station || !load_front(&s->front, r) ||
      !front_possible(n, &s->front) || !load_log(&s->log, r)) {
    net_discard(s);
    return NULL;
  }
  return s;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
  return a->at == b->at && a->frame->len == b->frame->len &&
         memcmp(a->frame->bytes, b->frame->bytes, a->frame->len) == 0;
}

static bool log_begins_with(const struct log *log, const struct log *start)
{
  for (size_t i = 0; i < start->count; i++) {
    if (i >= log->count || !same_entry(&log->entries[i], &start->entries[i])) {
      return false;
    }
  }
  return true;
}

void net_commit(struct net *n, struct net_state *s)
{
  if (log_begins_with(&n->log, &s->log)) {
    n->log.arrived = s->log.arrived;
  } else {
    log_free(&n->log);
    n->log = s->log;
    s->log = (struct log){0};
  }
  n->front = s->front;
  tell(n);
  net_discard(s);
}

void net_discard(struct net_state *s)
{
  log_free(&s->log);
  free(s);
}
