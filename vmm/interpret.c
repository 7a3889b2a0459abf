/* A complete interpreter: any instruction, in any virtual mode, done to the virtual machine.
 * Popek and Goldberg's hybrid monitor interprets all of virtual supervisor mode with one,
 * a simulator everything; and a load or store that means a memory-mapped device needs it
 * even where everything else executes directly.
 *
 * What an instruction does is not said here but in isa/pg32.isa, from which the bodies are
 * generated that the bare machine executes, too. Nor is it asked what the real machine
 * would do in the mode that it is in: the profile is asked for the *virtual* mode, so
 * that a sensitive instruction which does not trap does what it does on a bare machine.
 */
#include "isa/bodies_support.h"
#include "vmm/modules.h"

#define WORD_SIZE 4u

/* One instruction: what is given, and how it has ended. */
struct job {
  const struct vmm_env *env;
  struct isa_decoded insn;
  uint32_t pc, psw, next;
  struct vmm_trap met;
};

enum outcome { DONE, TRAPPED };

static enum outcome trap(struct job *j, enum isa_cause cause, uint32_t value)
{
  j->met = (struct vmm_trap){true, {.cause = cause, .value = value}};
  return TRAPPED;
}

/* ------------------------------------------------------------------- storage */

/* For whom. */
struct who {
  bool te;
  unsigned mode;
};

static struct who current(const struct job *j)
{
  return (struct who){psw_te(j->psw), psw_mode(j->psw)};
}

static struct who previous(const struct job *j)
{
  unsigned mode = psw_pmode(j->psw);
  return (struct who){mode != 0 || psw_te(j->psw), mode};
}

/* The access will be made: alignment, translation, protection, bus, in this order. Of all
 * instructions lw and sw alone reach a device register, so only they are given a port. */
static enum outcome find(struct job *j, uint32_t va, uint32_t size, enum machine_access access,
                         struct who who, gpa_t *at, bool *device)
{
  if (va % size != 0) {
    return trap(j, CAUSE_ALIGNMENT, va);
  }
  struct translation t = j->env->translate(j->env->ctx, gva(va), size, access, who.te, who.mode);
  *at = t.pa;
  *device = !t.ok && t.device && (j->insn.insn == ISA_LW || j->insn.insn == ISA_SW);
  if (!t.ok && !*device) {
    return trap(j, t.cause, va);
  }
  j->env->commit(j->env->ctx, t);
  return DONE;
}

static enum outcome load(struct job *j, uint32_t va, uint32_t size, struct who who, uint32_t *value)
{
  gpa_t at;
  bool device;
  if (find(j, va, size, MACHINE_LOAD, who, &at, &device) == TRAPPED) {
    return TRAPPED;
  }
  if (device) {
    *value = j->env->port_in(j->env->ctx, j->env->port_at(j->env->ctx, at));
    return DONE;
  }
  struct vmm_word found = j->env->read(j->env->ctx, at, size, MACHINE_LOAD);
  *value = found.word;
  return found.ok ? DONE : trap(j, CAUSE_BUS, va);
}

static enum outcome store(struct job *j, uint32_t va, uint32_t size, struct who who, uint32_t value)
{
  gpa_t at;
  bool device;
  if (find(j, va, size, MACHINE_STORE, who, &at, &device) == TRAPPED) {
    return TRAPPED;
  }
  if (device) {
    j->env->port_out(j->env->ctx, j->env->port_at(j->env->ctx, at), value);
    return DONE;
  }
  return j->env->write(j->env->ctx, at, size, value) ? DONE : trap(j, CAUSE_BUS, va);
}

static enum outcome fetch(struct job *j, uint32_t *word)
{
  if (j->pc % WORD_SIZE != 0) {
    return trap(j, CAUSE_ALIGNMENT, j->pc);
  }
  struct translation t = j->env->translate(j->env->ctx, gva(j->pc), WORD_SIZE, MACHINE_FETCH,
                                           psw_te(j->psw), psw_mode(j->psw));
  if (!t.ok) {
    return trap(j, t.cause, j->pc);
  }
  j->env->commit(j->env->ctx, t);
  struct vmm_word found = j->env->read(j->env->ctx, t.pa, WORD_SIZE, MACHINE_FETCH);
  *word = found.word;
  return found.ok ? DONE : trap(j, CAUSE_BUS, j->pc);
}

/* ------------------------------------------------------- the bodies' primitives
 * isa/BODIES.md. All that a body reads is the state before the instruction. */

#define BODY_BEGIN(I, B)        case BODY_##I##_##B:
#define BODY_END(I, B)          return DONE;
#define BODY_SYSTEM_BEGIN(I, B) BODY_BEGIN(I, B)
#define BODY_SYSTEM_END(I, B)   BODY_END(I, B)

#define OPERAND_A   (j->insn.a)
#define OPERAND_B   (j->insn.b)
#define OPERAND_C   (j->insn.c)
#define OPERAND_N   (j->insn.n)
#define OPERAND_IMM (j->insn.imm)

#define GET_REG(i)       env->get_reg(env->ctx, (i))
#define SET_REG(i, v)    env->set_reg(env->ctx, (i), (v))
#define GET_PC()         (j->pc)
#define JUMP(target)     (j->next = (target))
#define JUMP_REL(offset) JUMP(j->pc + (offset))

#define GET_PSW()        (j->psw)
#define SET_PSW(v)       set_psw(j, (v))
#define GET_PSW_FIELD(F) ((j->psw & PSW_##F##_MASK) >> PSW_##F##_SHIFT)
#define SET_PSW_FIELD(F, v)                                                                        \
  set_psw(j, (j->psw & ~PSW_##F##_MASK) | ((v) << PSW_##F##_SHIFT & PSW_##F##_MASK))
#define USER_MODE()     env->user_mode(env->ctx)
#define GET_CR(n)       env->get_cr(env->ctx, (n))
#define READ_CR(dst, n) ((dst) = env->get_cr(env->ctx, (enum isa_cr)(n)))
#define WRITE_CR(n, v)  env->set_cr(env->ctx, (enum isa_cr)(n), (v))

#define ATTEMPT(act)                                                                               \
  do {                                                                                             \
    if ((act) == TRAPPED) {                                                                        \
      return TRAPPED;                                                                              \
    }                                                                                              \
  } while (0)
#define LOAD_B(dst, addr)    ATTEMPT(load(j, (addr), 1, current(j), &(dst)))
#define LOAD_H(dst, addr)    ATTEMPT(load(j, (addr), 2, current(j), &(dst)))
#define LOAD_W(dst, addr)    ATTEMPT(load(j, (addr), 4, current(j), &(dst)))
#define STORE_B(addr, v)     ATTEMPT(store(j, (addr), 1, current(j), (v)))
#define STORE_H(addr, v)     ATTEMPT(store(j, (addr), 2, current(j), (v)))
#define STORE_W(addr, v)     ATTEMPT(store(j, (addr), 4, current(j), (v)))
#define LOAD_PREV(dst, addr) ATTEMPT(load(j, (addr), 4, previous(j), &(dst)))
#define STORE_PREV(addr, v)  ATTEMPT(store(j, (addr), 4, previous(j), (v)))
#define TRANSLATE(ok_, pa_, va, ACCESS)                                                            \
  do {                                                                                             \
    struct translation t_ =                                                                        \
        env->translate(env->ctx, gva(va), 1, MACHINE_##ACCESS, psw_te(j->psw), psw_mode(j->psw));  \
    (ok_) = t_.ok;                                                                                 \
    (pa_) = t_.ok ? t_.pa.v : 0;                                                                   \
  } while (0)
#define RAISE(cause, value) return trap(j, (cause), (value))

#define KEY_GET(dst, pa)         ATTEMPT(key_get(j, (pa), &(dst)))
#define KEY_SET(pa, key)         ATTEMPT(key_set(j, (pa), (key)))
#define PORT_IN(dst, port)       ATTEMPT(port_in(j, (port), &(dst)))
#define PORT_OUT(port, v)        ATTEMPT(port_out(j, (port), (v)))
#define CHANNEL_START(dst, caw)  ((dst) = env->channel_start(env->ctx, (caw)))
#define CHANNEL_TEST(dst, n)     ((dst) = env->channel_test(env->ctx, (n)))
#define WAIT()                   env->wait(env->ctx)
#define HALT()                   env->halt(env->ctx)
#define TLB_WRITE()              env->tlb_write(env->ctx)
#define TLB_PROBE(dst, hi)       ((dst) = env->tlb_probe(env->ctx, (hi)))
#define TLB_INVALIDATE(va, asid) env->tlb_invalidate(env->ctx, (va), (asid))

/* The profile has the last word on what a PSW may be. */
static void set_psw(struct job *j, uint32_t psw)
{
  j->env->set_cr(j->env->ctx, CR_PSW, psw);
  j->psw = j->env->get_cr(j->env->ctx, CR_PSW);
}

static enum outcome key_get(struct job *j, uint32_t at, uint32_t *key)
{
  struct vmm_key found = j->env->key_get(j->env->ctx, gpa(at));
  *key = found.key;
  return found.ok ? DONE : trap(j, CAUSE_BUS, at);
}

static enum outcome key_set(struct job *j, uint32_t at, uint32_t key)
{
  bool done = j->env->key_set(j->env->ctx, gpa(at), (uint8_t)(key & KEY_MASK));
  return done ? DONE : trap(j, CAUSE_BUS, at);
}

static enum outcome port_in(struct job *j, uint32_t port, uint32_t *value)
{
  if (!j->env->port_exists(j->env->ctx, port)) {
    return trap(j, CAUSE_BUS, port);
  }
  *value = j->env->port_in(j->env->ctx, port);
  return DONE;
}

static enum outcome port_out(struct job *j, uint32_t port, uint32_t value)
{
  if (!j->env->port_exists(j->env->ctx, port)) {
    return trap(j, CAUSE_BUS, port);
  }
  j->env->port_out(j->env->ctx, port, value);
  return DONE;
}

static enum outcome execute(struct job *j, enum isa_body body)
{
  const struct vmm_env *env = j->env;
  switch (body) {
#include "gen/pg32_bodies.h"
  case ISA_BODY_COUNT:
    break;
  }
  return trap(j, CAUSE_ILLEGAL, 0);
}

/* ---------------------------------------------------------------- the module */

/* As the profile has it in the virtual mode. */
static enum outcome behave(struct job *j)
{
  struct vmm_behaviour b = j->env->behaviour_of(j->env->ctx, j->insn.insn, psw_mode(j->psw));
  switch (b.kind) {
  case PROFILE_NOP:
    return DONE;
  case PROFILE_BODY:
    return execute(j, b.body);
  case PROFILE_TRAP:
    return trap(j, CAUSE_PRIVILEGED, 0);
  case PROFILE_ABSENT:
    break;
  }
  return trap(j, CAUSE_ILLEGAL, 0);
}

static enum outcome decode(struct job *j, uint32_t word)
{
  struct vmm_insn insn = j->env->decode(j->env->ctx, word);
  j->insn = insn.decoded;
  return insn.legal ? DONE : trap(j, CAUSE_ILLEGAL, 0);
}

static struct vmm_trap interpret(void *state, const struct vmm_env *env)
{
  (void)state;
  uint32_t word = 0, pc = env->get_pc(env->ctx);
  struct job j = {
      .env = env, .pc = pc, .psw = env->get_cr(env->ctx, CR_PSW), .next = pc + WORD_SIZE};
  if (fetch(&j, &word) == TRAPPED || decode(&j, word) == TRAPPED || behave(&j) == TRAPPED) {
    j.met.trap.epc = pc;
    j.met.trap.insn = word;
    return j.met;
  }
  env->set_pc(env->ctx, j.next);
  return j.met;
}

const struct vmm_interpret_module vmm_interpret = {.interpret = interpret};
