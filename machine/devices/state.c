#include "machine/devices/state.h"

#include <stdlib.h>
#include <string.h>

#include "machine/devices/console.h"
#include "machine/devices/disk.h"
#include "machine/digest.h"
#include "machine/ops.h"

static bool reserve(struct state_writer *w, size_t more)
{
  if (w->failed || more > SIZE_MAX / 2 - w->len) {
    w->failed = true;
    return false;
  }
  if (w->len + more <= w->capacity) {
    return true;
  }
  size_t capacity = 2 * (w->len + more);
  uint8_t *bytes = realloc(w->bytes, capacity);
  if (!bytes) {
    w->failed = true;
    return false;
  }
  w->bytes = bytes;
  w->capacity = capacity;
  return true;
}

void state_put_bytes(struct state_writer *w, const void *bytes, size_t len)
{
  if (len != 0 && reserve(w, len)) {
    memcpy(w->bytes + w->len, bytes, len);
    w->len += len;
  }
}

static void put_number(struct state_writer *w, uint64_t v, unsigned size)
{
  uint8_t bytes[8];
  for (unsigned i = 0; i < size; i++) {
    bytes[i] = (uint8_t)(v >> (8 * i));
  }
  state_put_bytes(w, bytes, size);
}

void state_put_u8(struct state_writer *w, uint8_t v)
{
  put_number(w, v, 1);
}
void state_put_u32(struct state_writer *w, uint32_t v)
{
  put_number(w, v, 4);
}
void state_put_u64(struct state_writer *w, uint64_t v)
{
  put_number(w, v, 8);
}

const uint8_t *state_get_bytes(struct state_reader *r, size_t len)
{
  if (r->failed || len > r->len - r->at) {
    r->failed = true;
    return NULL;
  }
  const uint8_t *bytes = r->bytes + r->at;
  r->at += len;
  return bytes;
}

static uint64_t get_number(struct state_reader *r, unsigned size)
{
  const uint8_t *bytes = state_get_bytes(r, size);
  uint64_t v = 0;
  for (unsigned i = 0; bytes && i < size; i++) {
    v |= (uint64_t)bytes[i] << (8 * i);
  }
  return v;
}

uint8_t state_get_u8(struct state_reader *r)
{
  return (uint8_t)get_number(r, 1);
}
uint32_t state_get_u32(struct state_reader *r)
{
  return (uint32_t)get_number(r, 4);
}
uint64_t state_get_u64(struct state_reader *r)
{
  return get_number(r, 8);
}

bool devices_save(const struct console *c, struct disk *d, struct machine_blob *blob)
{
  struct state_writer w = {0};
  *blob = (struct machine_blob){0};
  console_save(c, &w);
  disk_save(d, &w);
  if (w.failed) {
    free(w.bytes);
    return false;
  }
  *blob = (struct machine_blob){.bytes = w.bytes, .len = w.len};
  return true;
}

bool devices_load(struct console *c, struct disk *d, const struct machine_blob *blob)
{
  struct state_reader r = {.bytes = blob->bytes, .len = blob->len};
  struct console_state *console = console_load(&r);
  if (!console) {
    return false;
  }
  struct disk_state *disk = disk_load(d, &r);
  if (!disk) {
    goto discard_console;
  }
  if (r.at != r.len) {
    disk_discard(disk);
    goto discard_console;
  }
  /* The disk first: it alone can still fail. */
  if (!disk_commit(d, disk)) {
    goto discard_console;
  }
  console_commit(c, console);
  return true;

discard_console:
  console_discard(console);
  return false;
}

uint64_t devices_digest(const struct console *c, struct disk *d, uint64_t now)
{
  return digest_add(console_digest(c), disk_digest(d, now));
}
