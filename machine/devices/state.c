#include "machine/devices/state.h"

#include <stdlib.h>
#include <string.h>

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
