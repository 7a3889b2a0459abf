/* Paravirtualization, as Xen did it: the guest knows that it runs on a VMM, and asks where
 * a machine would have to be guessed. What would be a sensitive instruction is a word in a
 * page that both can reach, or a hypercall, which traps on every profile: so Theorem 1 is
 * not needed, and the guest's kernel must be changed instead.
 *
 * The guest can write anything into that page at any time. So: every word is read once,
 * into a value, and the value is checked; indices that the VMM must rely on are its own
 * copies, and those in the page only tell the guest. Storage is only reached through env,
 * which refuses what lies outside; no call does more than one ring's length of work.
 */
#include "vmm/techniques/paravirt.h"

#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"
#include "machine/devices/ports.h"
#include "vmm/modules.h"

#define WORD_SIZE 4u

/* Words only: this is also what is saved. */
struct paravirt {
  uint32_t registered; /* 0 or 1, as are the others of this kind */
  uint32_t page, entry;
  uint32_t shown;              /* HYPER_PAGE_PENDING as it was written last */
  uint32_t out_taken, in_put;  /* bytes, modulo 2^32 */
  uint32_t more;               /* input is left in the device */
  uint32_t limit, taken, done; /* disk requests: up to where they are known to be there */
  uint32_t under_way, quiet;   /* the request that the disk is at, and its flag */
  uint32_t requests, bytes;    /* work that no hypercall has told of */
  uint32_t tables;
  uint32_t table[HYPER_TABLES]; /* pages, with an enum hyper_table in the low bits */
};
_Static_assert(sizeof(struct paravirt) <= VMM_PARAVIRT_STATE, "it can be saved");

static void *create(void *with)
{
  (void)with;
  return calloc(1, sizeof(struct paravirt));
}

/* ------------------------------------------------------------------ the page
 * It was found to lie within the storage when it was registered, and storage does not
 * shrink. */

static uint32_t get(const struct paravirt *p, const struct vmm_env *env, uint32_t offset)
{
  return env->load(env->ctx, gpa(p->page + offset)).word;
}

static void set(const struct paravirt *p, const struct vmm_env *env, uint32_t offset, uint32_t word)
{
  env->store(env->ctx, gpa(p->page + offset), word);
}

static void show_time(const struct paravirt *p, const struct vmm_env *env, uint64_t tick)
{
  set(p, env, HYPER_PAGE_TICK, (uint32_t)tick);
  set(p, env, HYPER_PAGE_TICK + WORD_SIZE, (uint32_t)(tick >> 32));
}

/* The truth is in the virtual IPEND; what the guest writes over the page's word changes
 * nothing but what it sees. */
static void show_pending(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t lines = env->get_cr(env->ctx, CR_IPEND) & env->get_cr(env->ctx, CR_IMASK);
  if (lines != p->shown) {
    set(p, env, HYPER_PAGE_PENDING, lines);
    p->shown = lines;
  }
}

static uint32_t line_of(enum isa_cause cause)
{
  return 1u << isa_cause_info(cause)->line;
}

static bool is_pending(const struct vmm_env *env, enum isa_cause cause)
{
  return (env->get_cr(env->ctx, CR_IPEND) & line_of(cause)) != 0;
}

static void set_pending(const struct vmm_env *env, enum isa_cause cause, bool pending)
{
  uint32_t lines = env->get_cr(env->ctx, CR_IPEND) & ~line_of(cause);
  env->set_cr(env->ctx, CR_IPEND, pending ? lines | line_of(cause) : lines);
}

/* ----------------------------------------------------------------- the console */

static uint32_t serve_output(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t put = get(p, env, HYPER_PAGE_OUT_PUT), word = 0;
  if (put - p->out_taken > HYPER_OUT_SIZE) {
    return HYPER_ERROR_RING;
  }
  p->bytes += put - p->out_taken;
  for (bool first = true; p->out_taken != put; p->out_taken++, first = false) {
    uint32_t at = p->out_taken % HYPER_OUT_SIZE;
    if (first || at % WORD_SIZE == 0) {
      word = get(p, env, HYPER_PAGE_OUT + at - at % WORD_SIZE);
    }
    env->port_out(env->ctx, PORT_CONSOLE_DATA, word >> 8 * (at % WORD_SIZE) & 0xff);
  }
  set(p, env, HYPER_PAGE_OUT_TAKEN, put);
  return HYPER_OK;
}

static void put_input(const struct paravirt *p, const struct vmm_env *env, uint32_t byte)
{
  uint32_t at = p->in_put % HYPER_IN_SIZE, shift = 8 * (at % WORD_SIZE);
  uint32_t word = get(p, env, HYPER_PAGE_IN + at - at % WORD_SIZE);
  word = (word & ~(0xffu << shift)) | byte << shift;
  set(p, env, HYPER_PAGE_IN + at - at % WORD_SIZE, word);
}

/* From the device into the ring, as much as there is room for. */
static uint32_t serve_input(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t held = p->in_put - get(p, env, HYPER_PAGE_IN_TAKEN);
  if (held > HYPER_IN_SIZE) {
    return HYPER_ERROR_RING;
  }
  for (; held < HYPER_IN_SIZE; held++, p->in_put++, p->bytes++) {
    uint32_t byte = env->port_in(env->ctx, PORT_CONSOLE_DATA);
    if (byte == CONSOLE_NO_INPUT) {
      break;
    }
    put_input(p, env, byte & 0xff);
  }
  p->more = env->port_in(env->ctx, PORT_CONSOLE_STATUS) & CONSOLE_STATUS_READY;
  set(p, env, HYPER_PAGE_IN_PUT, p->in_put);
  set(p, env, HYPER_PAGE_IN_MORE, p->more);
  return HYPER_OK;
}

/* -------------------------------------------------------------------- the disk
 * Below the ring is the virtual machine's own disk, with its latency, its mini-disk and
 * its checks of sector, address and count. The ring spares the guest four traps a command
 * and the wait for one before it can give the next. */

static void finish(struct paravirt *p, const struct vmm_env *env, uint32_t error)
{
  uint32_t slot = p->done % HYPER_DISK_SIZE;
  set(p, env, HYPER_PAGE_DISK + slot * HYPER_DISK_BYTES + HYPER_DISK_COMMAND,
      HYPER_DISK_DONE | error);
  p->done++;
  set(p, env, HYPER_PAGE_DISK_DONE, p->done);
}

static uint32_t start(struct paravirt *p, const struct vmm_env *env, const uint32_t *request)
{
  uint32_t command = request[0] & ~HYPER_DISK_QUIET;
  if (command != DISK_COMMAND_READ && command != DISK_COMMAND_WRITE) {
    return DISK_ERROR_COMMAND;
  }
  if (env->port_in(env->ctx, PORT_DISK_STATUS) & DISK_STATUS_BUSY) {
    return HYPER_DISK_ERROR_BUSY;
  }
  env->port_out(env->ctx, PORT_DISK_SECTOR, request[1]);
  env->port_out(env->ctx, PORT_DISK_ADDRESS, request[2]);
  env->port_out(env->ctx, PORT_DISK_COUNT, request[3]);
  env->port_out(env->ctx, PORT_DISK_COMMAND, command);
  p->under_way = true;
  p->quiet = (request[0] & HYPER_DISK_QUIET) != 0;
  return DISK_OK;
}

/* The next requests, until one is the disk's. What is wrong with the others is said at once. */
static void start_next(struct paravirt *p, const struct vmm_env *env)
{
  while (!p->under_way && p->taken != p->limit) {
    uint32_t at = HYPER_PAGE_DISK + p->taken % HYPER_DISK_SIZE * HYPER_DISK_BYTES;
    uint32_t request[HYPER_DISK_BYTES / WORD_SIZE];
    for (uint32_t i = 0; i < HYPER_DISK_BYTES / WORD_SIZE; i++) {
      request[i] = get(p, env, at + i * WORD_SIZE);
    }
    p->taken++;
    set(p, env, HYPER_PAGE_DISK_TAKEN, p->taken);
    p->requests++;
    uint32_t error = start(p, env, request);
    if (error != DISK_OK) {
      finish(p, env, error);
      set_pending(env, CAUSE_DISK, true);
    }
  }
}

/* A request whose answer the guest has not had fills its place: so at most a ring's length
 * is between what is done and what is put. */
static uint32_t serve_disk(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t put = get(p, env, HYPER_PAGE_DISK_PUT);
  if (put - p->done > HYPER_DISK_SIZE || put - p->done < p->limit - p->done) {
    return HYPER_ERROR_RING;
  }
  p->limit = put;
  start_next(p, env);
  return HYPER_OK;
}

/* The disk's line is up: if it is for a request, that is done. */
static void look_at_disk(struct paravirt *p, const struct vmm_env *env)
{
  if (!p->under_way || !is_pending(env, CAUSE_DISK)) {
    return;
  }
  uint32_t status = env->port_in(env->ctx, PORT_DISK_STATUS);
  if (status & DISK_STATUS_BUSY) {
    return;
  }
  uint32_t error = status >> DISK_STATUS_ERROR_SHIFT & DISK_STATUS_ERROR_MASK;
  p->under_way = false;
  set_pending(env, CAUSE_DISK, error != DISK_OK || !p->quiet);
  finish(p, env, error);
  start_next(p, env);
}

/* ------------------------------------------------------------------- hypercalls */

static uint32_t arg(const struct vmm_env *env, unsigned reg)
{
  return env->get_reg(env->ctx, reg);
}

static void answer(const struct vmm_env *env, uint32_t value)
{
  env->set_reg(env->ctx, REG_A0, value);
}

static void call_version(struct paravirt *p, const struct vmm_env *env)
{
  (void)p;
  answer(env, HYPER_VERSION_1);
}

static void call_register(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t page = arg(env, REG_A0), entry = arg(env, REG_A1);
  uint32_t size = env->allocation(env->ctx).size;
  if (p->registered) {
    answer(env, HYPER_ERROR_STATE);
    return;
  }
  if (page % ISA_PAGE_SIZE != 0 || page > size - ISA_PAGE_SIZE || entry % WORD_SIZE != 0) {
    answer(env, HYPER_ERROR_ADDRESS);
    return;
  }
  *p = (struct paravirt){.registered = true, .page = page, .entry = entry};
  for (uint32_t i = 0; i < HYPER_PAGE_DISK; i += WORD_SIZE) {
    set(p, env, i, 0);
  }
  set(p, env, HYPER_PAGE_MASK, 1);
  set(p, env, HYPER_PAGE_TIMER, HYPER_TIMER_KEEP);
  set(p, env, HYPER_PAGE_SECTORS, env->port_in(env->ctx, PORT_DISK_SIZE));
  env->set_cr(env->ctx, CR_PSW, psw_set_ie(env->get_cr(env->ctx, CR_PSW), 0));
  answer(env, HYPER_OK);
}

/* What rfe does, and mtcr to BASE and BOUND. Its IE is the page's mask. The answer would be in a
 * register of whoever goes on: there is none. */
static void call_iret(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t psw = get(p, env, HYPER_PAGE_PSW);
  env->set_pc(env->ctx, get(p, env, HYPER_PAGE_PC));
  env->set_cr(env->ctx, CR_PSW, psw_set_ie(psw, 0));
  env->set_cr(env->ctx, CR_BASE, get(p, env, HYPER_PAGE_BASE));
  env->set_cr(env->ctx, CR_PTBR, get(p, env, HYPER_PAGE_BASE));
  env->set_cr(env->ctx, CR_BOUND, get(p, env, HYPER_PAGE_BOUND));
  set(p, env, HYPER_PAGE_MASK, !psw_ie(psw));
}

/* The work is what every call does; no register changes. */
static void call_events(struct paravirt *p, const struct vmm_env *env)
{
  (void)p;
  (void)env;
}

/* The answer is what that work came to. */
static void call_kick(struct paravirt *p, const struct vmm_env *env)
{
  (void)p;
  answer(env, HYPER_OK);
}

static void call_time(struct paravirt *p, const struct vmm_env *env)
{
  (void)p;
  uint64_t tick = env->tick(env->ctx);
  answer(env, (uint32_t)tick);
  env->set_reg(env->ctx, REG_A1, (uint32_t)(tick >> 32));
}

static void call_timer(struct paravirt *p, const struct vmm_env *env)
{
  (void)p;
  env->set_cr(env->ctx, CR_TIMER, arg(env, REG_A0));
  answer(env, HYPER_OK);
}

static void call_wait(struct paravirt *p, const struct vmm_env *env)
{
  (void)p;
  answer(env, HYPER_OK);
  env->wait(env->ctx);
}

static void call_yield(struct paravirt *p, const struct vmm_env *env)
{
  (void)p;
  answer(env, HYPER_OK);
  env->yield(env->ctx);
}

static void call_halt(struct paravirt *p, const struct vmm_env *env)
{
  (void)p;
  env->exit(env->ctx, arg(env, REG_A0));
}

/* ------------------------------------------------------------------ page tables
 * As Xen's: the guest's tables are its own pages, which it reads, and which change by an entry that
 * was looked at and in no other way. Unlike Xen's they hold the guest's own physical
 * addresses, and the real machine walks others (memory/shadow.c), or these over a second
 * level (memory/nested.c): so the VMM may move a guest's pages, and rests its safety on
 * nothing that is checked here. */

static uint32_t page_of(uint32_t at)
{
  return at & ~(ISA_PAGE_SIZE - 1);
}

/* Its place in the list, or p->tables. */
static uint32_t find_table(const struct paravirt *p, uint32_t page)
{
  uint32_t i = 0;
  while (i < p->tables && page_of(p->table[i]) != page) {
    i++;
  }
  return i;
}

/* 0: it is none. */
static uint32_t table_kind(const struct paravirt *p, uint32_t page)
{
  uint32_t i = find_table(p, page);
  return i < p->tables ? p->table[i] % ISA_PAGE_SIZE : 0;
}

static bool is_own(const struct vmm_env *env, uint32_t page)
{
  return page <= env->allocation(env->ctx).size - ISA_PAGE_SIZE;
}

/* A directory leads to tables, and a table to pages of the guest's storage; to a table for
 * nobody to write. */
static bool may_hold(const struct paravirt *p, const struct vmm_env *env, uint32_t kind,
                     uint32_t entry)
{
  if (!(entry & PTE_VALID)) {
    return true;
  }
  uint32_t to = table_kind(p, pte_frame(entry));
  return kind == HYPER_DIRECTORY ? to == HYPER_LEAF
                                 : is_own(env, pte_frame(entry)) && !((entry & PTE_WRITE) && to);
}

/* Whether all tables of the kind could have the entries that they have. */
static bool all_hold(const struct paravirt *p, const struct vmm_env *env, uint32_t kind)
{
  bool ok = true;
  for (uint32_t i = 0; i < p->tables && ok; i++) {
    uint32_t page = page_of(p->table[i]);
    for (uint32_t k = 0; p->table[i] % ISA_PAGE_SIZE == kind && k < ISA_PAGE_SIZE && ok; k += 4) {
      ok = may_hold(p, env, kind, env->load(env->ctx, gpa(page + k)).word);
    }
  }
  return ok;
}

static bool has_pages(const struct vmm_env *env)
{
  return env->features(env->ctx) & ISA_FEATURE_MMU_PAGED;
}

static void call_pin(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t page = arg(env, REG_A0), kind = arg(env, REG_A1);
  if (page % ISA_PAGE_SIZE != 0 || !is_own(env, page) || page == p->page ||
      (kind != HYPER_DIRECTORY && kind != HYPER_LEAF)) {
    answer(env, HYPER_ERROR_ADDRESS);
    return;
  }
  if (!has_pages(env) || table_kind(p, page) != 0 || p->tables == HYPER_TABLES) {
    answer(env, HYPER_ERROR_TABLE);
    return;
  }
  p->table[p->tables++] = page | kind;
  if (!all_hold(p, env, HYPER_LEAF) || (kind == HYPER_DIRECTORY && !all_hold(p, env, kind))) {
    p->table[--p->tables] = 0;
    answer(env, HYPER_ERROR_ENTRY);
    return;
  }
  p->requests += p->tables;
  answer(env, HYPER_OK);
}

/* Not while a directory leads to it, or it is the one in use. */
static void call_unpin(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t page = arg(env, REG_A0), i = find_table(p, page);
  if (i == p->tables || page == env->get_cr(env->ctx, CR_PTBR)) {
    answer(env, HYPER_ERROR_TABLE);
    return;
  }
  uint32_t was = p->table[i], last = --p->tables;
  p->table[i] = p->table[last];
  p->table[last] = 0;
  bool used = was % ISA_PAGE_SIZE == HYPER_LEAF && !all_hold(p, env, HYPER_DIRECTORY);
  if (used) {
    p->table[p->tables++] = was;
  }
  answer(env, used ? HYPER_ERROR_TABLE : HYPER_OK);
}

static uint32_t update(const struct paravirt *p, const struct vmm_env *env, uint32_t place,
                       uint32_t entry)
{
  uint32_t kind = table_kind(p, page_of(place));
  if (place % WORD_SIZE != 0 || kind == 0) {
    return HYPER_ERROR_TABLE;
  }
  if (!may_hold(p, env, kind, entry)) {
    return HYPER_ERROR_ENTRY;
  }
  env->store(env->ctx, gpa(place), entry);
  return HYPER_OK;
}

/* Those before one that is refused are done. Each word is read once. */
static void call_update(struct paravirt *p, const struct vmm_env *env)
{
  uint32_t list = arg(env, REG_A0), count = arg(env, REG_A1), done = 0, error = HYPER_OK;
  if (list % WORD_SIZE != 0 || count > HYPER_UPDATES ||
      (uint64_t)list + 8 * count > env->allocation(env->ctx).size) {
    answer(env, HYPER_ERROR_ADDRESS);
    env->set_reg(env->ctx, REG_A1, 0);
    return;
  }
  while (done < count) {
    uint32_t place = env->load(env->ctx, gpa(list + 8 * done)).word;
    uint32_t entry = env->load(env->ctx, gpa(list + 8 * done + WORD_SIZE)).word;
    if ((error = update(p, env, place, entry)) != HYPER_OK) {
      break;
    }
    done++;
  }
  p->requests += done;
  answer(env, error);
  env->set_reg(env->ctx, REG_A1, done);
}

static uint32_t table(void *state, uint32_t i)
{
  const struct paravirt *p = state;
  return i < p->tables ? page_of(p->table[i]) : VMM_NO_TABLE;
}

static const struct {
  void (*act)(struct paravirt *p, const struct vmm_env *env);
  bool anywhere; /* without a page too */
} calls[HYPER_CALLS] = {
    [HYPER_VERSION] = {call_version, true}, [HYPER_REGISTER] = {call_register, true},
    [HYPER_IRET] = {call_iret, false},      [HYPER_EVENTS] = {call_events, false},
    [HYPER_KICK] = {call_kick, false},      [HYPER_TIME] = {call_time, true},
    [HYPER_TIMER] = {call_timer, true},     [HYPER_WAIT] = {call_wait, true},
    [HYPER_YIELD] = {call_yield, true},     [HYPER_HALT] = {call_halt, true},
    [HYPER_PIN] = {call_pin, false},        [HYPER_UNPIN] = {call_unpin, false},
    [HYPER_UPDATE] = {call_update, false},
};

static void set_timer(const struct paravirt *p, const struct vmm_env *env)
{
  uint32_t ticks = get(p, env, HYPER_PAGE_TIMER);
  if (ticks != HYPER_TIMER_KEEP) {
    env->set_cr(env->ctx, CR_TIMER, ticks);
    set(p, env, HYPER_PAGE_TIMER, HYPER_TIMER_KEEP);
  }
}

/* What every call does besides. A ring that is nonsense does not keep the others waiting. */
static uint32_t serve_rings(struct paravirt *p, const struct vmm_env *env, bool kick)
{
  uint32_t output = serve_output(p, env);
  uint32_t input = p->more || kick ? serve_input(p, env) : HYPER_OK;
  uint32_t disk = serve_disk(p, env);
  return output != HYPER_OK ? output : input != HYPER_OK ? input : disk;
}

static struct vmm_hyper_work hypercall(void *state, const struct vmm_env *env, uint32_t number)
{
  struct paravirt *p = state;
  struct vmm_hyper_work work = {0};
  env->set_pc(env->ctx, env->get_pc(env->ctx) + WORD_SIZE);
  if (number >= HYPER_CALLS) {
    answer(env, HYPER_ERROR_CALL);
  } else if (!p->registered && !calls[number].anywhere) {
    answer(env, HYPER_ERROR_PAGE);
  } else {
    calls[number].act(p, env);
    work.done = true;
  }
  if (p->registered) {
    set_timer(p, env);
    uint32_t error = serve_rings(p, env, number == HYPER_KICK);
    set(p, env, HYPER_PAGE_ERROR, error);
    if (number == HYPER_KICK) {
      answer(env, error);
    }
    show_time(p, env, env->tick(env->ctx));
    show_pending(p, env);
  }
  work.requests = p->requests;
  work.bytes = p->bytes;
  p->requests = p->bytes = 0;
  return work;
}

/* -------------------------------------------------------------------- delivery */

static bool takes_over(void *state)
{
  return ((struct paravirt *)state)->registered;
}

static void boundary(void *state, const struct vmm_env *env)
{
  struct paravirt *p = state;
  look_at_disk(p, env);
  show_pending(p, env);
}

static bool is_open(void *state, const struct vmm_env *env)
{
  return get(state, env, HYPER_PAGE_MASK) == 0;
}

/* In place of the vectors: all that a handler wants to know is put down where a plain load
 * finds it. That cannot fail. */
static void inject(void *state, const struct vmm_env *env, struct trap trap)
{
  struct paravirt *p = state;
  uint32_t psw = env->get_cr(env->ctx, CR_PSW);
  set(p, env, HYPER_PAGE_PC, trap.epc);
  set(p, env, HYPER_PAGE_PSW, psw_set_ie(psw, is_open(p, env)));
  set(p, env, HYPER_PAGE_CAUSE, trap.cause);
  set(p, env, HYPER_PAGE_VALUE, trap.value);
  set(p, env, HYPER_PAGE_INSN, trap.insn);
  set(p, env, HYPER_PAGE_MASK, 1);
  show_time(p, env, env->tick(env->ctx));
  if (isa_cause_is_interrupt(trap.cause)) {
    set_pending(env, trap.cause, false);
    if (trap.cause == CAUSE_CONSOLE) {
      serve_input(p, env);
    }
  }
  show_pending(p, env);
  uint32_t next = psw_set_pmode(psw, psw_mode(psw));
  next = psw_set_mode(next, 0);
  next = psw_set_ie(next, 0);
  next = psw_set_te(next, 0);
  env->set_cr(env->ctx, CR_PSW, psw_set_key(next, 0));
  env->set_pc(env->ctx, p->entry);
}

/* ----------------------------------------------------------------- saved, loaded */

static uint32_t save(void *state, void *bytes, uint32_t room)
{
  if (room >= sizeof(struct paravirt)) {
    memcpy(bytes, state, sizeof(struct paravirt));
  }
  return sizeof(struct paravirt);
}

static bool load(void *state, const void *bytes, uint32_t len)
{
  struct paravirt p;
  if (len != sizeof p) {
    return false;
  }
  memcpy(&p, bytes, sizeof p);
  if (p.page % ISA_PAGE_SIZE != 0 || p.entry % WORD_SIZE != 0 || p.registered > 1 ||
      p.tables > HYPER_TABLES || p.limit - p.done > HYPER_DISK_SIZE ||
      p.taken - p.done > p.limit - p.done) {
    return false;
  }
  memcpy(state, &p, sizeof p);
  return true;
}

const struct vmm_paravirt_module vmm_paravirt = {.create = create,
                                                 .destroy = free,
                                                 .hypercall = hypercall,
                                                 .takes_over = takes_over,
                                                 .boundary = boundary,
                                                 .open = is_open,
                                                 .inject = inject,
                                                 .table = table,
                                                 .save = save,
                                                 .load = load};
