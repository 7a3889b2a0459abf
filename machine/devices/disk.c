#include "machine/devices/disk.h"

#include <stdlib.h>
#include <string.h>

#include "machine/devices/channel.h"
#include "machine/devices/ports.h"
#include "machine/digest.h"

#define DISK_TAG         0x4b534944u /* "DISK", little-endian */
#define NO_SECTOR        0xffffffffu /* ends the list of sectors; no disk is that large */
#define UNREADABLE_BLOCK 1u          /* digest of a sector that the host refuses */

/* A command under way: everything captured when it was given. */
struct transfer {
  bool busy;
  bool read;
  uint8_t error; /* found when it was given: completes without a transfer */
  uint32_t sector, address, count;
  uint64_t due;
};

struct registers {
  uint32_t sector, address, count;
  uint8_t error; /* of the last command; 0 while one is under way */
};

struct disk {
  const struct disk_ops *ops;
  void *ctx;
  uint32_t sectors;
  struct registers regs;
  struct transfer transfer;
  uint64_t *blocks;  /* digest_block() of each sector, once known */
  bool known;        /* somebody has asked for the digest */
  uint64_t contents; /* sum of digest_place() over blocks */
  struct device_note *note;
  uint8_t buffer[DISK_MAX_COUNT * MACHINE_SECTOR_SIZE];
};

struct disk_state {
  struct registers regs;
  struct transfer transfer;
  struct state_reader sectors; /* pairs of sector number and contents, ascending */
};

struct disk *disk_create(uint32_t sectors, const struct disk_ops *ops, void *ctx)
{
  struct disk *d = calloc(1, sizeof *d);
  if (!d) {
    return NULL;
  }
  d->ops = ops;
  d->ctx = ctx;
  d->sectors = sectors;
  d->blocks = calloc((size_t)sectors + 1, sizeof *d->blocks);
  if (!d->blocks) {
    free(d);
    return NULL;
  }
  return d;
}

void disk_destroy(struct disk *d)
{
  if (d) {
    free(d->blocks);
    free(d);
  }
}

uint32_t disk_sectors(const struct disk *d)
{
  return d->sectors;
}

/* --------------------------------------------------------- contents' digest */

static void set_block(struct disk *d, uint32_t sector, uint64_t block)
{
  if (d->known) {
    d->contents -= digest_place(sector, d->blocks[sector]);
    d->contents += digest_place(sector, block);
    d->blocks[sector] = block;
  }
}

static void reread_block(struct disk *d, uint32_t sector)
{
  uint8_t buf[MACHINE_SECTOR_SIZE];
  bool ok = d->ops->peek(d->ctx, sector, buf);
  set_block(d, sector, ok ? digest_block(buf, sizeof buf) : UNREADABLE_BLOCK);
}

static void know_blocks(struct disk *d)
{
  if (!d->known) {
    d->known = true;
    for (uint32_t i = 0; i < d->sectors; i++) {
      reread_block(d, i);
    }
  }
}

/* Two registers at a time: this runs once an instruction when machines are compared. */
static uint64_t add_two(uint64_t digest, uint32_t a, uint32_t b)
{
  return digest_add(digest, (uint64_t)a << 32 | b);
}

uint64_t disk_digest(struct disk *d, uint64_t now)
{
  const struct transfer *t = &d->transfer;
  know_blocks(d);
  uint64_t digest = digest_add(d->sectors, d->contents);
  digest = add_two(digest, d->regs.sector, d->regs.address);
  digest = add_two(digest, d->regs.count, (uint32_t)d->regs.error << 1 | t->busy);
  if (t->busy) {
    digest = digest_add(digest, t->due - now);
    digest = digest_add(digest, t->error);
  }
  if (t->busy && t->error == DISK_OK) {
    digest = digest_add(digest, t->read);
    digest = digest_add(digest, t->sector);
    digest = digest_add(digest, t->address);
    digest = digest_add(digest, t->count);
  }
  return digest;
}

/* ------------------------------------------------------------------- ports */

bool disk_port_in(struct disk *d, uint64_t now, uint32_t port, uint32_t *value)
{
  (void)now; /* completion is decided at boundaries, by disk_fire() */
  switch (port) {
  case PORT_DISK_SECTOR:
    *value = d->regs.sector;
    return true;
  case PORT_DISK_ADDRESS:
    *value = d->regs.address;
    return true;
  case PORT_DISK_COUNT:
    *value = d->regs.count;
    return true;
  case PORT_DISK_COMMAND:
    *value = 0;
    return true;
  case PORT_DISK_STATUS:
    *value = (d->transfer.busy ? DISK_STATUS_BUSY : 0) | (uint32_t)d->regs.error
                                                             << DISK_STATUS_ERROR_SHIFT;
    return true;
  case PORT_DISK_SIZE:
    *value = d->sectors;
    return true;
  default:
    return false;
  }
}

static enum disk_error check_command(const struct disk *d, uint32_t command)
{
  if (command != DISK_COMMAND_READ && command != DISK_COMMAND_WRITE) {
    return DISK_ERROR_COMMAND;
  }
  if (d->regs.count == 0 || d->regs.count > DISK_MAX_COUNT) {
    return DISK_ERROR_COUNT;
  }
  if (!range_contains(0, d->sectors, d->regs.sector, d->regs.count)) {
    return DISK_ERROR_SECTOR;
  }
  if (d->regs.address % DISK_ADDRESS_ALIGN != 0 ||
      !range_contains(0, d->ops->storage_size(d->ctx), d->regs.address,
                      d->regs.count * MACHINE_SECTOR_SIZE)) {
    return DISK_ERROR_ADDRESS;
  }
  return DISK_OK;
}

static void tell(const struct disk *d)
{
  if (d->note) {
    *d->note = (struct device_note){.next_event = disk_next_event(d)};
  }
}

void disk_tells(struct disk *d, struct device_note *note)
{
  d->note = note;
  tell(d);
}

static void announce(struct disk *d)
{
  const struct transfer *t = &d->transfer;
  if (t->busy && t->error == DISK_OK && d->ops->begin) {
    d->ops->begin(d->ctx, t->read, t->sector, t->count);
  }
}

static void start(struct disk *d, uint64_t now, uint32_t command)
{
  if (d->transfer.busy) {
    return;
  }
  enum disk_error error = check_command(d, command);
  d->transfer = (struct transfer){
      .busy = true,
      .read = command == DISK_COMMAND_READ,
      .error = (uint8_t)error,
      .sector = d->regs.sector,
      .address = d->regs.address,
      .count = d->regs.count,
      .due = now + DISK_LATENCY + (error == DISK_OK ? DISK_PER_SECTOR * d->regs.count : 0),
  };
  d->regs.error = DISK_OK;
  tell(d);
  announce(d);
}

bool disk_port_out(struct disk *d, uint64_t now, uint32_t port, uint32_t value)
{
  switch (port) {
  case PORT_DISK_SECTOR:
    d->regs.sector = value;
    return true;
  case PORT_DISK_ADDRESS:
    d->regs.address = value;
    return true;
  case PORT_DISK_COUNT:
    d->regs.count = value;
    return true;
  case PORT_DISK_COMMAND:
    start(d, now, value);
    return true;
  case PORT_DISK_STATUS:
  case PORT_DISK_SIZE:
    return true;
  default:
    return false;
  }
}

/* --------------------------------------------------------------- completion */

static uint32_t read_sectors(struct disk *d, uint32_t sector, uint32_t count)
{
  if (d->ops->read) {
    return d->ops->read(d->ctx, sector, count, d->buffer);
  }
  uint32_t done = 0;
  while (done < count &&
         d->ops->peek(d->ctx, sector + done, d->buffer + done * MACHINE_SECTOR_SIZE)) {
    done++;
  }
  return done;
}

static uint32_t write_sectors(struct disk *d, uint32_t sector, uint32_t count)
{
  if (d->ops->write) {
    return d->ops->write(d->ctx, sector, count, d->buffer);
  }
  uint32_t done = 0;
  while (done < count &&
         d->ops->poke(d->ctx, sector + done, d->buffer + done * MACHINE_SECTOR_SIZE)) {
    done++;
  }
  return done;
}

static enum disk_error transfer_in(struct disk *d)
{
  const struct transfer *t = &d->transfer;
  bool ok = read_sectors(d, t->sector, t->count) == t->count &&
            d->ops->dma_write(d->ctx, gpa(t->address), d->buffer, t->count * MACHINE_SECTOR_SIZE);
  return ok ? DISK_OK : DISK_ERROR_HOST;
}

/* Sectors were written, the first `done` of them from the buffer. Where the host failed,
 * only it knows what they hold now. */
static void note_written(struct disk *d, uint32_t sector, uint32_t count, uint32_t done)
{
  for (uint32_t i = 0; d->known && i < count; i++) {
    if (i < done) {
      set_block(d, sector + i,
                digest_block(d->buffer + i * MACHINE_SECTOR_SIZE, MACHINE_SECTOR_SIZE));
    } else {
      reread_block(d, sector + i);
    }
  }
}

static enum disk_error transfer_out(struct disk *d)
{
  const struct transfer *t = &d->transfer;
  uint32_t len = t->count * MACHINE_SECTOR_SIZE;
  if (!d->ops->dma_read(d->ctx, gpa(t->address), d->buffer, len)) {
    return DISK_ERROR_HOST;
  }
  uint32_t done = write_sectors(d, t->sector, t->count);
  note_written(d, t->sector, t->count, done);
  return done == t->count ? DISK_OK : DISK_ERROR_HOST;
}

uint64_t disk_next_event(const struct disk *d)
{
  return d->transfer.busy ? d->transfer.due : MACHINE_NEVER;
}

bool disk_under_way(const struct disk *d, struct disk_command *c)
{
  const struct transfer *t = &d->transfer;
  *c = (struct disk_command){!t->read, t->sector, t->address, t->count, t->due};
  return t->busy && t->error == DISK_OK;
}

bool disk_fire(struct disk *d, uint64_t now)
{
  struct transfer *t = &d->transfer;
  if (!t->busy || t->due > now) {
    return false;
  }
  enum disk_error error = t->error;
  if (error == DISK_OK) {
    error = t->read ? transfer_in(d) : transfer_out(d);
  }
  d->regs.error = (uint8_t)error;
  *t = (struct transfer){.busy = false};
  tell(d);
  return true;
}

/* ------------------------------------------------------------ by the channel */

static uint32_t transfer_buffered(struct disk *d, const struct channel_transfer *t)
{
  uint32_t done;
  if (!t->write) {
    done = read_sectors(d, t->sector, t->sectors);
    return channel_scatter(t, d->ops, d->ctx, 0, d->buffer, done * MACHINE_SECTOR_SIZE) ? done : 0;
  }
  if (!channel_gather(t, d->ops, d->ctx, 0, d->buffer, t->sectors * MACHINE_SECTOR_SIZE)) {
    return 0;
  }
  done = write_sectors(d, t->sector, t->sectors);
  note_written(d, t->sector, t->sectors, done);
  return done;
}

enum disk_error disk_transfer(struct disk *d, const struct channel_transfer *t)
{
  uint32_t done;
  if (!range_contains(0, d->sectors, t->sector, t->sectors)) {
    return DISK_ERROR_SECTOR;
  }
  if (d->ops->transfer) {
    done = d->ops->transfer(d->ctx, t);
    if (t->write) {
      note_written(d, t->sector, t->sectors, 0);
    }
  } else {
    done = transfer_buffered(d, t);
  }
  return done == t->sectors ? DISK_OK : DISK_ERROR_HOST;
}

/* --------------------------------------------------------------- the owner */

bool disk_peek(struct disk *d, uint32_t sector, void *buf)
{
  return sector < d->sectors && d->ops->peek(d->ctx, sector, buf);
}

bool disk_poke(struct disk *d, uint32_t sector, const void *buf)
{
  if (sector >= d->sectors) {
    return false;
  }
  bool ok = d->ops->poke(d->ctx, sector, buf);
  if (d->known && ok) {
    set_block(d, sector, digest_block(buf, MACHINE_SECTOR_SIZE));
  } else if (d->known) {
    reread_block(d, sector);
  }
  return ok;
}

/* --------------------------------------------------------------- snapshots */

struct disk_front {
  struct registers regs;
  struct transfer transfer;
};

struct disk_front *disk_front_copy(const struct disk *d)
{
  struct disk_front *front = malloc(sizeof *front);
  if (front) {
    *front = (struct disk_front){d->regs, d->transfer};
  }
  return front;
}

void disk_front_restore(struct disk *d, const struct disk_front *front)
{
  d->regs = front->regs;
  d->transfer = front->transfer;
  tell(d);
  d->known = false;
  d->contents = 0;
  memset(d->blocks, 0, d->sectors * sizeof *d->blocks);
}

static void save_contents(struct disk *d, struct state_writer *w)
{
  static const uint8_t zeros[MACHINE_SECTOR_SIZE];
  for (uint32_t i = 0; i < d->sectors && !w->failed; i++) {
    uint8_t buf[MACHINE_SECTOR_SIZE];
    if (d->known && d->blocks[i] == 0) {
      continue;
    }
    if (!d->ops->peek(d->ctx, i, buf)) {
      w->failed = true;
    } else if (memcmp(buf, zeros, sizeof buf) != 0) {
      state_put_u32(w, i);
      state_put_bytes(w, buf, sizeof buf);
    }
  }
  state_put_u32(w, NO_SECTOR);
}

void disk_save(struct disk *d, struct state_writer *w)
{
  const struct transfer *t = &d->transfer;
  state_put_u32(w, DISK_TAG);
  state_put_u32(w, d->sectors);
  state_put_u32(w, d->regs.sector);
  state_put_u32(w, d->regs.address);
  state_put_u32(w, d->regs.count);
  state_put_u8(w, d->regs.error);
  state_put_u8(w, t->busy);
  state_put_u8(w, t->read);
  state_put_u8(w, t->error);
  state_put_u32(w, t->sector);
  state_put_u32(w, t->address);
  state_put_u32(w, t->count);
  state_put_u64(w, t->due);
  save_contents(d, w);
}

/* A transfer without errors will be done without looking again. */
static bool transfer_possible(const struct disk *d, const struct transfer *t)
{
  return !t->busy || t->error != DISK_OK ||
         (t->count >= 1 && t->count <= DISK_MAX_COUNT &&
          range_contains(0, d->sectors, t->sector, t->count) &&
          range_contains(0, d->ops->storage_size(d->ctx), t->address,
                         t->count * MACHINE_SECTOR_SIZE));
}

static bool load_registers(struct disk_state *s, struct state_reader *r)
{
  s->regs.sector = state_get_u32(r);
  s->regs.address = state_get_u32(r);
  s->regs.count = state_get_u32(r);
  s->regs.error = state_get_u8(r);
  uint8_t busy = state_get_u8(r), read = state_get_u8(r);
  s->transfer.busy = busy == 1;
  s->transfer.read = read == 1;
  s->transfer.error = state_get_u8(r);
  s->transfer.sector = state_get_u32(r);
  s->transfer.address = state_get_u32(r);
  s->transfer.count = state_get_u32(r);
  s->transfer.due = state_get_u64(r);
  return !r->failed && busy <= 1 && read <= 1 && s->regs.error <= DISK_STATUS_ERROR_MASK &&
         s->transfer.error <= DISK_STATUS_ERROR_MASK;
}

/* Leaves in s->sectors what commit will walk. */
static bool load_contents(struct disk_state *s, uint32_t sectors, struct state_reader *r)
{
  s->sectors = *r;
  for (uint64_t least = 0;;) {
    uint32_t sector = state_get_u32(r);
    if (!r->failed && sector == NO_SECTOR) {
      return true;
    }
    if (sector < least || sector >= sectors || !state_get_bytes(r, MACHINE_SECTOR_SIZE)) {
      return false;
    }
    least = (uint64_t)sector + 1;
  }
}

struct disk_state *disk_load(const struct disk *d, struct state_reader *r)
{
  struct disk_state *s = calloc(1, sizeof *s);
  if (!s) {
    return NULL;
  }
  if (state_get_u32(r) != DISK_TAG || state_get_u32(r) != d->sectors || !load_registers(s, r) ||
      !transfer_possible(d, &s->transfer) || !load_contents(s, d->sectors, r)) {
    disk_discard(s);
    return NULL;
  }
  return s;
}

/* undo: pairs of sector number and what it held before. */
static void roll_back(struct disk *d, struct state_writer *undo)
{
  struct state_reader r = {.bytes = undo->bytes, .len = undo->len};
  while (r.at < r.len) {
    uint32_t sector = state_get_u32(&r);
    const uint8_t *bytes = state_get_bytes(&r, MACHINE_SECTOR_SIZE);
    if (bytes) {
      disk_poke(d, sector, bytes);
    }
  }
}

static bool change_sector(struct disk *d, uint32_t sector, const uint8_t *bytes,
                          struct state_writer *undo)
{
  uint8_t old[MACHINE_SECTOR_SIZE];
  if (!d->ops->peek(d->ctx, sector, old)) {
    return false;
  }
  if (memcmp(old, bytes, sizeof old) == 0) {
    return true;
  }
  state_put_u32(undo, sector);
  state_put_bytes(undo, old, sizeof old);
  return !undo->failed && disk_poke(d, sector, bytes);
}

bool disk_commit(struct disk *d, struct disk_state *s)
{
  static const uint8_t zeros[MACHINE_SECTOR_SIZE];
  struct state_writer undo = {0};
  uint32_t next = d->sectors ? state_get_u32(&s->sectors) : NO_SECTOR;
  bool ok = true;
  for (uint32_t i = 0; ok && i < d->sectors; i++) {
    const uint8_t *bytes = zeros;
    if (i == next) {
      bytes = state_get_bytes(&s->sectors, MACHINE_SECTOR_SIZE);
      next = state_get_u32(&s->sectors);
    } else if (d->known && d->blocks[i] == 0) {
      continue;
    }
    ok = change_sector(d, i, bytes, &undo);
  }
  if (ok) {
    d->regs = s->regs;
    d->transfer = s->transfer;
    tell(d);
    announce(d);
  } else {
    roll_back(d, &undo);
  }
  free(undo.bytes);
  disk_discard(s);
  return ok;
}

void disk_discard(struct disk_state *s)
{
  free(s);
}
