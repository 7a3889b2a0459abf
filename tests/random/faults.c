#include "tests/random/faults.h"

#include <string.h>

/* ------------------------------------------------------- emulation routines */

/* Runs the right routine, but for one instruction that does nothing. */
static struct vmm_trap skip(const struct vmm_env *env, uint32_t word, enum isa_insn idle)
{
  struct vmm_insn insn = env->decode(env->ctx, word);
  if (insn.legal && insn.decoded.insn == idle) {
    env->set_pc(env->ctx, env->get_pc(env->ctx) + 4);
    return (struct vmm_trap){.raised = false};
  }
  return vmm_emulate.emulate(NULL, env, word);
}

static bool handles(enum isa_insn insn)
{
  return vmm_emulate.handles(insn);
}

static struct vmm_trap idle_cli(void *state, const struct vmm_env *env, uint32_t word)
{
  (void)state;
  return skip(env, word, ISA_CLI);
}
static const struct vmm_emulate_module emulate_idle_cli = {.handles = handles, .emulate = idle_cli};

/* Acts before it has looked at everything: sp moves though the load then traps. */
static struct vmm_trap hasty_popf(void *state, const struct vmm_env *env, uint32_t word)
{
  (void)state;
  struct vmm_insn insn = env->decode(env->ctx, word);
  uint32_t sp = env->get_reg(env->ctx, REG_SP);
  struct vmm_trap trap = vmm_emulate.emulate(NULL, env, word);
  if (trap.raised && insn.legal && insn.decoded.insn == ISA_POPF) {
    env->set_reg(env->ctx, REG_SP, sp + 4);
  }
  return trap;
}
static const struct vmm_emulate_module emulate_hasty_popf = {.handles = handles,
                                                             .emulate = hasty_popf};

/* ------------------------------------------------------------------ reflection */

/* The real cause of a memory trap is passed on. */
static struct vmm_trap copied_cause(void *state, const struct vmm_env *env, struct trap real)
{
  struct vmm_trap trap = vmm_reflect.derive(state, env, real);
  if (trap.raised) {
    trap.trap.cause = real.cause;
  }
  return trap;
}
static bool inject(void *state, const struct vmm_env *env, struct trap trap)
{
  return vmm_reflect.inject(state, env, trap);
}
static const struct vmm_reflect_module reflect_copied_cause = {.derive = copied_cause,
                                                               .inject = inject};

/* Delivery leaves interrupts on. */
static bool inject_open(void *state, const struct vmm_env *env, struct trap trap)
{
  uint32_t ie = env->get_cr(env->ctx, CR_PSW) & PSW_IE_MASK;
  bool done = vmm_reflect.inject(state, env, trap);
  if (done) {
    env->set_cr(env->ctx, CR_PSW, env->get_cr(env->ctx, CR_PSW) | ie);
  }
  return done;
}
static struct vmm_trap derive(void *state, const struct vmm_env *env, struct trap real)
{
  return vmm_reflect.derive(state, env, real);
}
static const struct vmm_reflect_module reflect_open = {.derive = derive, .inject = inject_open};

/* ----------------------------------------------------------------------- time */

static void *timer_create(void *with)
{
  return vmm_timer_virtual.create(with);
}
static void timer_destroy(void *state)
{
  vmm_timer_virtual.destroy(state);
}
static void timer_set(void *state, uint64_t now, uint32_t ticks)
{
  vmm_timer_virtual.set(state, now, ticks);
}
static uint32_t timer_left(void *state, uint64_t now)
{
  return vmm_timer_virtual.left(state, now);
}
static uint64_t timer_next(void *state)
{
  return vmm_timer_virtual.next_event(state);
}
static bool timer_fire(void *state, uint64_t now)
{
  return vmm_timer_virtual.fire(state, now);
}
/* A tick longer than asked for. */
static void timer_set_longer(void *state, uint64_t now, uint32_t ticks)
{
  vmm_timer_virtual.set(state, now, ticks && ticks + 1 ? ticks + 1 : ticks);
}
static const struct vmm_timer_module timer_longer = {
    .create = timer_create,
    .destroy = timer_destroy,
    .set = timer_set_longer,
    .left = timer_left,
    .next_event = timer_next,
    .fire = timer_fire,
};
/* Goes off a tick too early, though TIMER reads right until then. */
static bool timer_fire_early(void *state, uint64_t now)
{
  return vmm_timer_virtual.fire(state, now + 1);
}
static const struct vmm_timer_module timer_early = {
    .create = timer_create,
    .destroy = timer_destroy,
    .set = timer_set,
    .left = timer_left,
    .next_event = timer_next,
    .fire = timer_fire_early,
};

/* --------------------------------------------------------------------- memory */

static struct translation translate(void *state, const struct vmm_env *env, gva_t va, uint32_t size,
                                    enum machine_access access, bool te, unsigned mode)
{
  return vmm_memory_bounds.translate(state, env, va, size, access, te, mode);
}
/* A word too few. */
static struct vmm_real_map compose_short(void *state, const struct vmm_env *env)
{
  struct vmm_real_map map = vmm_memory_bounds.compose(state, env);
  map.bound -= map.bound > ISA_PAGE_SIZE ? 4 : 0;
  return map;
}
static const struct vmm_memory_module memory_short = {.compose = compose_short,
                                                      .translate = translate};

/* ------------------------------------------------------------------------ disks */

static struct vmm_sector map_ahead(void *state, struct vmm_extent extent, uint32_t sector,
                                   uint32_t count, bool write)
{
  struct vmm_sector s = vmm_minidisk.map(state, extent, sector, count, write);
  s.sector += write && count > 1;
  return s;
}
static const struct vmm_minidisk_module minidisk_ahead = {.map = map_ahead};

#define RIGHT                                                                                      \
  .dispatch = &vmm_dispatch, .emulate = &vmm_emulate, .interpret = &vmm_interpret,                 \
  .reflect = &vmm_reflect, .memory = &vmm_memory_bounds, .timer = &vmm_timer_virtual,              \
  .schedule = &vmm_schedule, .minidisk = &vmm_minidisk, .chain = &vmm_chain
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct fault faults[] = {
    {"idle-cli", "cli does nothing", {RIGHT, .emulate = &emulate_idle_cli}},
    {"hasty-popf", "popf moves sp before it loads", {RIGHT, .emulate = &emulate_hasty_popf}},
    {"copied-cause", "the real cause is reflected", {RIGHT, .reflect = &reflect_copied_cause}},
    {"open-delivery", "delivery leaves IE on", {RIGHT, .reflect = &reflect_open}},
    {"long-timer", "TIMER counts one tick more", {RIGHT, .timer = &timer_longer}},
    {"early-timer", "the timer goes off a tick early", {RIGHT, .timer = &timer_early}},
    {"short-map", "the last word is out of bounds", {RIGHT, .memory = &memory_short}},
    {"disk-ahead",
     "writes of several sectors go one too far",
     {RIGHT, .minidisk = &minidisk_ahead}},
    {.name = NULL},
};
#pragma GCC diagnostic pop

const struct fault *fault_all(void)
{
  return faults;
}

const struct fault *fault_find(const char *name)
{
  for (const struct fault *f = faults; f->name; f++) {
    if (strcmp(f->name, name) == 0) {
      return f;
    }
  }
  return NULL;
}
