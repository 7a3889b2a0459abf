#include "walker.h"

#include "cmocka_all.h"

static uint32_t get(const struct walker *w, uint32_t at)
{
  return w->storage[at] | (uint32_t)w->storage[at + 1] << 8 | (uint32_t)w->storage[at + 2] << 16 |
         (uint32_t)w->storage[at + 3] << 24;
}

static void put(struct walker *w, uint32_t at, uint32_t value, uint32_t size)
{
  for (uint32_t i = 0; i < size; i++) {
    w->storage[at + i] = (uint8_t)(value >> 8 * i);
  }
}

void walker_load(struct walker *w, struct machine *m)
{
  uint32_t features = profile_features(machine_profile(m));
  w->size = machine_storage_size(m);
  w->paged = features & ISA_FEATURE_MMU_PAGED;
  w->nested = features & ISA_FEATURE_MMU_NESTED;
  w->nptbr = machine_get_cr(m, CR_NPTBR);
  w->tlb = features & ISA_FEATURE_MMU_TLB;
  w->kseg = features & ISA_FEATURE_KSEG;
  w->mmio = features & ISA_FEATURE_IO_MMIO;
  machine_phys_read(m, gpa(0), w->storage, w->size);
  w->ptbr = machine_get_cr(m, CR_PTBR);
  w->asid = machine_get_cr(m, CR_ASID);
  w->tlbhi = machine_get_cr(m, CR_TLBHI);
  w->tlblo = machine_get_cr(m, CR_TLBLO);
  w->tlbix = machine_get_cr(m, CR_TLBIX);
  w->tlbrnd = machine_get_cr(m, CR_TLBRND);
  w->psw = machine_get_cr(m, CR_PSW);
  for (unsigned i = 0; i < 64; i++) {
    machine_tlb_get(m, i, &w->hi[i], &w->lo[i]);
  }
}

bool walker_agrees(struct walker *w, struct machine *m)
{
  static uint8_t now[1 << 20];
  bool same = w->size <= sizeof now && machine_phys_read(m, gpa(0), now, w->size) &&
              memcmp(now, w->storage, w->size) == 0;
  for (unsigned i = 0; w->tlb && i < 64; i++) {
    uint32_t hi, lo;
    machine_tlb_get(m, i, &hi, &lo);
    same = same && hi == w->hi[i] && lo == w->lo[i];
  }
  return same && machine_get_cr(m, CR_TLBRND) == w->tlbrnd &&
         machine_get_cr(m, CR_TLBIX) == w->tlbix;
}

/* ------------------------------------------------------------------ walking */

static struct walked refused(enum isa_cause cause)
{
  return (struct walked){.cause = cause};
}

static struct walked missing(enum machine_access access)
{
  static const enum isa_cause causes[] = {[MACHINE_LOAD] = CAUSE_LOAD_FAULT,
                                          [MACHINE_STORE] = CAUSE_STORE_FAULT,
                                          [MACHINE_FETCH] = CAUSE_FETCH_FAULT};
  return refused(causes[access]);
}

static struct walked at_physical(const struct walker *w, uint32_t pa)
{
  return pa < w->size ? (struct walked){.ok = true, .pa = pa} : refused(CAUSE_BUS);
}

static bool in_guest(const struct walker *w)
{
  return w->nested && w->nptbr % 2 == 1 && (w->psw % 4 != 0 || w->wrong == WALKER_GUEST_MODE_0);
}

/* With whose rights the page's level is compared. */
unsigned walker_mode(const struct walker *w)
{
  return in_guest(w) && w->wrong != WALKER_MODE_OF_THE_PSW ? w->nptbr / 2 % 4 : w->psw % 4;
}

static bool second_allows(const struct walker *w, uint32_t entry, enum machine_access access)
{
  if (w->wrong == WALKER_SECOND_LEVEL && entry / 8 % 4 < w->psw % 4) {
    return false;
  }
  bool allows = access == MACHINE_FETCH   ? entry & 4
                : access == MACHINE_STORE ? (entry & 2) && !(entry & 256)
                                          : !(entry & 256);
  return allows || w->wrong == WALKER_SECOND_RIGHTS;
}

/* Guest-physical `at` becomes a machine address; or r says why not. */
static bool second(struct walker *w, uint32_t *at, enum machine_access access, struct walked *r)
{
  static const enum isa_cause causes[] = {[MACHINE_LOAD] = CAUSE_NESTED_LOAD,
                                          [MACHINE_STORE] = CAUSE_NESTED_STORE,
                                          [MACHINE_FETCH] = CAUSE_NESTED_FETCH};
  uint64_t place = w->nptbr / 4096 * 4096ull + *at / (4096 * 1024) * 4;
  struct walked no = refused(CAUSE_BUS);
  if (place + 4 > w->size) {
    *r = no;
    return false;
  }
  uint32_t entry = get(w, (uint32_t)place);
  place = entry / 4096 * 4096ull + *at / 4096 % 1024 * 4;
  if (entry % 2 == 1 && place + 4 > w->size) {
    *r = no;
    return false;
  }
  entry = entry % 2 == 1 ? get(w, (uint32_t)place) : 0;
  if (entry % 2 == 0 || !second_allows(w, entry, access)) {
    *r = refused(causes[access]);
    r->ngpa = *at;
    return false;
  }
  *at = entry / 4096 * 4096 + *at % 4096;
  if (*at >= w->size) {
    *r = no;
    return false;
  }
  if (w->wrong != WALKER_SECOND_UNMARKED) {
    r->second[r->seconds] = (uint32_t)place;
    r->bits[r->seconds++] = access == MACHINE_STORE ? 0x60 : 0x20;
  }
  return true;
}

static struct walked guest_physical(struct walker *w, uint32_t at, enum machine_access access)
{
  struct walked r = {.ok = true};
  if (!in_guest(w)) {
    return at_physical(w, at);
  }
  if (second(w, &at, access, &r)) {
    r.pa = at;
  }
  return r;
}

/* The address of the guest's entry, in the machine. */
static bool find_table(struct walker *w, uint64_t *place, struct walked *r)
{
  uint32_t at = (uint32_t)*place;
  if (in_guest(w) && w->wrong != WALKER_TABLES_BY_ONE && !second(w, &at, MACHINE_LOAD, r)) {
    return false;
  }
  *place = at;
  if (*place + 4 > w->size) {
    *r = refused(CAUSE_BUS);
    return false;
  }
  return true;
}

static struct walked by_entry(struct walker *w, uint32_t entry, uint32_t va,
                              enum machine_access access, unsigned mode)
{
  unsigned level = entry / 8 % 4;
  bool data = entry / 256 % 2 == 0 || w->wrong == WALKER_ALL_CAN_BE_READ;
  bool writes = entry & 2 || (w->wrong == WALKER_MODE_0_WRITES && mode == 0);
  bool executes = entry & 4 || w->wrong == WALKER_FETCH_NEEDS_NO_X;
  if (mode > level || (w->wrong == WALKER_LEVEL_LESS && mode > 0 && mode == level) ||
      (access != MACHINE_FETCH && !data) || (access == MACHINE_STORE && !writes) ||
      (access == MACHINE_FETCH && !executes)) {
    return refused(CAUSE_PROTECTION);
  }
  return at_physical(w, entry / 4096 * 4096 + va % 4096);
}

/* That the entry may be marked, and r says so. */
static bool mark(struct walker *w, uint32_t at, uint64_t place, uint32_t entry, bool store,
                 struct walked *r)
{
  bool missing_bits = !(entry & 0x20) || (store && !(entry & 0x40));
  r->entry = (uint32_t)place;
  r->marks = true;
  return !in_guest(w) || !missing_bits || w->wrong == WALKER_MARKS_BY_LOAD ||
         w->wrong == WALKER_TABLES_BY_ONE || second(w, &at, MACHINE_STORE, r);
}

static struct walked by_tables(struct walker *w, uint32_t va, enum machine_access access,
                               unsigned mode)
{
  struct walked r = {.ok = false};
  uint64_t at = (uint64_t)w->ptbr + va / (4096 * 1024) * 4;
  if (!find_table(w, &at, &r)) {
    return w->wrong == WALKER_TABLE_FAULT ? missing(access) : r;
  }
  uint32_t directory = get(w, (uint32_t)at);
  if (directory % 2 == 0) {
    return missing(access);
  }
  uint64_t place = (uint64_t)(directory / 4096) * 4096 + va / 4096 % 1024 * 4;
  uint32_t guest_place = (uint32_t)place;
  if (!find_table(w, &place, &r)) {
    return w->wrong == WALKER_TABLE_FAULT ? missing(access) : r;
  }
  uint32_t entry = get(w, (uint32_t)place), gpa = entry / 4096 * 4096 + va % 4096;
  if (entry % 2 == 0) {
    return missing(access);
  }
  struct walked allowed = by_entry(w, entry, va, access, mode);
  if (!allowed.ok && allowed.cause == CAUSE_PROTECTION) {
    return allowed;
  }
  if (!mark(w, guest_place, place, entry, access == MACHINE_STORE, &r)) {
    return r;
  }
  if (!in_guest(w)) {
    r.ok = allowed.ok;
    r.cause = allowed.cause;
    r.pa = allowed.pa;
  } else if (second(w, &gpa, access, &r)) {
    r.ok = true;
    r.pa = gpa;
  }
  r.marks = r.ok || (w->wrong == WALKER_TRAP_MARKS && !in_guest(w));
  r.entry = (uint32_t)place;
  if (r.marks && w->wrong == WALKER_DIRECTORY_MARKED) {
    r.entry = (uint32_t)at;
  }
  return r;
}

static bool entry_matches(const struct walker *w, unsigned i, uint32_t va, uint32_t space)
{
  bool global = w->lo[i] & 0x80 && w->wrong != WALKER_GLOBAL_IGNORED;
  bool mine = global || w->hi[i] % 256 == space % 256 || w->wrong == WALKER_ASID_IGNORED;
  return w->lo[i] % 2 == 1 && w->hi[i] / 4096 == va / 4096 && mine;
}

static int match(const struct walker *w, uint32_t va, uint32_t space)
{
  int found = -1;
  for (int i = 63; i >= 0; i--) {
    if (entry_matches(w, (unsigned)i, va, space) &&
        (found < 0 || w->wrong != WALKER_HIGHEST_MATCH)) {
      found = i;
    }
  }
  return found;
}

struct walked walker_walk(struct walker *w, uint32_t va, enum machine_access access, bool te,
                          unsigned mode)
{
  if (!te) {
    return guest_physical(w, va, access);
  }
  if (w->kseg && va >= 0x80000000 && va < 0xa0000000) {
    return mode == 0 || w->wrong == WALKER_KSEG_FOR_ALL ? guest_physical(w, va % 0x20000000, access)
                                                        : refused(CAUSE_PROTECTION);
  }
  if (w->paged) {
    return by_tables(w, va, access, mode);
  }
  int i = match(w, va, w->asid);
  return i < 0 ? missing(access) : by_entry(w, w->lo[i], va, access, mode);
}

bool walker_access(struct walker *w, uint32_t va, uint32_t size, enum machine_access access,
                   bool te, unsigned mode, uint32_t *pa, struct trap *trap)
{
  struct walked r = {.cause = CAUSE_ALIGNMENT};
  if (va % size == 0) {
    r = walker_walk(w, va, access, te, mode);
  }
  if (r.marks) {
    bool dirty = access == MACHINE_STORE && w->wrong != WALKER_NO_DIRTY;
    put(w, r.entry, get(w, r.entry) | 0x20 | (dirty ? 0x40 : 0), 4);
  }
  for (unsigned i = 0; r.ok && i < r.seconds; i++) {
    put(w, r.second[i], get(w, r.second[i]) | r.bits[i], 4);
  }
  if (!r.ok) {
    *trap = (struct trap){.cause = r.cause, .value = va, .ngpa = r.ngpa};
    return false;
  }
  *pa = r.pa;
  return true;
}

/* ------------------------------------------------------------- instructions */

struct memory_insn {
  enum isa_insn insn;
  uint32_t size;
  bool store, previous;
};

static const struct memory_insn memory_insns[] = {
    {ISA_LB, 1, false, false},   {ISA_LH, 2, false, false},  {ISA_LW, 4, false, false},
    {ISA_LBU, 1, false, false},  {ISA_LHU, 2, false, false}, {ISA_SB, 1, true, false},
    {ISA_SH, 2, true, false},    {ISA_SW, 4, true, false},   {ISA_LDPREV, 4, false, true},
    {ISA_STPREV, 4, true, true},
};

static const struct memory_insn *memory_insn(enum isa_insn insn)
{
  for (size_t i = 0; i < sizeof memory_insns / sizeof *memory_insns; i++) {
    if (memory_insns[i].insn == insn) {
      return &memory_insns[i];
    }
  }
  return NULL;
}

static void access_memory(struct walker *w, struct machine *m, const struct memory_insn *how,
                          const struct isa_decoded *d, struct trap *trap)
{
  uint32_t va = machine_get_reg(m, d->b) + d->imm, pa;
  unsigned mode = walker_mode(w), previous = w->psw / 4 % 4;
  bool te = w->psw & 0x20;
  if (how->previous) {
    te = te || previous != 0;
    mode = w->wrong == WALKER_PREVIOUS_RIGHTS ? mode : previous;
  }
  if (walker_access(w, va, how->size, how->store ? MACHINE_STORE : MACHINE_LOAD, te, mode, &pa,
                    trap) &&
      how->store) {
    put(w, pa, machine_get_reg(m, d->a), how->size);
  }
}

/* check: the new mode may not be more privileged. */
static void load_psw(struct walker *w, struct machine *m, const struct isa_decoded *d, bool check,
                     struct trap *trap)
{
  uint32_t va = machine_get_reg(m, d->b) + d->imm, pa, other;
  bool te = w->psw & 0x20;
  if (!walker_access(w, va, 4, MACHINE_LOAD, te, walker_mode(w), &pa, trap)) {
    return;
  }
  uint32_t loaded = get(w, pa);
  if (!walker_access(w, va + 4, 4, MACHINE_LOAD, te, walker_mode(w), &other, trap)) {
    trap->value = w->wrong == WALKER_SECOND_AT_FIRST ? va : trap->value;
  } else if (check && loaded % 4 < w->psw % 4) {
    trap->cause = CAUSE_PRIVILEGED;
  }
}

static void push_flags(struct walker *w, struct machine *m, struct trap *trap)
{
  uint32_t pa;
  if (walker_access(w, machine_get_reg(m, REG_SP) - 4, 4, MACHINE_STORE, w->psw & 0x20,
                    walker_mode(w), &pa, trap)) {
    put(w, pa, w->psw & 0xd0, 4); /* IE, C, V */
  }
}

static void write_tlb(struct walker *w)
{
  uint32_t i = w->tlbix % 64;
  if (w->tlbix >> 31) {
    i = 8 + w->tlbrnd / 256 % 56;
    w->tlbrnd = (w->tlbrnd * 25173 + 13849) % 65536;
  }
  w->hi[i] = w->tlbhi;
  w->lo[i] = w->tlblo;
}

static void invalidate(struct walker *w, uint32_t va, uint32_t space)
{
  for (unsigned i = 0; w->tlb && i < 64; i++) {
    if (entry_matches(w, i, va, space)) {
      w->hi[i] = w->lo[i] = 0;
    }
  }
}

static void do_insn(struct walker *w, struct machine *m, const struct isa_decoded *d,
                    const char *behaviour, struct trap *trap)
{
  const struct memory_insn *how = memory_insn(d->insn);
  if (how) {
    access_memory(w, m, how, d, trap);
  } else if (d->insn == ISA_LPSW) {
    load_psw(w, m, d, strcmp(behaviour, "check") == 0, trap);
  } else if (d->insn == ISA_PUSHF) {
    push_flags(w, m, trap);
  } else if (d->insn == ISA_TLBW) {
    write_tlb(w);
  } else if (d->insn == ISA_TLBI) {
    invalidate(w, machine_get_reg(m, d->a), machine_get_reg(m, d->b));
  } else if (d->insn == ISA_TLBP) {
    int found = match(w, w->tlbhi, w->tlbhi);
    w->tlbix = found < 0 ? 0x80000000 : (uint32_t)found;
  } else if (d->insn == ISA_MTCR && d->n == CR_TLBRND) {
    w->tlbrnd = machine_get_reg(m, d->a) % 65536;
  } else if (d->insn == ISA_MTCR && d->n == CR_TLBIX) {
    w->tlbix = machine_get_reg(m, d->a) & 0x8000003f;
  }
}

bool walker_step(struct walker *w, struct machine *m, struct trap *trap)
{
  uint32_t pc = machine_get_pc(m), pa;
  struct isa_decoded d;
  *trap = (struct trap){.cause = (enum isa_cause)WALKER_NO_TRAP};
  if (!walker_access(w, pc, 4, MACHINE_FETCH, w->psw & 0x20, walker_mode(w), &pa, trap)) {
    return true;
  }
  if (!profile_decode(machine_profile(m), get(w, pa), &d)) {
    trap->cause = CAUSE_ILLEGAL;
    return true;
  }
  const struct profile_behaviour *how = profile_behaviour(machine_profile(m), d.insn, w->psw % 4);
  if (how->kind == PROFILE_TRAP) {
    trap->cause = CAUSE_PRIVILEGED;
    return true;
  }
  if (how->kind == PROFILE_BODY) {
    do_insn(w, m, &d, how->name, trap);
  }
  return d.insn != ISA_IN && d.insn != ISA_OUT && d.insn != ISA_SYS && d.insn != ISA_BRK &&
         d.insn != ISA_HCALL && d.insn != ISA_POPF && d.insn != ISA_SVBR;
}
