#include "reference_machine.h"

#include <string.h>

#define WRONG(name) (r->wrong == WRONG_##name)

void reference_reset(struct reference_machine *r, uint8_t *storage, uint32_t size, unsigned modes)
{
  memset(r, 0, sizeof *r);
  r->user.pc = 0x1000;
  r->imask = 0x1f;
  r->timer_due = MACHINE_NEVER;
  r->storage = storage;
  r->size = size;
  r->modes = modes;
}

/* ------------------------------------------------------------------- storage */

static void touch(struct reference_machine *r, uint32_t at, uint32_t len)
{
  if (r->touched_count == REFERENCE_TOUCHED) {
    r->touched_all = true;
    return;
  }
  r->touched[r->touched_count].at = at;
  r->touched[r->touched_count++].len = len;
}

static uint32_t get_word(const struct reference_machine *r, uint32_t at)
{
  const uint8_t *b = r->storage + at;
  return b[0] + 256u * b[1] + 65536u * b[2] + 16777216u * b[3];
}

static void put_word(struct reference_machine *r, uint32_t at, uint32_t value)
{
  for (unsigned i = 0; i < 4; i++, value /= 256) {
    r->storage[at + i] = (uint8_t)(value % 256);
  }
  touch(r, at, 4);
}

enum purpose { TO_LOAD, TO_STORE, TO_FETCH };

/* Whether the byte at a physical address is the processor's to access. */
static bool key_fits(const struct reference_machine *r, int64_t pa, enum purpose purpose)
{
  if (!r->keyed || pa >= r->size || (r->key == 0 && !WRONG(KEY_0_IS_NO_MASTER))) {
    return true;
  }
  const struct reference_key *k = &r->block[pa / 2048];
  bool lets = (WRONG(KEY_LETS_FETCH) && purpose == TO_FETCH) ||
              (WRONG(KEY_LETS_LOAD) && purpose == TO_LOAD) ||
              (WRONG(KEY_LETS_STORE) && purpose == TO_STORE && !k->fetch) ||
              (WRONG(KEY_WHILE_TE) && !r->te) || (WRONG(KEY_BY_MODE) && r->mode == 0);
  if (k->access == r->key || lets) {
    return true;
  }
  return purpose != TO_STORE && !k->fetch && !(WRONG(KEY_LOAD_AS_STORE) && purpose == TO_LOAD);
}

/* Where an access of `size` bytes at va falls; or why not. */
enum { BEYOND_BOUND = -1, BEYOND_STORAGE = -2, FORBIDDEN = -3 };

static int64_t place(const struct reference_machine *r, uint32_t va, uint32_t size, bool te,
                     enum purpose purpose)
{
  int64_t pa = va;
  if (te && !(WRONG(MODE_0_UNTRANSLATED) && r->mode == 0)) {
    int64_t end = (int64_t)va + (WRONG(BOUND_BY_FIRST_BYTE) ? 1 : size);
    bool early = WRONG(KEY_BEFORE_BOUNDS) && !key_fits(r, pa + r->base, purpose);
    if (end > (int64_t)r->bound + WRONG(BOUND_IS_INCLUSIVE)) {
      return early ? FORBIDDEN : BEYOND_BOUND;
    }
    pa += r->base;
    pa = WRONG(BASE_WRAPS) ? pa % 0x100000000 : pa;
  }
  if (WRONG(KEY_AFTER_BUS) && pa + size > r->size) {
    return BEYOND_STORAGE;
  }
  int64_t of = WRONG(KEY_BY_TE_ADDRESS) ? va : pa;
  for (uint32_t i = 0; i < (WRONG(KEY_OF_FIRST_BYTE) ? 1 : size); i++) {
    if (!key_fits(r, of + i, purpose)) {
      return FORBIDDEN;
    }
  }
  return pa + size > r->size ? BEYOND_STORAGE : pa;
}

static enum isa_cause cause_of(int64_t at)
{
  return at == BEYOND_BOUND ? CAUSE_BOUNDS : at == FORBIDDEN ? CAUSE_PROTECTION : CAUSE_BUS;
}

static bool fail(struct trap *t, enum isa_cause cause, uint32_t value)
{
  t->cause = cause;
  t->value = value;
  return false;
}

/* The physical address of an aligned word. */
static bool word_place(const struct reference_machine *r, uint32_t va, bool te,
                       enum purpose purpose, uint32_t *pa, struct trap *t)
{
  int64_t at = place(r, va, 4, te, purpose);
  if (va % 4 != 0 && !(WRONG(BUS_BEFORE_ALIGNMENT) && at == BEYOND_STORAGE)) {
    return fail(t, CAUSE_ALIGNMENT, va);
  }
  if (at < 0) {
    return fail(t, cause_of(at), va);
  }
  *pa = (uint32_t)at;
  return true;
}

static bool load_word(const struct reference_machine *r, uint32_t va, bool te, uint32_t *value,
                      struct trap *t)
{
  uint32_t pa;
  if (!word_place(r, va, te, TO_LOAD, &pa, t)) {
    return false;
  }
  *value = get_word(r, pa);
  return true;
}

static bool fetch_word(const struct reference_machine *r, uint32_t va, bool te, uint32_t *value,
                       struct trap *t)
{
  uint32_t pa;
  if (!word_place(r, va, te, TO_FETCH, &pa, t)) {
    return false;
  }
  *value = get_word(r, pa);
  return true;
}

static bool store_word(struct reference_machine *r, uint32_t va, bool te, uint32_t value,
                       struct trap *t)
{
  uint32_t pa;
  if (!word_place(r, va, te, TO_STORE, &pa, t)) {
    return false;
  }
  put_word(r, pa, value);
  return true;
}

/* ------------------------------------------------------- PSW, control registers */

static unsigned existing_mode(const struct reference_machine *r, unsigned mode)
{
  return mode >= r->modes && !WRONG(MTCR_NO_SUCH_MODE) ? r->modes - 1 : mode;
}

static uint32_t compose(unsigned mode, unsigned pmode, bool ie, bool te, bool c, bool v,
                        unsigned key)
{
  uint32_t psw = psw_set_pmode(psw_set_mode(0, mode), pmode);
  psw = psw_set_te(psw_set_ie(psw, ie), te);
  return psw_set_key(psw_set_v(psw_set_c(psw, c), v), key);
}

uint32_t reference_psw(const struct reference_machine *r)
{
  return compose(r->mode, r->pmode, r->ie, r->te, r->user.c, r->user.v, r->key);
}

static void take_psw(struct reference_machine *r, uint32_t value)
{
  r->mode = existing_mode(r, psw_mode(value));
  r->pmode = existing_mode(r, psw_pmode(value));
  r->ie = psw_ie(value);
  r->te = psw_te(value);
  r->user.c = psw_c(value);
  r->user.v = psw_v(value);
  r->key = psw_key(value);
}

/* The registers of a machine with the bounds MMU. */
bool reference_has_cr(enum isa_cr cr)
{
  switch (cr) {
  case CR_PSW:
  case CR_EPC:
  case CR_EPSW:
  case CR_CAUSE:
  case CR_BADVA:
  case CR_EINSN:
  case CR_VBR:
  case CR_SCR0:
  case CR_SCR1:
  case CR_SCR2:
  case CR_SCR3:
  case CR_BASE:
  case CR_BOUND:
  case CR_TIMER:
  case CR_TICK:
  case CR_IPEND:
  case CR_IMASK:
  case CR_CPUID:
    return true;
  default:
    return false;
  }
}

/* Registers that are plain words; NULL: not one of them. */
static uint32_t *plain(struct reference_machine *r, enum isa_cr cr)
{
  switch (cr) {
  case CR_EPC:
    return &r->epc;
  case CR_CAUSE:
    return &r->cause;
  case CR_BADVA:
    return &r->badva;
  case CR_EINSN:
    return &r->einsn;
  case CR_SCR0:
  case CR_SCR1:
  case CR_SCR2:
  case CR_SCR3:
    return &r->scratch[cr - CR_SCR0];
  case CR_BASE:
    return &r->base;
  case CR_BOUND:
    return &r->bound;
  default:
    return NULL;
  }
}

uint32_t reference_get_cr(const struct reference_machine *r, enum isa_cr cr)
{
  switch (cr) {
  case CR_PSW:
    return reference_psw(r);
  case CR_EPC:
    return r->epc;
  case CR_EPSW:
    return r->epsw;
  case CR_CAUSE:
    return r->cause;
  case CR_BADVA:
    return r->badva;
  case CR_EINSN:
    return r->einsn;
  case CR_VBR:
    return r->vbr;
  case CR_SCR0:
  case CR_SCR1:
  case CR_SCR2:
  case CR_SCR3:
    return r->scratch[cr - CR_SCR0];
  case CR_BASE:
    return r->base;
  case CR_BOUND:
    return r->bound;
  case CR_TIMER:
    return r->timer_due == MACHINE_NEVER ? 0 : (uint32_t)(r->timer_due - r->tick);
  case CR_TICK:
    return (uint32_t)(r->tick % 0x100000000);
  case CR_IPEND:
    return r->ipend;
  case CR_IMASK:
    return r->imask;
  case CR_CPUID:
    return 0x50470001;
  default:
    return 0;
  }
}

void reference_set_cr(struct reference_machine *r, enum isa_cr cr, uint32_t value, uint64_t from)
{
  uint32_t *word = plain(r, cr);
  switch (cr) {
  case CR_PSW:
    take_psw(r, value);
    break;
  case CR_EPSW:
    r->epsw =
        WRONG(MTCR_EPSW_WHOLE)
            ? value
            : compose(existing_mode(r, psw_mode(value)), existing_mode(r, psw_pmode(value)),
                      psw_ie(value), psw_te(value), psw_c(value), psw_v(value), psw_key(value));
    break;
  case CR_VBR:
    r->vbr = WRONG(MTCR_VBR_WHOLE) ? value : value / 4 * 4;
    break;
  case CR_TIMER:
    r->timer_due = value == 0 ? MACHINE_NEVER : from + value;
    break;
  case CR_IPEND:
    r->ipend = value % 32;
    break;
  case CR_IMASK:
    r->imask = value % 32;
    break;
  default: /* TICK and CPUID are read-only */
    if (word) {
      *word = value;
    }
    break;
  }
}

/* ------------------------------------------------------------------- devices */

bool reference_input(struct reference_machine *r, uint64_t at, uint8_t byte)
{
  struct reference_console *c = &r->console;
  if (c->read == c->count) {
    c->read = c->arrived = c->count = 0;
  }
  if (c->count == REFERENCE_INPUTS) {
    return false;
  }
  uint64_t last = c->count > 0 ? c->input[c->count - 1].at : 0;
  c->input[c->count].at = at > last ? at : last;
  c->input[c->count++].byte = byte;
  return true;
}

uint64_t reference_next_event(const struct reference_machine *r)
{
  uint64_t next = r->timer_due;
  const struct reference_console *c = &r->console;
  if (c->arrived < c->count && c->input[c->arrived].at < next) {
    next = c->input[c->arrived].at;
  }
  next = r->disk.busy && r->disk.due < next ? r->disk.due : next;
  next = r->net.send_due && r->net.send_due < next ? r->net.send_due : next;
  return r->net.receive_due && r->net.receive_due < next ? r->net.receive_due : next;
}

static void finish_net(struct reference_machine *r, uint64_t *due, uint32_t *error)
{
  if (*due && *due <= r->tick) {
    *due = 0;
    *error = 1;
    r->ipend |= 16;
  }
}

static void finish_disk(struct reference_machine *r)
{
  struct reference_disk *d = &r->disk;
  uint8_t *sectors = d->contents + d->at_sector * 512;
  uint32_t len = d->at_count * 512;
  d->busy = false;
  d->error = d->result;
  if (d->error != 0) {
    return;
  }
  if (d->reading) {
    memcpy(r->storage + d->at_address, sectors, len);
    touch(r, d->at_address, len);
  } else {
    memcpy(sectors, r->storage + d->at_address, len);
  }
}

/* Timer, console, disk, network. */
static void events(struct reference_machine *r)
{
  struct reference_console *c = &r->console;
  if (r->timer_due != MACHINE_NEVER && r->timer_due + WRONG(TIMER_LATE) <= r->tick) {
    r->timer_due = MACHINE_NEVER;
    r->ipend |= 1;
  }
  while (c->arrived < c->count && c->input[c->arrived].at <= r->tick) {
    c->arrived++;
    r->ipend |= 2;
  }
  if (r->disk.busy && r->disk.due <= r->tick) {
    finish_disk(r);
    r->ipend |= 4;
  }
  finish_net(r, &r->net.send_due, &r->net.send_error);
  finish_net(r, &r->net.receive_due, &r->net.receive_error);
}

static uint32_t console_data(struct reference_machine *r)
{
  struct reference_console *c = &r->console;
  if (c->read == c->arrived) {
    return 0xffffffff;
  }
  uint8_t byte = c->input[c->read].byte;
  c->read += !WRONG(IN_KEEPS_BYTE);
  return byte;
}

static uint32_t net_register(const struct reference_net *n, uint32_t port)
{
  switch (port) {
  case 0x21:
    return n->send_at;
  case 0x22:
    return n->send_length;
  case 0x23:
    return n->receive_at;
  case 0x25:
    return (n->send_due ? 1u : 0) + (n->receive_due ? 2u : 0) + 16 * n->send_error +
           256 * n->receive_error;
  default:
    return 0;
  }
}

static void net_write(struct reference_net *n, uint64_t now, uint32_t port, uint32_t value)
{
  switch (port) {
  case 0x21:
    n->send_at = value;
    break;
  case 0x22:
    n->send_length = value;
    break;
  case 0x23:
    n->receive_at = value;
    break;
  case 0x24:
    if (value == 1 && !n->send_due) {
      n->send_due = now + 500;
      n->send_error = 0;
    } else if (value == 2 && !n->receive_due) {
      n->receive_due = now + 500;
      n->receive_error = 0;
    }
    break;
  default:
    break;
  }
}

/* False: no such port. */
static bool port_in(struct reference_machine *r, uint32_t port, uint32_t *value)
{
  const struct reference_disk *d = &r->disk;
  switch (port) {
  case 0x00:
    *value = console_data(r);
    return true;
  case 0x01:
    *value = r->console.read < r->console.arrived;
    return true;
  case 0x10:
    *value = d->sector;
    return true;
  case 0x11:
    *value = d->address;
    return true;
  case 0x12:
    *value = d->count;
    return true;
  case 0x13:
    *value = 0;
    return true;
  case 0x14:
    *value = d->busy + 2 * d->error;
    return true;
  case 0x15:
    *value = REFERENCE_SECTORS;
    return true;
  default:
    *value = 0;
    if (port >= 0x20 && port <= 0x27) {
      *value = net_register(&r->net, port);
      return true;
    }
    return WRONG(IN_ANY_PORT);
  }
}

/* In the order of machine/devices/ports.h: command, count, sector, address. */
static uint32_t command_error(const struct reference_machine *r, uint32_t command)
{
  const struct reference_disk *d = &r->disk;
  if (command != 1 && command != 2) {
    return 4;
  }
  if (d->count < 1 || (d->count > 128 && !WRONG(OUT_COUNT_UNCHECKED))) {
    return 5;
  }
  if ((uint64_t)d->sector + d->count > REFERENCE_SECTORS) {
    return 1;
  }
  return d->address % 4 != 0 || d->address + d->count * 512ull > r->size ? 2 : 0;
}

/* `now`: the boundary after the `out`. */
static void command(struct reference_machine *r, uint64_t now, uint32_t value)
{
  struct reference_disk *d = &r->disk;
  if (d->busy && !WRONG(OUT_WHILE_BUSY)) {
    return;
  }
  d->busy = true;
  d->reading = value == 1;
  d->result = command_error(r, value);
  d->error = 0;
  d->at_sector = d->sector;
  d->at_address = d->address;
  d->at_count = d->count;
  d->due = now + 1000 + (d->result == 0 ? 100 * d->count : 0) + WRONG(OUT_DISK_LATE);
}

static bool port_out(struct reference_machine *r, uint32_t port, uint32_t value)
{
  switch (port) {
  case 0x00:
    r->console.written++;
    r->console.last_written = r->console.last_written * 256 + value % 256;
    return true;
  case 0x10:
    r->disk.sector = value;
    return true;
  case 0x11:
    r->disk.address = value;
    return true;
  case 0x12:
    r->disk.count = value;
    return true;
  case 0x13:
    command(r, r->tick + 1, value);
    return true;
  case 0x01:
  case 0x14:
  case 0x15:
    return true;
  default:
    net_write(&r->net, r->tick + 1, port, value);
    return port >= 0x20 && port <= 0x27;
  }
}

/* ------------------------------------------------------------ user instructions */

static uint32_t access_size(enum isa_insn insn)
{
  switch (insn) {
  case ISA_LB:
  case ISA_LBU:
  case ISA_SB:
    return 1;
  case ISA_LH:
  case ISA_LHU:
  case ISA_SH:
    return 2;
  default:
    return 4;
  }
}

static bool is_load(enum isa_insn insn)
{
  return insn == ISA_LB || insn == ISA_LBU || insn == ISA_LH || insn == ISA_LHU || insn == ISA_LW;
}

static void spoil(struct reference_machine *r, const struct isa_decoded *i)
{
  if (isa_insn_info(i->insn)->format == FORMAT_RRB) {
    r->user.pc ^= 4;
  } else if (i->insn == ISA_SB || i->insn == ISA_SH || i->insn == ISA_SW) {
    r->user.regs[i->b ? i->b : 1]++;
  } else {
    r->user.regs[i->a] ^= i->a != 0;
  }
}

/* reference.h knows a stretch of memory that begins at address 0: here, what can
 * be reached from BASE on. */
static bool user_insn(struct reference_machine *r, const struct isa_decoded *i, struct trap *t)
{
  uint64_t base = 0, reach = r->size;
  if (r->te && !(WRONG(MODE_0_UNTRANSLATED) && r->mode == 0)) {
    base = r->base < r->size ? r->base : r->size;
    reach = r->bound < r->size - base ? r->bound : r->size - base;
  }
  uint32_t address = 0, size = access_size(i->insn);
  r->user.memory = r->storage + base;
  r->user.size = (uint32_t)reach;
  uint32_t stored = r->user.regs[i->b] + i->imm;
  bool stores = i->insn == ISA_SB || i->insn == ISA_SH || i->insn == ISA_SW;
  enum purpose purpose = stores ? TO_STORE : TO_LOAD;
  if ((stores || is_load(i->insn)) && (stored % size == 0 || WRONG(KEY_BEFORE_ALIGNMENT)) &&
      place(r, stored, size, r->te, purpose) == FORBIDDEN) {
    return fail(t, CAUSE_PROTECTION, stored);
  }
  switch (reference_execute(&r->user, i, &address)) {
  case REFERENCE_MISALIGNED:
    return fail(t,
                WRONG(BUS_BEFORE_ALIGNMENT) &&
                        place(r, address, size, r->te, purpose) == BEYOND_STORAGE
                    ? CAUSE_BUS
                    : CAUSE_ALIGNMENT,
                address);
  case REFERENCE_OUTSIDE:
    return fail(t, cause_of(place(r, address, size, r->te, purpose)), address);
  default:
    break;
  }
  if (stores) {
    touch(r, (uint32_t)base + stored, size);
  }
  if (WRONG(USER_EFFECT)) {
    spoil(r, i);
  }
  return true;
}

/* ---------------------------------------------------------- system instructions */

static void set(struct reference_machine *r, unsigned reg, uint32_t value)
{
  if (reg != 0) {
    r->user.regs[reg] = value;
  }
}

/* Each leaves pc alone unless it jumps, and then says so in *jumped. */

static bool lpsw(struct reference_machine *r, const struct isa_decoded *i,
                 enum reference_behaviour how, bool *jumped, struct trap *t)
{
  uint32_t at = r->user.regs[i->b] + i->imm, psw, target = 0;
  if (!load_word(r, at, r->te, &psw, t)) {
    return false;
  }
  if (!load_word(r, at + 4, r->te, &target, t) && !WRONG(LPSW_SECOND_UNCHECKED)) {
    return false;
  }
  unsigned mode = psw_mode(psw), key = r->key;
  bool ie = r->ie, te = r->te;
  switch (how) {
  case REFERENCE_PARTIAL: /* flags and pc; what protects stays */
    r->ie = WRONG(LPSW_PARTIAL_TAKES_IE) ? psw_ie(psw) : ie;
    break;
  case REFERENCE_CHECK: /* never to a mode with more rights */
    if ((mode < r->mode && !WRONG(LPSW_CHECK_LETS_UP)) ||
        (mode == r->mode && WRONG(LPSW_CHECK_REFUSES_SAME))) {
      return fail(t, CAUSE_PRIVILEGED, 0);
    }
    r->mode = existing_mode(r, mode);
    r->te = WRONG(LPSW_CHECK_TAKES_TE) ? psw_te(psw) : te;
    break;
  default:
    take_psw(r, psw);
    r->key = WRONG(LPSW_KEEPS_KEY) ? key : r->key;
    break;
  }
  r->user.c = psw_c(psw);
  r->user.v = psw_v(psw);
  r->user.pc = WRONG(LPSW_PC_FROM_FIRST) ? psw : target;
  return *jumped = true;
}

static bool rfe(struct reference_machine *r, bool *jumped)
{
  bool ie = r->ie;
  take_psw(r, r->epsw);
  r->ie = WRONG(RFE_KEEPS_IE) ? ie : r->ie;
  r->user.pc = WRONG(RFE_KEEPS_PC) ? r->user.pc : r->epc;
  return *jumped = true;
}

static bool juser(struct reference_machine *r, const struct isa_decoded *i, bool *jumped)
{
  bool enters = r->mode != r->modes - 1 || WRONG(JUSER_TE_IN_USER_MODE);
  r->mode = WRONG(JUSER_TO_MODE_1) ? 1 : r->modes - 1;
  r->te = r->te || (enters && !WRONG(JUSER_KEEPS_TE));
  r->user.pc = r->user.regs[i->b] + i->imm;
  return *jumped = true;
}

/* "flags word (C, V, IE; never the mode)" at their places in the PSW. */
static bool pushf(struct reference_machine *r, struct trap *t)
{
  uint32_t sp = r->user.regs[2] - 4;
  uint32_t flags = compose(0, 0, r->ie, false, r->user.c, r->user.v, 0);
  flags = WRONG(PUSHF_WHOLE_PSW) ? reference_psw(r) : flags;
  if (!store_word(r, WRONG(PUSHF_STORES_AT_SP) ? sp + 4 : sp, r->te, flags, t)) {
    return false;
  }
  r->user.regs[2] = sp;
  return true;
}

static bool popf(struct reference_machine *r, enum reference_behaviour how, struct trap *t)
{
  uint32_t flags;
  if (!load_word(r, r->user.regs[2], r->te, &flags, t)) {
    return false;
  }
  bool partial = how == REFERENCE_PARTIAL;
  r->user.regs[2] += partial && WRONG(POPF_PARTIAL_KEEPS_SP) ? 0 : 4;
  r->user.c = psw_c(flags);
  r->user.v = psw_v(flags);
  if (partial ? WRONG(POPF_PARTIAL_TAKES_IE) : !WRONG(POPF_KEEPS_IE)) {
    r->ie = psw_ie(flags);
  }
  return true;
}

/* "Level n leaves the 5 - n most urgent lines enabled (line 0 is the most urgent)." */
static void spl(struct reference_machine *r, unsigned level)
{
  unsigned left = level > 5 ? 0 : 5 - level;
  left -= WRONG(SPL_OFF_BY_ONE) && left > 0;
  r->imask = 0;
  for (unsigned line = 0; line < left; line++) {
    r->imask += 1u << (WRONG(SPL_OTHER_END) ? 4 - line : line);
  }
}

/* "Reading TIMER or TICK gives the value at the boundary before the reading
 * instruction." */
static uint32_t mfcr(const struct reference_machine *r, enum isa_cr cr)
{
  uint32_t value = reference_get_cr(r, cr);
  value += WRONG(MFCR_TICK_AFTER) && cr == CR_TICK;
  value -= WRONG(MFCR_TIMER_AFTER) && cr == CR_TIMER && value > 0;
  return value;
}

static uint32_t lra(const struct reference_machine *r, uint32_t va)
{
  int64_t pa = place(r, va, 1, r->te, TO_LOAD);
  if (pa < 0) {
    return WRONG(LRA_ZERO_IF_NONE) ? 0 : 0xffffffff;
  }
  return (uint32_t)pa - (WRONG(LRA_FORGETS_BASE) && r->te ? r->base : 0);
}

static uint32_t probe(const struct reference_machine *r, uint32_t va, uint32_t access)
{
  static const enum purpose asked[] = {TO_LOAD, TO_STORE, TO_FETCH, TO_FETCH};
  uint32_t size = WRONG(PROBE_WHOLE_WORD) ? 4 : 1;
  bool there = place(r, va, size, r->te, WRONG(KEY_LETS_PROBE) ? TO_LOAD : asked[access]) >= 0;
  return there && (access < 3 || WRONG(PROBE_3_IS_2));
}

static bool previous_te(const struct reference_machine *r)
{
  return r->pmode != 0 || r->te;
}

static bool ssk(struct reference_machine *r, const struct isa_decoded *i, struct trap *t)
{
  uint32_t at = r->user.regs[i->b], key = r->user.regs[i->a];
  at += WRONG(SSK_NEXT_BLOCK) ? 2048 : 0;
  if (at >= r->size && !WRONG(SSK_NOWHERE)) {
    return fail(t, CAUSE_BUS, r->user.regs[i->b]);
  }
  if (at < r->size && !(WRONG(SSK_SMALL_BLOCKS) && at % 2048 >= 1024)) {
    struct reference_key *k = &r->block[at / 2048];
    k->access = key % 16;
    k->fetch = WRONG(SSK_KEEPS_FETCH) ? k->fetch : key / 16 % 2;
  }
  return true;
}

static bool isk(struct reference_machine *r, const struct isa_decoded *i, struct trap *t)
{
  uint64_t at = (uint64_t)r->user.regs[i->b] + (WRONG(ISK_TRANSLATES) && r->te ? r->base : 0);
  if (at >= r->size) {
    return fail(t, CAUSE_BUS, WRONG(ISK_VALUE_0) ? 0 : r->user.regs[i->b]);
  }
  const struct reference_key *k = &r->block[at / 2048];
  set(r, i->a, k->access + (k->fetch && !WRONG(ISK_HIDES_FETCH) ? 16 : 0));
  return true;
}

static bool in(struct reference_machine *r, const struct isa_decoded *i, struct trap *t)
{
  uint32_t port = r->user.regs[i->b] + i->imm, value;
  if (!port_in(r, port, &value)) {
    return fail(t, CAUSE_BUS, WRONG(IN_VALUE_0) ? 0 : port);
  }
  set(r, i->a, value);
  return true;
}

static bool out(struct reference_machine *r, const struct isa_decoded *i, struct trap *t)
{
  uint32_t port = r->user.regs[i->b] + i->imm;
  return port_out(r, port, r->user.regs[i->a]) || fail(t, CAUSE_BUS, port);
}

static bool errant(struct reference_machine *r, const struct isa_decoded *i, struct trap *t)
{
  switch (i->insn) {
  case ISA_SYS:
    t->epc += WRONG(SYS_EPC_AFTER) ? 4 : 0;
    return fail(t, WRONG(SYS_IS_HCALL) ? CAUSE_HYPERCALL : CAUSE_SYSCALL, 0);
  case ISA_BRK:
    return fail(t, WRONG(BRK_PRIVILEGED) && r->mode != 0 ? CAUSE_PRIVILEGED : CAUSE_BREAKPOINT, 0);
  default:
    return fail(t, CAUSE_HYPERCALL, WRONG(HCALL_VALUE) ? i->imm : 0);
  }
}

static bool access_previous(struct reference_machine *r, const struct isa_decoded *i,
                            struct trap *t)
{
  uint32_t va = r->user.regs[i->b] + i->imm, value = 0;
  if (i->insn == ISA_STPREV) {
    return store_word(r, va, WRONG(STPREV_PREVIOUS_ONLY) ? r->pmode != 0 : previous_te(r),
                      r->user.regs[i->a], t);
  }
  if (!load_word(r, va, WRONG(LDPREV_CURRENT_TE) ? r->te : previous_te(r), &value, t)) {
    return false;
  }
  set(r, i->a, value);
  return true;
}

static bool system_effect(struct reference_machine *r, const struct isa_decoded *i,
                          enum reference_behaviour how, bool *jumped, struct trap *t)
{
  uint32_t b = r->user.regs[i->b];
  switch (i->insn) {
  case ISA_RFE:
    return rfe(r, jumped);
  case ISA_LPSW:
    return lpsw(r, i, how, jumped, t);
  case ISA_JUSER:
    return juser(r, i, jumped);
  case ISA_PUSHF:
    return pushf(r, t);
  case ISA_POPF:
    return popf(r, how, t);
  case ISA_RDPSW:
    set(r, i->a, reference_psw(r) - (WRONG(RDPSW_HIDES_MODE) ? psw_set_mode(0, r->mode) : 0));
    return true;
  case ISA_STI:
    r->ie = r->ie || !(WRONG(STI_NOTHING) || (WRONG(STI_MODE_0_ONLY) && r->mode != 0));
    return true;
  case ISA_CLI:
    r->ie = r->ie && WRONG(CLI_NOTHING);
    return true;
  case ISA_SPL:
    spl(r, i->imm);
    return true;
  case ISA_MFCR:
    set(r, i->a, mfcr(r, (enum isa_cr)i->n));
    return true;
  case ISA_MTCR:
    reference_set_cr(r, (enum isa_cr)i->n, r->user.regs[i->a],
                     r->tick + !WRONG(MTCR_TIMER_FROM_BEFORE));
    return true;
  case ISA_SVBR:
    return store_word(r, b + (WRONG(SVBR_FORGETS_OFFSET) ? 0 : i->imm), r->te, r->vbr, t);
  case ISA_WFI:
    r->run_state = WRONG(WFI_GOES_ON) ? MACHINE_RUNNING : MACHINE_WAITING;
    return true;
  case ISA_HALT:
    r->run_state = WRONG(HALT_WAITS) ? MACHINE_WAITING : MACHINE_STOPPED;
    return true;
  case ISA_LRA:
    set(r, i->a, lra(r, b));
    return true;
  case ISA_PROBE:
    set(r, i->a, probe(r, b, i->imm));
    return true;
  case ISA_LDPREV:
  case ISA_STPREV:
    return access_previous(r, i, t);
  case ISA_SSK:
    return ssk(r, i, t);
  case ISA_ISK:
    return isk(r, i, t);
  case ISA_RDTICK:
    set(r, i->a, (uint32_t)r->tick + WRONG(RDTICK_AFTER));
    return true;
  case ISA_CPUID:
    set(r, i->a, 0x50470001 ^ WRONG(CPUID_OTHER));
    return true;
  case ISA_IN:
    return in(r, i, t);
  case ISA_OUT:
    return out(r, i, t);
  default:
    return errant(r, i, t);
  }
}

static bool lets_all(const struct reference_machine *r, enum isa_insn insn)
{
  return (WRONG(KEY_LETS_PUSHF) && insn == ISA_PUSHF) ||
         (WRONG(KEY_LETS_LDPREV) && insn == ISA_LDPREV) ||
         (WRONG(KEY_LETS_STPREV) && insn == ISA_STPREV) || (WRONG(KEY_LETS_LRA) && insn == ISA_LRA);
}

static bool system_insn(struct reference_machine *r, const struct isa_decoded *i,
                        enum reference_behaviour how, bool *jumped, struct trap *t)
{
  if (!lets_all(r, i->insn)) {
    return system_effect(r, i, how, jumped, t);
  }
  unsigned key = r->key;
  r->key = 0;
  bool done = system_effect(r, i, how, jumped, t);
  r->key = key;
  return done;
}

/* ----------------------------------------------------------------- the boundary */

/* What this machine has not: TLB, channels, perhaps storage keys. */
static bool is_missing(const struct reference_machine *r, const struct isa_decoded *i)
{
  switch (i->insn) {
  case ISA_TLBW:
  case ISA_TLBP:
  case ISA_TLBI:
  case ISA_SIO:
  case ISA_TIO:
    return true;
  case ISA_SSK:
  case ISA_ISK:
    return !r->keyed;
  case ISA_MFCR:
  case ISA_MTCR:
    return !reference_has_cr((enum isa_cr)i->n) && !WRONG(MTCR_ABSENT_CR_LEGAL);
  default:
    return false;
  }
}

static bool execute(struct reference_machine *r, const struct isa_decoded *i, struct trap *t)
{
  enum isa_group group = isa_insn_info(i->insn)->group;
  if (group == ISA_GROUP_USER) {
    return user_insn(r, i, t);
  }
  enum reference_behaviour how =
      group == ISA_GROUP_SYSTEM && r->mode != 0 ? r->outside[i->insn] : REFERENCE_FULL;
  if (how == REFERENCE_TRAP) {
    return fail(t, WRONG(TRAP_ILLEGAL) ? CAUSE_ILLEGAL : CAUSE_PRIVILEGED, 0);
  }
  bool jumped = false;
  if (how != REFERENCE_NOP && !system_insn(r, i, how, &jumped, t)) {
    return false;
  }
  r->user.pc += jumped ? 0 : 4;
  r->tick -= how == REFERENCE_NOP && WRONG(NOP_TAKES_NO_TIME);
  return true;
}

/* False: *t. */
static bool step(struct reference_machine *r, struct trap *t)
{
  uint32_t word;
  struct isa_decoded i;
  *t = (struct trap){.epc = r->user.pc};
  if (!fetch_word(r, r->user.pc, r->te, &word, t)) {
    t->insn = WRONG(FETCH_INSN_KNOWN) && r->user.pc < r->size - 4 ? get_word(r, r->user.pc) : 0;
    return WRONG(TRAP_BEFORE_FETCH) ? fail(t, CAUSE_PRIVILEGED, 0) : false;
  }
  t->insn = word;
  if (!isa_decode(word, &i)) {
    return fail(t, CAUSE_ILLEGAL, 0);
  }
  r->met[i.insn]++;
  if (is_missing(r, &i)) {
    return fail(t, CAUSE_ILLEGAL, 0);
  }
  if (r->outside[i.insn] == REFERENCE_ABSENT) {
    return fail(t, WRONG(ABSENT_PRIVILEGED) ? CAUSE_PRIVILEGED : CAUSE_ILLEGAL, 0);
  }
  if (!execute(r, &i, t)) {
    return false;
  }
  r->tick++;
  return true;
}

static bool interrupted(const struct reference_machine *r, struct trap *t)
{
  static const enum isa_cause causes[] = {CAUSE_TIMER, CAUSE_CONSOLE, CAUSE_DISK, CAUSE_CHANNEL,
                                          CAUSE_NETWORK};
  uint32_t lines = r->ipend & (WRONG(IMASK_IGNORED) ? 0x1f : r->imask);
  if ((!r->ie && !WRONG(IE_IGNORED)) || lines == 0) {
    return false;
  }
  if (WRONG(INTERRUPT_AFTER_FETCH) && r->user.pc % 4 != 0) {
    return false;
  }
  unsigned line = WRONG(HIGHEST_LINE) ? 4 : 0, on = WRONG(HIGHEST_LINE) ? -1u : 1;
  while (!(lines >> line & 1)) {
    line += on;
  }
  *t = (struct trap){.cause = causes[line], .epc = r->user.pc};
  return true;
}

/* Waiting. True: stop, for *why. */
static bool wait_on(struct reference_machine *r, uint64_t until, enum machine_why *why)
{
  if ((r->ipend & r->imask) != 0 && (r->ie || !WRONG(WFI_WAKES_BY_IE_ONLY))) {
    r->run_state = MACHINE_RUNNING;
    return false;
  }
  uint64_t next = reference_next_event(r);
  if (next == MACHINE_NEVER) {
    *why = MACHINE_WAITS;
    return true;
  }
  r->tick = next < until ? next : until;
  return false;
}

struct machine_stop reference_run(struct reference_machine *r, uint64_t until)
{
  struct machine_stop stop = {.why = MACHINE_TRAP};
  for (;;) {
    events(r);
    if (r->double_fault) {
      return (struct machine_stop){.why = MACHINE_DOUBLE_FAULT, .trap = r->fault};
    }
    if (r->run_state == MACHINE_STOPPED) {
      return (struct machine_stop){.why = MACHINE_HALTED};
    }
    if (r->tick >= until) {
      return (struct machine_stop){.why = MACHINE_LIMIT};
    }
    if (r->run_state == MACHINE_WAITING) {
      if (wait_on(r, until, &stop.why)) {
        return stop;
      }
      if (r->run_state == MACHINE_WAITING) {
        continue;
      }
    }
    if (interrupted(r, &stop.trap) || !step(r, &stop.trap)) {
      return stop;
    }
  }
}

bool reference_deliver(struct reference_machine *r, const struct trap *trap)
{
  uint64_t vector = (uint64_t)r->vbr + 4 * (uint64_t)trap->cause;
  vector = WRONG(DELIVERY_VBR_WRAPS) ? vector % 0x100000000 : vector;
  uint32_t handler = vector + 4 <= r->size ? get_word(r, (uint32_t)vector) : 1;
  if (WRONG(KEY_AT_DELIVERY) && !key_fits(r, (int64_t)vector, TO_LOAD)) {
    handler = 1;
  }
  if (handler % 4 != 0 && !(WRONG(DELIVERY_MISALIGNED) && handler != 1)) {
    r->double_fault = true;
    r->fault = *trap;
    return false;
  }
  r->epsw = reference_psw(r);
  r->epc = trap->epc;
  r->cause = trap->cause;
  r->badva = trap->value;
  r->einsn = trap->insn;
  r->pmode = r->mode;
  r->mode = 0;
  r->ie = false;
  r->te = WRONG(DELIVERY_KEEPS_TE) && r->te;
  r->user.c = r->user.c && !WRONG(DELIVERY_KEEPS_C);
  r->key = 0;
  r->user.pc = handler;
  if (trap->cause >= CAUSE_TIMER && !WRONG(DELIVERY_KEEPS_LINE)) {
    r->ipend &= ~(1u << (trap->cause - CAUSE_TIMER));
  }
  r->run_state = r->run_state == MACHINE_WAITING ? MACHINE_RUNNING : r->run_state;
  r->tick += !WRONG(DELIVERY_NO_TIME);
  events(r);
  return true;
}
