#include "tests/common/refill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm/asm.h"
#include "isa/pages.h"
#include "isa/profile.h"
#include "tests/common/program.h"
#include "vmm/devices/overlay.h"

#define STORAGE MACHINE_MIN_STORAGE
#define TICKS   12000u  /* that a guest gets, … */
#define LONG    120000u /* … and where it is not compared at each of them */
#define REGION  0x00400000u
#define PAGES   32u /* of the region; the first are … */
#define CODE    4u  /* … the program, */
#define GLOBALS 8u  /* and so many are everybody's */
#define FRAMES  (STORAGE / ISA_PAGE_SIZE)

/* Of tests/tlb/kernel.s. */
enum { KERNEL = 0x1000, TABLES = 0x2000, POOL = 0x3000, PROGRAM = 0x4000, DATA = 0x8000 };
enum { SPACES = 0x1f00, LEFT = 0x1f04, NEXT = 0x1f08, HOW = 0x1f0c, MODE = 0x1f10 };
enum { TIMER = 0x1f14, FORGETS = 0x1f18, RANDOM = 0x1f1c, FIRST = 0x1f20 };

#define PICK(r, ...)                                                                               \
  ((const uint32_t[]){                                                                             \
      __VA_ARGS__}[random_below((r), sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))])

struct guest {
  const struct profile *profile;
  struct random r;
  bool tame;
  bool privileged; /* its program runs in mode 0 */
  bool restless;   /* it has many address spaces, and goes from one to the next */
};

static bool once_in(struct guest *g, uint32_t n)
{
  return random_below(&g->r, n) == 0;
}

static uint32_t rights(struct guest *g)
{
  uint32_t e = once_in(g, 8) ? 0 : PTE_VALID;
  e |= once_in(g, 4) ? 0 : PTE_WRITE;
  e |= once_in(g, 4) ? PTE_EXECUTE : 0;
  e |= once_in(g, 20) ? PTE_FETCH_ONLY : 0;
  e |= !g->tame && once_in(g, 8) ? PTE_GLOBAL : 0;
  e |= PICK(&g->r, 3, 3, 3, 3, 2, 1, 0) << PTE_LEVEL_SHIFT;
  return e | (random_word(&g->r) & (PTE_SOFT_MASK | PTE_ACCESSED | PTE_DIRTY));
}

/* ------------------------------------------------------------------- programs
 * They leave t0 to t2 and ra to the kernel; a5 is for addresses. */

static unsigned any_reg(struct guest *g)
{
  return PICK(&g->r, REG_SP, REG_GP, REG_TP, REG_S0, REG_S1, REG_A0, REG_A1, REG_A2, REG_A3,
              REG_A4);
}

static uint32_t simple(struct guest *g)
{
  enum isa_insn insn =
      (enum isa_insn)PICK(&g->r, ISA_ADD, ISA_SUB, ISA_XOR, ISA_SLTU, ISA_ADDI, ISA_XORI, ISA_SRLI);
  unsigned a = any_reg(g), b = any_reg(g);
  bool immediate = insn == ISA_ADDI || insn == ISA_XORI || insn == ISA_SRLI;
  uint32_t imm = immediate ? random_below(&g->r, 31) : 0;
  return word_of(insn, a, b, any_reg(g), imm);
}

static uint32_t access(struct guest *g, unsigned base)
{
  enum isa_insn insn = (enum isa_insn)PICK(&g->r, ISA_LW, ISA_LW, ISA_LW, ISA_SW, ISA_SW, ISA_LBU,
                                           ISA_SB, ISA_LH, ISA_SH, ISA_LDPREV, ISA_STPREV);
  if (g->tame && (insn == ISA_LDPREV || insn == ISA_STPREV)) {
    insn = ISA_LW;
  }
  uint32_t offset = random_below(&g->r, 16) * 4;
  offset += once_in(g, 40) ? 1 : 0;
  offset = once_in(g, 8) ? 4092 : offset;
  return word_of(insn, any_reg(g), base, 0, offset);
}

/* Where kernels have business, and everything that they do without. */
static uint32_t system_word(struct guest *g)
{
  enum isa_cr cr =
      (enum isa_cr)PICK(&g->r, CR_TLBHI, CR_TLBLO, CR_TLBIX, CR_TLBRND, CR_ASID, CR_EPSW, CR_BADVA);
  struct isa_decoded d = {
      .insn = once_in(g, 2) ? ISA_MFCR : ISA_MTCR, .a = (uint8_t)any_reg(g), .n = (uint8_t)cr};
  uint32_t word = 0, some;
  switch (random_below(&g->r, 9)) {
  case 0:
    some = any_reg(g);
    return word_of(ISA_TLBI, any_reg(g), some, 0, 0);
  case 1:
    return word_of(ISA_TLBW, 0, 0, 0, 0);
  case 2:
    return word_of(ISA_TLBP, 0, 0, 0, 0);
  case 3:
    return word_of(ISA_LRA, any_reg(g), REG_A5, 0, 0);
  case 4:
    some = random_below(&g->r, 4);
    return word_of(ISA_PROBE, any_reg(g), REG_A5, 0, some);
  case 5:
    return once_in(g, 6) ? word_of(ISA_RFE, 0, 0, 0, 0) : word_of(ISA_LPSW, 0, REG_A5, 0, 0);
  default:
    isa_encode(&d, &word, NULL, NULL, NULL);
    return word;
  }
}

/* An entry for a page that may well have one, wherever; and the unmapped segment, if there is one.
 * Most of it is for programs in mode 0. */
static void put_wild(struct guest *g, struct program *p)
{
  uint32_t page = random_below(&g->r, PAGES), frame = random_below(&g->r, FRAMES);
  unsigned reg = any_reg(g);
  if (once_in(g, 3)) {
    put(p, ISA_LUI, REG_A5, 0, 0, KSEG_START + frame * ISA_PAGE_SIZE);
    put_word(p, once_in(g, 8) ? word_of(ISA_JALR, REG_ZERO, REG_A5, 0, random_below(&g->r, 64) * 4)
                              : access(g, REG_A5));
    return;
  }
  put(p, ISA_LUI, reg, 0, 0, REGION + page * ISA_PAGE_SIZE);
  put_cr(p, ISA_MTCR, CR_TLBHI, reg);
  put(p, ISA_LUI, reg, 0, 0, frame * ISA_PAGE_SIZE);
  put(p, ISA_ORI, reg, reg, 0, (page < CODE ? PTE_VALID | PTE_EXECUTE : 0) | (rights(g) & 0xfff));
  put_cr(p, ISA_MTCR, CR_TLBLO, reg);
  put(p, ISA_ADDI, reg, REG_ZERO, 0, random_below(&g->r, TLB_ENTRIES));
  put_cr(p, ISA_MTCR, CR_TLBIX, reg);
  put(p, ISA_TLBW, 0, 0, 0, 0);
}

static void put_branch(struct guest *g, struct program *p, bool room)
{
  uint32_t offset = room ? 4 + 4 * random_below(&g->r, 10) : 4;
  unsigned b = any_reg(g), a = any_reg(g);
  put(p, once_in(g, 2) ? ISA_BEQ : ISA_BLTU, a, b, 0, offset);
}

static void put_program(struct guest *g, struct program *p)
{
  const uint32_t size = CODE * ISA_PAGE_SIZE / 4 - 1;
  while (p->count < size) {
    uint32_t kind = random_below(&g->r, 100), page = random_below(&g->r, PAGES + 1);
    if (kind < 14 && p->count + 2 < size) {
      put(p, ISA_LUI, REG_A5, 0, 0, REGION + page * ISA_PAGE_SIZE);
      put_word(p, access(g, REG_A5));
    } else if (kind < 40) {
      put_word(p, access(g, REG_A5));
    } else if (kind < 48) {
      put_branch(g, p, p->count + 12 < size);
    } else if (kind < (g->restless ? 60 : 53)) {
      put(p, ISA_SYS, 0, 0, 0, g->restless && once_in(g, 2) ? 0 : random_below(&g->r, 8));
    } else if (kind < 63 && !g->tame && once_in(g, 2)) {
      put_word(p, system_word(g));
    } else if (kind < 69 && !g->tame && p->count + 9 < size && once_in(g, g->privileged ? 1 : 8)) {
      put_wild(g, p);
    } else if (kind < 72) {
      put(p, ISA_LUI, any_reg(g), 0, 0, REGION + page * ISA_PAGE_SIZE);
    } else {
      put_word(p, simple(g));
    }
  }
  put(p, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4 * size);
}

/* -------------------------------------------------------------------- tables */

static uint32_t data_entry(struct guest *g)
{
  uint32_t frame = DATA / ISA_PAGE_SIZE + random_below(&g->r, FRAMES - DATA / ISA_PAGE_SIZE);
  if (once_in(g, 16)) {
    frame = g->tame ? PICK(&g->r, FRAMES, 4, 5) : PICK(&g->r, FRAMES, 0xfffff, 0x80000, 1, 4, 5);
  }
  return frame << 12 | rights(g);
}

static uint32_t code_entry(struct guest *g, uint32_t page)
{
  uint32_t e = PTE_VALID | PTE_EXECUTE | PTE_LEVEL_MASK | PTE_GLOBAL;
  e |= once_in(g, 8) ? PTE_WRITE : 0;
  return (PROGRAM + page * ISA_PAGE_SIZE) | e;
}

static void write_word(struct machine *m, uint32_t at, uint32_t word)
{
  insist(machine_phys_write_word(m, gpa(at), word), "beyond storage");
}

static void put_tables(struct guest *g, struct machine *m)
{
  for (uint32_t page = 0; page < PAGES; page++) {
    uint32_t shared = page < CODE ? code_entry(g, page) : data_entry(g) | PTE_GLOBAL;
    for (uint32_t space = 0; space < 4; space++) {
      uint32_t own = data_entry(g);
      write_word(m, TABLES + 4 * (PAGES * space + page), page < GLOBALS ? shared : own);
    }
  }
  for (uint32_t i = 0; i < 64; i++) {
    write_word(m, POOL + 4 * i, data_entry(g));
  }
}

static void put_settings(struct guest *g, struct machine *m)
{
  unsigned user = profile_user_mode(g->profile);
  bool timer = !g->tame && once_in(g, 3);
  uint32_t psw = psw_set_te(0, 1);
  g->privileged = once_in(g, g->tame ? 6 : 2);
  psw = psw_set_mode(psw, g->privileged ? 0 : once_in(g, 3) ? random_below(&g->r, user + 1) : user);
  psw = psw_set_pmode(psw, random_below(&g->r, user + 1));
  g->restless = once_in(g, 4);
  write_word(m, SPACES, g->restless ? 255 : PICK(&g->r, 0, 1, 3, 3, 15, 63));
  write_word(m, LEFT, 40 + random_below(&g->r, g->restless ? 2000 : 300));
  write_word(m, HOW, PICK(&g->r, 0, 0, 0, 1, 2, 0xffffffff));
  write_word(m, MODE, PICK(&g->r, 0, user, user, 1));
  write_word(m, TIMER, timer ? 100 + random_below(&g->r, 500) : 0);
  write_word(m, FORGETS, !g->tame);
  write_word(m, RANDOM, random_word(&g->r));
  write_word(m, FIRST, psw_set_ie(psw, timer));
}

static struct asm_output kernel(void)
{
  static const char *const include[] = {"guestos", NULL};
  struct asm_options options = {
      .reader = asm_host_reader, .include_dirs = include, .errors = stderr};
  struct asm_output k;
  insist(asm_assemble_raw("tests/tlb/kernel.s", &options, &k) == ASM_OK, "no kernel");
  insist(k.len <= SPACES - KERNEL, "the kernel is too long");
  return k;
}

static void load(struct machine *m, const struct asm_output *k, uint64_t seed, bool tame)
{
  struct guest g = {.profile = machine_profile(m), .r = random_from(seed), .tame = tame};
  struct program *p = calloc(1, sizeof *p);
  insist(p, "no memory");
  p->origin = PROGRAM;
  machine_phys_write(m, gpa(KERNEL), k->bytes, (uint32_t)k->len);
  machine_set_pc(m, KERNEL);
  put_settings(&g, m);
  put_tables(&g, m);
  put_program(&g, p);
  load_program(m, p);
  free(p);
  for (uint32_t at = DATA; at < STORAGE; at += 4) {
    write_word(m, at,
               once_in(&g, 4) ? random_word(&g.r) : REGION + random_below(&g.r, 1 << 16) * 4);
  }
}

void refill_load(struct machine *m, uint64_t seed, bool tame)
{
  struct asm_output k = kernel();
  load(m, &k, seed, tame);
  free(k.bytes);
}

/* -------------------------------------------------------------------- machines */

struct world {
  struct profile *profile;
  unsigned vms, depth;
  struct machine *bare[REFILL_MAX_VMS], *vm[REFILL_MAX_VMS];
  struct machine *real;
  struct vmm *vmm[4];
  struct machine *level[4]; /* that VMMs stand on, but for the innermost's own */
};

static struct profile *profile_of(uint64_t seed, const struct refill_way *way)
{
  static const char *const bases[] = {"pg", "s360", "mips", "riscv", "m68010", "vtx"};
  struct random r = random_from(seed ^ 0x7157);
  const char *base = way->base ? way->base : bases[random_below(&r, 6)];
  char text[200];
  bool kseg = random_below(&r, 3) == 0;
  bool mmio = random_below(&r, 4) == 0 && !way->tame;
  snprintf(text, sizeof text, "profile refill; extends %s; mmu tlb; io %s;%s", base,
           mmio ? "mmio" : "ports", kseg ? " kseg;" : "");
  struct profile *p = profile_parse("refill.profile", text, strlen(text), stderr);
  insist(p, "no profile");
  return p;
}

static struct machine *bare_machine(const struct profile *p, uint32_t storage,
                                    enum machine_engine engine)
{
  struct machine *m = machine_create(
      &(struct machine_config){.profile = p, .storage = storage, .engine = engine}, NULL);
  insist(m, "no machine");
  return m;
}

static struct machine *virtual_machine(struct vmm *vmm, uint32_t storage, enum vmm_memory memory)
{
  const char *reason = NULL;
  struct vmm_vm_config config = {.name = "refill", .storage = storage, .memory = memory};
  struct machine *m = vmm_create_vm(vmm, &config, &reason);
  insist(m, reason);
  return m;
}

/* Pages come and go, and are shared where they are equal. */
static void over_commit(struct vmm *vmm, uint32_t frames)
{
  const struct vmm_storage_policy policy = {.frames = frames, .scan_ticks = 40, .scan_pages = 3};
  struct overlay_store store;
  vmm_set_storage_policy(vmm, &policy);
  insist(overlay_memory(&store) && vmm_set_swap(vmm, &store, REFILL_MAX_VMS * FRAMES), "no swap");
}

static void open_world(struct world *w, uint64_t seed, const struct refill_way *way)
{
  const char *reason = NULL;
  *w = (struct world){.profile = profile_of(seed, way),
                      .vms = way->vms ? way->vms : 1,
                      .depth = way->depth ? way->depth : 1};
  uint32_t storage = w->vms * STORAGE + w->depth * VMM_OWN_STORAGE;
  w->real = bare_machine(w->profile, storage + ISA_PAGE_SIZE, way->engine);
  struct machine *below = w->real;
  for (unsigned i = 0; i < w->depth; i++) {
    bool innermost = i + 1 == w->depth;
    w->vmm[i] = innermost && way->modules ? vmm_create_with(below, way->modules, &reason)
                                          : vmm_create(below, &reason);
    insist(w->vmm[i], reason);
    if (innermost && way->frames) {
      over_commit(w->vmm[i], way->frames);
    }
    if (!innermost) {
      storage -= VMM_OWN_STORAGE;
      w->level[i] = below = virtual_machine(w->vmm[i], storage, VMM_MEMORY_EXACT);
    }
  }
  struct asm_output k = kernel();
  for (unsigned i = 0; i < w->vms; i++) {
    w->bare[i] = bare_machine(w->profile, STORAGE, MACHINE_ENGINE_STEPPER);
    w->vm[i] = virtual_machine(w->vmm[w->depth - 1], STORAGE, way->memory);
    load(w->bare[i], &k, seed + i, way->tame);
    load(w->vm[i], &k, seed + i, way->tame);
  }
  free(k.bytes);
}

static void close_world(struct world *w)
{
  for (unsigned i = 0; i < w->vms; i++) {
    machine_destroy(w->vm[i]);
    machine_destroy(w->bare[i]);
  }
  for (unsigned i = w->depth; i-- > 0;) {
    vmm_destroy(w->vmm[i]);
    if (i > 0) {
      machine_destroy(w->level[i - 1]);
    }
  }
  machine_destroy(w->real);
  profile_destroy(w->profile);
}

/* -------------------------------------------------------------------- comparing */

struct trial {
  struct world w;
  const struct refill_way *way;
  char *what;
  size_t size;
};

static bool differ(struct trial *t, unsigned i, const char *how)
{
  struct machine *bare = t->w.bare[i], *vm = t->w.vm[i];
  snprintf(t->what, t->size,
           "%s, guest %u: %s; bare tick %llu pc %08x cause %u psw %02x, virtual tick %llu pc %08x "
           "cause %u psw %02x",
           t->way->base ? t->way->base : profile_name(t->w.profile), i, how,
           (unsigned long long)machine_tick(bare), machine_get_pc(bare),
           machine_get_cr(bare, CR_CAUSE), machine_get_cr(bare, CR_PSW),
           (unsigned long long)machine_tick(vm), machine_get_pc(vm), machine_get_cr(vm, CR_CAUSE),
           machine_get_cr(vm, CR_PSW));
  return false;
}

static bool in_control(struct trial *t)
{
  for (unsigned i = 0; i < t->w.depth; i++) {
    const char *first;
    if (vmm_violations(t->w.vmm[i], &first)) {
      snprintf(t->what, t->size, "resource control: %s", first);
      return false;
    }
  }
  return true;
}

/* All guests by turns, a stride each. */
static bool in_lockstep(struct trial *t)
{
  bool over[REFILL_MAX_VMS] = {false};
  const uint64_t ticks = t->way->stride == 1 ? TICKS : LONG;
  for (uint64_t until = t->way->stride; until <= ticks; until += t->way->stride) {
    unsigned left = 0;
    for (unsigned i = 0; i < t->w.vms; i++) {
      if (over[i]) {
        continue;
      }
      struct machine_stop bare = machine_advance(t->w.bare[i], until);
      struct machine_stop virtual = machine_advance(t->w.vm[i], until);
      if (bare.why != virtual.why) {
        return differ(t, i, virtual.reason ? virtual.reason : "they stop otherwise");
      }
      if (machine_state_hash(t->w.bare[i]) != machine_state_hash(t->w.vm[i])) {
        return differ(t, i, "the states differ");
      }
      over[i] = bare.why != MACHINE_LIMIT;
      left += !over[i];
    }
    if (left == 0) {
      break;
    }
  }
  return true;
}

static bool same_output(struct machine *a, struct machine *b)
{
  size_t la, lb;
  const uint8_t *oa = machine_console_output(a, &la), *ob = machine_console_output(b, &lb);
  return la == lb && (la == 0 || memcmp(oa, ob, la) == 0);
}

static bool same_registers(struct machine *a, struct machine *b)
{
  uint32_t ra[ISA_REG_COUNT], rb[ISA_REG_COUNT];
  machine_get_regs(a, ra);
  machine_get_regs(b, rb);
  /* t0 to t2 are the kernel's when it has halted. */
  ra[REG_T0] = ra[REG_T1] = ra[REG_T2] = rb[REG_T0] = rb[REG_T1] = rb[REG_T2] = 0;
  return memcmp(ra, rb, sizeof ra) == 0;
}

/* By what they have done when they have halted. One that does not halt proves nothing. One in
 * thousands takes longer than the bare machine: where that probes and finds an entry, to write over
 * it, the second level's is dropped, and is missed. */
static bool by_output(struct trial *t)
{
  for (uint64_t until = t->way->stride; until < 2 * LONG; until += t->way->stride) {
    for (unsigned i = 0; i < t->w.vms; i++) {
      machine_advance(t->w.vm[i], until);
    }
  }
  for (unsigned i = 0; i < t->w.vms; i++) {
    struct machine *bare = t->w.bare[i], *vm = t->w.vm[i];
    if (machine_advance(bare, LONG).why != MACHINE_HALTED) {
      continue;
    }
    write_word(bare, NEXT, 0);
    write_word(vm, NEXT, 0);
    if (machine_run_state(vm) != MACHINE_STOPPED) {
      return differ(t, i, "it has not halted");
    }
    if (!same_output(bare, vm)) {
      return differ(t, i, "the output differs");
    }
    if (!same_registers(bare, vm)) {
      return differ(t, i, "the registers differ");
    }
    if (machine_storage_digest(bare) != machine_storage_digest(vm)) {
      return differ(t, i, "storage differs");
    }
  }
  return true;
}

static void note(const struct trial *t, struct refill_met *met)
{
  for (unsigned i = 0; i < t->w.vms; i++) {
    const struct vmm_stats *s = vmm_vm_stats(t->w.vm[i]);
    met->stats.direct += s->direct;
    met->stats.interpreted += s->interpreted;
    met->stats.hidden_faults += s->hidden_faults;
    met->stats.true_faults += s->true_faults;
    met->stats.fills += s->fills;
    met->stats.second_hits += s->second_hits;
    met->stats.spaces_made += s->spaces_made;
    met->stats.spaces_evicted += s->spaces_evicted;
    for (unsigned k = 0; k < ISA_INSN_COUNT; k++) {
      met->stats.emulated_by[k] += s->emulated_by[k];
    }
    for (unsigned k = 0; k < ISA_CAUSE_LIMIT; k++) {
      met->traps[k] += machine_stats(t->w.vm[i])->traps[k];
    }
    met->guests++;
    bool halted = machine_run_state(t->w.bare[i]) == MACHINE_STOPPED;
    met->halted += halted;
    if (halted || !t->way->output_only) {
      met->ticks += machine_tick(t->w.bare[i]);
      met->virtual_ticks += machine_tick(t->w.vm[i]);
    }
  }
}

bool refill_trial(uint64_t seed, const struct refill_way *way, struct refill_met *met, char *what,
                  size_t size)
{
  struct trial t = {.way = way, .what = what, .size = size};
  open_world(&t.w, seed, way);
  bool agreed = (way->output_only ? by_output(&t) : in_lockstep(&t)) && in_control(&t);
  if (met) {
    note(&t, met);
  }
  close_world(&t.w);
  return agreed;
}
