/* What the VMM's own files share: the frame around the modules. Modules do not
 * include this.
 */
#ifndef TRAPEZE_VMM_INTERNAL_H
#define TRAPEZE_VMM_INTERNAL_H

#include "isa/pages.h"
#include "machine/devices/devices.h"
#include "machine/devices/ports.h"
#include "machine/ops.h"
#include "machine/stops.h"
#include "machine/trace_emit.h"
#include "vmm/devices/overlay.h"
#include "vmm/memory/pmap.h"
#include "vmm/modules.h"
#include "vmm/vmm.h"

#define REASON_SIZE 192

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Real ticks past the end of the loan after which the VMM knows that the real
 * timer will not bring the processor back. Any number above 0 would do: an
 * enabled timer interrupt is never late. */
#define WATCHDOG_TICKS 65536u

/* Traps served at one virtual tick after which the dispatcher is at fault: far more
 * than there are interrupt lines. */
#define SERVED_MAX 1000u

/* How long a steady loan lasts at most: a guest that took control is found out then. */
#define STEADY_TICKS (1u << 20)

/* Real storage below the VMs: the upper half of VMM_OWN_STORAGE is where real
 * disk transfers go, the largest of which just fits. */
#define BOUNCE_START (VMM_OWN_STORAGE / 2)
/* … and below that the programs that the real channel gets. */
#define CHAIN_START (BOUNCE_START - ISA_PAGE_SIZE)

/* The virtual processor. While the VM is loaded, its registers and pc are in
 * the real machine, and `regs` and `pc` here are out of date. */
struct vcpu {
  uint32_t regs[ISA_REG_COUNT];
  uint32_t pc;
  uint32_t cr[ISA_CR_COUNT]; /* all but TIMER and TICK, which follow from the rest */
  uint64_t tick;
  enum machine_run_state run_state;
  bool double_faulted;
  struct trap fault; /* the trap whose delivery failed */
  bool map_stale;    /* the real PSW or map do not follow from `cr` */
  struct {
    uint32_t hi, lo;
  } tlb[TLB_ENTRIES];
};

/* What the real disk is to do for a command of a virtual one (devices/vdisk.c). */
enum job_state { JOB_NONE, JOB_WAITS, JOB_RUNS, JOB_DONE };
struct vdisk_job {
  enum job_state state;
  bool write;
  bool early;              /* a write before its time: what the sectors held is kept, all of it */
  uint32_t sector, wanted; /* of the virtual disk */
  uint32_t done, count;    /* so many of those have been transferred, of as many as can be */
  uint32_t piece;          /* under way */
  uint64_t number;         /* of those that wait the lowest is next */
};

/* The virtual disk's side of the real one. */
struct vdisk {
  struct vmm_extent extents[VMM_MAX_EXTENTS]; /* one behind another on the virtual disk */
  unsigned extent_count;
  struct overlay *overlays[VMM_MAX_EXTENTS]; /* NULL: it has none */
  uint32_t sectors;                          /* of all */
  struct vdisk_job job;
  uint64_t unkept; /* the tick of a write that must not be early: what is there cannot be read */
  uint8_t *buffer; /* two largest transfers: the job's, what is kept; NULL: no disk */
};

/* A VM's place in the queue for the processor (processor.c). */
/* Frozen: at the tick before its disk completes, and the real one has not done its job. */
enum place_where { PLACE_NEW, PLACE_READY, PLACE_ASLEEP, PLACE_FROZEN, PLACE_GONE };
struct place {
  enum place_where where;
  uint32_t slot;  /* its number */
  uint32_t at;    /* asleep: in the heap of sleepers, if wake is not MACHINE_NEVER */
  uint64_t since; /* real tick from which it has been there; asleep: that its clock shows */
  uint64_t wake;  /* asleep: the real tick of its next event, or MACHINE_NEVER */
  bool due;       /* ready: the last tick of its sleep, that of the event, is still to pass */
  struct machine_stop stop; /* gone: why */
  struct vmm_account account;
};

/* What is known of the loop that it may be in (spin.c). */
struct spin {
  bool proving, begun;
  uint64_t from, event; /* the proof began then, and until then nothing happens by itself */
  uint32_t regs[ISA_REG_COUNT], pc, flags; /* as they were then */
  uint32_t period;               /* asleep in a loop of so many instructions; 0: in none */
  unsigned patience, left_alone; /* after a proof that failed, in quanta */
};

/* Its place on a virtual switch. */
struct station {
  uint32_t address; /* 0: it has none */
  unsigned network;
  uint32_t *peers;
  unsigned peer_count;
  unsigned talkers; /* from how many frames can come */
  uint64_t credit;  /* ticks, … */
  uint64_t paid_at; /* … as of this one of its clock */
  struct vmm_network counts;
};

/* Instruction words that were decoded; which they are depends on nothing else. One of zeros is
 * right: the word 0 is illegal. */
#define DECODED_WORDS 256u
struct decoded_word {
  uint32_t word;
  struct vmm_insn insn;
};

#define TABLE_PLACES 16u

/* A frame for a table: where, and what it is used as. */
struct vm_table {
  uint32_t at;
  enum vmm_table kind;
};

#define VMM_MAX_PINNED 32u

struct vm {
  struct machine machine; /* first: a VM is a machine */
  struct vmm *vmm;
  struct vm *next;
  struct vmm_env env;
  struct translation_cache *cache; /* NULL: not its technique */
  struct patching *patching;       /* likewise */
  struct {                         /* the modules' own */
    void *dispatch, *emulate, *interpret, *reflect, *memory, *timer, *schedule, *minidisk, *chain;
    void *paravirt; /* NULL: not its technique */
  } state;
  struct vcpu cpu;
  struct {
    uint32_t *regs, *pc; /* in `cpu`, or in the real machine; NULL: where only that knows */
  } at;
  uint64_t cr_writes; /* see struct machine_live */
  uint64_t timer_due; /* what the timer module says is next, by the clock that it counts */
  enum vmm_technique technique;
  bool tlb_exposed;   /* it could write the real TLB */
  bool always_direct; /* in every virtual mode, and not from a translation cache */
  bool is_plain;      /* nothing is to be looked at at its exits but its trap: see turn() */
  enum vmm_memory memory_kind;
  const struct vmm_memory_module *memory;
  mpa_range_t storage; /* start: only if it lies in one piece */
  struct pmap pmap;
  struct vm_table *table; /* frames for the memory module's tables */
  uint32_t table_count;
  uint32_t table_place[TABLE_PLACES]; /* in `table`, where one was found last: by its frame */
  struct {
    uint32_t at;
    mpa_t frame;
  } framed;                        /* what env->frame answered last; frame 0: nothing */
  uint8_t *traced;                 /* by whom, of each page of storage */
  uint32_t traced_pages;           /* by anybody */
  uint32_t pinned[VMM_MAX_PINNED]; /* tables of a paravirtual guest (hyper.c) */
  uint32_t pinned_count;
  struct devices devices;
  bool console_private;
  machine_console_fn *on_output;
  void *on_output_ctx;
  struct vdisk vdisk;
  struct station station;
  machine_net_fn *on_frame;
  void *on_frame_ctx;
  bool timer_real; /* the interval timer counts real ticks: those of its own clock and … */
  uint64_t lag;    /* … those for which that stood still */
  struct place place;
  struct spin spin;
  uint64_t served_at;          /* tick of the last trap served, … */
  unsigned served_there;       /* … and how many were at that tick */
  struct machine_stop *answer; /* of the turn of the main loop that is under way */
  enum machine_why fate;       /* MACHINE_LIMIT: none; else what every run answers, with … */
  char reason[REASON_SIZE];
  struct vmm_stats stats;
  struct vmm_paging paging;
  bool hints;     /* it may give them (memory/hints.c), and says that it keeps … */
  uint32_t given; /* … so many pages away from itself */
  struct machine_stats machine_stats;
  struct decoded_word decoded[DECODED_WORDS]; /* by a hash of the word */
  uint32_t modes;                             /* that the profile has */
  uint64_t crs;                               /* a bit for each of its control registers; … */
  uint64_t kept_crs;                          /* … those whose value is that of cpu.cr; … */
  uint64_t plain_crs;                         /* … and those that steer nothing */
  uint32_t cr_mask[ISA_CR_COUNT];             /* bits that a write may change */
  uint32_t real_psw[(PSW_MODE_MASK >> PSW_MODE_SHIFT) + 1]; /* by virtual mode; without C, V, key */
  const struct profile_behaviour *behaviours[2]; /* by instruction, in mode 0 and outside */
  struct stops stops;
  bool emulating;
  bool used_device; /* the instruction interpreted last has used a port */
  uint64_t plain;   /* instructions executed directly, or interpreted where one that executes … */
                    /* … directly would have done: nothing of the VMM's was needed */
  uint32_t last_pc; /* of the instruction emulated last */
  char name[];      /* points here: machine.name */
};

/* What the VMM loaded into the real processor and must find again. */
struct world {
  uint32_t psw; /* without C and V, which are the guest's */
  uint32_t base, bound, ptbr, asid, nptbr, vbr, imask;
  uint64_t cr_writes; /* the real machine's count when it was entered */
  uint32_t timer;     /* ticks lent */
  uint64_t entered;   /* real tick */
  /* A run's limit need not end a loan (vmm_set_steady): whose it is meanwhile, or NULL,
   * and up to which real tick it has been charged to the VM. */
  struct vm *lent;
  uint64_t charged;
  struct vm *borrower; /* of the last loan, which may go on; and until when by its own clock */
  uint64_t until;
};

/* The processor under vmm_run(). */
struct processor {
  const struct vmm_share_module *module;
  void *share; /* the module's state */
  struct vmm_costs costs;
  uint32_t quantum;
  struct vm **slot;    /* by number; NULL: free */
  struct vm **sleeper; /* heap */
  uint32_t slots, sleepers;
  uint32_t ready; /* how many are */
  uint32_t frozen;
  struct vm *current;   /* whose turn it is, … */
  uint64_t began;       /* … since, … */
  uint64_t end;         /* … and until, in real ticks */
  uint64_t yielded;     /* of them, so many to the others: within a step only */
  bool calm;            /* nothing of it has trapped since */
  struct vm *switching; /* whose loading has been charged */
  struct vm *debtor;    /* to whom was charged what is … */
  uint64_t owed;        /* … still to pass, in ticks */
  uint64_t idle;
  bool running;     /* within vmm_run(), … */
  uint64_t limit;   /* … up to this real tick */
  uint64_t stop_at; /* the real tick at which direct execution pauses; at most the limit */
};

/* The real machine's TLB, and who has its address spaces (rtlb.c). */
#define RTLB_SPACES 256u
struct rtlb_entry {
  struct vm *vm;   /* NULL: it is empty */
  uint32_t page;   /* of the VM's storage, to which it leads */
  uint32_t hi, lo; /* as the real machine has it */
};
struct rtlb_space {
  struct vm *vm; /* NULL: nobody's */
  uint32_t id;   /* what the VM's memory module calls it */
  uint64_t used; /* when last, by `clock` */
};
struct rtlb {
  struct rtlb_entry entry[TLB_ENTRIES];
  unsigned next; /* to be replaced */
  struct rtlb_space space[RTLB_SPACES];
  uint8_t hint[RTLB_SPACES]; /* where a space was found last, by a hash of it */
  uint64_t clock;
};

struct vmm {
  struct machine *real;
  const struct vmm_modules *modules;
  struct profile *guests; /* of VMs, unless they have another; NULL: the real machine's */
  struct vm *vms;         /* in the order of their storage */
  struct vm *loaded;      /* whose registers the real machine holds; NULL: none */
  struct world world;
  uint8_t *keys;         /* of the real machine's blocks, as they must be; NULL: it has none */
  uint64_t key_changes;  /* the real machine's count when that was so */
  struct vm *disk_for;   /* whose job the real disk has; NULL: it is idle */
  uint32_t disk_waiting; /* jobs that wait for it */
  uint64_t disk_jobs;    /* all there were */
  bool steady;
  struct frames frames;
  struct rtlb rtlb;
  struct vmm_storage_policy policy;
  struct processor processor;
  struct vm *stopper; /* whose stops the real machine has; NULL: none has any */
  unsigned violations;
  char first_violation[REASON_SIZE];
};

static inline struct vm *vm_of(struct machine *m)
{
  return (struct vm *)m;
}

/* vmm.c */
void vm_destroy(struct machine *vm);
/* Records a violation of resource control and stops the VM for good. */
void vmm_lose_control(struct vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets a real storage key. False: there is no such address, or the machine has none. */
bool vmm_set_key(struct vmm *vmm, gpa_t at, uint8_t key);

/* allocate.c: the allocator A. NULL reason: granted. */
const char *allocate_storage(const struct vmm *vmm, uint32_t size, bool scattered,
                             mpa_range_t *range);
const char *allocate_extents(const struct vmm *vmm, const struct vdisk *v);

/* memory/hints.c: hypercalls of a guest that has them whatever its technique. */
bool hint_is(const struct vm *vm, uint32_t number);
void hint_take(struct vm *vm, uint32_t number);
/* A page was zeroed for the guest because of this trap. If it stores a zero, it is about to do
 * the same once more: the VMM cannot tell, and has done it in vain. */
void hint_missed(struct vm *vm, struct trap real);

/* processor.c: many VMs on one processor. */
/* The real machine's tick, and what has been charged and is still to pass. */
uint64_t processor_clock(const struct vmm *vmm);

/* queue.c: a VM's place there. */
bool processor_create(struct vmm *vmm); /* false: no memory */
void processor_destroy(struct vmm *vmm);
bool processor_join(struct vm *vm, uint32_t share); /* false: no memory */
void processor_leave(struct vm *vm);
/* Something is about to reach a VM from outside, a byte or a frame. If it sleeps its clock is
 * brought up to date, as far as its next event but one tick: what arrives, arrives now. */
void vm_catch_up(struct vm *vm);
/* It has reached it, and has raised its line if it raises one: the VM wakes if that is
 * what it waits for. */
void vm_wake(struct vm *vm);
/* Its state has been changed by other means than executing: if it was in a loop it may not
 * be any longer. */
void vm_touch(struct vm *vm);
/* For processor.c: */
bool queue_waits(const struct vm *vm); /* for a line, and none is pending */
/* Asleep: its clock shows the time of real tick `since`. False: it is to wake at once, and
 * is where it was. */
bool queue_sleep(struct vm *vm, uint64_t since);
void queue_move(struct vm *vm, enum place_where where, uint64_t since); /* not asleep */
void queue_thaw(struct vm *vm); /* its disk's job is done: if it was frozen it is ready */
void queue_wake_those_due(struct vmm *vmm);
void queue_look_at_all(struct vmm *vmm);  /* the owner may have done anything to the VMs */
void queue_catch_up_all(struct vmm *vmm); /* … and may look at their clocks */

/* spin.c: loops that do nothing but wait. */
void spin_suspect(struct vm *vm); /* it has had a whole quantum in which nothing trapped */
bool spin_goes_on(struct vm *vm); /* the instruction at pc is to be executed alone, as a proof */
/* … and has been; plain: there was no more to it. True: spin.period is set. */
bool spin_is_proved(struct vm *vm, bool plain);

/* sleepers.c */
void sleepers_add(struct processor *p, struct vm *vm);
void sleepers_remove(struct processor *p, struct vm *vm);
struct vm *sleepers_first(const struct processor *p); /* NULL: none */

/* clock.c: the virtual interval timer, by the clock that it counts. `tick` is the VM's own. */
void vm_timer_set(struct vm *vm, uint64_t tick, uint32_t ticks);
uint32_t vm_timer_left(struct vm *vm);
void vm_timer_learn(struct vm *vm); /* the module's state is another */
/* The timer's clock when the VM's own shows `tick`. */
static inline uint64_t vm_timer_clock(const struct vm *vm, uint64_t tick)
{
  return vm->timer_real ? tick + vm->lag : tick;
}
static inline bool vm_timer_fire(struct vm *vm)
{
  uint64_t now = vm_timer_clock(vm, vm->cpu.tick);
  bool off = vm->vmm->modules->timer->fire(vm->state.timer, now);
  if (off) {
    vm_timer_learn(vm);
  }
  return off;
}
uint64_t vm_timer_by_real_clock(const struct vm *vm);
static inline uint64_t vm_timer_next(const struct vm *vm) /* the VM's tick, or MACHINE_NEVER */
{
  bool own = !vm->timer_real || vm->timer_due == MACHINE_NEVER;
  return own ? vm->timer_due : vm_timer_by_real_clock(vm);
}

/* hyper.c: VMs of the technique `paravirt`. */
const struct vmm_paravirt_module *hyper_module(const struct vmm *vmm);
/* The guest has made itself known: its events and traps go by the shared page. */
bool hyper_has_taken_over(const struct vm *vm);
static inline bool hyper_takes_over(const struct vm *vm)
{
  return vm->state.paravirt && hyper_has_taken_over(vm);
}
/* At a boundary: whether an interrupt may be taken. */
bool hyper_open(struct vm *vm);
/* The PSW as its owner sees it: its IE is the page's mask. */
uint32_t hyper_psw(const struct vm *vm, uint32_t psw);
void hyper_call(struct vm *vm, uint32_t number);
/* The module's state as part of the VM's: of its digest, and of saved devices. */
/* After its tables may have become others. */
void hyper_protect(struct vm *vm);
uint64_t hyper_digest(const struct vm *vm, uint64_t devices);
bool hyper_save(const struct vm *vm, struct machine_blob *blob); /* appends; false: no memory */
bool hyper_load(struct vm *vm, const struct machine_blob *blob); /* of devices and it */

/* memory.c: the frame around the memory module. NULL reason: it can be. */
const char *memory_refusal(enum vmm_memory memory, const struct profile *real,
                           const struct profile *guest);
const struct vmm_memory_module *memory_module(const struct vmm_modules *modules,
                                              enum vmm_memory memory);
/* NULL: done. Before the modules, and after the VM's own storage. */
const char *memory_create(struct vm *vm, const struct vmm_vm_config *config);
void memory_destroy(struct vm *vm);
struct vmm_frame memory_frame(struct vm *vm, gpa_t at, bool store);
/* The page's frame, or what may be done with it, is another from now on. */
void memory_forget(struct vm *vm, gpa_t at);
struct vmm_frame memory_take_table(struct vm *vm, enum vmm_table kind);
/* Whether the module may have the real machine use this map. */
bool memory_may_use(struct vm *vm, struct vmm_real_map map);
bool memory_give_table(struct vm *vm, mpa_t frame);
struct vmm_word memory_load_table(struct vm *vm, mpa_t at);
bool memory_store_table(struct vm *vm, mpa_t at, uint32_t word);
void memory_commit(struct vm *vm, struct translation t);
/* The memory-trace service: for whom. */
enum trace_client { TRACE_BY_MEMORY = 1, TRACE_BY_CODE = 2, TRACE_BY_TABLES = 4 };
void memory_trace(struct vm *vm, enum trace_client client, gpa_t at, bool on);
bool memory_is_traced(const struct vm *vm, gpa_t at);
/* It is a table of a paravirtual guest, which only hypercalls change. */
bool memory_is_pinned(const struct vm *vm, gpa_t at);
/* Guest storage is about to be written, and has been. Whoever writes to it calls both. */
void memory_writing(struct vm *vm, gpa_t at, uint32_t len);
void memory_written(struct vm *vm, gpa_t at, uint32_t len);

/* vmmu.c: the virtual machine's own translation. */
struct translation vmmu_translate(struct vm *vm, gva_t va, uint32_t size,
                                  enum machine_access access, bool te, unsigned mode);

/* vtlb.c: the virtual machine's TLB. */
struct vmm_tlb_entry vtlb_get(const struct vm *vm, unsigned index);
void vtlb_set(struct vm *vm, unsigned index, uint32_t hi, uint32_t lo);
void vtlb_write(struct vm *vm);
uint32_t vtlb_probe(struct vm *vm, uint32_t hi);
void vtlb_invalidate(struct vm *vm, uint32_t va, uint32_t space);
/* The entry by which va is translated in the space; not ok: there is none. */
struct vmm_tlb_entry vtlb_match(struct vm *vm, uint32_t va, uint32_t space);

/* rtlb.c: the real TLB. Modules know it by what struct vmm_env says of it. */
uint32_t rtlb_space(struct vm *vm, uint32_t id);
bool rtlb_fill(struct vm *vm, uint32_t id, gva_t va, gpa_t pa, uint32_t rights, bool store);
void rtlb_drop(struct vm *vm, gva_t va, uint32_t mask, uint32_t id);
void rtlb_forget_page(struct vm *vm, gpa_t at);
void rtlb_forget(struct vm *vm); /* it is gone */
bool rtlb_is_exposed(const struct profile *profile);
void rtlb_check(struct vm *vm); /* on the way out: a guest that could has not changed it */

/* The word, decoded for its profile. */
struct vmm_insn vm_decode_anew(const struct vm *vm, struct decoded_word *d, uint32_t word);
static inline struct vmm_insn vm_decode(struct vm *vm, uint32_t word)
{
  /* Of a product the upper bits depend on all of the word; by Fibonacci's number evenly. */
  struct decoded_word *d = &vm->decoded[(word * 0x9e3779b1u) / (UINT32_MAX / DECODED_WORDS + 1)];
  if (d->word != word) {
    return vm_decode_anew(vm, d, word);
  }
  return d->insn;
}
/* env.c: what the modules see of a VM. */
struct vmm_env env_make(struct vm *vm);

/* vcpu.c */
void vcpu_reset(struct vm *vm);
/* Sets vm->at: it is loaded, or is no longer. */
void vcpu_find(struct vm *vm);
static inline uint32_t vcpu_get_reg(struct vm *vm, unsigned reg)
{
  return vm->at.regs ? vm->at.regs[reg] : machine_get_reg(vm->vmm->real, reg);
}
static inline void vcpu_set_reg(struct vm *vm, unsigned reg, uint32_t value)
{
  if (!vm->at.regs) {
    machine_set_reg(vm->vmm->real, reg, value);
  } else if (reg != REG_ZERO) {
    vm->at.regs[reg] = value;
  }
}
void vcpu_get_regs(struct vm *vm, uint32_t *regs);
void vcpu_set_regs(struct vm *vm, const uint32_t *regs);
/* The pc of a VM of which only the real machine knows it. */
uint32_t vcpu_ask_pc(struct vm *vm);
void vcpu_tell_pc(struct vm *vm, uint32_t pc);
static inline uint32_t vcpu_get_pc(struct vm *vm)
{
  return vm->at.pc ? *vm->at.pc : vcpu_ask_pc(vm);
}
static inline void vcpu_set_pc(struct vm *vm, uint32_t pc)
{
  if (vm->at.pc) {
    *vm->at.pc = pc;
  } else {
    vcpu_tell_pc(vm, pc);
  }
}
uint32_t vcpu_get_cr(struct vm *vm, enum isa_cr cr);
void vcpu_get_crs(struct vm *vm, uint32_t *crs);
/* TIMER counts from tick `now`. */
void vcpu_set_cr(struct vm *vm, enum isa_cr cr, uint32_t value, uint64_t now);
void vcpu_raise(struct vm *vm, enum isa_cause cause);
static inline uint32_t vcpu_enabled_lines(const struct vm *vm)
{
  return vm->cpu.cr[CR_IPEND] & vm->cpu.cr[CR_IMASK];
}
/* A real stop that is the affair of whoever runs the VM (a limit, a breakpoint): the
 * loan goes on when the VM does. */
void vcpu_pause(struct vm *vm);
/* Ends a loan that was paused, if there is one. */
void vcpu_settle(struct vmm *vmm);
/* The VM will not run again: the real machine's registers are no one's. */
void vcpu_forget(struct vm *vm);

/* devices/vdisk.c: the mini-disk over the real disk, and the real disk itself. */
extern const struct disk_ops vdisk_ops; /* ctx: struct vm */
/* Where sectors of the virtual disk lie. */
struct vmm_place vdisk_place(struct vm *vm, uint32_t sector, uint32_t count, bool write);
/* The real disk is about to be used by `vm`: what it has begun is done first. */
void vdisk_seize(struct vm *vm);
/* The real disk's interrupt. */
void vdisk_serve(struct vmm *vmm);
/* Nothing more is to come from the real disk: it is done, and its line has not been looked
 * at yet, or if it is busy all the same its job is refused. */
void vdisk_end(struct vmm *vmm);
/* The VM goes, or another state comes: its job is none any more. */
void vdisk_forget(struct vm *vm);
/* The tick of its clock that it may not pass before the real disk has done more for it, or
 * MACHINE_NEVER. */
uint64_t vdisk_horizon(struct vm *vm);
/* It is there, and must stand still: it has a job. */
bool vdisk_freezes(struct vm *vm);
bool vdisk_waits(const struct vm *vm); /* its job is not done */
/* What the front ends ask of the VM's storage; ctx: struct vm. */
uint32_t vdma_size(void *ctx);
bool vdma_read(void *ctx, gpa_t at, void *buf, uint32_t len);
bool vdma_write(void *ctx, gpa_t at, const void *buf, uint32_t len);

/* devices/vswitch.c: what the network's front end asks for, and the switches. */
extern const struct net_ops vnet_ops; /* ctx: struct vm */
/* Before it is one of the VMM's VMs. NULL: done. */
const char *station_take(struct vm *vm, const struct vmm_station *wanted);
void station_join(struct vm *vm);  /* it is one of them */
void station_leave(struct vm *vm); /* it is none of them any more */

/* devices/vchannel.c: the virtual channel over the real one. */
uint32_t vchannel_transfer(void *ctx, const struct channel_transfer *t); /* for vdisk_ops */
/* `after`: the tick of the boundary after the instruction. */
uint32_t vm_channel_start(struct vm *vm, uint64_t after, uint32_t caw);
uint32_t vm_channel_test(struct vm *vm, uint32_t operand);

/* stops.c: struct machine_ops' part, and the VM's stops for the real machine. */
bool vm_set_stops(struct machine *m, const struct machine_stops *wanted);
void vm_stops_from(struct machine *m, uint64_t tick);
bool vm_load_stops(struct vm *vm); /* false: no memory */
/* What the real machine says of a watch, in the VM's own terms. */
void vm_own_hit(struct vm *vm, struct machine_hit *hit);
/* A guest's access by way of the VMM. */
void vm_note_load(struct vm *vm, gpa_t at, uint32_t size, uint32_t value);
void vm_note_store(struct vm *vm, gpa_t at, uint32_t size, uint32_t value);
/* A transfer of the virtual disk, about to be. */
void vm_note_transfer(struct vm *vm, gpa_t at, const uint8_t *bytes, uint32_t len);
void vm_note_port(struct vm *vm, enum machine_event event, uint32_t port, uint32_t value);

/* techniques.c: whether the next instruction executes directly, by the VM's technique and its
 * virtual mode. */
bool technique_chooses(struct vm *vm);
static inline bool technique_is_direct(struct vm *vm)
{
  return vm->always_direct || technique_chooses(vm);
}
/* NULL: it can be, on its machine, in its memory, for such a guest. */
const char *technique_refusal(const struct vm *vm);
uint32_t technique_frames(const struct vmm_vm_config *config); /* that it takes of tables */
bool technique_create(struct vm *vm, const struct vmm_vm_config *config); /* false: no memory */
void technique_destroy(struct vm *vm);
/* What a real trap is where guest code executes in another form. */
enum translate_trap {
  TRANSLATE_GUEST,   /* one like any other; its epc is the guest's now */
  TRANSLATE_EXIT,    /* the technique's own affair, which it has seen to: execute again */
  TRANSLATE_CALLOUT, /* in the place of an instruction, now the trap's, which is to be interpreted
                      */
  TRANSLATE_HIDDEN,  /* at a place where other code is than the guest has: interpret */
};
enum translate_trap technique_looks_at(struct vm *vm, struct trap *real);
void technique_written(struct vm *vm, gpa_t at, uint32_t len);
/* The machine below has been put back into an earlier state. */
struct technique_mark {
  bool inside; /* the processor was lent, and executed from the cache … */
  uint32_t pc; /* … in the place of the guest's code here */
};
struct technique_mark technique_mark(struct vm *vm);
void technique_restored(struct vm *vm, struct technique_mark mark);

/* techniques/translate.c */
uint32_t translate_frames(const struct vmm_vm_config *config);
bool translate_create(struct vm *vm, const struct vmm_vm_config *config);
void translate_destroy(struct vm *vm);
bool translate_applies(const struct vm *vm); /* in the virtual mode that it is in */
/* The next instruction can be executed from the cache. */
bool translate_ready(struct vm *vm);
void translate_enter(struct vm *vm); /* the real pc is that of the cache from now on, … */
void translate_leave(struct vm *vm); /* … and the guest's again */
bool translate_inside(const struct vm *vm);
uint32_t translate_pc(const struct vm *vm, uint32_t real_pc);    /* the guest's */
uint32_t translate_directory(struct vm *vm, uint32_t directory); /* its twin with the cache */
void translate_table_stored(const struct vm *vm, uint32_t at, uint32_t word);
void translate_table_gone(const struct vm *vm, uint32_t frame);
enum translate_trap translate_trap(struct vm *vm, struct trap *real);
uint32_t translate_block(const struct vm *vm, uint32_t pc, struct vmm_code *code, uint32_t room);
uint32_t translate_preview(struct vm *vm, uint32_t pc, struct vmm_code *code, uint32_t room);
void translate_count(struct vm *vm); /* brings vm->stats up to date */
void translate_written(struct vm *vm, gpa_t at, uint32_t len);
void translate_restored(struct vm *vm, bool inside, uint32_t pc);

/* techniques/patch.c */
uint32_t patch_frames(const struct vmm_vm_config *config);
bool patch_create(struct vm *vm, const struct vmm_vm_config *config);
void patch_destroy(struct vm *vm);
bool patch_frame(const struct vm *vm, gpa_t at, mpa_t *frame); /* true: a copy is there instead */
uint32_t patch_entry(const struct vm *vm, uint32_t entry);     /* of a table: as it may be */
bool patch_may_lead_to(const struct vm *vm, uint32_t frame);
enum translate_trap patch_trap(struct vm *vm, struct trap *real);
void patch_written(struct vm *vm, gpa_t at, uint32_t len);
void patch_reset(struct vm *vm);

/* devices/vconsole.c */
void vconsole_connect(struct vm *vm);

/* vm.c */
extern const struct machine_ops vm_ops;
/* Events due raise their lines. Every change of the virtual clock is followed by this, so
 * nobody sees an event overdue. */
void vm_fire(struct vm *vm);
/* One turn of the main loop: a boundary, and what the real machine executes until it traps
 * or until_tick; with its trap dispatched. False: the VM goes on. */
bool vm_turn(struct vm *vm, uint64_t until_tick, struct machine_stop *stop);
/* `after`: the tick of the boundary after the access. False: no such port. */
bool vm_port_in(struct vm *vm, uint64_t after, uint32_t port, uint32_t *value);
bool vm_port_out(struct vm *vm, uint64_t after, uint32_t port, uint32_t value);

static inline void vm_trace(const struct vm *vm, enum trace_kind kind, uint32_t a, uint32_t b,
                            uint32_t c, uint32_t d)
{
  trace_emit(&vm->machine, kind, vm->cpu.tick, a, b, c, d);
}

#endif
