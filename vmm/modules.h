/* The parts of the VMM that can be replaced one by one: Popek and Goldberg's
 * dispatcher D, the interpreter routines v_i, and what the allocator's decisions
 * rest on.
 *
 * A module sees the world only through struct vmm_env: a table of operations on
 * one virtual machine, every argument and result a value. What it wants to
 * remember is its own, behind the pointer that its create() returned. It holds
 * no pointer into the VMM or the machine, so the same source file works linked
 * in, or in a process of its own behind a message channel. Each module is one
 * source file that exports one constant and nothing else.
 */
#ifndef TRAPEZE_VMM_MODULES_H
#define TRAPEZE_VMM_MODULES_H

#include "machine/devices/channel.h"
#include "machine/machine.h"
#include "vmm/extent.h"

/* A word of guest storage, if there is one at that place. */
struct vmm_word {
  bool ok;
  uint32_t word;
};

/* The storage key of a block of guest storage, if there is one at that place. */
struct vmm_key {
  bool ok;
  uint8_t key;
};

/* A decoded instruction word, if it is legal on this profile. */
struct vmm_insn {
  struct isa_decoded decoded;
  bool legal;
};

/* What an instruction does in a mode. */
struct vmm_behaviour {
  enum profile_behaviour_kind kind;
  enum isa_body body; /* PROFILE_BODY */
};

/* A trap of the *virtual* machine, if there is one. */
struct vmm_trap {
  bool raised;
  struct trap trap;
};

/* Sectors of the virtual disk, of which the first `count` lie together: from `sector` on, on
 * the real disk; or in an overlay, which only the VMM can reach. */
struct vmm_place {
  bool ok; /* the mini-disk has them and allows it */
  bool overlay;
  uint32_t sector, count;
};

/* A frame: a page of the machine below. */
struct vmm_frame {
  bool ok;
  mpa_t at;
  bool writable; /* env->frame: for stores too, whether it was asked for them or not */
};

/* An entry of the virtual machine's TLB, if there is one of that number. */
struct vmm_tlb_entry {
  bool ok;
  uint32_t hi, lo;
};

/* How the modules for machines with a TLB name a VM's address spaces to env->real_space: 0 is
 * its physical storage; else the mode and the guest's own space, and … */
#define VMM_SPACE_TE         0x80000000u
#define VMM_SPACE_MODE_SHIFT 8 /* above the space, TLB_HI_SPACE */

/* What was done to the virtual machine's TLB. */
enum vmm_tlb_kind {
  VMM_TLB_BY_CHANCE,       /* tlbw: the machine has chosen the entry */
  VMM_TLB_BY_NUMBER,       /* tlbw: the guest has */
  VMM_TLB_INVALIDATED,     /* tlbi has emptied an entry; after all of them, and if there is none: */
  VMM_TLB_INVALIDATED_ALL, /* … was.hi is what the tlbi named */
  VMM_TLB_PROBED_IN_VAIN,  /* tlbp has not found was.hi */
  VMM_TLB_BY_OWNER,
};
struct vmm_tlb_act {
  enum vmm_tlb_kind kind;
  unsigned index;
  struct vmm_tlb_entry was, is; /* the entry of that index */
};

/* What a frame for tables is used as. */
enum vmm_table {
  VMM_TABLE_NONE,
  VMM_TABLE_DIRECTORY,
  VMM_TABLE_LEAF,
  VMM_TABLE_CODE, /* not for modules: what executes in the place of guest code */
};

/* What a memory module has done, for people: see struct vmm_stats. */
enum vmm_memory_event {
  VMM_MEMORY_FILL,   /* an entry of a real table, or of the real TLB, was made */
  VMM_MEMORY_MAKE,   /* an address space got real tables */
  VMM_MEMORY_EVICT,  /* … and lost them for want of frames */
  VMM_MEMORY_BEHIND, /* a miss was answered by an entry behind the virtual TLB */
  VMM_MEMORY_EVENTS,
};

/* A virtual machine, as its modules see it: everything here is virtual state.
 * Pass `ctx` back unchanged. */
struct vmm_env {
  void *ctx;

  /* The virtual processor. Setting a control register does what mtcr does:
   * read-only bits stay, and TIMER counts from the end of the instruction that
   * is being emulated. */
  uint32_t (*get_reg)(void *ctx, unsigned reg);
  void (*set_reg)(void *ctx, unsigned reg, uint32_t value);
  uint32_t (*get_pc)(void *ctx);
  void (*set_pc)(void *ctx, uint32_t pc);
  uint32_t (*get_cr)(void *ctx, enum isa_cr cr);
  void (*set_cr)(void *ctx, enum isa_cr cr, uint32_t value);
  void (*wait)(void *ctx); /* until an interrupt is pending and enabled */
  void (*halt)(void *ctx);
  uint64_t (*tick)(void *ctx);              /* its clock, at the boundary before */
  bool (*hypercalls)(void *ctx);            /* it may make them: by its technique */
  void (*yield)(void *ctx);                 /* others may have the rest of its quantum */
  void (*exit)(void *ctx, uint32_t status); /* halts, and has said how it went */

  /* Its storage. `allocation` is where that storage lies in the real machine.
   * translate answers for an access of `size` bytes at va by `mode` with translation on or
   * off (te), as the virtual machine itself would; pure. Whoever then makes the access commits
   * it first: that sets the bits A and D of its entry (docs/mmu.md). */
  mpa_range_t (*allocation)(void *ctx);
  struct translation (*translate)(void *ctx, gva_t va, uint32_t size, enum machine_access access,
                                  bool te, unsigned mode);
  void (*commit)(void *ctx, struct translation t);
  struct vmm_word (*load)(void *ctx, gpa_t at); /* 4 bytes */
  bool (*store)(void *ctx, gpa_t at, uint32_t word);
  /* The same of 1, 2 or 4 bytes; read has the others zero. A fetch is no access that
   * a debugger would watch. */
  struct vmm_word (*read)(void *ctx, gpa_t at, uint32_t size, enum machine_access access);
  bool (*write)(void *ctx, gpa_t at, uint32_t size, uint32_t value);

  /* The keys of its storage: of the block that holds `at`. Not ok, or false and
   * nothing done: no such address, or the profile has no keys. */
  struct vmm_key (*key_get)(void *ctx, gpa_t at);
  bool (*key_set)(void *ctx, gpa_t at, uint8_t key);

  /* Its TLB, on a profile that has one: what tlbw, tlbp (of TLBHI; answers TLBIX) and tlbi do
   * to it, and one entry. On any other they do nothing. */
  void (*tlb_write)(void *ctx);
  uint32_t (*tlb_probe)(void *ctx, uint32_t hi);
  void (*tlb_invalidate)(void *ctx, uint32_t va, uint32_t space);
  struct vmm_tlb_entry (*tlb_get)(void *ctx, unsigned index);

  /* For memory modules. frame: where the page of guest storage that holds `at` lies in the
   * machine below, for loads and fetches or for stores too; it stays there until the module is
   * told to forget it. Not ok: there is no such page, or it has no frame for that now, and the
   * access is to be interpreted.
   * A module's own frames, for tables: of the machine below, zeroed, and never the guest's. Not
   * ok: it has them all. Words are read and written only of such a frame, and only a table may
   * stand in a directory, only pages of guest storage in a table; false: nothing is done. */
  struct vmm_frame (*frame)(void *ctx, gpa_t at, bool store);
  struct vmm_frame (*table_take)(void *ctx, enum vmm_table kind);
  bool (*table_give)(void *ctx, mpa_t frame);
  struct vmm_word (*table_load)(void *ctx, mpa_t at);
  bool (*table_store)(void *ctx, mpa_t at, uint32_t word);
  /* The real TLB and its address spaces, which all VMs share (rtlb.c). A module names the
   * address spaces of its VM by numbers of its own; real_space answers the real one that `id` has
   * now, until another is asked for. real_fill: the page at va leads to the page of guest storage
   * at `at`, with the rights W, X and fetch-only of `rights`; without W where stores must come to
   * the VMM. False: there is no such page, or (store) it cannot be stored into directly.
   * real_drop: what there is of the page at va in those spaces whose id is `id` in the bits of
   * `mask`. real_forget: what leads to the page of guest storage at `at`. */
  uint32_t (*real_space)(void *ctx, uint32_t id);
  bool (*real_fill)(void *ctx, uint32_t id, gva_t va, gpa_t at, uint32_t rights, bool store);
  void (*real_drop)(void *ctx, gva_t va, uint32_t mask, uint32_t id);
  void (*real_forget)(void *ctx, gpa_t at);
  /* The memory-trace service: from now on, or no longer, each write to the page of guest storage
   * that holds `at` is announced (writing, written), whoever writes. traced: by anybody. */
  void (*trace)(void *ctx, gpa_t at, bool on);
  bool (*traced)(void *ctx, gpa_t at);
  void (*count)(void *ctx, enum vmm_memory_event event);

  /* Its ports. Only call in and out for a port that exists. */
  bool (*port_exists)(void *ctx, uint32_t port);
  /* Where they are mapped into memory: whether an access of `size` bytes at physical
   * address `at` is to a device register, and of such a register the port. */
  bool (*device_at)(void *ctx, uint64_t at, uint32_t size);
  uint32_t (*port_at)(void *ctx, gpa_t at);
  uint32_t (*port_in)(void *ctx, uint32_t port);
  void (*port_out)(void *ctx, uint32_t port, uint32_t value);

  /* Its channel: what sio and tio answer it. */
  uint32_t (*channel_start)(void *ctx, uint32_t caw);
  uint32_t (*channel_test)(void *ctx, uint32_t operand);
  struct vmm_place (*disk_place)(void *ctx, uint32_t sector, uint32_t count, bool write);

  /* Its profile. */
  struct vmm_insn (*decode)(void *ctx, uint32_t word);
  enum profile_behaviour_kind (*behaviour)(void *ctx, enum isa_insn insn, unsigned mode);
  struct vmm_behaviour (*behaviour_of)(void *ctx, enum isa_insn insn, unsigned mode);
  unsigned (*user_mode)(void *ctx);
  uint32_t (*features)(void *ctx); /* bits ISA_FEATURE_… */
};

/* Every module: create answers its state for one VM, NULL if there is no memory
 * for it. A module without state leaves both out. `with` is what its set says: a module that
 * stands for one elsewhere finds it so.
 *
 * save and load, optional and together: the state as bytes, so that a debugger can go
 * back in time quickly; without them it executes again from the beginning. save answers
 * how many there are and writes them if `room` suffices; load answers false if they are
 * none of its own. */
#define VMM_MODULE_STATE                                                                           \
  uint32_t (*save)(void *state, void *bytes, uint32_t room);                                       \
  bool (*load)(void *state, const void *bytes, uint32_t len)

/* D: what to do about a trap of the real machine. */
enum vmm_action {
  VMM_SERVE,     /* the VMM's own affair; the guest sees nothing of it */
  VMM_EMULATE,   /* a privileged instruction in virtual privileged mode */
  VMM_REFLECT,   /* the guest's own trap: give it back */
  VMM_INTERPRET, /* an instruction that cannot execute directly here */
  VMM_HYPERCALL, /* a guest that knows of the VMM asks it for something */
};
struct vmm_dispatch_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  enum vmm_action (*dispatch)(void *state, const struct vmm_env *env, struct trap real);
  VMM_MODULE_STATE;
};

/* v_i: one routine for each privileged instruction. */
struct vmm_emulate_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  /* Whether there is a routine for this instruction. */
  bool (*handles)(enum isa_insn insn);
  /* Completes the instruction at the virtual pc, whose word is `word`, as it
   * would in virtual mode 0; or answers the trap that it meets, and then nothing
   * has changed. */
  struct vmm_trap (*emulate)(void *state, const struct vmm_env *env, uint32_t word);
  VMM_MODULE_STATE;
};

/* Interpretation: what the VMM executes itself because direct execution cannot, one
 * instruction at a time in whatever virtual mode. A monitor that did everything so would
 * be the paper's CSIM, right and slow: so it is counted, and shown as the inefficiency
 * that it is. */
struct vmm_interpret_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  /* Fetches the instruction at the virtual pc and completes it as the virtual machine
   * would, by the profile's behaviour in the virtual mode; or answers the trap that it
   * meets, and then nothing has changed. Interrupts are not its affair. */
  struct vmm_trap (*interpret)(void *state, const struct vmm_env *env);
  VMM_MODULE_STATE;
};

/* Hypercalls, and what a guest that has made itself known by one has instead of the machine's
 * interrupts: docs/paravirt.md. Only VMs of the technique `paravirt` have this module. */
struct vmm_hyper_work {
  bool done;                /* false: refused, with an error code for the guest */
  uint32_t requests, bytes; /* from and to rings, at boundaries since the last one too */
};
#define VMM_NO_TABLE       UINT32_MAX
#define VMM_PARAVIRT_STATE 256u /* bytes that save() answers at most */
struct vmm_paravirt_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  /* Completes hypercall `number`, at the virtual pc, in virtual mode 0. It cannot trap. */
  struct vmm_hyper_work (*hypercall)(void *state, const struct vmm_env *env, uint32_t number);
  /* From now on the guest is told of events and traps by the next two. */
  bool (*takes_over)(void *state);
  /* An instruction boundary, after what is due has happened. */
  void (*boundary)(void *state, const struct vmm_env *env);
  /* Whether an event may be delivered: what the guest has in place of IE. */
  bool (*open)(void *state, const struct vmm_env *env);
  /* Delivers a trap or an event. */
  void (*inject)(void *state, const struct vmm_env *env, struct trap trap);
  /* Pages of guest storage that are tables: the i-th, from 0, or none. Stores to them, by the guest
   * or by devices, are refused. NULL: there are none. */
  uint32_t (*table)(void *state, uint32_t i);
  VMM_MODULE_STATE; /* needed: it is part of the VM's state */
};

/* The reflector: which trap the guest should see, and its delivery. */
struct vmm_reflect_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  /* The trap that the virtual machine meets where the real one met `real`. Not
   * raised: the virtual machine would have gone on. */
  struct vmm_trap (*derive)(void *state, const struct vmm_env *env, struct trap real);
  /* Delivers a trap through the guest's vector table. False: double fault, and
   * nothing has changed. */
  bool (*inject)(void *state, const struct vmm_env *env, struct trap trap);
  VMM_MODULE_STATE;
};

/* Memory: how the guest's addresses become those of the machine below. docs/memory.md. */
struct vmm_real_map {
  uint32_t base, bound; /* for the real machine's registers, … */
  uint32_t ptbr, asid;  /* … of those that it has */
  uint32_t nptbr;       /* on: PTBR is the guest's own, and so is PSW.TE */
};
enum vmm_fault {
  VMM_FAULT_TRUE,      /* the virtual machine has it too */
  VMM_FAULT_HIDDEN,    /* the real map was only behind; it is not any more: execute again */
  VMM_FAULT_MARKS,     /* … but the access is to set A or D: interpret it this time */
  VMM_FAULT_INTERPRET, /* the instruction cannot execute directly here */
};
struct vmm_memory_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  /* The real map under which the guest may run now. Asked again after each change of PSW (but
   * of its IE and previous mode), BASE, BOUND, PTBR or ASID, and after each fault that is not true. */
  struct vmm_real_map (*compose)(void *state, const struct vmm_env *env);
  /* Answers env->translate. NULL: the frame does. */
  struct translation (*translate)(void *state, const struct vmm_env *env, gva_t va, uint32_t size,
                                  enum machine_access access, bool te, unsigned mode);

  /* The rest may be left out (NULL): all faults are true, and nothing is to be told.
   *
   * A memory trap of the real machine that the dispatcher gives back to the guest. */
  enum vmm_fault (*fault)(void *state, const struct vmm_env *env, struct trap real);
  /* `len` bytes of guest storage at `at`, a part of it in pages that are traced, are about to be
   * written, and have been, by anybody; but not by env->commit. */
  void (*writing)(void *state, const struct vmm_env *env, gpa_t at, uint32_t len);
  void (*written)(void *state, const struct vmm_env *env, gpa_t at, uint32_t len);
  /* No entry of a real table or TLB may lead to the page of guest storage at `at` any more; what
   * env->frame said of it no longer holds, or it is traced from now on. */
  void (*forget)(void *state, const struct vmm_env *env, gpa_t at);
  /* A control register has another value. */
  void (*changed)(void *state, const struct vmm_env *env, enum isa_cr cr);
  /* The virtual machine's TLB has been acted upon. */
  void (*tlb_acted)(void *state, const struct vmm_env *env, struct vmm_tlb_act act);
  /* An entry that the virtual machine can be thought to have besides, where none of its TLB
   * matches va in the space. */
  struct vmm_tlb_entry (*tlb_behind)(void *state, uint32_t va, uint32_t space);
  /* The VM is loaded into the real processor, after another, or for the first time. */
  void (*enter)(void *state, const struct vmm_env *env);
  VMM_MODULE_STATE;
};

/* The virtual interval timer, in virtual ticks. */
struct vmm_timer_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  void (*set)(void *state, uint64_t now, uint32_t ticks); /* 0: off */
  uint32_t (*left)(void *state, uint64_t now);            /* 0: off */
  uint64_t (*next_event)(void *state);                    /* or MACHINE_NEVER */
  bool (*fire)(void *state, uint64_t now);                /* due: goes off, answers true */
  VMM_MODULE_STATE;
};

/* For how long the VM gets the processor: ticks for the real TIMER, at least 1. */
struct vmm_schedule_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  uint32_t (*lend)(void *state, uint64_t now, uint64_t next_event, uint64_t until);
  VMM_MODULE_STATE;
};

/* Mini-disks: an extent of the real disk. A transfer is split where extents meet. */
struct vmm_sector {
  bool ok; /* the whole transfer lies within the extent, and is allowed */
  uint32_t sector;
};
struct vmm_minidisk_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  struct vmm_sector (*map)(void *state, struct vmm_extent extent, uint32_t sector, uint32_t count,
                           bool write);
  VMM_MODULE_STATE;
};

/* Channel programs: the guest's is read and checked once, at its sio, and at its end the real
 * channel gets another, of real addresses and sectors. */
struct vmm_real_ccw {
  uint8_t command, flags;
  uint16_t count;
  mpa_t address;     /* but for a seek, of which … */
  uint32_t argument; /* … this is the sector; the VMM puts it where the channel finds it */
};
enum vmm_chain_kind {
  VMM_CHAIN_REFUSED, /* the first sector is none of the guest's, or it may not write it */
  VMM_CHAIN_REAL,    /* for the real channel */
  VMM_CHAIN_OVERLAY, /* these sectors are for the VMM, which has the overlays */
};
struct vmm_real_chain {
  enum vmm_chain_kind kind;
  uint32_t sectors; /* of the transfer that it does */
  uint32_t count;
  struct vmm_real_ccw ccw[CHANNEL_MAX_CCWS];
};
struct vmm_chain_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  /* What the channel of the virtual machine would find at `caw`, when it is asked to start
   * it: a program, or that it is refused and where. */
  struct channel_program (*snapshot)(void *state, const struct vmm_env *env, uint32_t caw);
  /* A transfer of such a program, of which the first `done` sectors are done: how it goes
   * on. It is asked again until it is done or refused. */
  struct vmm_real_chain (*translate)(void *state, const struct vmm_env *env,
                                     struct channel_transfer transfer, uint32_t done);
  VMM_MODULE_STATE;
};

/* Who gets the processor next under vmm_run(), and for how long. Unlike the others there is
 * one for all VMs of a VMM, and it sees none of them: to it they are slots, small
 * numbers that are used again when a VM is gone. */
#define VMM_NOBODY UINT32_MAX
struct vmm_share_module {
  void *(*create)(void *with);
  void (*destroy)(void *state);
  /* A new VM, which is not ready. share: at least 1. False: no memory. */
  bool (*join)(void *state, uint32_t slot, uint32_t share);
  void (*leave)(void *state, uint32_t slot);
  /* From now on it could run, or could not. */
  void (*ready)(void *state, uint32_t slot, bool ready);
  /* One of those ready, or VMM_NOBODY. It is asked again when that one's quantum is over. */
  uint32_t (*next)(void *state);
  /* Real ticks that it may have now, where others get `usual`; at least 1. */
  uint32_t (*quantum)(void *state, uint32_t slot, uint32_t usual);
  /* It has had so many real ticks, the VMM's work for it included. */
  void (*charge)(void *state, uint32_t slot, uint64_t ticks);
  VMM_MODULE_STATE;
};

struct vmm_modules {
  const struct vmm_dispatch_module *dispatch;
  const struct vmm_emulate_module *emulate;
  const struct vmm_interpret_module *interpret;
  const struct vmm_reflect_module *reflect;
  const struct vmm_memory_module *memory;
  const struct vmm_timer_module *timer;
  const struct vmm_schedule_module *schedule;
  const struct vmm_minidisk_module *minidisk;
  const struct vmm_chain_module *chain;
  const struct vmm_share_module *share;       /* NULL: the default one */
  const struct vmm_paravirt_module *paravirt; /* NULL: the default one */
  /* … of the ways that memory.c lists; `memory` is the one of relocation. */
  const struct vmm_memory_module *shadow; /* NULL: the default one */
  const struct vmm_memory_module *exact;  /* NULL: the default one */
  const struct vmm_memory_module *disco;  /* NULL: the default one */
  const struct vmm_memory_module *nested; /* NULL: the default one */
  void *with;                             /* for every create(); outlives the VMM */
  /* What the chain module makes is carried out as it is, without the frame's second look at
   * it: for flawed modules, whose holes that would close. */
  bool unguarded;
};

extern const struct vmm_modules vmm_default_modules;

/* What the files of the default set export. */
extern const struct vmm_dispatch_module vmm_dispatch;    /* dispatch.c */
extern const struct vmm_emulate_module vmm_emulate;      /* emulate.c */
extern const struct vmm_interpret_module vmm_interpret;  /* interpret.c */
extern const struct vmm_reflect_module vmm_reflect;      /* reflect.c */
extern const struct vmm_memory_module vmm_memory_bounds; /* memory/bounds.c */
extern const struct vmm_memory_module vmm_memory_shadow; /* memory/shadow.c */
extern const struct vmm_memory_module vmm_memory_exact;  /* memory/tlb.c */
extern const struct vmm_memory_module vmm_memory_disco;  /* memory/tlb.c */
extern const struct vmm_memory_module vmm_memory_nested; /* memory/nested.c */
extern const struct vmm_timer_module vmm_timer_virtual;  /* devices/vtimer.c */
extern const struct vmm_schedule_module vmm_schedule;    /* schedule.c */
extern const struct vmm_minidisk_module vmm_minidisk;    /* devices/minidisk.c */
extern const struct vmm_chain_module vmm_chain;          /* devices/chain.c */
extern const struct vmm_share_module vmm_share;          /* share.c */
extern const struct vmm_paravirt_module vmm_paravirt;    /* techniques/paravirt.c */

#endif
