/* What a kind of machine provides. Only implementers include this: the bare
 * machine (machine/bare.c) and the VMM's virtual machine (vmm/vm.c); and
 * classify/trial.c, which puts a machine into states that no run leads to. A kind
 * embeds struct machine as its first member. machine.h says what each does.
 */
#ifndef TRAPEZE_MACHINE_OPS_H
#define TRAPEZE_MACHINE_OPS_H

#include "machine/machine.h"

/* Devices' canonical state, as one blob of bytes a snapshot can hold: a kind
 * that has the same devices can load what another kind saved. */
struct machine_blob {
  uint8_t *bytes; /* malloc'd; owner frees */
  size_t len;
};

struct machine_ops {
  void (*destroy)(struct machine *m);
  /* Of *stop it writes what there is to its `why`, and no more: `hit` is most of it. */
  void (*run)(struct machine *m, uint64_t until_tick, struct machine_stop *stop);
  bool (*deliver)(struct machine *m, const struct trap *trap);
  /* NULL: machine_advance() loops over run and deliver. */
  struct machine_stop (*advance)(struct machine *m, uint64_t until_tick);
  uint64_t (*idle)(struct machine *m, uint64_t until_tick);
  void (*set_engine)(struct machine *m, enum machine_engine engine);
  bool (*set_stops)(struct machine *m, const struct machine_stops *stops); /* NULL: cannot */
  void (*stops_from)(struct machine *m, uint64_t tick);
  uint32_t (*get_reg)(struct machine *m, unsigned reg);
  void (*set_reg)(struct machine *m, unsigned reg, uint32_t value);
  /* All at once; NULL: one by one. regs has ISA_REG_COUNT words, [0] is ignored when set. */
  void (*get_regs)(struct machine *m, uint32_t *regs);
  void (*set_regs)(struct machine *m, const uint32_t *regs);
  uint32_t (*get_pc)(struct machine *m);
  void (*set_pc)(struct machine *m, uint32_t pc);
  /* All at once, 0 for those that the profile lacks; NULL: one by one. */
  void (*get_crs)(struct machine *m, uint32_t *crs);
  uint32_t (*get_cr)(struct machine *m, enum isa_cr cr);
  void (*set_cr)(struct machine *m, enum isa_cr cr, uint32_t value);
  uint64_t (*tick)(const struct machine *m);
  void (*set_tick)(struct machine *m, uint64_t tick); /* snapshots and trials only */
  void (*set_cpuid)(struct machine *m, uint32_t cpuid); /* trials only; NULL: not its own */
  enum machine_run_state (*run_state)(struct machine *m);
  void (*set_run_state)(struct machine *m, enum machine_run_state state);
  uint64_t (*next_event)(struct machine *m);
  uint32_t (*storage_size)(const struct machine *m);
  bool (*phys_read)(struct machine *m, gpa_t at, void *buf, uint32_t len);
  bool (*phys_write)(struct machine *m, gpa_t at, const void *buf, uint32_t len);
  struct translation (*translate)(struct machine *m, gva_t va, enum machine_access access, bool te);
  bool (*key_get)(struct machine *m, gpa_t at, uint8_t *key);
  bool (*key_set)(struct machine *m, gpa_t at, uint8_t key);
  uint64_t (*key_changes)(struct machine *m);
  /* index < TLB_ENTRIES; called only for profiles with a TLB. NULL: of no such profile. */
  void (*tlb_get)(struct machine *m, unsigned index, uint32_t *hi, uint32_t *lo);
  void (*tlb_set)(struct machine *m, unsigned index, uint32_t hi, uint32_t lo);
  bool (*port_in)(struct machine *m, uint32_t port, uint32_t *value);
  bool (*port_out)(struct machine *m, uint32_t port, uint32_t value);
  uint32_t (*channel_start)(struct machine *m, uint32_t caw);
  uint32_t (*channel_test)(struct machine *m, uint32_t operand);
  void (*console_input)(struct machine *m, uint64_t at, uint8_t byte);
  unsigned (*console_ahead)(struct machine *m);
  void (*console_forget)(struct machine *m);
  const uint8_t *(*console_output)(struct machine *m, size_t *len);
  void (*console_on_output)(struct machine *m, machine_console_fn *fn, void *ctx);
  struct machine_net (*net_state)(struct machine *m);
  bool (*net_arrive)(struct machine *m, uint64_t at, const void *frame, uint32_t len);
  void (*net_on_frame)(struct machine *m, machine_net_fn *fn, void *ctx);
  uint32_t (*disk_sectors)(struct machine *m);
  bool (*disk_peek)(struct machine *m, uint32_t sector, void *buf);
  bool (*disk_poke)(struct machine *m, uint32_t sector, const void *buf); /* snapshots only */
  uint64_t (*storage_digest)(struct machine *m);
  uint64_t (*device_digest)(struct machine *m);
  unsigned (*watch_storage)(struct machine *m, gpa_range_t range);
  uint64_t (*watched_digest)(struct machine *m, unsigned id);
  void (*unwatch_storage)(struct machine *m, unsigned id);
  void (*page_digests)(struct machine *m, const uint32_t *pages, uint32_t count,
                       uint64_t *digests);
  const struct machine_stats *(*stats)(struct machine *m);
  bool (*set_lint)(struct machine *m, machine_lint_fn *fn, void *ctx); /* NULL: not of this kind */
  bool (*save_devices)(struct machine *m, struct machine_blob *blob);       /* false: no memory */
  bool (*load_devices)(struct machine *m, const struct machine_blob *blob); /* false: not ours */
};

/* Where a kind of machine has its processor while it does not run, for an owner that looks at it
 * after every trap and would otherwise ask a dozen questions. What is not const may be changed
 * there: registers and pc steer nothing else. All but the tick may be NULL: only the operations
 * know. */
struct machine_live {
  const uint64_t *tick;
  uint32_t *regs; /* ISA_REG_COUNT; [0] is 0 and stays so */
  uint32_t *pc;
  const uint32_t *psw;
  uint64_t *timer_at; /* the tick at which TIMER goes off, or MACHINE_NEVER; what is written here
                       * is later than now, and counts from the next run on */
  /* Grows with each write of a control register but PSW, by whomever. While it stays the same so
   * do those that nothing else sets, and TIMER has only counted. Not part of the state. */
  const uint64_t *cr_writes;
};

struct machine {
  const struct machine_ops *ops;
  const struct profile *profile; /* borrowed */
  struct machine *parent;        /* borrowed; NULL for a bare machine */
  const char *name;              /* borrowed */
  struct tracer *tracer;         /* borrowed; NULL: off */
  uint64_t existing_crs;         /* a bit for each; machine.c's cache, 0 at first */
  struct machine_live live;
};

#endif
