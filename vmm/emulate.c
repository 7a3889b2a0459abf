/* The interpreter routines v_i: one for each privileged instruction. A routine
 * does what the instruction that trapped would have done (Popek and Goldberg's
 * third kind of module), but to the virtual machine's state: virtual mode, virtual
 * control registers, virtual devices.
 *
 * A routine has two halves. `verify` looks at everything that the instruction
 * needs and may answer a trap; it changes nothing. `act` changes, and cannot
 * fail. A routine that wrote as it went along would leave half an instruction
 * behind when the second word of its operand proves to be unmapped.
 */
#include <stddef.h>

#include "vmm/modules.h"

#define WORD_SIZE 4u

/* One emulation: what is given, and what verify found out for act. */
struct job {
  const struct vmm_env *env;
  struct isa_decoded insn;
  uint32_t word[2]; /* loaded */
  gpa_t at;         /* where to store, or a key's block */
  uint32_t value;   /* to be stored, or for a register */
};

static const struct vmm_trap no_trap = {.raised = false};

/* ------------------------------------------------- the virtual processor */

static uint32_t reg(const struct job *j, unsigned r)
{
  return j->env->get_reg(j->env->ctx, r);
}

static void set_reg(const struct job *j, unsigned r, uint32_t value)
{
  j->env->set_reg(j->env->ctx, r, value);
}

static uint32_t cr(const struct job *j, enum isa_cr n)
{
  return j->env->get_cr(j->env->ctx, n);
}

static void set_cr(const struct job *j, enum isa_cr n, uint32_t value)
{
  j->env->set_cr(j->env->ctx, n, value);
}

static uint32_t psw(const struct job *j)
{
  return cr(j, CR_PSW);
}

static void jump(const struct job *j, uint32_t pc)
{
  j->env->set_pc(j->env->ctx, pc);
}

static uint32_t pc(const struct job *j)
{
  return j->env->get_pc(j->env->ctx);
}

/* The address that imm(b) names. */
static uint32_t effective(const struct job *j)
{
  return reg(j, j->insn.b) + j->insn.imm;
}

/* ---------------------------------------------------------- for verify */

/* epc and insn are the same for all and filled in at the end. */
static struct vmm_trap trap(enum isa_cause cause, uint32_t value)
{
  return (struct vmm_trap){.raised = true, .trap = {.cause = cause, .value = value}};
}

/* For whom storage is accessed. */
struct who {
  bool te;
  unsigned mode;
};

static struct who current(const struct job *j)
{
  return (struct who){psw_te(psw(j)), psw_mode(psw(j))};
}

/* The access will be made; or, of the second word of a pair, one before it has been. */
static struct vmm_trap find(const struct job *j, uint32_t va, enum machine_access access,
                            struct who who, gpa_t *at)
{
  if (va % WORD_SIZE != 0) {
    return trap(CAUSE_ALIGNMENT, va);
  }
  struct translation t =
      j->env->translate(j->env->ctx, gva(va), WORD_SIZE, access, who.te, who.mode);
  if (!t.ok) {
    return trap(t.cause, va);
  }
  j->env->commit(j->env->ctx, t);
  *at = t.pa;
  return no_trap;
}

static struct vmm_trap load(const struct job *j, uint32_t va, struct who who, uint32_t *word)
{
  gpa_t at;
  struct vmm_trap refused = find(j, va, MACHINE_LOAD, who, &at);
  if (refused.raised) {
    return refused;
  }
  struct vmm_word loaded = j->env->load(j->env->ctx, at);
  if (!loaded.ok) {
    return trap(CAUSE_BUS, va);
  }
  *word = loaded.word;
  return no_trap;
}

/* --------------------------------------------------- PSW and pc as a pair */

static void act_rfe(struct job *j)
{
  jump(j, cr(j, CR_EPC));
  set_cr(j, CR_PSW, cr(j, CR_EPSW));
}

static struct vmm_trap verify_lpsw(struct job *j)
{
  uint32_t va = effective(j);
  struct vmm_trap refused = load(j, va, current(j), &j->word[0]);
  return refused.raised ? refused : load(j, va + WORD_SIZE, current(j), &j->word[1]);
}

static void act_lpsw(struct job *j)
{
  set_cr(j, CR_PSW, j->word[0]);
  jump(j, j->word[1]);
}

static void act_juser(struct job *j)
{
  uint32_t next = psw_set_mode(psw(j), j->env->user_mode(j->env->ctx));
  set_cr(j, CR_PSW, psw_set_te(next, 1));
  jump(j, effective(j));
}

/* ------------------------------------------------------------------ flags */

static struct vmm_trap verify_pushf(struct job *j)
{
  j->value = psw(j) & PSW_FLAGS_MASK;
  return find(j, reg(j, REG_SP) - WORD_SIZE, MACHINE_STORE, current(j), &j->at);
}

static void act_pushf(struct job *j)
{
  j->env->store(j->env->ctx, j->at, j->value);
  set_reg(j, REG_SP, reg(j, REG_SP) - WORD_SIZE);
}

static struct vmm_trap verify_popf(struct job *j)
{
  return load(j, reg(j, REG_SP), current(j), &j->word[0]);
}

/* C, V and IE; never the mode. */
static void act_popf(struct job *j)
{
  set_reg(j, REG_SP, reg(j, REG_SP) + WORD_SIZE);
  set_cr(j, CR_PSW, (psw(j) & ~PSW_FLAGS_MASK) | (j->word[0] & PSW_FLAGS_MASK));
}

static void act_rdpsw(struct job *j)
{
  set_reg(j, j->insn.a, psw(j));
}

/* ------------------------------------------- interrupts and control registers
 * What they change is the virtual IE and the virtual IMASK: the guest may mask
 * its own interrupts, never the VMM's. */

static void act_sti(struct job *j)
{
  set_cr(j, CR_PSW, psw_set_ie(psw(j), 1));
}

static void act_cli(struct job *j)
{
  set_cr(j, CR_PSW, psw_set_ie(psw(j), 0));
}

static void act_spl(struct job *j)
{
  uint32_t all = isa_cr_info(CR_IPEND)->write_mask;
  set_cr(j, CR_IMASK, all >> j->insn.imm);
}

static void act_mfcr(struct job *j)
{
  set_reg(j, j->insn.a, cr(j, (enum isa_cr)j->insn.n));
}

static void act_mtcr(struct job *j)
{
  set_cr(j, (enum isa_cr)j->insn.n, reg(j, j->insn.a));
}

static struct vmm_trap verify_svbr(struct job *j)
{
  j->value = cr(j, CR_VBR);
  return find(j, effective(j), MACHINE_STORE, current(j), &j->at);
}

static void act_store(struct job *j)
{
  j->env->store(j->env->ctx, j->at, j->value);
}

static void act_wfi(struct job *j)
{
  j->env->wait(j->env->ctx);
}

static void act_halt(struct job *j)
{
  j->env->halt(j->env->ctx);
}

static void act_rdtick(struct job *j)
{
  set_reg(j, j->insn.a, cr(j, CR_TICK));
}

static void act_cpuid(struct job *j)
{
  set_reg(j, j->insn.a, cr(j, CR_CPUID));
}

/* ---------------------------------------- location and rights: the guest's own
 * "Real" is the virtual machine's physical storage, and "accessible" is by the
 * virtual mode and the virtual map. */

static struct translation one_byte(const struct job *j, enum machine_access access)
{
  gva_t va = gva(reg(j, j->insn.b));
  return j->env->translate(j->env->ctx, va, 1, access, current(j).te, current(j).mode);
}

static void act_lra(struct job *j)
{
  struct translation t = one_byte(j, MACHINE_LOAD);
  set_reg(j, j->insn.a, t.ok ? t.pa.v : UINT32_MAX);
}

static void act_probe(struct job *j)
{
  static const enum machine_access asked[] = {MACHINE_LOAD, MACHINE_STORE, MACHINE_FETCH};
  bool known = j->insn.imm < sizeof asked / sizeof asked[0];
  set_reg(j, j->insn.a, known && one_byte(j, asked[j->insn.imm]).ok);
}

/* The previous mode's accesses are translated unless it is mode 0. */
static struct who previous(const struct job *j)
{
  unsigned mode = psw_pmode(psw(j));
  return (struct who){mode != 0 || psw_te(psw(j)), mode};
}

static struct vmm_trap verify_ldprev(struct job *j)
{
  return load(j, effective(j), previous(j), &j->word[0]);
}

static void act_ldprev(struct job *j)
{
  set_reg(j, j->insn.a, j->word[0]);
}

static struct vmm_trap verify_stprev(struct job *j)
{
  j->value = reg(j, j->insn.a);
  return find(j, effective(j), MACHINE_STORE, previous(j), &j->at);
}

/* ----------------------------------------------------------- storage keys
 * The blocks are those of the virtual machine's storage. */

static struct vmm_trap verify_key(struct job *j)
{
  uint32_t at = reg(j, j->insn.b);
  struct vmm_key found = j->env->key_get(j->env->ctx, gpa(at));
  j->at = gpa(at);
  j->value = found.key;
  return found.ok ? no_trap : trap(CAUSE_BUS, at);
}

static void act_ssk(struct job *j)
{
  j->env->key_set(j->env->ctx, j->at, (uint8_t)(reg(j, j->insn.a) & KEY_MASK));
}

static void act_isk(struct job *j)
{
  set_reg(j, j->insn.a, j->value);
}

/* ------------------------------------------------------------------- ports */

static struct vmm_trap verify_port(struct job *j)
{
  uint32_t port = effective(j);
  return j->env->port_exists(j->env->ctx, port) ? no_trap : trap(CAUSE_BUS, port);
}

static void act_in(struct job *j)
{
  set_reg(j, j->insn.a, j->env->port_in(j->env->ctx, effective(j)));
}

static void act_out(struct job *j)
{
  j->env->port_out(j->env->ctx, effective(j), reg(j, j->insn.a));
}

/* ---------------------------------------------------------------- channels */

static void act_sio(struct job *j)
{
  set_reg(j, j->insn.a, j->env->channel_start(j->env->ctx, reg(j, j->insn.b)));
}

static void act_tio(struct job *j)
{
  set_reg(j, j->insn.a, j->env->channel_test(j->env->ctx, reg(j, j->insn.b)));
}

/* ----------------------------------------------------------------- the TLB */

static void act_tlbw(struct job *j)
{
  j->env->tlb_write(j->env->ctx);
}

static void act_tlbp(struct job *j)
{
  set_cr(j, CR_TLBIX, j->env->tlb_probe(j->env->ctx, cr(j, CR_TLBHI)));
}

static void act_tlbi(struct job *j)
{
  j->env->tlb_invalidate(j->env->ctx, reg(j, j->insn.a), reg(j, j->insn.b));
}

/* --------------------------------------------------------------- the table */

struct routine {
  struct vmm_trap (*verify)(struct job *j); /* NULL: it cannot trap */
  void (*act)(struct job *j);
};

static const struct routine routines[ISA_INSN_COUNT] = {
    [ISA_RFE] = {NULL, act_rfe},
    [ISA_LPSW] = {verify_lpsw, act_lpsw},
    [ISA_JUSER] = {NULL, act_juser},
    [ISA_PUSHF] = {verify_pushf, act_pushf},
    [ISA_POPF] = {verify_popf, act_popf},
    [ISA_RDPSW] = {NULL, act_rdpsw},
    [ISA_STI] = {NULL, act_sti},
    [ISA_CLI] = {NULL, act_cli},
    [ISA_SPL] = {NULL, act_spl},
    [ISA_MFCR] = {NULL, act_mfcr},
    [ISA_MTCR] = {NULL, act_mtcr},
    [ISA_SVBR] = {verify_svbr, act_store},
    [ISA_WFI] = {NULL, act_wfi},
    [ISA_HALT] = {NULL, act_halt},
    [ISA_LRA] = {NULL, act_lra},
    [ISA_PROBE] = {NULL, act_probe},
    [ISA_LDPREV] = {verify_ldprev, act_ldprev},
    [ISA_STPREV] = {verify_stprev, act_store},
    [ISA_SSK] = {verify_key, act_ssk},
    [ISA_ISK] = {verify_key, act_isk},
    [ISA_RDTICK] = {NULL, act_rdtick},
    [ISA_CPUID] = {NULL, act_cpuid},
    [ISA_IN] = {verify_port, act_in},
    [ISA_OUT] = {verify_port, act_out},
    [ISA_SIO] = {NULL, act_sio},
    [ISA_TIO] = {NULL, act_tio},
    [ISA_TLBW] = {NULL, act_tlbw},
    [ISA_TLBP] = {NULL, act_tlbp},
    [ISA_TLBI] = {NULL, act_tlbi},
};

static bool handles(enum isa_insn insn)
{
  return routines[insn].act != NULL;
}

static __attribute__((noinline)) struct vmm_trap complain(const struct job *j, uint32_t word,
                                                          struct vmm_trap refused)
{
  refused.trap.epc = pc(j);
  refused.trap.insn = word;
  return refused;
}

static struct vmm_trap emulate(void *state, const struct vmm_env *env, uint32_t word)
{
  (void)state;
  struct vmm_insn insn = env->decode(env->ctx, word);
  struct job j; /* the rest is verify's */
  j.env = env;
  j.insn = insn.decoded;
  if (!insn.legal || !handles(insn.decoded.insn)) {
    return complain(&j, word, trap(CAUSE_ILLEGAL, 0));
  }
  const struct routine *routine = &routines[insn.decoded.insn];
  if (routine->verify) {
    struct vmm_trap refused = routine->verify(&j);
    if (refused.raised) {
      return complain(&j, word, refused);
    }
  }
  /* Nothing from here on can fail. The pc first: jumps overrule it. */
  jump(&j, pc(&j) + WORD_SIZE);
  routine->act(&j);
  return no_trap;
}

const struct vmm_emulate_module vmm_emulate = {.handles = handles, .emulate = emulate};
