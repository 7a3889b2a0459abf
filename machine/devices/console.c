#include "machine/devices/console.h"

#include <stdlib.h>
#include <string.h>

#include "machine/devices/ports.h"
#include "machine/digest.h"

#define CONSOLE_TAG 0x534e4f43u /* "CONS", little-endian */

struct entry {
  uint64_t at;
  uint8_t byte;
};

/* The log and how far it has gone: read <= arrived <= count. */
struct log {
  struct entry *entries;
  size_t count, capacity;
  size_t arrived, read;
};

struct output {
  uint8_t *bytes; /* the first len bytes written */
  size_t len, capacity;
  uint64_t written; /* more than len beyond CONSOLE_KEPT, or if the host had no memory */
  uint64_t digest;  /* of all bytes written */
};

struct console {
  struct log log;
  struct output output;
  machine_console_fn *on_output;
  void *on_output_ctx;
  bool input_lost; /* for lack of memory */
  struct device_note *note;
};

struct console_state {
  struct log log;
  struct output output;
};

struct console *console_create(void)
{
  return calloc(1, sizeof(struct console));
}

void console_destroy(struct console *c)
{
  if (c) {
    free(c->log.entries);
    free(c->output.bytes);
    free(c);
  }
}

static void tell(const struct console *c)
{
  if (c->note) {
    *c->note = (struct device_note){console_next_event(c), console_host_error(c)};
  }
}

void console_tells(struct console *c, struct device_note *note)
{
  c->note = note;
  tell(c);
}

/* ------------------------------------------------------------------- ports */

bool console_port_in(struct console *c, uint64_t now, uint32_t port, uint32_t *value)
{
  (void)now; /* what has arrived is decided at boundaries, by console_fire() */
  bool ready = c->log.read < c->log.arrived;
  switch (port) {
  case PORT_CONSOLE_DATA:
    *value = ready ? c->log.entries[c->log.read++].byte : CONSOLE_NO_INPUT;
    return true;
  case PORT_CONSOLE_STATUS:
    *value = ready ? CONSOLE_STATUS_READY : 0;
    return true;
  default:
    return false;
  }
}

static bool lost_output(const struct output *o)
{
  return o->len < o->written && o->len < CONSOLE_KEPT;
}

static void output_append(struct output *o, uint8_t byte)
{
  o->digest = digest_add(o->digest, byte);
  if (o->written++ != o->len || o->len == CONSOLE_KEPT) {
    return;
  }
  if (o->len == o->capacity) {
    size_t capacity = o->capacity ? 2 * o->capacity : 256;
    uint8_t *bytes = realloc(o->bytes, capacity);
    if (!bytes) {
      return;
    }
    o->bytes = bytes;
    o->capacity = capacity;
  }
  o->bytes[o->len++] = byte;
}

bool console_port_out(struct console *c, uint64_t now, uint32_t port, uint32_t value)
{
  (void)now;
  switch (port) {
  case PORT_CONSOLE_DATA:
    output_append(&c->output, (uint8_t)value);
    if (lost_output(&c->output)) {
      tell(c);
    }
    if (c->on_output) {
      c->on_output(c->on_output_ctx, (uint8_t)value);
    }
    return true;
  case PORT_CONSOLE_STATUS:
    return true;
  default:
    return false;
  }
}

/* -------------------------------------------------------------------- time */

uint64_t console_next_event(const struct console *c)
{
  return c->log.arrived < c->log.count ? c->log.entries[c->log.arrived].at : MACHINE_NEVER;
}

bool console_fire(struct console *c, uint64_t now)
{
  size_t before = c->log.arrived;
  while (console_next_event(c) <= now && c->log.arrived < c->log.count) {
    c->log.arrived++;
  }
  tell(c);
  return c->log.arrived != before;
}

/* --------------------------------------------------------------- the owner */

static bool log_append(struct log *log, uint64_t at, uint8_t byte)
{
  if (log->count == log->capacity) {
    size_t capacity = log->capacity ? 2 * log->capacity : 64;
    struct entry *entries = reallocarray(log->entries, capacity, sizeof *entries);
    if (!entries) {
      return false;
    }
    log->entries = entries;
    log->capacity = capacity;
  }
  log->entries[log->count++] = (struct entry){.at = at, .byte = byte};
  return true;
}

bool console_input(struct console *c, uint64_t now, uint64_t at, uint8_t byte)
{
  uint64_t last = c->log.count ? c->log.entries[c->log.count - 1].at : 0;
  at = at < now ? now : at;
  bool kept = log_append(&c->log, at < last ? last : at, byte);
  c->input_lost = c->input_lost || !kept;
  tell(c);
  return kept;
}

unsigned console_ahead(const struct console *c)
{
  return (unsigned)(c->log.count - c->log.arrived);
}

void console_forget(struct console *c)
{
  c->log.count = c->log.arrived;
  tell(c);
}

const uint8_t *console_output(const struct console *c, size_t *len)
{
  *len = c->output.len;
  return c->output.bytes;
}

void console_on_output(struct console *c, machine_console_fn *fn, void *ctx)
{
  c->on_output = fn;
  c->on_output_ctx = ctx;
}

const char *console_host_error(const struct console *c)
{
  return c->input_lost             ? "no memory for console input"
         : lost_output(&c->output) ? "the host has no memory left for console output"
                                   : NULL;
}

uint64_t console_digest(const struct console *c)
{
  uint64_t digest = digest_add(c->output.digest, c->output.written);
  for (size_t i = c->log.read; i < c->log.arrived; i++) {
    digest = digest_add(digest, c->log.entries[i].byte);
  }
  return digest_add(digest, c->log.arrived - c->log.read);
}

/* --------------------------------------------------------------- snapshots */

struct console_mark console_mark(const struct console *c)
{
  return (struct console_mark){.written = c->output.written,
                               .digest = c->output.digest,
                               .len = c->output.len,
                               .logged = c->log.count,
                               .arrived = c->log.arrived,
                               .read = c->log.read};
}

void console_return(struct console *c, const struct console_mark *mark)
{
  c->output.written = mark->written;
  c->output.digest = mark->digest;
  c->output.len = mark->len;
  c->log.count = mark->logged;
  c->log.arrived = mark->arrived;
  c->log.read = mark->read;
  tell(c);
}

void console_save(const struct console *c, struct state_writer *w)
{
  state_put_u32(w, CONSOLE_TAG);
  state_put_u64(w, c->output.written);
  state_put_u64(w, c->output.digest);
  state_put_u64(w, c->output.len);
  state_put_bytes(w, c->output.bytes, c->output.len);
  state_put_u64(w, c->log.count);
  state_put_u64(w, c->log.arrived);
  state_put_u64(w, c->log.read);
  for (size_t i = 0; i < c->log.count; i++) {
    state_put_u64(w, c->log.entries[i].at);
    state_put_u8(w, c->log.entries[i].byte);
  }
}

static bool load_output(struct output *o, struct state_reader *r)
{
  o->written = state_get_u64(r);
  o->digest = state_get_u64(r);
  uint64_t len = state_get_u64(r);
  const uint8_t *bytes = state_get_bytes(r, len);
  if (!bytes || len > o->written || len > CONSOLE_KEPT) {
    return false;
  }
  o->bytes = malloc(len + 1);
  if (!o->bytes) {
    return false;
  }
  memcpy(o->bytes, bytes, len);
  o->len = len;
  o->capacity = len + 1;
  return true;
}

static bool load_log(struct log *log, struct state_reader *r)
{
  uint64_t count = state_get_u64(r), last = 0;
  log->arrived = state_get_u64(r);
  log->read = state_get_u64(r);
  if (r->failed || log->arrived > count || log->read > log->arrived) {
    return false;
  }
  for (uint64_t i = 0; i < count; i++) {
    uint64_t at = state_get_u64(r);
    uint8_t byte = state_get_u8(r);
    if (r->failed || at < last || !log_append(log, at, byte)) {
      return false;
    }
    last = at;
  }
  return true;
}

struct console_state *console_load(struct state_reader *r)
{
  struct console_state *s = calloc(1, sizeof *s);
  if (!s) {
    return NULL;
  }
  if (state_get_u32(r) != CONSOLE_TAG || !load_output(&s->output, r) || !load_log(&s->log, r)) {
    console_discard(s);
    return NULL;
  }
  return s;
}

static bool log_begins_with(const struct log *log, const struct log *start)
{
  for (size_t i = 0; i < start->count; i++) {
    if (i >= log->count || log->entries[i].at != start->entries[i].at ||
        log->entries[i].byte != start->entries[i].byte) {
      return false;
    }
  }
  return true;
}

void console_commit(struct console *c, struct console_state *s)
{
  if (log_begins_with(&c->log, &s->log)) {
    c->log.arrived = s->log.arrived;
    c->log.read = s->log.read;
  } else {
    free(c->log.entries);
    c->log = s->log;
    s->log.entries = NULL;
  }
  free(c->output.bytes);
  c->output = s->output;
  s->output.bytes = NULL;
  tell(c);
  console_discard(s);
}

void console_discard(struct console_state *s)
{
  free(s->log.entries);
  free(s->output.bytes);
  free(s);
}
