/* Where a disk's sectors live on the host: an image file, or memory. The
 * machine's disk is a front end over one; several machines may not share one
 * that any of them writes.
 */
#ifndef TRAPEZE_MACHINE_DISK_STORE_H
#define TRAPEZE_MACHINE_DISK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_store;

enum disk_store_mode {
  DISK_STORE_WRITE,    /* writes go through to the file */
  DISK_STORE_READONLY, /* writes fail; the guest sees an error status */
  DISK_STORE_DISCARD,  /* the file is copied to memory and never written */
};

/* NULL with a message in *reason (static; reason may be NULL) if the file cannot
 * be opened, is no regular file, is not a multiple of 512 bytes, is empty, or is
 * open elsewhere and one of the two writes. errno is then 0 if the file is at
 * fault, else the host's error. */
struct disk_store *disk_store_open(const char *path, enum disk_store_mode mode,
                                   const char **reason);
/* All zero. NULL: no memory. */
struct disk_store *disk_store_memory(uint32_t sectors);
/* A memory copy of another's contents, for comparing runs. NULL: no memory or unreadable. */
struct disk_store *disk_store_copy(struct disk_store *from);
void disk_store_destroy(struct disk_store *d);
/* Writes to these sectors fail from now on, as all do in DISK_STORE_READONLY; a copy is not
 * protected. False, and nothing done: no memory. */
bool disk_store_protect(struct disk_store *d, uint32_t first, uint32_t sectors);

/* The contents of a store in memory, shared until it is written. NULL: no memory, or it is
 * a file. Restore into the store that was saved. */
struct disk_store_saved;
struct disk_store_saved *disk_store_save(const struct disk_store *d);
void disk_store_restore(struct disk_store *d, const struct disk_store_saved *s);
/* NULL is fine. Bytes that nobody needs any more. */
size_t disk_store_saved_destroy(struct disk_store_saved *s);
/* Bytes that no one saved before. */
size_t disk_store_saved_bytes(const struct disk_store_saved *s);

uint32_t disk_store_sectors(const struct disk_store *d);
/* 512 bytes; false: no such sector or the host refused. */
bool disk_store_read(struct disk_store *d, uint32_t sector, void *buf);
bool disk_store_write(struct disk_store *d, uint32_t sector, const void *buf);
/* All that was written is on the host's disk. False: the host refused. */
bool disk_store_sync(struct disk_store *d);
/* What the host refused first, as "cannot write sector 3: No space left on
 * device"; NULL: nothing. To a machine it was an error of its disk. */
const char *disk_store_failure(const struct disk_store *d);

#endif
