/* The file system of the guest solo, as the host reads and writes it. The format
 * is docs/solo.md's: sector 0 says what it is, a flat directory follows, then the
 * files, each in one piece. What is free follows from the directory alone.
 *
 * Every change is made in this order: the file's sectors first, its directory entry
 * last, by one write of one sector. So whatever is cut short between two writes,
 * the disk holds the old file or the new one.
 */
#ifndef TRAPEZE_TOOLS_DISK_SOLO_FS_H
#define TRAPEZE_TOOLS_DISK_SOLO_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/disk_store.h"

#define SOLO_SECTOR          512u
#define SOLO_VERSION         1u
#define SOLO_NAME_MAX        16u
#define SOLO_ENTRY_SIZE      32u
#define SOLO_PER_SECTOR      (SOLO_SECTOR / SOLO_ENTRY_SIZE)
#define SOLO_MAX_DIR_SECTORS 16u
#define SOLO_MAX_FILES       (SOLO_MAX_DIR_SECTORS * SOLO_PER_SECTOR)
#define SOLO_MIN_SECTORS     4u
#define SOLO_MAX_SECTORS     (1u << 22)
#define SOLO_MAX_BYTES       (SOLO_MAX_SECTORS * (uint64_t)SOLO_SECTOR)

enum solo_type { SOLO_FREE = 0, SOLO_DATA = 1, SOLO_PROGRAM = 2, SOLO_TYPES };

struct solo_entry {
  char name[SOLO_NAME_MAX + 1];
  uint8_t type;     /* enum solo_type, or what stands there */
  uint8_t spare[3]; /* 0 */
  uint32_t size;    /* bytes */
  uint32_t first;   /* sector; 0 if size is 0 */
  uint32_t tick;    /* when it was written; 0: by the host */
  bool ragged;      /* bytes other than 0 behind the end of its name */
  bool sound;       /* its name is good, its sectors lie on the disk */
};

/* A mini-disk of a store and the file system on it. Nothing here reads or writes
 * a sector outside the extent. */
struct solo_fs {
  struct disk_store *store; /* borrowed */
  uint32_t start, length;   /* the extent within the store */
  uint32_t sectors;         /* that the file system says it has */
  uint32_t dir_sectors;
  struct solo_entry entries[SOLO_MAX_FILES];
  uint64_t lost; /* the sector that the host refused, of the store; UINT64_MAX: none */
};

enum solo_answer {
  SOLO_DONE,
  SOLO_FOREIGN, /* no file system, or one that cannot be used: `reason` says why */
  SOLO_HOST,    /* the host refused: fs->lost, disk_store_failure() */
};

/* `length` sectors from `start` on, which the store has. */
void solo_extent(struct solo_fs *fs, struct disk_store *store, uint32_t start, uint32_t length);
/* Whether sector 0 has anything on it. */
enum solo_answer solo_is_blank(struct solo_fs *fs, bool *blank);
/* Makes an empty file system as large as the extent: SOLO_MIN_SECTORS to SOLO_MAX_SECTORS. */
enum solo_answer solo_format(struct solo_fs *fs);
/* Reads what is there. reason: 160 bytes. */
enum solo_answer solo_open(struct solo_fs *fs, char *reason, size_t size);

size_t solo_capacity(const struct solo_fs *fs); /* entries */
uint32_t solo_data_first(const struct solo_fs *fs);
uint32_t solo_sectors_of(uint32_t size); /* bytes */
/* SOLO_MAX_FILES: no file of that name. Only sound entries are found. */
size_t solo_find(const struct solo_fs *fs, const char *name);
/* A name as the format wants it: 1 to 16 of the characters ! to ~ but for '/'. */
bool solo_name_good(const char *name);
const char *solo_type_name(unsigned type);

/* Free sectors, and the longest free piece. Only for a disk without inconsistencies. */
struct solo_room {
  uint32_t used, free, longest;
  size_t files;
};
struct solo_room solo_room(const struct solo_fs *fs);
/* Where `sectors` fit, first piece first; 0: nowhere. */
uint32_t solo_place(const struct solo_fs *fs, uint32_t sectors);

/* A sound file's bytes into buf, which has room for its size. */
enum solo_answer solo_read(struct solo_fs *fs, size_t file, uint8_t *buf);
/* Writes or replaces a file. SOLO_FOREIGN with a reason: no room, no free entry. */
enum solo_answer solo_write(struct solo_fs *fs, const char *name, enum solo_type type,
                            const uint8_t *bytes, uint32_t size, char *reason, size_t reason_size);
enum solo_answer solo_delete(struct solo_fs *fs, size_t file);

/* Calls back with each inconsistency in words. Returns how many. */
typedef void solo_complain(void *ctx, const char *text);
size_t solo_check(const struct solo_fs *fs, solo_complain *complain, void *ctx);

#endif
