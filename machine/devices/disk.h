/* The disk's front end: registers, checks at command time, one command at a
 * time, transfer at the completion tick. A plain object that knows no machine:
 * what it needs comes through struct disk_ops, so that the bare machine puts it
 * over a disk store and the VMM over an extent of a real machine's disk.
 *
 * The owner: at each boundary whose tick has reached disk_next_event(), calls
 * disk_fire() and raises the disk's line if it says so.
 */
#ifndef TRAPEZE_MACHINE_DEVICES_DISK_H
#define TRAPEZE_MACHINE_DEVICES_DISK_H

#include "machine/devices/note.h"
#include "machine/devices/ports.h"
#include "machine/devices/state.h"
#include "machine/machine.h"

struct channel_transfer; /* devices/channel.h */

/* What the front end asks of the outside. Sectors are those of this disk, from
 * 0, and in range; buffers hold MACHINE_SECTOR_SIZE bytes a sector. */
struct disk_ops {
  /* One sector, outside time: for digests, snapshots and the owner. */
  bool (*peek)(void *ctx, uint32_t sector, void *buf);
  bool (*poke)(void *ctx, uint32_t sector, const void *buf);
  /* The transfers of a command. Answer how many sectors were transferred before
   * the first one that failed. NULL: peek or poke, sector by sector. */
  uint32_t (*read)(void *ctx, uint32_t sector, uint32_t count, void *buf);
  uint32_t (*write)(void *ctx, uint32_t sector, uint32_t count, const void *buf);
  /* Storage of the machine. */
  uint32_t (*storage_size)(void *ctx);
  bool (*dma_read)(void *ctx, gpa_t at, void *buf, uint32_t len);
  bool (*dma_write)(void *ctx, gpa_t at, const void *buf, uint32_t len);
  /* Optional: a command without errors was accepted (or restored with a
   * snapshot, which makes void what was begun before), so that a real read can
   * start early. */
  void (*begin)(void *ctx, bool read, uint32_t sector, uint32_t count);
  /* A command of a channel program, both sides of it: sectors from or to storage. Answers
   * as read and write. NULL: these, and dma_read or dma_write. */
  uint32_t (*transfer)(void *ctx, const struct channel_transfer *t);
};

struct disk;

/* sectors 0: no disk; the registers are there all the same, as on a controller
 * without a drive. ops and ctx are borrowed; sectors 0 needs none.
 * NULL: no memory. */
struct disk *disk_create(uint32_t sectors, const struct disk_ops *ops, void *ctx);
void disk_destroy(struct disk *d); /* NULL is fine */
/* From now on *note is kept up to date; borrowed. */
void disk_tells(struct disk *d, struct device_note *note);
uint32_t disk_sectors(const struct disk *d);

/* Port access. False, and nothing done: not a port of the disk. `now` is the
 * tick of the boundary after the access; latency counts from it. */
bool disk_port_in(struct disk *d, uint64_t now, uint32_t port, uint32_t *value);
bool disk_port_out(struct disk *d, uint64_t now, uint32_t port, uint32_t value);

/* Completion tick of the command under way, or MACHINE_NEVER. */
uint64_t disk_next_event(const struct disk *d);
/* The command under way, if it will ask for a transfer. False: none, or one that was found
 * in error. */
struct disk_command {
  bool write;
  uint32_t sector, address, count;
  uint64_t due;
};
bool disk_under_way(const struct disk *d, struct disk_command *c);
/* If the command under way is due: transfers, completes, and answers true:
 * raise the line. If the host fails (DISK_ERROR_HOST), a read has transferred
 * nothing, a write the sectors before the one that failed. */
bool disk_fire(struct disk *d, uint64_t now);

/* A command of a channel program, now. Sectors before one that fails are transferred. */
enum disk_error disk_transfer(struct disk *d, const struct channel_transfer *t);

/* By the owner, outside time. False: no such sector, or the host refused. */
bool disk_peek(struct disk *d, uint32_t sector, void *buf);
bool disk_poke(struct disk *d, uint32_t sector, const void *buf);

/* Canonical state: registers, error, the command under way with the ticks it
 * has left, and the contents. The first call reads the whole disk; later ones
 * cost nothing, so whoever writes to the sectors behind the front end's back
 * must not expect it to notice. */
uint64_t disk_digest(struct disk *d, uint64_t now);

/* Registers and the command under way, as they are, of this disk or one like it;
 * NULL: no memory; free() it. Restoring begins nothing. It does not know either what the
 * sectors hold now: the next digest reads them all. */
struct disk_front;
struct disk_front *disk_front_copy(const struct disk *d);
void disk_front_restore(struct disk *d, const struct disk_front *front);

/* For snapshots: all of the above; sectors of zeros take no room. A sector that
 * cannot be read makes the writer fail. */
void disk_save(struct disk *d, struct state_writer *w);
/* Checks everything, then prepares; nothing of `d` changes before disk_commit().
 * False: not the state of a disk of this size, or no memory. */
struct disk_state;
struct disk_state *disk_load(const struct disk *d, struct state_reader *r);
/* Consumes s. False: the host refused a sector; those poked before it are put
 * back as far as the host lets us, and registers are as before. */
bool disk_commit(struct disk *d, struct disk_state *s);
void disk_discard(struct disk_state *s);

#endif
