/* Addresses: one type for each space, so that crossing from one to another is
 * always a named function. And half-open ranges with overflow-safe tests.
 *
 * gva_t guest virtual: what an instruction names.
 * gpa_t guest physical: an index into the storage of *this* machine, whatever
 *       kind of machine it is. For a bare machine it is plain physical.
 * mpa_t machine physical: as the VMM sees its real machine's storage.
 */
#ifndef TRAPEZE_MACHINE_ADDRESS_H
#define TRAPEZE_MACHINE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint32_t v;
} gva_t;
typedef struct {
  uint32_t v;
} gpa_t;
typedef struct {
  uint32_t v;
} mpa_t;

static inline gva_t gva(uint32_t v)
{
  return (gva_t){v};
}
static inline gpa_t gpa(uint32_t v)
{
  return (gpa_t){v};
}
static inline mpa_t mpa(uint32_t v)
{
  return (mpa_t){v};
}

typedef struct {
  gpa_t start;
  uint32_t size;
} gpa_range_t;
typedef struct {
  mpa_t start;
  uint32_t size;
} mpa_range_t;

/* [at, at+len) lies within [start, start+size). Empty accesses lie within. */
static inline bool range_contains(uint32_t start, uint32_t size, uint32_t at, uint32_t len)
{
  return at >= start && (uint64_t)at - start + len <= size;
}

static inline bool range_overlaps(uint32_t start, uint32_t size, uint32_t at, uint32_t len)
{
  return (uint64_t)at < (uint64_t)start + size && (uint64_t)start < (uint64_t)at + len;
}

#endif
