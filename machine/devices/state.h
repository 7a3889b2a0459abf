/* Saved device state: little-endian bytes, written and read in order. Writers
 * and readers remember a failure, so that only the end needs to ask.
 */
#ifndef TRAPEZE_MACHINE_DEVICES_STATE_H
#define TRAPEZE_MACHINE_DEVICES_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_writer {
  uint8_t *bytes; /* malloc'd; owner frees */
  size_t len, capacity;
  bool failed;
};

void state_put_u8(struct state_writer *w, uint8_t v);
void state_put_u32(struct state_writer *w, uint32_t v);
void state_put_u64(struct state_writer *w, uint64_t v);
void state_put_bytes(struct state_writer *w, const void *bytes, size_t len);

struct state_reader {
  const uint8_t *bytes; /* borrowed */
  size_t len, at;
  bool failed; /* something was asked for beyond the end; the answer was 0 */
};

uint8_t state_get_u8(struct state_reader *r);
uint32_t state_get_u32(struct state_reader *r);
uint64_t state_get_u64(struct state_reader *r);
/* A view of the next len bytes, or NULL. */
const uint8_t *state_get_bytes(struct state_reader *r, size_t len);

#endif
