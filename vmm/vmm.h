/* The virtual machine monitor: the paper's <D, A, {vi}> (dispatcher, allocator,
 * one interpreter routine a privileged instruction) over one real machine.
 *
 * It rests only on struct machine, and each VM that it offers is one: a VMM can
 * be created on a VM. The VM map: every virtual mode runs in the real machine's
 * least privileged mode (a guest's kernel in the one above it, if the profile has a
 * `middle` one). The processor comes back by the real TIMER's interrupt,
 * never by a budget of the harness.
 */
#ifndef TRAPEZE_VMM_VMM_H
#define TRAPEZE_VMM_VMM_H

#include "machine/machine.h"
#include "vmm/extent.h"

struct vmm;
struct vmm_modules; /* vmm/modules.h */
struct overlay;     /* vmm/devices/overlay.h */
struct overlay_store;

/* Bytes of real storage that a VMM keeps for itself, below its VMs. */
#define VMM_OWN_STORAGE (128u << 10)

/* Takes `real` over (it must be freshly reset; it stays the caller's to destroy,
 * after the VMM). NULL with a sentence in *reason. */
struct vmm *vmm_create(struct machine *real, const char **reason);
/* The same with other modules than vmm_default_modules; borrowed. */
struct vmm *vmm_create_with(struct machine *real, const struct vmm_modules *modules,
                            const char **reason);
/* Steady: the limit of a run ends the run, but not the time for which the processor was
 * lent. Where a run is cut then makes no difference, not even to what guests can see of
 * the real machine on a profile that lets them; time travel rests on it. Off at first. */
void vmm_set_steady(struct vmm *vmm, bool steady);
/* How the VMM spends the real machine's storage on VMs whose storage lies in frames, page by page:
 * where the real machine has pages or a TLB all do, elsewhere none; docs/frames.md. Such a page
 * takes a frame when it is first stored into. To be said before the first VM is created;
 * all 0, as after vmm_create(): frames as there are, no search for equal pages. */
struct vmm_storage_policy {
  bool scattered;      /* where storage could lie in one piece, and nothing of the VM executes
                          directly, on a profile without storage keys: it lies in frames too */
  uint32_t frames;     /* at most; 0: all of the real machine's that are not the VMM's own */
  uint32_t scan_ticks; /* of a VM's clock, after each of which … */
  uint32_t scan_pages; /* … so many of its pages are looked at: is there an equal one? */
};
void vmm_set_storage_policy(struct vmm *vmm, const struct vmm_storage_policy *policy);
/* Pages that find no frame go to this store, of so many pages, which is the VMM's from now on
 * (devices/overlay.h). Before the first VM. False: no memory, there is none. */
bool vmm_set_swap(struct vmm *vmm, const struct overlay_store *store, uint32_t pages);
/* VMs first. */
void vmm_destroy(struct vmm *vmm);

/* How the VMM has a guest's instructions done: docs/techniques.md tells what each needs and
 * costs. techniques.c says what each means to the main loop. */
enum vmm_technique {
  VMM_TECHNIQUE_TRAP_AND_EMULATE, /* 0: what a zeroed configuration says */
  VMM_TECHNIQUE_INTERPRET,
  VMM_TECHNIQUE_HYBRID,
  VMM_TECHNIQUE_PARAVIRT,
  VMM_TECHNIQUE_PATCH,
  VMM_TECHNIQUE_TRANSLATE,
  VMM_TECHNIQUE_TRANSLATE_ALL,
  VMM_TECHNIQUES,
};
struct vmm_technique_info {
  const char *name;  /* as options and directories say it */
  const char *story; /* one line */
};
extern const struct vmm_technique_info vmm_techniques[VMM_TECHNIQUES];
/* Whether what it executes in this virtual mode of the profile executes directly; else it is
 * interpreted. */
bool vmm_technique_is_direct(enum vmm_technique technique, const struct profile *profile,
                             unsigned mode);
/* Whether it hides code on pages of the machine below, which then has to be one of `mmu paged`. */
bool vmm_technique_needs_pages(enum vmm_technique technique);
/* Why there is no machine on which a guest of this profile could be run so; NULL: there is. */
const char *vmm_technique_refusal(enum vmm_technique technique, const struct profile *guest);
/* The names, ended by NULL, in the enum's order. */
extern const char *const vmm_technique_names[VMM_TECHNIQUES + 1];

/* How the guest's addresses become the real machine's: docs/memory.md. memory.c says where each
 * can be. */
enum vmm_memory {
  VMM_MEMORY_DEFAULT, /* 0: what suits the machine */
  VMM_MEMORY_BOUNDS,
  VMM_MEMORY_SHADOW,
  VMM_MEMORY_EXACT,
  VMM_MEMORY_DISCO,
  VMM_MEMORY_NESTED,
  VMM_MEMORIES,
};
struct vmm_memory_info {
  const char *name;  /* as options and directories say it */
  const char *story; /* one line */
};
extern const struct vmm_memory_info vmm_memories[VMM_MEMORIES];
/* The names, ended by NULL, in the enum's order. */
extern const char *const vmm_memory_names[VMM_MEMORIES + 1];

#define VMM_TABLES 64u /* frames of the real machine for a VM's tables, where it has any */
/* … at least: one instruction may touch pages in three tables, under one directory. */
#define VMM_TABLES_LEAST 8u

/* Bytes that `patch` and `translate` have for code, of the machine below. */
#define VMM_CACHE (64u << 10)

#define VMM_MAX_EXTENTS 8u /* of a VM */

/* A place on one of the VMM's virtual switches (devices/vswitch.c). A frame passes between
 * two stations of one network if neither's peers leave out the other. */
struct vmm_station {
  uint32_t address; /* not 0, not MACHINE_BROADCAST, and nobody else's on its network */
  unsigned network;
  const uint32_t *peers; /* addresses */
  unsigned peer_count;   /* 0: everybody */
};

struct vmm_vm_config {
  const char *name; /* copied */
  enum vmm_technique technique;
  enum vmm_memory memory;
  uint32_t tables; /* frames for tables; 0: VMM_TABLES. Not used where memory needs none. */
  uint32_t cache;  /* bytes for code that executes in the place of the guest's; 0: VMM_CACHE */
  /* Its profile if it is another than the real machine's: the same but for the MMU, which is
   * `bounds` where the real one's is `paged`. Borrowed until the VM is gone. NULL: the same; but
   * where the real one's MMU is `nested` the VM's is `paged`. */
  const struct profile *profile;
  uint32_t storage;      /* bytes; multiple of the page size, at least MACHINE_MIN_STORAGE */
  uint32_t disk_first;   /* mini-disk: extent of the real disk, in sectors */
  uint32_t disk_sectors; /* 0: no disk */
  bool disk_readonly;
  /* Several instead, which follow one another on its disk: sectors 0 to n-1 are the first
   * extent's n. Borrowed for the call; none of them is empty. 0: the one above. */
  const struct vmm_extent *extents;
  unsigned extent_count;
  /* As many: what is written to an extent goes there and the disk is never touched; NULL:
   * it has none. Each of as many sectors as its extent, which counts as read-only to the
   * allocator. Borrowed until the VM is gone. NULL: none has one. */
  struct overlay *const *overlays;
  const struct vmm_station *station; /* copied; NULL: no network */
  bool console_private;              /* do not show its output on the real machine's console too */
  uint32_t share;  /* of the processor under vmm_run(), against the others'; 0: 1 */
  bool timer_real; /* its interval timer counts real ticks: it goes on while others run */
  bool hints;      /* its kernel may tell of its storage by hypercalls: docs/frames.md */
};

/* A virtual machine after reset, owned by the caller (machine_destroy). NULL
 * with a sentence in *reason: out of storage, extent off the disk or overlapping
 * a writable one, or its kind of memory is not for these profiles. */
struct machine *vmm_create_vm(struct vmm *vmm, const struct vmm_vm_config *config,
                              const char **reason);

/* What kind of memory it gets on such a real machine, and how many bytes of real storage it takes
 * in all: its own and its tables. */
enum vmm_memory vmm_memory_of(const struct vmm_vm_config *config, const struct profile *real);
uint64_t vmm_vm_footprint(const struct vmm_vm_config *config, const struct profile *real);

/* What the allocator gave it, of the machine that the VMM runs on. */
struct vmm_allocation {
  mpa_range_t storage;
  bool scattered;        /* it lies in frames, page by page: start means nothing */
  uint32_t disk_first;   /* of its first extent */
  uint32_t disk_sectors; /* of all extents together; 0: no disk */
  bool disk_readonly;    /* all of them */
  struct vmm_extent extents[VMM_MAX_EXTENTS];
  bool overlaid[VMM_MAX_EXTENTS]; /* the VM writes to it, but not to the disk */
  unsigned extent_count;
};
struct vmm_allocation vmm_vm_allocation(struct machine *vm);
enum vmm_technique vmm_vm_technique(struct machine *vm);
enum vmm_memory vmm_vm_memory(struct machine *vm); /* never the default */
/* Entry `index` of the real machine's TLB, if it is there for this VM: what it is in the VM's
 * own terms. False: it is not, or there is no TLB. */
struct vmm_real_tlb {
  uint32_t hi, lo; /* as the real machine has it: its space, its frame, … */
  gpa_t page;      /* … which holds this page of the VM's storage, */
  bool te;         /* for translated addresses; not: for physical ones. Of those: */
  unsigned mode;   /* for this virtual mode */
  uint32_t space;  /* in this space of the VM's */
};
bool vmm_vm_real_tlb(struct machine *vm, unsigned index, struct vmm_real_tlb *entry);

/* All of the VMM and its VMs that is not in the machine below, for going back in time. NULL
 * with a sentence in *reason: no memory, a module has a state and no save and load, or a
 * VM has an overlay, which cannot be put back. */
struct vmm_checkpoint;
struct vmm_checkpoint *vmm_checkpoint_take(struct vmm *vmm, const char **reason);
/* Into the same VMM with the same VMs, right after the machine below was put into its
 * state of then. Console marks: see devices/console.h. False: a module refused. */
bool vmm_checkpoint_restore(struct vmm *vmm, const struct vmm_checkpoint *c);
void vmm_checkpoint_destroy(struct vmm_checkpoint *c); /* NULL is fine */
size_t vmm_checkpoint_bytes(const struct vmm_checkpoint *c);

/* Frames of a VM. What the switch does not pass on is lost, and its sender does not hear
 * of it; of a frame for all, each receiver counts. */
#define VMM_FRAME_TICKS 1000u /* of the sender's clock, which a frame costs */
#define VMM_FRAME_BURST 8u    /* frames for which it can save */
struct vmm_network {
  uint64_t sent;      /* by the device, whatever became of them */
  uint64_t passed;    /* to a receiver's queue or buffer */
  uint64_t forged;    /* not passed: its sender's address is not the VM's own */
  uint64_t flooded;   /* … more than its clock has earned */
  uint64_t forbidden; /* … the two may not talk */
  uint64_t nobody;    /* … there is no such address, or it has stopped */
  uint64_t crowded;   /* … its part of the receiver's queue is full */
  uint64_t received;  /* into its storage */
  uint64_t dropped;   /* its own queue was full (NET_DROPPED) */
};
struct vmm_network vmm_vm_network(struct machine *vm);

/* How a trap of the real machine was dealt with. */
struct vmm_stats {
  uint64_t direct;      /* instructions the real machine completed for this VM */
  uint64_t emulated;    /* instructions a routine completed */
  uint64_t interpreted; /* instructions interpreted: by technique, or for a device in memory */
  uint64_t reflected;   /* traps the VMM gave back to the guest: stops with MACHINE_TRAP */
  uint64_t served;      /* traps that the guest never sees: real timer, real devices */
  uint64_t dispatched;  /* traps of the real machine that it took to all that */
  uint64_t world_switches;
  uint64_t frozen; /* real ticks that the VM stood still waiting for a real transfer */
  uint64_t emulated_by[ISA_INSN_COUNT];
  /* Of a guest that makes hypercalls (docs/paravirt.md). */
  uint64_t hypercalls;    /* those answered; … */
  uint64_t refused;       /* … and how many of them by an error */
  uint64_t ring_requests; /* taken from the rings in shared storage, … */
  uint64_t ring_bytes;    /* … and bytes of text taken and given */
  uint32_t exit_status;   /* with which it halted */
  /* Of guest code that executes in another form (docs/translate.md, docs/patch.md). */
  uint64_t blocks;                      /* of the translation cache that were made; pages copied */
  uint64_t identical, inlined, callout; /* instructions translated so */
  uint64_t patched;                     /* words of pages that were replaced */
  uint64_t chained, unchained;
  uint64_t invalidated; /* blocks, or words of copies: the original was written */
  uint64_t flushes;     /* of the cache; copies given up for want of room */
  uint64_t exits;       /* taken from the cache to code that was not translated, or to be linked */
  uint64_t callouts;    /* executed: instructions interpreted in the place of what would not trap */
  /* Of its memory (docs/memory.md). */
  uint64_t hidden_faults;  /* faults of the real map alone: never seen by the guest; … */
  uint64_t true_faults;    /* … and those that it has itself, of all that the module looked at */
  uint64_t refused_direct; /* … and those that had an instruction interpreted */
  uint64_t traced_writes;  /* to pages of guest storage that were traced */
  uint64_t fills;          /* entries of real tables, or of the real TLB, that were made */
  uint64_t spaces_made;    /* address spaces that were given real tables … */
  uint64_t spaces_evicted; /* … and lost them for want of frames */
  uint64_t second_hits;    /* hidden faults for which the second level of a TLB had an entry */
  uint32_t tables;         /* frames that it has for them now */
};
const struct vmm_stats *vmm_vm_stats(struct machine *vm);

/* Storage in frames: what became of the VM's pages, counted. */
struct vmm_paging {
  uint64_t zeroed;        /* pages that the VMM zeroed because the guest stored into them … */
  uint64_t zeroed_twice;  /* … when all that it stored was zeros: what double zeroing costs */
  uint64_t cleared;       /* pages that the guest had cleared or took back by the clearing port */
  uint64_t shared;        /* pages found equal to another's, … */
  uint64_t blank;         /* … or all zeros again */
  uint64_t copied;        /* shared ones that were stored into */
  uint64_t read, written; /* from and to the swap file */
  uint64_t paged_twice;   /* read only because the guest itself paged them out */
};
const struct vmm_paging *vmm_vm_paging(struct machine *vm);
/* Where they are now. Of storage in one piece, all are resident. */
struct vmm_pages {
  uint32_t resident; /* in frames, … */
  uint32_t shared;   /* … of these with other pages, the VM's own or others' */
  uint32_t zero, swapped;
  uint32_t ballooned; /* of the zero ones, those that the guest gave back */
};
struct vmm_pages vmm_vm_pages(struct machine *vm);
/* … and the frames. All 0: no VM's storage lies in any. */
struct vmm_frames {
  uint32_t total, free;
  uint32_t tables;            /* of memory techniques; and the one page of zeros */
  uint32_t pages, saved;      /* frames that hold pages, and those that sharing spares */
  uint32_t slots, slots_used; /* of the swap file */
};
struct vmm_frames vmm_frames(const struct vmm *vmm);
/* Where a page of its storage is, for people. shared: with so many pages; 0: no frame. */
enum vmm_page_where { VMM_PAGE_ZERO, VMM_PAGE_FRAME, VMM_PAGE_SWAPPED };
struct vmm_page {
  enum vmm_page_where where;
  mpa_t frame;
  uint32_t slot, sharers;
  bool ballooned;
};
struct vmm_page vmm_vm_page(struct machine *vm, gpa_t at); /* which exists */

/* Guest code in the form in which it executes under `translate`: a word of the cache. */
enum vmm_code_kind {
  VMM_CODE_NONE,
  VMM_CODE_IDENTICAL,
  VMM_CODE_INLINE,
  VMM_CODE_CALLOUT,
  VMM_CODE_EXIT
};
struct vmm_code {
  enum vmm_code_kind kind;
  uint32_t pc, word; /* of the guest; of an exit: where it goes on, and 0 */
  uint32_t at, now;  /* the address at which the real machine executes it, and what is there */
};
/* The block that has the guest's code at pc, in the mode and map that are current; its first
 * `room` words, and how many it has. 0: that is not translated. */
uint32_t vmm_vm_block(struct machine *vm, uint32_t pc, struct vmm_code *code, uint32_t room);
/* … and that into which code at pc would be translated, were the cache empty. Nothing changes.
 * 0: the current mode is not translated, or nothing can be fetched there; or no memory. */
uint32_t vmm_vm_block_preview(struct machine *vm, uint32_t pc, struct vmm_code *code,
                              uint32_t room);

/* ------------------------------------------- many VMs on one processor (processor.c)
 * The VMM runs its VMs itself, as the owner of each: it delivers their traps and
 * gives the processor to one after the other, for quanta of the real interval timer.
 * machine_run() of a single VM and vmm_run() are not mixed on one VMM. */

/* What the VMM's own work under vmm_run() costs, in ticks of the real machine, which pass
 * (devices go on) when it is done. All 0, as after vmm_create(): it takes no time; but an
 * instruction that it completes for a guest, and a delivery, take the tick that they
 * take the guest. Virtual clocks never see it; a real-time interval timer does. */
struct vmm_costs {
  uint32_t dispatch;     /* each trap of the real machine */
  uint32_t emulate;      /* each instruction that a routine completes or that is interpreted */
  uint32_t reflect;      /* each trap given back and delivered, besides */
  uint32_t world_switch; /* each time that another VM is loaded */
  uint32_t request;      /* each request in a ring: four words fetched and checked */
  uint32_t byte;         /* each byte of text in a ring: to be fetched and printed */
  uint32_t swap;         /* each page written to the swap file or read from it */
};
extern const struct vmm_costs vmm_default_costs; /* the model of docs/timers.md */
void vmm_set_costs(struct vmm *vmm, const struct vmm_costs *costs); /* copied */

/* Real ticks that a VM may run before another is looked for; at least 1. */
#define VMM_QUANTUM 10000u
void vmm_set_quantum(struct vmm *vmm, uint32_t ticks);

enum vmm_why {
  VMM_LIMIT,      /* the real machine has reached until_tick */
  VMM_STOPPED,    /* every VM has stopped for good: vmm_vm_stop() says why */
  VMM_WAITS,      /* those left wait, and no event is to come: only input can wake them */
  VMM_HOST_ERROR, /* the host failed the real machine; see reason */
};
struct vmm_stop {
  enum vmm_why why;
  const char *reason; /* VMM_HOST_ERROR; owned by the machine */
};
/* Runs all VMs until the real machine's tick is until_tick. To run to t and then to
 * t + n is the same as to run to t + n. A VM that stops for good (halted, double fault,
 * lost control, its host failed) is left out from then on; between two runs the owner may
 * bring it back, by machine_set_run_state() or a snapshot. What waits costs nothing: its
 * virtual clock follows the real one until its event, so it wakes at the same virtual tick as on
 * a bare machine. A VM whose disk is due before the real one has done its part stands still
 * one tick before that, and others run. A VM that is ready waits for the end of another's
 * quantum.
 * No memory for a VM's place in the queue is found out when it is created. */
struct vmm_stop vmm_run(struct vmm *vmm, uint64_t until_tick);
/* How it stopped for good, or MACHINE_WAITS: only input can wake it. MACHINE_LIMIT: neither. */
struct machine_stop vmm_vm_stop(struct machine *vm);
/* Input given to a VM (machine_console_input …) from outside of vmm_run() wakes it:
 * no call is needed. */

/* Where its time went, in real ticks. executed and overhead of all VMs and idle are together
 * the time for which the real machine has run under vmm_run(); executed, overhead, ready,
 * asleep and frozen of a VM the time since it first ran there, unless it has stopped. */
struct vmm_account {
  uint64_t executed; /* its own clock went on because it ran */
  uint64_t overhead; /* the VMM's work on its behalf, by vmm_set_costs(), or for its disk */
  uint64_t ready;    /* it could have run and another had the processor */
  uint64_t frozen;   /* its clock stood for the real disk; others ran, or nobody */
  uint64_t asleep;   /* it waited, by wfi or by a loop that did nothing else … */
  uint64_t skipped;  /* … of which so many ticks were not executed */
  uint64_t quanta, wakeups;
};
struct vmm_account vmm_vm_account(struct machine *vm);
uint64_t vmm_idle_ticks(const struct vmm *vmm); /* no VM was ready */

/* Resource control: every violation found on return from a VM (a field of the
 * real processor that the guest must not be able to change had changed, or the
 * processor did not come back). Count, and the first one's sentence. */
unsigned vmm_violations(const struct vmm *vmm, const char **first);

#endif
