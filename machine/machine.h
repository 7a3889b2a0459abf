/* A machine: the type behind "an efficient, isolated duplicate of the real
 * machine" (Popek and Goldberg 1974). The real machine is one; what the VMM
 * offers is one; whatever takes a machine takes either.
 *
 * Executing never delivers: machine_run() stops with a struct trap and the
 * machine's owner decides. Exactly one owner runs a machine. Time is ticks:
 * one for each completed instruction and each delivery. docs/machine.md gives
 * the exact order of events at an instruction boundary.
 */
#ifndef TRAPEZE_MACHINE_MACHINE_H
#define TRAPEZE_MACHINE_MACHINE_H

#include "isa/isa.h"
#include "isa/profile.h"
#include "machine/address.h"
#include "machine/keys.h"

struct machine;
struct disk_store;
struct tracer;

#define MACHINE_NEVER       UINT64_MAX /* a tick that does not come */
#define MACHINE_MIN_STORAGE (64u << 10)
#define MACHINE_MAX_STORAGE (1u << 30)

/* Why an instruction cannot go on, or which interrupt is to be taken.
 * epc: the instruction, for synchronous causes; the next one, for interrupts.
 * value: what BADVA receives (0 where the cause has no address).
 * insn: the instruction word; 0 for fetch faults and interrupts.
 * ngpa: of a nested fault, the guest-physical address, which NGPA receives; else 0. */
struct trap {
  enum isa_cause cause;
  uint32_t epc;
  uint32_t value;
  uint32_t insn;
  uint32_t ngpa;
};

enum machine_why {
  MACHINE_LIMIT,        /* reached until_tick */
  MACHINE_TRAP,         /* trap: deliver it, or handle it yourself */
  MACHINE_HALTED,       /* executed halt; stays so */
  MACHINE_WAITS,        /* waits for an interrupt that no event will bring */
  MACHINE_DOUBLE_FAULT, /* a delivery failed; state is that before delivery */
  MACHINE_LOST_CONTROL, /* VM only: its VMM lost control of the real machine, see reason */
  MACHINE_HOST_ERROR,   /* the host failed us (memory, files), see reason */
  /* Only where machine_set_stops() asked for it; `hit` has details: */
  MACHINE_BREAK, /* about to execute the instruction at a pc of the list */
  MACHINE_WATCH, /* an access to a range of the list has happened */
  MACHINE_CATCH, /* the instruction before changed the mode, used a port or waits */
};

enum machine_event {
  MACHINE_EVENT_BREAK,
  MACHINE_EVENT_LOAD,
  MACHINE_EVENT_STORE,
  MACHINE_EVENT_MODE,
  MACHINE_EVENT_IN,
  MACHINE_EVENT_OUT,
  MACHINE_EVENT_WAIT,
  MACHINE_EVENT_SIO,
  MACHINE_EVENT_TIO,
};

struct machine_hit {
  enum machine_event event;
  unsigned id; /* break, watch: place in its list */
  uint32_t pc; /* of the instruction that did it (or, break, is about to run) */
  bool device; /* a transfer of a device did it, no instruction */
  gpa_t at;    /* load, store: first byte of the access (of the range, by a device) */
  uint32_t size;
  uint32_t old, value; /* store: before and after; load: value; in, out: value and … */
  uint32_t port;       /* sio, tio: the operand; value: the answer */
  bool changed;        /* store: it made a difference to these bytes */
};

struct machine_stop {
  enum machine_why why;
  struct trap trap;       /* MACHINE_TRAP and MACHINE_DOUBLE_FAULT */
  const char *reason;     /* one sentence, owned by the machine; else NULL */
  struct machine_hit hit; /* MACHINE_BREAK, MACHINE_WATCH, MACHINE_CATCH */
};

enum machine_engine { MACHINE_ENGINE_FAST, MACHINE_ENGINE_UNFUSED, MACHINE_ENGINE_STEPPER };

enum machine_run_state { MACHINE_RUNNING, MACHINE_WAITING, MACHINE_STOPPED };

struct machine_config {
  const struct profile *profile; /* borrowed; must outlive the machine */
  uint32_t storage;              /* bytes; multiple of ISA_PAGE_SIZE in MIN..MAX */
  struct disk_store *disk;       /* borrowed; NULL: no disk */
  uint32_t station;              /* its address on the network; 0: no network */
  enum machine_engine engine;
};

/* A bare machine after reset: registers 0, pc ISA_RESET_PC, PSW 0 (mode 0, IE
 * and TE off), IMASK all lines, storage zero, tick 0. NULL if the host has no
 * memory (message in *reason if not NULL). */
struct machine *machine_create(const struct machine_config *config, const char **reason);
/* Destroys any machine; NULL is fine. A VM must go before its VMM. */
void machine_destroy(struct machine *m);

/* ---------------------------------------------------------------- executing */

/* Executes whole instructions until tick until_tick or until something stops
 * it; never delivers, never passes until_tick. Running again after MACHINE_TRAP
 * without delivering meets the same trap again. */
struct machine_stop machine_run(struct machine *m, uint64_t until_tick);

/* Delivers a trap as hardware does, through the vector at VBR + 4*cause: costs
 * one tick, clears the pending line of an interrupt. False: double fault; the
 * machine is as before and machine_run() answers MACHINE_DOUBLE_FAULT from then on. */
bool machine_deliver(struct machine *m, const struct trap *trap);

/* What a bare machine does left alone: run, deliver, run … Never answers
 * MACHINE_TRAP; stops at until_tick, or for good. */
struct machine_stop machine_advance(struct machine *m, uint64_t until_tick);

/* The owner lets time pass without executing: devices go on, until until_tick
 * or until a line is pending (IPEND, masked or not). With MACHINE_NEVER and no event
 * to come, no time passes. Returns the tick reached. */
uint64_t machine_idle(struct machine *m, uint64_t until_tick);

/* -------------------------------------------------------------- stopping runs
 * For debuggers. Not part of the state, and free of charge where there are none. */

#define MACHINE_ON_LOAD   1u
#define MACHINE_ON_STORE  2u
#define MACHINE_ON_CHANGE 4u /* a store that makes a difference */
struct machine_watch {
  gpa_range_t range;
  unsigned on; /* bits as above */
};

struct machine_stops {
  const uint32_t *breaks; /* pcs, virtual; relocation does not matter */
  unsigned break_count;
  const struct machine_watch *watches;
  unsigned watch_count;
  bool mode; /* an instruction changed the mode (deliveries do so too, by the owner) */
  bool io;   /* an instruction used a port or the channel */
  bool wait; /* an instruction made the machine wait */
};

/* A run stops there too, from now on; copied; NULL: nowhere. Fetches, vectors and the
 * owner's accesses are no accesses here; transfers of devices are stores. An
 * instruction that traps has done nothing, so it is not reported. False: no memory,
 * there are no stops then. */
bool machine_set_stops(struct machine *m, const struct machine_stops *stops);
/* No break is reported at a boundary whose tick is below `tick`, so that a run can go
 * on from one. If now is below it, what is still to be reported here is forgotten. */
void machine_stops_from(struct machine *m, uint64_t tick);

/* Chooses how a bare machine executes; on a VM, how its real machine does. */
void machine_set_engine(struct machine *m, enum machine_engine engine);

/* ---------------------------------------------------------- state, by its owner */

const struct profile *machine_profile(const struct machine *m);
struct machine *machine_parent(struct machine *m); /* NULL: a bare machine */
const char *machine_name(const struct machine *m); /* "machine", or the VM's name */

uint32_t machine_get_reg(struct machine *m, unsigned reg);
void machine_set_reg(struct machine *m, unsigned reg, uint32_t value); /* zero stays zero */
/* All ISA_REG_COUNT of them; [0] reads 0 and is ignored when set. */
void machine_get_regs(struct machine *m, uint32_t *regs);
void machine_set_regs(struct machine *m, const uint32_t *regs);
uint32_t machine_get_pc(struct machine *m);
void machine_set_pc(struct machine *m, uint32_t pc);
/* Any control register, PSW included. Setting is the owner's act: read-only
 * bits of TICK and CPUID are ignored, others are set as mtcr would set them.
 * TIMER reads as the ticks that are left. A register that the profile lacks
 * reads 0, and setting it does nothing. */
uint32_t machine_get_cr(struct machine *m, enum isa_cr cr);
/* All ISA_CR_COUNT of them. */
void machine_get_crs(struct machine *m, uint32_t *crs);
void machine_set_cr(struct machine *m, enum isa_cr cr, uint32_t value);
uint64_t machine_tick(const struct machine *m);
enum machine_run_state machine_run_state(struct machine *m);
void machine_set_run_state(struct machine *m, enum machine_run_state state);
/* The earliest tick at which the timer or a device will raise a line on its
 * own, or MACHINE_NEVER. */
uint64_t machine_next_event(struct machine *m);

/* Physical storage. False, and nothing done, unless the whole range exists.
 * Coherent with decoded code. */
uint32_t machine_storage_size(const struct machine *m);
bool machine_phys_read(struct machine *m, gpa_t at, void *buf, uint32_t len);
bool machine_phys_write(struct machine *m, gpa_t at, const void *buf, uint32_t len);
bool machine_phys_read_word(struct machine *m, gpa_t at, uint32_t *word); /* at aligned */
bool machine_phys_write_word(struct machine *m, gpa_t at, uint32_t word);

/* Storage keys (machine/keys.h) by the owner, as ssk and isk: the key of the block
 * that holds `at`; bits of `key` above KEY_MASK do not count. False, and nothing
 * done (*key 0): there is no such address, or the profile has no keys. */
bool machine_key_get(struct machine *m, gpa_t at, uint8_t *key);
bool machine_key_set(struct machine *m, gpa_t at, uint8_t key);
/* A count that grows with each change of a key, of this machine or of one that it
 * is part of. Not part of the state. */
uint64_t machine_key_changes(struct machine *m);

/* The TLB by the owner: entry `index` as tlbw would write it from TLBHI and TLBLO (docs/mmu.md).
 * False, and nothing done (zeros): the profile has no TLB, or no such entry. */
bool machine_tlb_get(struct machine *m, unsigned index, uint32_t *hi, uint32_t *lo);
bool machine_tlb_set(struct machine *m, unsigned index, uint32_t hi, uint32_t lo);

enum machine_access { MACHINE_LOAD, MACHINE_STORE, MACHINE_FETCH };
struct translation {
  bool ok;
  gpa_t pa;             /* if ok, or if device; of a nested fault the guest-physical address */
  enum isa_cause cause; /* if not ok: bounds, protection, bus, … */
  bool device;          /* a bus error for all but lw and sw: there is a device register */
  bool marks;           /* the access sets A or D: the entry of a table at `entry` becomes … */
  gpa_t entry;
  uint32_t marked;
  /* `mmu nested`: bits that the access sets in entries of the second level. */
  unsigned second_count;
  struct {
    gpa_t at;
    uint32_t bits;
  } second[4];
};
/* Pure: what an access by the current PSW (te: its TE) to one byte at va would
 * meet, by the map and by keys. Alignment is not looked at, and no bit is set. */
struct translation machine_translate(struct machine *m, gva_t va, enum machine_access access,
                                     bool te);

/* ------------------------------------------------------------------ devices */

/* Port access by the owner, as `in` and `out` in mode 0 would do it now.
 * False: no such port (bus error). docs/machine.md lists the ports. */
bool machine_port_in(struct machine *m, uint32_t port, uint32_t *value);
bool machine_port_out(struct machine *m, uint32_t port, uint32_t value);

/* sio and tio by the owner (devices/channel.h): their answers. */
uint32_t machine_channel_start(struct machine *m, uint32_t caw);
uint32_t machine_channel_test(struct machine *m, uint32_t operand);

/* Console input: `byte` arrives at tick `at` (clamped to now; not before bytes
 * already in the log). The log is part of the run: same log, same run. */
void machine_console_input(struct machine *m, uint64_t at, uint8_t byte);
/* How many bytes of the log have not arrived; and forgets them. */
unsigned machine_console_ahead(struct machine *m);
void machine_console_forget(struct machine *m);
/* All output so far, but no more than its first 16 MiB; valid until the machine
 * runs or goes. Never NULL, so that what is no bytes can be compared and copied, too. */
const uint8_t *machine_console_output(struct machine *m, size_t *len);
/* Called with each byte as it is written; NULL for none. */
typedef void machine_console_fn(void *ctx, uint8_t byte);
void machine_console_on_output(struct machine *m, machine_console_fn *fn, void *ctx);

/* The network. A frame is MIN to MAX bytes: two words, to whom and from whom, little-endian,
 * and what it carries. What arrives is a log of (tick, frame), as console input is one of
 * bytes. */
#define MACHINE_MIN_FRAME 8u
#define MACHINE_MAX_FRAME 1024u
#define MACHINE_BROADCAST 0xffffffffu /* to all; nobody's address */
struct machine_net {
  uint32_t station; /* its address; 0: no network */
  bool sending, receiving;
  unsigned waiting; /* frames that wait for a buffer */
  uint64_t sent, received, dropped;
};
struct machine_net machine_net_state(struct machine *m);
/* `frame` arrives at tick `at` (clamped to now; not before frames already in the log).
 * Copied. False: no network here, no such length, or no memory. */
bool machine_net_arrive(struct machine *m, uint64_t at, const void *frame, uint32_t len);
enum machine_frame {
  MACHINE_FRAME_SENT,
  MACHINE_FRAME_ARRIVED, /* in the queue, or at once in the buffer that waited for it */
  MACHINE_FRAME_DROPPED, /* it arrived, and the queue was full */
};
/* Called with each frame, at the tick that the machine then shows; valid for the call; NULL
 * for none. */
typedef void machine_net_fn(void *ctx, enum machine_frame way, const uint8_t *frame, uint32_t len);
void machine_net_on_frame(struct machine *m, machine_net_fn *fn, void *ctx);

/* Disk contents by the owner, without time or interrupts. False: no such
 * sector, or the host refused. 512 bytes. */
#define MACHINE_SECTOR_SIZE 512u
uint32_t machine_disk_sectors(struct machine *m); /* 0: no disk */
bool machine_disk_peek(struct machine *m, uint32_t sector, void *buf);

/* --------------------------------------------------------- comparing, watching */

/* Canonical state: registers, pc, PSW, control registers, TLB, run state, storage
 * and its keys, devices with pending events, disk contents, console output, tick. Not
 * caches, placement, engine or statistics. Equal states, equal hashes, whatever
 * kind of machine. Cost: the storage written since the last call. */
uint64_t machine_state_hash(struct machine *m);
/* The parts of it, so that a difference can be named; keys go with storage. */
uint64_t machine_storage_digest(struct machine *m);
uint64_t machine_device_digest(struct machine *m);

/* A digest of part of storage and of its keys, placement-free (page numbers count from the
 * range's start). start and size are multiples of the page size; the range
 * exists. Returns an id, or MACHINE_NO_WATCH if the host has no memory; the VMM
 * uses this to answer machine_storage_digest() for its VMs. Ranges may overlap.
 * MACHINE_NO_WATCH has digest 0. */
#define MACHINE_NO_WATCH UINT32_MAX
unsigned machine_watch_storage(struct machine *m, gpa_range_t range);
uint64_t machine_watched_digest(struct machine *m, unsigned id);
void machine_unwatch_storage(struct machine *m, unsigned id);
/* Digests of single pages, by their numbers (address / page size), all of which exist: what
 * machine/digest.h adds up to those of ranges. Equal contents, equal digests, wherever. */
void machine_page_digests(struct machine *m, const uint32_t *pages, uint32_t count,
                          uint64_t *digests);

/* Counted, never part of the state. */
struct machine_stats {
  uint64_t instructions;               /* completed */
  uint64_t traps[ISA_CAUSE_LIMIT];     /* stops with MACHINE_TRAP (bare) / virtual traps (VM) */
  uint64_t delivered[ISA_CAUSE_LIMIT]; /* through the vector table */
  uint64_t stale;                      /* accesses of which the lint below has told */
  /* Of accesses that no cache of the engine answered: walks of page tables, and the entries
   * read for them. */
  uint64_t walks, entries_read;
};
const struct machine_stats *machine_stats(struct machine *m);

/* An access by an entry of a page table that the guest changed without a tlbi since it was last
 * used: a machine that keeps translations could go by the old one (docs/mmu.md). */
struct machine_lint {
  gva_t pc, va;
  enum machine_access access;
  uint32_t kept, now; /* the entry then and now; now 0: the access traps */
};
typedef void machine_lint_fn(void *ctx, const struct machine_lint *event);
/* Called for each from now on; NULL: for none. It executes by the plain stepper meanwhile. On a
 * machine without page tables there is never one. False: no memory, or no bare machine. */
bool machine_set_lint(struct machine *m, machine_lint_fn *fn, void *ctx);

/* Trace events (machine/trace.h) go to `tracer` from now on; NULL for none. */
void machine_set_tracer(struct machine *m, struct tracer *tracer);

#endif
