/* A copy-on-write overlay of one extent: which of its sectors have been written, and
 * what they hold. It knows no disk: its bytes are in a store that the caller gives, a
 * file of the host or memory, in a format (docs/minidisks.md) in which every write of a
 * sector is one record with a checksum. Whatever prefix of the calls of `write` has
 * happened, and whatever part of the last one, the store holds all that completed.
 */
#ifndef TRAPEZE_VMM_DEVICES_OVERLAY_H
#define TRAPEZE_VMM_DEVICES_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes, as many as were written. Answers: false, the host refused. */
struct overlay_store {
  void *ctx;
  uint64_t (*size)(void *ctx);
  bool (*read)(void *ctx, uint64_t at, void *buf, size_t len);
  bool (*write)(void *ctx, uint64_t at, const void *buf, size_t len); /* may make it longer */
  bool (*clear)(void *ctx);                                           /* nothing is left */
  void (*close)(void *ctx); /* NULL: nothing is to be done */
};
/* In memory. False: there is none. */
bool overlay_memory(struct overlay_store *store);

/* What an overlay belongs to: an extent of a disk, with these contents. */
struct overlay_base {
  uint32_t disk_sectors;   /* of the whole disk */
  uint32_t first, sectors; /* of the extent */
  uint64_t digest;         /* overlay_digest() of all its sectors */
};
#define OVERLAY_DIGEST_START 0xcbf29ce484222325u
/* FNV-1a of 64 bits, of so many bytes more. */
uint64_t overlay_digest(uint64_t digest, const void *bytes, size_t len);

/* What the store says that it belongs to. False with a sentence in *reason: it is no
 * overlay, or it is empty. */
struct overlay_claim {
  struct overlay_base base;
  bool committing; /* a commit was begun and has not ended */
};
bool overlay_claim(const struct overlay_store *store, struct overlay_claim *claim,
                   const char **reason);

enum overlay_use {
  OVERLAY_GUEST,  /* the base must be as it was, and no commit under way */
  OVERLAY_COMMIT, /* if a commit was under way, the base may have become something else */
};
struct overlay;
/* Closes the store in the end, and at once if it answers NULL with a sentence in *reason:
 * foreign, damaged, of another base, or the host refused. An empty store becomes an empty
 * overlay. */
struct overlay *overlay_open(const struct overlay_store *store, const struct overlay_base *base,
                             enum overlay_use use, const char **reason);
void overlay_close(struct overlay *o); /* NULL is fine */

uint32_t overlay_sectors(const struct overlay *o); /* of the extent */
uint32_t overlay_written(const struct overlay *o); /* how many of them are here */
/* Sectors count from the extent's first. */
bool overlay_has(const struct overlay *o, uint32_t sector);
/* 512 bytes. False: it is not here, or the host refused, or what it gave is damaged. */
bool overlay_read(struct overlay *o, uint32_t sector, void *buf);
/* False: no such sector, or the host refused; the sector holds what it held. */
bool overlay_write(struct overlay *o, uint32_t sector, const void *buf);

/* Into the base, sector by sector; then, once `sync` has said that they are there, the
 * store is cleared and the overlay may only be closed. Stopped at any moment it can be
 * repeated with OVERLAY_COMMIT. False: the host refused; the same holds. */
struct overlay_sink {
  void *ctx;
  bool (*write)(void *ctx, uint32_t sector, const void *buf); /* of the extent */
  bool (*sync)(void *ctx);
};
bool overlay_commit(struct overlay *o, const struct overlay_sink *to);

#endif
