/* The bare machine's insides, shared by the files that make it up. Nothing
 * outside machine/ includes this.
 *
 *   bare.c        life, state access, the boundary between instructions
 *   bare_time.c   timer, devices, waiting
 *   bare_cr.c     control registers
 *   bare_ports.c  port dispatch
 *   bare_mmio.c   device registers as words of memory
 *   bare_channel.c channel programs
 *   trap.c        delivery
 *   mmu_bounds.c  translation, and the address spaces that cache it
 *   mmu_paged.c   page tables
 *   mmu_tlb.c     the TLB that software refills
 *   lint.c        page tables that were changed and not told of
 *   access.c      loads and stores that the fast path does not answer
 *   code.c        decoded pages
 *   stepper.c     one instruction, plainly
 *   engine.c      many instructions, fast
 *   storage.c     bytes and their digest
 *   stops.c       where a debugger wants a run to stop
 */
#ifndef TRAPEZE_MACHINE_BARE_H
#define TRAPEZE_MACHINE_BARE_H

#include "machine/code.h"
#include "machine/devices/devices.h"
#include "machine/mmu.h"
#include "machine/ops.h"
#include "machine/stops.h"
#include "machine/storage.h"

#define BARE_CPUID 0x50470001u
/* Registers, and one that takes the writes to `zero`. */
#define BARE_SINK ISA_REG_COUNT

struct bare {
  struct machine machine;
  uint32_t reg[ISA_REG_COUNT + 1];
  uint32_t pc;
  uint32_t psw;
  uint32_t cr[ISA_CR_COUNT]; /* all but PSW, TIMER, TICK and CPUID */
  uint64_t tick;
  uint64_t timer_at;   /* MACHINE_NEVER: off */
  uint64_t device_at;  /* the earliest of devices */
  uint64_t next_event; /* the earlier of these */
  struct trap trap;    /* the last one met */
  uint32_t resync_pc;  /* of the last instruction after which the boundary was looked at */
  enum machine_run_state run_state;
  uint32_t cpuid;
  bool double_fault;      /* sticky: run answers so */
  const char *host_error; /* sticky */
  enum machine_engine engine;
  uint32_t modes;     /* that the profile has */
  uint64_t crs;       /* a bit for each control register that it has */
  bool delivers;      /* a run delivers its traps itself */
  uint64_t cr_writes; /* see struct machine_live */

  struct storage storage;
  struct mmu mmu;
  struct code code;
  struct devices devices;
  machine_net_fn *on_frame;
  void *on_frame_ctx;
  struct disk_store *store; /* borrowed; NULL: no disk */
  uint8_t cause_of_line[32];
  struct machine_stats stats;
  struct stops stops;
  struct lint *lint; /* NULL: nobody asks */
};

static inline struct bare *bare_of(struct machine *m)
{
  return (struct bare *)m;
}

/* The space of the current PSW and control registers; its key is 0 where there are none. */
static inline struct space *mmu_space(struct bare *b)
{
  const struct recalled_space *r = mmu_recalled(&b->mmu, b->psw);
  bool known = r->space && r->psw == (b->psw & MMU_RECALLED_BY);
  return known ? r->space : mmu_look_up_space(b);
}

/* What is added to addresses, and their limit: for those who follow a trace. Where there are
 * pages that is always nothing. */
struct relocation {
  uint32_t base, bound;
};
static inline struct relocation bare_relocation(const struct bare *b)
{
  return psw_te(b->psw) && b->mmu.kind == MMU_BOUNDS
             ? (struct relocation){b->cr[CR_BASE], b->cr[CR_BOUND]}
             : (struct relocation){0, b->storage.size};
}

/* ------------------------------------------------------------------- trap.c */
/* Tells the tracer that the relocation is no longer what it was. */
void bare_trace_map(const struct bare *b, struct relocation before);

/* -------------------------------------------------------------- bare_time.c */
/* Raises the lines of every event due at the current tick. */
void bare_fire(struct bare *b);
/* Recomputes next_event, after anything that may have changed it; or after TIMER was written. */
void bare_schedule(struct bare *b);
static inline void bare_schedule_timer(struct bare *b)
{
  b->next_event = b->device_at < b->timer_at ? b->device_at : b->timer_at;
}
/* Waiting: wakes, or lets time pass to at most until. False: waits forever. */
bool bare_wait(struct bare *b, uint64_t until);
uint64_t bare_idle(struct machine *m, uint64_t until);

/* ---------------------------------------------------------------- bare_cr.c */
/* As seen at the boundary with tick `now`. */
static inline uint32_t bare_read_cr(const struct bare *b, unsigned cr, uint64_t now)
{
  switch (cr) {
  case CR_PSW:
    return b->psw;
  case CR_TIMER:
    return b->timer_at == MACHINE_NEVER ? 0 : (uint32_t)(b->timer_at - now);
  case CR_TICK:
    return (uint32_t)now;
  case CR_CPUID:
    return b->cpuid;
  default:
    return b->cr[cr];
  }
}
/* `after`: the tick from which a TIMER written counts. */
void bare_write_cr(struct bare *b, unsigned cr, uint32_t value, uint64_t after);
static inline void bare_write_psw(struct bare *b, uint32_t value)
{
  bool legal = psw_mode(value) < b->modes && psw_pmode(value) < b->modes;
  b->psw = legal ? value & PSW_ALL_MASK : profile_legal_psw(b->machine.profile, value);
}

/* ------------------------------------------------------------- bare_ports.c */
/* `after`: the tick of the boundary after the access. False: no such port. */
bool bare_port_in(struct bare *b, uint64_t after, uint32_t port, uint32_t *value);
bool bare_port_out(struct bare *b, uint64_t after, uint32_t port, uint32_t value);
/* The same for an instruction: false with a bus error in b->trap. */
bool bare_insn_in(struct bare *b, uint64_t after, uint32_t port, uint32_t *value);
bool bare_insn_out(struct bare *b, uint64_t after, uint32_t port, uint32_t value);

/* ---------------------------------------------------------- bare_channel.c */
uint32_t bare_channel_start(struct bare *b, uint64_t after, uint32_t caw);
uint32_t bare_channel_test(struct bare *b, uint32_t operand);
/* The same for an instruction. */
uint32_t bare_insn_sio(struct bare *b, uint64_t after, uint32_t caw);
uint32_t bare_insn_tio(struct bare *b, uint32_t operand);
extern const struct disk_ops bare_disk_ops; /* ctx: struct bare; bare.c */

/* ------------------------------------------------------------- bare_mmio.c */
/* The instruction that met the bus error in b->trap, if it is a lw or sw of a device
 * register: completes it. */
bool bare_mmio(struct bare *b);

/* ------------------------------------------------------------------- trap.c */
bool bare_deliver(struct machine *m, const struct trap *trap);
/* Its parts. The vector is read before anything changes: a double fault (false) leaves the state
 * from before the delivery. */
static inline bool bare_read_vector(const struct bare *b, enum isa_cause cause, uint32_t *handler)
{
  uint64_t at = (uint64_t)b->cr[CR_VBR] + 4u * (uint32_t)cause;
  if (at + 4 > b->storage.size) {
    return false;
  }
  *handler = storage_load(&b->storage, (uint32_t)at, 4);
  return *handler % 4 == 0;
}
static inline void bare_enter_handler(struct bare *b, const struct trap *trap, uint32_t handler)
{
  b->cr[CR_EPSW] = b->psw;
  b->cr[CR_EPC] = trap->epc;
  b->cr[CR_CAUSE] = trap->cause;
  b->cr[CR_BADVA] = trap->value;
  b->cr[CR_EINSN] = trap->insn;
  b->cr[CR_NGPA] = trap->ngpa; /* of other machines it stays 0 */
  b->psw = psw_set_pmode(b->psw & (PSW_C_MASK | PSW_V_MASK), psw_mode(b->psw));
  b->pc = handler;
  b->stats.delivered[trap->cause]++;
}

/* ----------------------------------------------------------------- access.c */
/* Loads and stores by an instruction, at va, of 1, 2 or 4 bytes, under the current
 * PSW.key. False: cause
 * and value of b->trap say why, and nothing was done. */
bool bare_load(struct bare *b, uint32_t va, uint32_t size, struct mmu_who who, uint32_t *value);
bool bare_store(struct bare *b, uint32_t va, uint32_t size, struct mmu_who who, uint32_t value);
/* Translation and value of b->trap for the fetch at pc. */
bool bare_fetch(struct bare *b, uint32_t pc, uint32_t *word);
/* For whom ldprev and stprev are translated, and for whom the rest under this PSW. */
struct mmu_who bare_prev(const struct bare *b);
static inline struct mmu_who bare_who_of(const struct bare *b, uint32_t psw)
{
  bool guest = mmu_in_guest_mode(b, psw);
  uint32_t mode = guest ? nptbr_mode(b->cr[CR_NPTBR]) : psw_mode(psw);
  return (struct mmu_who){.te = psw_te(psw), .mode = (uint8_t)mode, .guest = guest};
}
static inline struct mmu_who bare_who(const struct bare *b)
{
  return bare_who_of(b, b->psw);
}
/* The key of the block that holds physical address pa; bits of `key` above KEY_MASK do
 * not count. False: no such address, or no keys. */
bool bare_key_get(const struct bare *b, uint32_t pa, uint32_t *key);
bool bare_key_set(struct bare *b, uint32_t pa, uint32_t key);
/* The same for an instruction: false with a bus error in b->trap. */
bool bare_insn_key_get(struct bare *b, uint32_t pa, uint32_t *key);
bool bare_insn_key_set(struct bare *b, uint32_t pa, uint32_t key);
/* tlbi; page tables are as they are, whatever it says. */
void bare_insn_invalidate(struct bare *b, uint32_t va, uint32_t space);
/* Storage by physical address, coherent with decoded code and with tags. The range must exist. */
void bare_phys_store(struct bare *b, uint32_t pa, const void *buf, uint32_t len);

static inline void bare_set_trap(struct bare *b, enum isa_cause cause, uint32_t value)
{
  b->trap.cause = cause;
  b->trap.value = value;
  b->trap.ngpa = 0;
}

/* ------------------------------------------------------------------- lint.c */
bool bare_set_lint(struct machine *m, machine_lint_fn *fn, void *ctx);
/* Only with b->lint. An instruction's access meets this, and has not been made yet. */
void lint_access(struct bare *b, uint32_t va, enum machine_access access, struct mmu_who who,
                 const struct translation *t);
void lint_forget(struct bare *b, uint32_t va); /* tlbi */
void lint_forget_all(struct bare *b);          /* PTBR was written */

/* ---------------------------------------------------------------- stepper.c */
/* Executes the instruction at pc. False: it trapped, b->trap is complete. */
bool bare_step(struct bare *b);
/* The instruction `word` at pc is done; psw: as it was before. */
void bare_complete(struct bare *b, uint32_t word, enum isa_insn insn, uint32_t psw, uint32_t next);

/* ----------------------------------------------------------------- engine.c */
enum engine_exit {
  ENGINE_ON,    /* look at the boundary again */
  ENGINE_TRAP,  /* b->trap */
  ENGINE_PLAIN, /* the instruction at pc can only be stepped; nothing done */
};
/* The one for budgets of a page and more, and the one that counts. labels not NULL: only tells
 * where its labels are. */
enum engine_exit engine_fast(struct bare *b, struct space *space, uint64_t budget,
                             const struct code_labels **labels);
enum engine_exit engine_counted(struct bare *b, struct space *space, uint64_t budget,
                                const struct code_labels **labels);
/* Executes up to `budget` instructions, at least one. It returns early whenever
 * an interrupt might have become possible. False: as bare_step(). In line: monitors enter here
 * for every trap. */
static inline bool engine_run(struct bare *b, uint64_t budget)
{
  const uint64_t most = (uint64_t)1 << 40; /* so that slot addresses plus budget fit a word */
  uint64_t before = b->tick;
  struct space *space = mmu_space(b);
  b->mmu.stale = false;
  budget = budget < most ? budget : most;
  enum engine_exit exit = budget >= CODE_PAGE_WORDS ? engine_fast(b, space, budget, NULL)
                                                    : engine_counted(b, space, budget, NULL);
  b->stats.instructions += b->tick - before;
  return exit == ENGINE_PLAIN ? bare_step(b) : exit == ENGINE_ON;
}
/* Fills b->code.labels; once, before the first run. */
void engine_init(struct bare *b);

#endif
