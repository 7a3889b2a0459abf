#include "machine/devices/channel.h"

#include <stdlib.h>

#include "machine/devices/console.h"
#include "machine/devices/disk.h"
#include "machine/devices/ports.h"
#include "machine/digest.h"

#define CHANNEL_TAG 0x4e414843u /* "CHAN", little-endian */
#define WORD_SIZE   4u
#define SEEK_ALIGN  4u
#define CHUNK       256u /* bytes moved at once from or to a console */

/* Canonical: the program under way, and each unit's status. */
struct channel_front {
  bool busy;
  uint64_t due;
  struct channel_program program; /* if busy */
  struct channel_status status[CHANNEL_UNITS];
};

struct channel {
  struct console *console;
  struct disk *disk;
  const struct disk_ops *ops;
  void *ctx;
  struct channel_front front;
  struct device_note *note;
};

struct channel *channel_create(struct console *console, struct disk *disk,
                               const struct disk_ops *ops, void *ctx)
{
  struct channel *c = calloc(1, sizeof *c);
  if (c) {
    c->console = console;
    c->disk = disk;
    c->ops = ops;
    c->ctx = ctx;
  }
  return c;
}

void channel_destroy(struct channel *c)
{
  free(c);
}

/* ----------------------------------------------------------------- validation */

static bool moves_data(uint32_t command)
{
  return command == CHANNEL_READ || command == CHANNEL_WRITE || command == CHANNEL_SENSE;
}

static bool moves_sectors(const struct channel_collector *c, uint32_t command)
{
  return c->program.unit == CHANNEL_UNIT_DISK &&
         (command == CHANNEL_READ || command == CHANNEL_WRITE);
}

static bool data_is_possible(struct channel_collector *c, const struct channel_step *s)
{
  if (c->pieces == CHANNEL_MAX_PIECES ||
      !range_contains(0, c->storage_size, s->address, s->count)) {
    return false;
  }
  c->at_once += c->program.unit == CHANNEL_UNIT_CONSOLE ? s->count : 0;
  if (c->at_once > CHANNEL_MAX_AT_ONCE) {
    return false;
  }
  c->pieces++;
  c->bytes += s->count;
  bool last = !(s->flags & CHANNEL_DATA_CHAIN);
  return !moves_sectors(c, s->command) ||
         (c->bytes <= CHANNEL_MAX_BYTES && (!last || c->bytes % MACHINE_SECTOR_SIZE == 0));
}

static bool is_possible(struct channel_collector *c, const struct channel_step *s)
{
  if (c->program.count == CHANNEL_MAX_CCWS || (s->flags & ~CHANNEL_FLAGS) || s->count == 0) {
    return false;
  }
  if (moves_data(s->command)) {
    return data_is_possible(c, s);
  }
  if (s->flags & CHANNEL_DATA_CHAIN) {
    return false;
  }
  if (s->command == CHANNEL_SEEK) {
    return c->program.unit == CHANNEL_UNIT_DISK && s->count == WORD_SIZE &&
           s->address % SEEK_ALIGN == 0 &&
           range_contains(0, c->storage_size, s->address, WORD_SIZE);
  }
  return s->command == CHANNEL_NOP;
}

enum channel_verdict channel_collect(struct channel_collector *c, struct channel_step step)
{
  struct channel_program *p = &c->program;
  if (c->pieces > 0) { /* the command of a CCW that data chaining leads to does not count */
    step.command = p->step[p->count - 1].command;
  }
  if (!is_possible(c, &step)) {
    return CHANNEL_REFUSED;
  }
  p->step[p->count++] = step;
  if (step.flags & CHANNEL_DATA_CHAIN) {
    return CHANNEL_GOES_ON;
  }
  c->pieces = 0;
  c->bytes = 0;
  return step.flags & CHANNEL_COMMAND_CHAIN ? CHANNEL_GOES_ON : CHANNEL_COMPLETE;
}

/* ------------------------------------------------------------------- snapshot */

static uint32_t word_of(const uint8_t *bytes)
{
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool read_ccw(const struct disk_ops *ops, void *ctx, uint32_t at, struct channel_step *step)
{
  uint8_t bytes[CHANNEL_CCW_SIZE];
  if (at % CHANNEL_CCW_SIZE != 0 || !ops->dma_read(ctx, gpa(at), bytes, sizeof bytes)) {
    return false;
  }
  *step = (struct channel_step){.command = bytes[0],
                                .flags = bytes[1],
                                .count = (uint16_t)(bytes[2] | bytes[3] << 8),
                                .address = word_of(bytes + WORD_SIZE),
                                .at = at};
  return true;
}

/* Where there is none, the CCW is refused anyway. */
static void read_argument(const struct disk_ops *ops, void *ctx, struct channel_step *step)
{
  uint8_t bytes[WORD_SIZE];
  if (step->command == CHANNEL_SEEK &&
      ops->dma_read(ctx, gpa(step->address), bytes, sizeof bytes)) {
    step->argument = word_of(bytes);
  }
}

static struct channel_program refuse(uint32_t caw, uint32_t at)
{
  return (struct channel_program){
      .refused = true, .refused_at = at, .unit = caw & CHANNEL_UNIT_MASK};
}

struct channel_program channel_snapshot(const struct disk_ops *ops, void *ctx, uint32_t caw)
{
  struct channel_collector c = {.program.unit = caw & CHANNEL_UNIT_MASK,
                                .storage_size = ops->storage_size(ctx)};
  uint32_t at = caw & ~CHANNEL_UNIT_MASK;
  bool may_transfer = false; /* neither the first CCW nor one that a transfer leads to may */
  for (unsigned followed = 0; followed < CHANNEL_MAX_CCWS; followed++) {
    struct channel_step step;
    if (!read_ccw(ops, ctx, at, &step)) {
      return refuse(caw, at);
    }
    if (step.command == CHANNEL_TIC) {
      if (!may_transfer) {
        return refuse(caw, at);
      }
      may_transfer = false;
      at = step.address;
      continue;
    }
    if (c.pieces == 0) {
      read_argument(ops, ctx, &step);
    }
    enum channel_verdict verdict = channel_collect(&c, step);
    if (verdict != CHANNEL_GOES_ON) {
      return verdict == CHANNEL_COMPLETE ? c.program : refuse(caw, at);
    }
    may_transfer = true;
    at += CHANNEL_CCW_SIZE;
  }
  return refuse(caw, at);
}

/* ------------------------------------------------------------------- transfers */

typedef bool move_fn(const struct disk_ops *ops, void *ctx, uint32_t at, uint8_t *buf,
                     uint32_t len);

static bool to_buffer(const struct disk_ops *ops, void *ctx, uint32_t at, uint8_t *buf,
                      uint32_t len)
{
  return ops->dma_read(ctx, gpa(at), buf, len);
}

static bool to_storage(const struct disk_ops *ops, void *ctx, uint32_t at, uint8_t *buf,
                       uint32_t len)
{
  return ops->dma_write(ctx, gpa(at), buf, len);
}

static bool move(const struct channel_transfer *t, const struct disk_ops *ops, void *ctx,
                 uint32_t from, uint8_t *buf, uint32_t len, move_fn *fn)
{
  for (unsigned i = 0; i < t->count && len > 0; i++) {
    const struct channel_piece *p = &t->piece[i];
    if (from >= p->len) {
      from -= p->len;
      continue;
    }
    uint32_t n = p->len - from < len ? p->len - from : len;
    if (!fn(ops, ctx, p->address + from, buf, n)) {
      return false;
    }
    buf += n;
    len -= n;
    from = 0;
  }
  return len == 0;
}

bool channel_gather(const struct channel_transfer *t, const struct disk_ops *ops, void *ctx,
                    uint32_t from, uint8_t *buf, uint32_t len)
{
  return move(t, ops, ctx, from, buf, len, to_buffer);
}

bool channel_scatter(const struct channel_transfer *t, const struct disk_ops *ops, void *ctx,
                     uint32_t from, const uint8_t *buf, uint32_t len)
{
  return move(t, ops, ctx, from, (uint8_t *)buf, len, to_storage);
}

/* ------------------------------------------------------------------- execution */

/* A program being carried out; how it stands is what status will be. */
struct course {
  struct channel *c;
  const struct channel_program *p;
  uint32_t sector; /* the arm of the disk; at 0 when a program begins */
  struct channel_status status;
};

static void end_at(struct course *x, uint32_t i, uint32_t residual)
{
  x->status.address = x->p->step[i].at + CHANNEL_CCW_SIZE;
  x->status.residual = (uint16_t)residual;
}

/* The device had `left` bytes less than CCW i has room for. */
static bool fell_short(struct course *x, uint32_t i, uint32_t left)
{
  end_at(x, i, left);
  if (x->p->step[i].flags & CHANNEL_SHORT_IS_FINE) {
    return true;
  }
  x->status.flags |= CHANNEL_LENGTH;
  return false;
}

static uint32_t console_get(struct channel *c, uint32_t address, uint32_t count)
{
  uint8_t bytes[CHUNK];
  uint32_t n = 0, value = 0;
  while (n < count && n < CHUNK && console_port_in(c->console, 0, PORT_CONSOLE_DATA, &value) &&
         value != CONSOLE_NO_INPUT) {
    bytes[n++] = (uint8_t)value;
  }
  if (n > 0) {
    c->ops->dma_write(c->ctx, gpa(address), bytes, n);
  }
  return n;
}

static uint32_t console_put(struct channel *c, uint32_t address, uint32_t count)
{
  uint8_t bytes[CHUNK];
  uint32_t n = count < CHUNK ? count : CHUNK;
  if (!c->ops->dma_read(c->ctx, gpa(address), bytes, n)) {
    return 0;
  }
  for (uint32_t i = 0; i < n; i++) {
    console_port_out(c->console, 0, PORT_CONSOLE_DATA, bytes[i]);
  }
  return n;
}

static bool console_command(struct course *x, uint32_t i, uint32_t end)
{
  for (; i < end; i++) {
    const struct channel_step *s = &x->p->step[i];
    uint32_t done = 0, n = 1;
    while (done < s->count && n > 0) {
      n = s->command == CHANNEL_READ ? console_get(x->c, s->address + done, s->count - done)
                                     : console_put(x->c, s->address + done, s->count - done);
      done += n;
    }
    if (done < s->count) {
      return fell_short(x, i, s->count - done);
    }
    end_at(x, i, 0);
  }
  return true;
}

static bool disk_command(struct course *x, uint32_t i, uint32_t end)
{
  struct channel_transfer t = {
      .write = x->p->step[i].command == CHANNEL_WRITE, .sector = x->sector, .count = end - i};
  uint32_t bytes = 0;
  for (unsigned k = 0; k < t.count; k++) {
    const struct channel_step *s = &x->p->step[i + k];
    t.piece[k] = (struct channel_piece){s->address, s->count};
    bytes += s->count;
  }
  t.sectors = bytes / MACHINE_SECTOR_SIZE;
  x->status.sense = (uint8_t)disk_transfer(x->c->disk, &t);
  if (x->status.sense != DISK_OK) {
    x->status.flags |= CHANNEL_UNIT_CHECK;
    end_at(x, i, x->p->step[i].count);
    return false;
  }
  x->sector += t.sectors;
  end_at(x, end - 1, 0);
  return true;
}

/* One word: sectors of a disk; whether a console has input. */
static bool sense_command(struct course *x, uint32_t i, uint32_t end)
{
  struct channel *c = x->c;
  uint32_t word = disk_sectors(c->disk), done = 0;
  if (x->p->unit == CHANNEL_UNIT_CONSOLE) {
    console_port_in(c->console, 0, PORT_CONSOLE_STATUS, &word);
  }
  for (; i < end; i++) {
    const struct channel_step *s = &x->p->step[i];
    uint32_t n = WORD_SIZE - done < s->count ? WORD_SIZE - done : s->count;
    uint8_t bytes[WORD_SIZE];
    for (uint32_t k = 0; k < n; k++) {
      bytes[k] = (uint8_t)(word >> 8 * (done + k));
    }
    if (n > 0) {
      c->ops->dma_write(c->ctx, gpa(s->address), bytes, n);
    }
    done += n;
    if (n < s->count) {
      return fell_short(x, i, s->count - n);
    }
    end_at(x, i, 0);
  }
  return true;
}

/* The command in CCWs i to end-1. False: the program ends with it. */
static bool carry_out_command(struct course *x, uint32_t i, uint32_t end)
{
  const struct channel_step *s = &x->p->step[i];
  switch (s->command) {
  case CHANNEL_SEEK:
    x->sector = s->argument;
    end_at(x, i, 0);
    return true;
  case CHANNEL_READ:
  case CHANNEL_WRITE:
    return x->p->unit == CHANNEL_UNIT_DISK ? disk_command(x, i, end) : console_command(x, i, end);
  case CHANNEL_SENSE:
    return sense_command(x, i, end);
  default:
    end_at(x, i, 0);
    return true;
  }
}

static struct channel_status carry_out(struct channel *c, const struct channel_program *p)
{
  struct course x = {.c = c, .p = p, .status.flags = CHANNEL_ENDED};
  bool goes_on = true;
  for (uint32_t i = 0, end; i < p->count && goes_on; i = end) {
    end = i + 1;
    while (p->step[end - 1].flags & CHANNEL_DATA_CHAIN) {
      end++;
    }
    goes_on = carry_out_command(&x, i, end);
  }
  return x.status;
}

/* --------------------------------------------------------------- sio and tio */

static bool exists(const struct channel *c, uint32_t unit)
{
  return unit == CHANNEL_UNIT_CONSOLE || (unit == CHANNEL_UNIT_DISK && disk_sectors(c->disk) != 0);
}

static bool is_busy(const struct channel *c, uint32_t unit)
{
  return c->front.busy && unit == c->front.program.unit;
}

enum channel_condition channel_ready(const struct channel *c, uint32_t caw)
{
  uint32_t unit = caw & CHANNEL_UNIT_MASK;
  return !exists(c, unit) ? CHANNEL_NO_UNIT : is_busy(c, unit) ? CHANNEL_BUSY : CHANNEL_AVAILABLE;
}

static void tell(const struct channel *c)
{
  if (c->note) {
    *c->note = (struct device_note){.next_event = channel_next_event(c)};
  }
}

void channel_tells(struct channel *c, struct device_note *note)
{
  c->note = note;
  tell(c);
}

static enum channel_condition condition(const struct channel_status *s)
{
  return s->flags & ~CHANNEL_ENDED ? CHANNEL_CHECKED : CHANNEL_AVAILABLE;
}

/* One latency for each movement of the arm, at least one. */
static uint64_t duration(const struct channel_program *p)
{
  uint64_t seeks = 0, bytes = 0;
  for (uint32_t i = 0; i < p->count; i++) {
    const struct channel_step *s = &p->step[i];
    seeks += s->command == CHANNEL_SEEK;
    bytes += s->command == CHANNEL_READ || s->command == CHANNEL_WRITE ? s->count : 0;
  }
  return DISK_LATENCY * (seeks ? seeks : 1) + DISK_PER_SECTOR * (bytes / MACHINE_SECTOR_SIZE);
}

enum channel_condition channel_start(struct channel *c, uint64_t now,
                                     const struct channel_program *p)
{
  struct channel_status *status = &c->front.status[p->unit];
  if (p->refused) {
    *status = (struct channel_status){.flags = CHANNEL_PROGRAM_CHECK,
                                      .address = p->refused_at + CHANNEL_CCW_SIZE};
    return CHANNEL_CHECKED;
  }
  if (p->unit == CHANNEL_UNIT_CONSOLE) {
    *status = carry_out(c, p);
    return condition(status);
  }
  *status = (struct channel_status){0};
  c->front.busy = true;
  c->front.due = now + duration(p);
  c->front.program = *p;
  tell(c);
  return CHANNEL_AVAILABLE;
}

uint32_t channel_test(const struct channel *c, uint32_t operand)
{
  uint32_t unit = operand & CHANNEL_UNIT_MASK;
  bool wants_address = operand & CHANNEL_TEST_ADDRESS;
  if (!exists(c, unit)) {
    return wants_address ? 0 : CHANNEL_NO_UNIT;
  }
  const struct channel_status *s = &c->front.status[unit];
  if (wants_address) {
    return s->address;
  }
  return (is_busy(c, unit) ? CHANNEL_BUSY : condition(s)) |
         (uint32_t)s->sense << CHANNEL_SENSE_SHIFT | (uint32_t)s->flags << CHANNEL_STATUS_SHIFT |
         (uint32_t)s->residual << CHANNEL_RESIDUAL_SHIFT;
}

uint64_t channel_next_event(const struct channel *c)
{
  return c->front.busy ? c->front.due : MACHINE_NEVER;
}

bool channel_fire(struct channel *c, uint64_t now)
{
  if (!c->front.busy || c->front.due > now) {
    return false;
  }
  c->front.status[CHANNEL_UNIT_DISK] = carry_out(c, &c->front.program);
  c->front.busy = false;
  tell(c);
  return true;
}

/* ----------------------------------------------------------- canonical state */

static uint64_t digest_step(uint64_t digest, const struct channel_step *s)
{
  digest = digest_add(digest, s->command | (uint64_t)s->flags << 8 | (uint64_t)s->count << 16 |
                                  (uint64_t)s->address << 32);
  return digest_add(digest, s->argument | (uint64_t)s->at << 32);
}

uint64_t channel_digest(const struct channel *c, uint64_t now)
{
  const struct channel_front *f = &c->front;
  uint64_t digest = f->busy;
  for (unsigned i = 0; i < CHANNEL_UNITS; i++) {
    const struct channel_status *s = &f->status[i];
    digest = digest_add(digest, s->flags | (uint64_t)s->sense << 8 | (uint64_t)s->residual << 16 |
                                    (uint64_t)s->address << 32);
  }
  if (f->busy) {
    digest = digest_add(digest, f->due - now);
    digest = digest_add(digest, f->program.unit);
    for (uint32_t i = 0; i < f->program.count; i++) {
      digest = digest_step(digest, &f->program.step[i]);
    }
  }
  return digest;
}

struct channel_front *channel_front_copy(const struct channel *c)
{
  struct channel_front *front = malloc(sizeof *front);
  if (front) {
    *front = c->front;
  }
  return front;
}

void channel_front_restore(struct channel *c, const struct channel_front *front)
{
  c->front = *front;
  tell(c);
}

static void save_step(const struct channel_step *s, struct state_writer *w)
{
  state_put_u8(w, s->command);
  state_put_u8(w, s->flags);
  state_put_u32(w, s->count);
  state_put_u32(w, s->address);
  state_put_u32(w, s->argument);
  state_put_u32(w, s->at);
}

void channel_save(const struct channel *c, struct state_writer *w)
{
  const struct channel_front *f = &c->front;
  state_put_u32(w, CHANNEL_TAG);
  for (unsigned i = 0; i < CHANNEL_UNITS; i++) {
    state_put_u8(w, f->status[i].flags);
    state_put_u8(w, f->status[i].sense);
    state_put_u32(w, f->status[i].residual);
    state_put_u32(w, f->status[i].address);
  }
  state_put_u8(w, f->busy);
  if (f->busy) {
    state_put_u64(w, f->due);
    state_put_u32(w, f->program.count);
    for (uint32_t i = 0; i < f->program.count; i++) {
      save_step(&f->program.step[i], w);
    }
  }
}

static struct channel_step load_step(struct state_reader *r)
{
  struct channel_step s = {.command = state_get_u8(r), .flags = state_get_u8(r)};
  s.count = (uint16_t)state_get_u32(r);
  s.address = state_get_u32(r);
  s.argument = state_get_u32(r);
  s.at = state_get_u32(r);
  return s;
}

/* What was under way will be carried out without looking again. */
static bool load_program(const struct channel *c, struct channel_front *f, struct state_reader *r)
{
  struct channel_collector collector = {.program.unit = CHANNEL_UNIT_DISK,
                                        .storage_size = c->ops->storage_size(c->ctx)};
  enum channel_verdict verdict = CHANNEL_GOES_ON;
  f->due = state_get_u64(r);
  for (uint32_t left = state_get_u32(r); left > 0; left--) {
    if (verdict != CHANNEL_GOES_ON) {
      return false;
    }
    verdict = channel_collect(&collector, load_step(r));
  }
  f->program = collector.program;
  return !r->failed && verdict == CHANNEL_COMPLETE && exists(c, CHANNEL_UNIT_DISK);
}

struct channel_front *channel_load(const struct channel *c, struct state_reader *r)
{
  struct channel_front *f = calloc(1, sizeof *f);
  if (!f) {
    return NULL;
  }
  bool ok = state_get_u32(r) == CHANNEL_TAG;
  for (unsigned i = 0; i < CHANNEL_UNITS; i++) {
    f->status[i].flags = state_get_u8(r);
    f->status[i].sense = state_get_u8(r);
    f->status[i].residual = (uint16_t)state_get_u32(r);
    f->status[i].address = state_get_u32(r);
  }
  uint8_t busy = state_get_u8(r);
  f->busy = busy == 1;
  if (!ok || r->failed || busy > 1 || (f->busy && !load_program(c, f, r))) {
    free(f);
    return NULL;
  }
  return f;
}
