#include "machine/digest.h"

#include <string.h>

/* Four lanes, so that the multiplications overlap; words are read as the host
 * has them, which is the same on every little-endian host. */
uint64_t digest_block(const void *bytes, size_t len)
{
  const uint8_t *p = bytes;
  uint64_t lane[4] = {1, 2, 3, 4}, any = 0;
  for (size_t i = 0; i < len / 8; i++) {
    uint64_t word;
    memcpy(&word, p + 8 * i, 8);
    any |= word;
    uint64_t *l = &lane[i & 3];
    *l = (*l ^ word) * 0x9fb21c651e98df25u;
    *l ^= *l >> 29;
  }
  if (any == 0) {
    return 0;
  }
  uint64_t digest = len;
  for (int i = 0; i < 4; i++) {
    digest = digest_add(digest, lane[i]);
  }
  return digest == 0 ? 1 : digest;
}
