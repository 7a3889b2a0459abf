/* The devices of a machine together, in device order: console, disk, channel,
 * network. Timer and pending
 * lines are control registers and not here. Every kind of machine embeds one of these
 * and lists its devices nowhere else; so that one kind can load what another saved, and
 * a device that is added is added here. It stays where it is: devices write into it.
 */
#ifndef TRAPEZE_MACHINE_DEVICES_DEVICES_H
#define TRAPEZE_MACHINE_DEVICES_DEVICES_H

#include "machine/devices/channel.h"
#include "machine/devices/console.h"
#include "machine/devices/disk.h"
#include "machine/devices/net.h"

struct machine_blob;

struct devices {
  struct console *console;
  struct disk *disk;
  struct channel *channel; /* to the same two */
  struct net *net;
  struct {
    struct device_note console, disk, channel, net;
  } note;
};

/* What a kind of machine is to its devices; every ctx is the same. */
struct devices_ops {
  const struct disk_ops *disk; /* sectors 0 needs none */
  const struct net_ops *net;
};
/* As disk_create() and net_create(). False: no memory, and nothing is left. */
bool devices_create(struct devices *d, uint32_t sectors, uint32_t station,
                    const struct devices_ops *ops, void *ctx);
void devices_destroy(struct devices *d); /* one of zeros is fine */

/* Port access. False, and nothing done: no such port. `now` is the tick of the boundary
 * after the access. */
bool devices_port_in(struct devices *d, uint64_t now, uint32_t port, uint32_t *value);
bool devices_port_out(struct devices *d, uint64_t now, uint32_t port, uint32_t value);
bool devices_port_exists(uint32_t port);

/* Where I/O is memory-mapped: whether an access of `size` bytes at physical address `at`
 * is to a device register, and that register's port. */
bool devices_at(uint64_t at, uint32_t size);
uint32_t devices_port_at(uint32_t at);

/* The earliest tick at which one of them does something by itself, or MACHINE_NEVER. */
static inline uint64_t devices_next_event(const struct devices *d)
{
  uint64_t next = d->note.console.next_event;
  uint64_t disk = d->note.disk.next_event, channel = d->note.channel.next_event;
  uint64_t net = d->note.net.next_event;
  next = disk < next ? disk : next;
  next = channel < next ? channel : next;
  return net < next ? net : next;
}
/* What is due at `now` happens. Answers the causes whose lines are to be raised, as a
 * set of bits 1 << cause. */
uint32_t devices_fire_those_due(struct devices *d, uint64_t now);
static inline uint32_t devices_fire(struct devices *d, uint64_t now)
{
  return devices_next_event(d) <= now ? devices_fire_those_due(d, now) : 0;
}

/* The reason, once the host had no memory for what a device has to keep; else NULL. */
static inline const char *devices_host_error(const struct devices *d)
{
  const char *console = d->note.console.host_error;
  return console ? console : d->note.net.host_error;
}

/* For struct machine_ops save_devices and load_devices. Save: false if there is no memory
 * or a sector cannot be read; *blob is then empty. Load: all or nothing, but see
 * disk_commit(). Ticks are absolute: set the machine's tick to that of the saving too. */
bool devices_save(const struct devices *d, struct machine_blob *blob);
bool devices_load(struct devices *d, const struct machine_blob *blob);
/* Their canonical state at tick `now`, for device_digest. */
uint64_t devices_digest(const struct devices *d, uint64_t now);

/* For checkpoints: how far they have come, without what lies on the disk. See
 * console_return() and disk_front_restore(). A mark of zeros can be released. */
struct devices_mark {
  struct console_mark console;
  struct disk_front *disk;
  struct channel_front *channel;
  struct net_mark *net;
};
bool devices_mark(const struct devices *d, struct devices_mark *mark); /* false: no memory */
void devices_return(struct devices *d, const struct devices_mark *mark);
void devices_mark_release(struct devices_mark *mark);

#endif
