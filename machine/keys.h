/* Storage keys, as System/360 has them: one for each block of 2 KiB of storage.
 *
 *   bits 3:0  access key
 *   bit  4    fetch protection
 *
 * An access under PSW.key 0, or under the block's own access key, is allowed.
 * Under any other key a store is refused, and where fetch protection is set a
 * load or a fetch too. */
#ifndef TRAPEZE_MACHINE_KEYS_H
#define TRAPEZE_MACHINE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_BLOCK_SHIFT 11u
#define KEY_BLOCK_SIZE  (1u << KEY_BLOCK_SHIFT)
#define KEY_ACCESS_MASK 0x0fu
#define KEY_FETCH       0x10u
#define KEY_MASK        (KEY_ACCESS_MASK | KEY_FETCH)

/* psw_key: of the PSW; block_key: of the block. */
static inline bool key_allows(uint32_t psw_key, uint32_t block_key, bool store)
{
  return psw_key == 0 || psw_key == (block_key & KEY_ACCESS_MASK) ||
         !(store || (block_key & KEY_FETCH) != 0);
}

#endif
