/* Channel-program translation, as in VM/370: what becomes of a channel program that a
 * guest starts.
 *
 * snapshot() does what the channel of the guest's machine would: reads the program, and
 * refuses what the architecture refuses, by the virtual machine's storage. Each word of
 * the guest is looked at once. What is checked is what will be carried out; a guest that
 * changes its program while it is under way, or a transfer that does, changes nothing.
 *
 * translate() writes the program that the real channel gets. Guest-physical addresses
 * become those of the real machine, sectors of the mini-disk those of the real disk, and a
 * transfer is split where extents meet. No address or sector of the guest's own
 * gets by: a device knows neither BASE nor BOUND, and would go wherever it is sent.
 */
#include "machine/devices/ports.h"
#include "vmm/modules.h"

#define WORD_SIZE 4u

/* ------------------------------------------------------------------ snapshot */

struct reading {
  const struct vmm_env *env;
  uint32_t size; /* bytes of the guest's storage */
  struct channel_program program;
  uint8_t command;        /* that data chaining goes on with; 0: none */
  uint32_t pieces, bytes; /* of it */
  uint32_t moved;         /* bytes of all commands */
};

static bool within_storage(const struct reading *r, uint32_t at, uint32_t len)
{
  return range_contains(0, r->size, at, len);
}

static bool fetch(const struct reading *r, uint32_t at, struct channel_step *step)
{
  if (at % CHANNEL_CCW_SIZE != 0 || !within_storage(r, at, CHANNEL_CCW_SIZE)) {
    return false;
  }
  struct vmm_word low = r->env->load(r->env->ctx, gpa(at));
  struct vmm_word high = r->env->load(r->env->ctx, gpa(at + WORD_SIZE));
  *step = (struct channel_step){.command = (uint8_t)low.word,
                                .flags = (uint8_t)(low.word >> CHANNEL_FLAGS_SHIFT),
                                .count = (uint16_t)(low.word >> CHANNEL_COUNT_SHIFT),
                                .address = high.word,
                                .at = at};
  return low.ok && high.ok;
}

/* The sector is part of the program, though it lies elsewhere. */
static bool accept_seek(struct reading *r, struct channel_step *step)
{
  if (r->program.unit != CHANNEL_UNIT_DISK || (step->flags & CHANNEL_DATA_CHAIN) ||
      step->count != WORD_SIZE || step->address % WORD_SIZE != 0 ||
      !within_storage(r, step->address, WORD_SIZE)) {
    return false;
  }
  struct vmm_word sector = r->env->load(r->env->ctx, gpa(step->address));
  step->argument = sector.word;
  return sector.ok;
}

static bool accept_data(struct reading *r, const struct channel_step *step)
{
  bool more = step->flags & CHANNEL_DATA_CHAIN;
  bool sectors = r->program.unit == CHANNEL_UNIT_DISK && step->command != CHANNEL_SENSE;
  r->pieces++;
  r->bytes += step->count;
  r->moved += step->count;
  if ((r->program.unit == CHANNEL_UNIT_CONSOLE && r->moved > CHANNEL_MAX_AT_ONCE) ||
      r->pieces > CHANNEL_MAX_PIECES || !within_storage(r, step->address, step->count) ||
      (sectors && r->bytes > CHANNEL_MAX_BYTES) ||
      (sectors && !more && r->bytes % MACHINE_SECTOR_SIZE != 0)) {
    return false;
  }
  r->command = more ? step->command : 0;
  if (!more) {
    r->pieces = 0;
    r->bytes = 0;
  }
  return true;
}

static bool accept(struct reading *r, struct channel_step *step)
{
  if ((step->flags & ~CHANNEL_FLAGS) || step->count == 0) {
    return false;
  }
  switch (step->command) {
  case CHANNEL_READ:
  case CHANNEL_WRITE:
  case CHANNEL_SENSE:
    return accept_data(r, step);
  case CHANNEL_SEEK:
    return accept_seek(r, step);
  case CHANNEL_NOP:
    return !(step->flags & CHANNEL_DATA_CHAIN);
  default:
    return false;
  }
}

static struct channel_program refuse(const struct reading *r, uint32_t at)
{
  return (struct channel_program){
      .refused = true, .refused_at = at, .unit = r->program.unit, .count = 0};
}

static struct channel_program snapshot(void *state, const struct vmm_env *env, uint32_t caw)
{
  (void)state;
  struct reading r = {.env = env, .size = env->allocation(env->ctx).size};
  struct channel_step step;
  uint32_t at = caw & ~CHANNEL_UNIT_MASK;
  bool transfer_allowed = false; /* not by the first CCW, and not to another transfer */
  r.program.unit = caw & CHANNEL_UNIT_MASK;
  for (unsigned seen = 0; seen < CHANNEL_MAX_CCWS; seen++) {
    if (!fetch(&r, at, &step)) {
      return refuse(&r, at);
    }
    if (step.command == CHANNEL_TIC) {
      if (!transfer_allowed) {
        return refuse(&r, at);
      }
      transfer_allowed = false;
      at = step.address;
      continue;
    }
    step.command = r.command != 0 ? r.command : step.command;
    if (!accept(&r, &step)) {
      return refuse(&r, at);
    }
    r.program.step[r.program.count++] = step;
    if (!(step.flags & (CHANNEL_DATA_CHAIN | CHANNEL_COMMAND_CHAIN))) {
      return r.program;
    }
    transfer_allowed = true;
    at += CHANNEL_CCW_SIZE;
  }
  return refuse(&r, at); /* a loop, or too long */
}

/* --------------------------------------------------------------- translation */

static bool emit(struct vmm_real_chain *c, uint8_t command, uint16_t count, mpa_t address,
                 uint32_t argument)
{
  if (c->count == CHANNEL_MAX_CCWS) {
    return false;
  }
  c->ccw[c->count++] = (struct vmm_real_ccw){command, 0, count, address, argument};
  return true;
}

/* The guest's storage for bytes [from, from+len) of the transfer. Only the allocation can
 * say where that is. */
static bool emit_pieces(struct vmm_real_chain *c, const struct channel_transfer *t, mpa_range_t own,
                        uint32_t from, uint32_t len)
{
  uint8_t command = t->write ? CHANNEL_WRITE : CHANNEL_READ;
  unsigned first = c->count;
  for (unsigned i = 0; i < t->count && len > 0; i++) {
    const struct channel_piece *p = &t->piece[i];
    if (from >= p->len) {
      from -= p->len;
      continue;
    }
    uint32_t n = p->len - from < len ? p->len - from : len;
    if (!emit(c, command, (uint16_t)n, mpa(own.start.v + p->address + from), 0)) {
      return false;
    }
    len -= n;
    from = 0;
  }
  for (unsigned i = first; i + 1 < c->count; i++) {
    c->ccw[i].flags = CHANNEL_DATA_CHAIN;
  }
  return true;
}

/* One run of sectors that lie together on the real disk. */
static bool emit_run(struct vmm_real_chain *c, const struct channel_transfer *t, mpa_range_t own,
                     struct vmm_place place, uint32_t from)
{
  if (c->count > 0) {
    c->ccw[c->count - 1].flags = CHANNEL_COMMAND_CHAIN;
  }
  if (!emit(c, CHANNEL_SEEK, WORD_SIZE, mpa(0), place.sector)) {
    return false;
  }
  c->ccw[c->count - 1].flags = CHANNEL_COMMAND_CHAIN;
  return emit_pieces(c, t, own, from, place.count * MACHINE_SECTOR_SIZE);
}

static struct vmm_real_chain translate(void *state, const struct vmm_env *env,
                                       struct channel_transfer t, uint32_t done)
{
  (void)state;
  struct vmm_real_chain c = {.kind = VMM_CHAIN_REFUSED};
  mpa_range_t own = env->allocation(env->ctx);
  while (done < t.sectors) {
    struct vmm_place place = env->disk_place(env->ctx, t.sector + done, t.sectors - done, t.write);
    if (!place.ok || (place.overlay && c.sectors > 0)) {
      break; /* first what comes before it */
    }
    if (place.overlay) {
      c.kind = VMM_CHAIN_OVERLAY;
      c.sectors = place.count;
      break;
    }
    struct vmm_real_chain longer = c;
    if (!emit_run(&longer, &t, own, place, done * MACHINE_SECTOR_SIZE)) {
      break; /* the rest goes into another program */
    }
    c = longer;
    c.kind = VMM_CHAIN_REAL;
    c.sectors += place.count;
    done += place.count;
  }
  return c;
}

const struct vmm_chain_module vmm_chain = {.snapshot = snapshot, .translate = translate};
