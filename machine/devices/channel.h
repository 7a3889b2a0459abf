/* The channel: devices driven by programs in storage, as on S/360. docs/channels.md says
 * what a guest sees. `sio` takes a snapshot of the whole program and checks it; what is
 * done at its end is done by the snapshot alone, whatever storage holds by then.
 *
 * A plain object that knows no machine, over the front ends of console and disk: the same
 * devices as behind the ports. A bare machine reads programs by channel_snapshot(); the
 * VMM has a module for it (vmm/devices/chain.c). Both give them to channel_start().
 *
 * The owner: at each boundary whose tick has reached channel_next_event(), calls
 * channel_fire() and raises the channel's line if it says so.
 */
#ifndef TRAPEZE_MACHINE_DEVICES_CHANNEL_H
#define TRAPEZE_MACHINE_DEVICES_CHANNEL_H

#include "machine/devices/note.h"
#include "machine/devices/state.h"
#include "machine/machine.h"

struct console;
struct disk;
struct disk_ops;

/* The operand of sio, the channel address word: where the program begins, a multiple of
 * 8, and in the low bits which unit it is for. The network's would be 2. */
#define CHANNEL_UNIT_MASK    7u
#define CHANNEL_UNIT_CONSOLE 0u
#define CHANNEL_UNIT_DISK    1u
#define CHANNEL_UNITS        2u
/* The operand of tio: a unit, and this bit for the second word of its status. */
#define CHANNEL_TEST_ADDRESS 8u

/* A channel command word: command, flags, count (2 bytes), data address (4 bytes). */
#define CHANNEL_CCW_SIZE    8u
#define CHANNEL_FLAGS_SHIFT 8
#define CHANNEL_COUNT_SHIFT 16
enum channel_command {
  CHANNEL_WRITE = 1, /* storage to device */
  CHANNEL_READ = 2,  /* device to storage */
  CHANNEL_NOP = 3,
  CHANNEL_SENSE = 4, /* about the device, to storage */
  CHANNEL_SEEK = 7,  /* disk: to the sector whose number is at the data address */
  CHANNEL_TIC = 8,   /* transfer in channel: the next CCW is at the data address */
};
#define CHANNEL_DATA_CHAIN    0x80u /* the next CCW has more storage for this command */
#define CHANNEL_COMMAND_CHAIN 0x40u /* the next CCW is another command */
#define CHANNEL_SHORT_IS_FINE 0x20u /* suppress the indication of an incorrect length */
#define CHANNEL_FLAGS         (CHANNEL_DATA_CHAIN | CHANNEL_COMMAND_CHAIN | CHANNEL_SHORT_IS_FINE)

/* Limits: CCWs followed by a program, transfers in channel included, so that no loop is
 * endless; of one command; and bytes that one command moves from or to a disk. */
#define CHANNEL_MAX_CCWS   64u
#define CHANNEL_MAX_PIECES 32u
#define CHANNEL_MAX_BYTES  (DISK_MAX_COUNT * MACHINE_SECTOR_SIZE)
/* A console's program is carried out within one instruction: bytes of all its commands. */
#define CHANNEL_MAX_AT_ONCE 256u

/* What sio and tio answer in bits 1:0. */
enum channel_condition {
  CHANNEL_AVAILABLE = 0, /* sio: started. tio: idle, and the last program ended well */
  CHANNEL_CHECKED = 1,   /* idle; see the status of the last program */
  CHANNEL_BUSY = 2,
  CHANNEL_NO_UNIT = 3,
};
/* The rest of what tio answers, the first word of the channel status: of a unit check why
 * (enum disk_error), what happened, and how much of the last CCW's count was left. The
 * second word: the address behind the last CCW that was used. */
#define CHANNEL_SENSE_SHIFT    2
#define CHANNEL_STATUS_SHIFT   8
#define CHANNEL_RESIDUAL_SHIFT 16
#define CHANNEL_ENDED          0x01u /* a program has been carried out to its end */
#define CHANNEL_PROGRAM_CHECK  0x02u /* one was refused, and nothing of it was done */
#define CHANNEL_LENGTH         0x04u /* a device had less than a CCW asked for */
#define CHANNEL_UNIT_CHECK     0x08u /* the device failed at a command */

struct channel_status {
  uint8_t flags; /* CHANNEL_ENDED … */
  uint8_t sense;
  uint16_t residual;
  uint32_t address;
};

/* A CCW of a snapshot; transfers in channel are none any more. */
struct channel_step {
  uint8_t command, flags;
  uint16_t count;
  uint32_t address;
  uint32_t argument; /* SEEK: the sector, as it was found at the start */
  uint32_t at;       /* where the CCW lay */
};
struct channel_program {
  bool refused; /* a program check; status says where, and there are no steps */
  uint32_t refused_at;
  uint32_t unit;
  uint32_t count;
  struct channel_step step[CHANNEL_MAX_CCWS];
};

/* Checks and collects CCWs one after another, in the order in which the channel meets
 * them; those of a program under way pass again when a snapshot is loaded. */
enum channel_verdict { CHANNEL_GOES_ON, CHANNEL_COMPLETE, CHANNEL_REFUSED };
struct channel_collector {
  struct channel_program program;
  uint32_t storage_size;
  uint32_t pieces, bytes; /* of the command under way; pieces 0: the next begins one */
  uint32_t at_once;       /* of a console's program */
};
enum channel_verdict channel_collect(struct channel_collector *c, struct channel_step step);

/* What the hardware does at sio: reads each CCW once, and each argument of a seek. */
struct channel_program channel_snapshot(const struct disk_ops *ops, void *ctx, uint32_t caw);

/* A command that moves data to or from a disk: whole sectors, and the storage for them in
 * pieces, which lie within storage. */
struct channel_piece {
  uint32_t address, len;
};
struct channel_transfer {
  bool write;
  uint32_t sector, sectors;
  unsigned count;
  struct channel_piece piece[CHANNEL_MAX_PIECES];
};
/* Its bytes from `from` on, `len` of them: storage to buffer, or back. */
bool channel_gather(const struct channel_transfer *t, const struct disk_ops *ops, void *ctx,
                    uint32_t from, uint8_t *buf, uint32_t len);
bool channel_scatter(const struct channel_transfer *t, const struct disk_ops *ops, void *ctx,
                     uint32_t from, const uint8_t *buf, uint32_t len);

struct channel;

/* Everything is borrowed. NULL: no memory. */
struct channel *channel_create(struct console *console, struct disk *disk,
                               const struct disk_ops *ops, void *ctx);
void channel_destroy(struct channel *c); /* NULL is fine */
/* From now on *note is kept up to date; borrowed. */
void channel_tells(struct channel *c, struct device_note *note);

/* Whether a program for this unit can be started now: CHANNEL_AVAILABLE, BUSY or NO_UNIT. */
enum channel_condition channel_ready(const struct channel *c, uint32_t caw);
/* sio, after channel_ready(): what it answers. `now` is the tick of the boundary after it.
 * A console's program is carried out at once, a disk's at the tick of its end. */
enum channel_condition channel_start(struct channel *c, uint64_t now,
                                     const struct channel_program *p);
/* tio. */
uint32_t channel_test(const struct channel *c, uint32_t operand);

uint64_t channel_next_event(const struct channel *c); /* or MACHINE_NEVER */
/* The program under way, if it is due, is carried out: true, raise the line. */
bool channel_fire(struct channel *c, uint64_t now);

/* The rest as for the other front ends (devices/disk.h). */
uint64_t channel_digest(const struct channel *c, uint64_t now);
struct channel_front;
struct channel_front *channel_front_copy(const struct channel *c); /* NULL: no memory */
void channel_front_restore(struct channel *c, const struct channel_front *front);
void channel_save(const struct channel *c, struct state_writer *w);
struct channel_front *channel_load(const struct channel *c, struct state_reader *r);

#endif
