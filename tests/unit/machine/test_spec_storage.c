/* docs/machine.md, "Storage and addresses": a test for each sentence. */
#include "cmocka_all.h"
#include "machine/disk_store.h"
#include "rig.h"

#define END RIG_STORAGE

/* lw a0, 0(a1) and its like. */
static uint32_t access(struct rig *r, enum isa_insn insn, uint32_t address)
{
  set_reg(r, REG_A1, address);
  machine_set_pc(r->m, r->at);
  return emit(r, insn, REG_A0, REG_A1, 0, 0);
}

static void access_traps(struct rig *r, enum isa_insn insn, uint32_t address, enum isa_cause cause)
{
  uint32_t word = access(r, insn, address);
  expect_trap(r, cause, address, word);
}

static void access_works(struct rig *r, enum isa_insn insn, uint32_t address)
{
  access(r, insn, address);
  steps(r, 1);
}

/* TE on in mode 0, code under it reachable at the same pc. */
static void translate(struct rig *r, uint32_t base, uint32_t bound)
{
  set_cr(r, CR_BASE, base);
  set_cr(r, CR_BOUND, bound);
  set_cr(r, CR_PSW, psw(0, PSW_TE_MASK));
}

/* ----------------------------------------------------------------- storage */

static void from_64_kib(struct rig *r)
{
  assert_int_equal(machine_storage_size(r->m), 64u << 10);
  uint8_t byte = 0;
  assert_true(machine_phys_read(r->m, gpa((64u << 10) - 1), &byte, 1));
  assert_false(machine_phys_read(r->m, gpa(64u << 10), &byte, 1));
  assert_false(machine_phys_write(r->m, gpa((64u << 10) - 1), "ab", 2));
  assert_true(machine_phys_read(r->m, gpa((64u << 10) - 1), &byte, 1));
  assert_int_equal(byte, 0);
}

static void to_1_gib(struct rig *r)
{
  struct machine_config config = {
      .profile = r->profile, .storage = 1u << 30, .disk = NULL, .engine = r->engine};
  struct machine *big = machine_create(&config, NULL);
  assert_non_null(big);
  struct rig rig = *r;
  rig.m = big;
  access_works(&rig, ISA_SB, (1u << 30) - 1);
  access_works(&rig, ISA_LW, (1u << 30) - 4);
  access_traps(&rig, ISA_LBU, 1u << 30, CAUSE_BUS);
  machine_destroy(big);
}

static void little_endian(struct rig *r)
{
  set_reg(r, REG_A0, 0x81828384);
  access_works(r, ISA_SW, 0x2000);
  static const uint32_t bytes[] = {0x84, 0x83, 0x82, 0x81};
  for (uint32_t i = 0; i < 4; i++) {
    access_works(r, ISA_LBU, 0x2000 + i);
    assert_int_equal(reg(r, REG_A0), bytes[i]);
  }
  access_works(r, ISA_LHU, 0x2002);
  assert_int_equal(reg(r, REG_A0), 0x8182);
  access_works(r, ISA_SB, 0x2001);
  assert_int_equal(word_at(r, 0x2000), 0x81828284);
  uint8_t got[4];
  assert_true(machine_phys_read(r->m, gpa(0x2000), got, 4));
  assert_memory_equal(got, "\x84\x82\x82\x81", 4);
}

static void beyond_the_end_is_a_bus_error(struct rig *r)
{
  static const enum isa_insn bytes[] = {ISA_LB, ISA_LBU, ISA_SB};
  static const enum isa_insn words[] = {ISA_LW, ISA_SW, ISA_LDPREV, ISA_STPREV};
  for (size_t i = 0; i < 3; i++) {
    access_works(r, bytes[i], END - 1);
    access_traps(r, bytes[i], END, CAUSE_BUS);
    access_traps(r, bytes[i], 0x80000000, CAUSE_BUS);
    access_traps(r, bytes[i], 0xffffffff, CAUSE_BUS);
  }
  for (size_t i = 0; i < 4; i++) {
    access_works(r, words[i], END - 4);
    access_traps(r, words[i], END, CAUSE_BUS);
    access_traps(r, words[i], 0xfffffffc, CAUSE_BUS);
  }
  access_works(r, ISA_LHU, END - 2);
  access_traps(r, ISA_SH, 0xfffffffe, CAUSE_BUS);
}

static void fetch_beyond_the_end(struct rig *r)
{
  r->at = END - 4;
  emit_nops(r, 1);
  machine_set_pc(r->m, END - 4);
  steps(r, 1);
  assert_int_equal(machine_get_pc(r->m), END);
  expect_trap(r, CAUSE_BUS, END, 0);
  machine_set_pc(r->m, 0xfffffffc);
  expect_trap(r, CAUSE_BUS, 0xfffffffc, 0);
}

/* The effective address wraps around like any sum; the access does not. */
static void effective_address_wraps(struct rig *r)
{
  set_reg(r, REG_A1, 0xfffffffc);
  put_word(r, 0x100, 77);
  emit(r, ISA_LW, REG_A0, REG_A1, 0, 0x104);
  steps(r, 1);
  assert_int_equal(reg(r, REG_A0), 77);
}

static void accesses_are_aligned(struct rig *r)
{
  for (uint32_t low = 1; low < 4; low++) {
    access_traps(r, ISA_LW, 0x2000 + low, CAUSE_ALIGNMENT);
    access_traps(r, ISA_SW, 0x2000 + low, CAUSE_ALIGNMENT);
    access_traps(r, ISA_LDPREV, 0x2000 + low, CAUSE_ALIGNMENT);
    access_traps(r, ISA_STPREV, 0x2000 + low, CAUSE_ALIGNMENT);
    access_works(r, ISA_LB, 0x2000 + low);
    access_works(r, ISA_SB, 0x2000 + low);
  }
  access_traps(r, ISA_LH, 0x2001, CAUSE_ALIGNMENT);
  access_traps(r, ISA_LHU, 0x2003, CAUSE_ALIGNMENT);
  access_traps(r, ISA_SH, 0x2fff, CAUSE_ALIGNMENT);
  access_works(r, ISA_LH, 0x2002);
}

/* ------------------------------------------------------------------ bounds */

static void physical_while_te_is_off(struct rig *r)
{
  put_word(r, 0x2000, 11);
  set_cr(r, CR_BASE, 0x4000);
  set_cr(r, CR_BOUND, 0);
  access_works(r, ISA_LW, 0x2000);
  assert_int_equal(reg(r, REG_A0), 11);
}

/* Code and data at BASE + va; the same code in modes 0 and 1. */
static void relocated_in_every_mode(struct rig *r)
{
  for (unsigned mode = 0; mode < 2; mode++) {
    r->at = 0x5000;
    emit(r, ISA_LW, REG_A0, REG_A1, 0, 0);
    emit(r, ISA_SW, REG_A0, REG_A1, 0, 4);
    set_cr(r, CR_BASE, 0x4000);
    set_cr(r, CR_BOUND, 0x3000);
    set_cr(r, CR_PSW, psw(mode, PSW_TE_MASK));
    set_reg(r, REG_A1, 0x2ff8);
    put_word(r, 0x6ff8, 100 + mode);
    put_word(r, 0x2ff8, 55);
    machine_set_pc(r->m, 0x1000);
    steps(r, 2);
    assert_int_equal(reg(r, REG_A0), 100 + mode);
    assert_int_equal(word_at(r, 0x6ffc), 100 + mode);
    assert_int_equal(word_at(r, 0x2ffc), 0);
    assert_int_equal(machine_get_pc(r->m), 0x1008);
  }
}

static void at_the_bound_traps(struct rig *r)
{
  for (unsigned mode = 0; mode < 2; mode++) {
    set_cr(r, CR_BASE, 0);
    set_cr(r, CR_BOUND, 0x3000);
    set_cr(r, CR_PSW, psw(mode, PSW_TE_MASK));
    access_works(r, ISA_LW, 0x2ffc);
    access_works(r, ISA_SB, 0x2fff);
    access_traps(r, ISA_LW, 0x3000, CAUSE_BOUNDS);
    access_traps(r, ISA_SB, 0x3000, CAUSE_BOUNDS);
    access_traps(r, ISA_LBU, 0xffffffff, CAUSE_BOUNDS);
    access_traps(r, ISA_SW, 0xfffffffc, CAUSE_BOUNDS);
  }
}

/* Fetches are bounded like any access, at whatever word the bound lies. */
static void fetch_stops_at_the_bound(struct rig *r)
{
  static const uint32_t bounds[] = {0x1004, 0x1ffc, 0x2000, 0x2004, 0x3000};
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    r->at = bounds[i] - 4;
    emit_nops(r, 3);
    translate(r, 0, bounds[i]);
    machine_set_pc(r->m, bounds[i] - 4);
    steps(r, 1);
    expect_trap(r, CAUSE_BOUNDS, bounds[i], 0);
    /* A jump there too. */
    r->at = bounds[i] - 4;
    emit(r, ISA_JALR, REG_RA, REG_A1, 0, 4);
    set_reg(r, REG_A1, bounds[i]);
    machine_set_pc(r->m, bounds[i] - 4);
    steps(r, 1);
    expect_trap(r, CAUSE_BOUNDS, bounds[i] + 4, 0);
    assert_int_equal(reg(r, REG_RA), bounds[i]);
  }
}

static void fetch_is_bounded_by_its_last_byte(struct rig *r)
{
  for (uint32_t more = 1; more < 4; more++) {
    r->at = RIG_CODE;
    emit_nops(r, 2);
    translate(r, 0, 0x1004 + more);
    machine_set_pc(r->m, 0x1000);
    steps(r, 1);
    expect_trap(r, CAUSE_BOUNDS, 0x1004, 0);
  }
}

static void sum_is_of_33_bits(struct rig *r)
{
  /* BASE + va wraps to 0x100 in 32 bits; in 33 it is beyond storage. */
  set_cr(r, CR_BASE, 0xfffff100);
  set_cr(r, CR_BOUND, 0xffffffff);
  set_cr(r, CR_PSW, psw_set_pmode(0, 1)); /* ldprev with TE on, the rest with TE off */
  access_traps(r, ISA_LDPREV, 0x1000, CAUSE_BUS);
  access_traps(r, ISA_STPREV, 0x1000, CAUSE_BUS);
  struct translation t = machine_translate(r->m, gva(0x1000), MACHINE_LOAD, true);
  assert_false(t.ok);
  assert_int_equal(t.cause, CAUSE_BUS);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  machine_set_pc(r->m, 0x1000);
  expect_trap(r, CAUSE_BUS, 0x1000, 0);
}

static void sum_beyond_storage(struct rig *r)
{
  r->at = END - 0x1000;
  emit(r, ISA_LW, REG_A0, REG_A1, 0, 0);
  emit(r, ISA_SW, REG_A0, REG_A2, 0, 0);
  translate(r, END - 0x2000, 0x10000);
  machine_set_pc(r->m, 0x1000);
  set_reg(r, REG_A1, 0x1ffc);
  set_reg(r, REG_A2, 0x2000);
  steps(r, 1);
  expect_trap(r, CAUSE_BUS, 0x2000, word_at(r, END - 0xffc));
  machine_set_pc(r->m, 0x2000);
  expect_trap(r, CAUSE_BUS, 0x2000, 0);
}

static void bound_between_the_bytes_of_an_access(struct rig *r)
{
  r->at = 0x100;
  translate(r, 0, 0x1002);
  access_works(r, ISA_LH, 0x1000);
  access_works(r, ISA_LB, 0x1001);
  access_works(r, ISA_SH, 0x1000);
  access_traps(r, ISA_LB, 0x1002, CAUSE_BOUNDS);
  access_traps(r, ISA_LW, 0x1000, CAUSE_BOUNDS);
  access_traps(r, ISA_SW, 0x1000, CAUSE_BOUNDS);
  translate(r, 0, 0x1001);
  access_works(r, ISA_SB, 0x1000);
  access_traps(r, ISA_LH, 0x1000, CAUSE_BOUNDS);
  access_traps(r, ISA_SH, 0x1000, CAUSE_BOUNDS);
}

static void bound_sum_is_of_33_bits(struct rig *r)
{
  set_cr(r, CR_BOUND, 0xffffffff);
  set_cr(r, CR_PSW, psw_set_pmode(0, 1));
  access_traps(r, ISA_LDPREV, 0xfffffffc, CAUSE_BOUNDS); /* 2^32 > BOUND */
  access_traps(r, ISA_LDPREV, 0xfffffff8, CAUSE_BUS);
}

/* Alignment is of the virtual address; BASE may be anything. */
static void base_need_not_be_aligned(struct rig *r)
{
  for (uint32_t base = 0x3001; base < 0x3004; base++) {
    put_word(r, 0x4000, 0x44332211);
    put_word(r, 0x4004, 0x88776655);
    r->at = RIG_CODE;
    uint32_t code[] = {emit(r, ISA_LW, REG_A0, REG_A1, 0, 0), emit(r, ISA_SH, REG_A2, REG_A1, 0, 2),
                       emit_none(r, ISA_BRK)};
    assert_true(machine_phys_write(r->m, gpa(base + 0x100), code, sizeof code));
    translate(r, base, 0x2000);
    machine_set_pc(r->m, 0x100);
    set_reg(r, REG_A1, 0x1000);
    set_reg(r, REG_A2, 0xeeff);
    steps(r, 2);
    uint64_t both = (uint64_t)0x88776655 << 32 | 0x44332211;
    assert_int_equal(reg(r, REG_A0), (uint32_t)(both >> (8 * (base - 0x3000))));
    uint8_t got[2];
    assert_true(machine_phys_read(r->m, gpa(base + 0x1002), got, 2));
    assert_memory_equal(got, "\xff\xee", 2);
    expect_trap(r, CAUSE_BREAKPOINT, 0, code[2]);
    set_cr(r, CR_PSW, 0);
  }
}

/* With such a BASE the end of storage can lie between the bytes of an access. */
static void end_of_storage_between_bytes(struct rig *r)
{
  set_cr(r, CR_BASE, END - 0x1002);
  set_cr(r, CR_BOUND, 0x10000);
  set_cr(r, CR_PSW, psw_set_pmode(0, 1));
  access_traps(r, ISA_LDPREV, 0x1000, CAUSE_BUS);
  access_traps(r, ISA_STPREV, 0x1000, CAUSE_BUS);
  access_works(r, ISA_LDPREV, 0x0ffc);
  struct translation t = machine_translate(r->m, gva(0x1001), MACHINE_STORE, true);
  assert_true(t.ok);
  assert_int_equal(t.pa.v, END - 1);
}

/* Everything the owner changes in the map holds at once, however warm the
 * engine is with the old one. */
static void map_changes_hold(struct rig *r)
{
  for (uint32_t k = 0; k < 3; k++) { /* the same loop, another constant in each copy */
    r->at = 0x2000 + 0x1000 * k;
    emit(r, ISA_ADDI, REG_A0, REG_ZERO, 0, k + 1);
    emit(r, ISA_LW, REG_A2, REG_ZERO, 0, 0x100);
    emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8);
    put_word(r, 0x2100 + 0x1000 * k, 10 * k);
  }
  machine_set_pc(r->m, 0);
  for (uint32_t i = 0; i < 30; i++) {
    uint32_t k = i * 7 % 3;
    translate(r, 0x2000 + 0x1000 * k, i % 2 ? 0x104 : 0x200);
    steps(r, 300);
    assert_int_equal(reg(r, REG_A0), k + 1);
    assert_int_equal(reg(r, REG_A2), 10 * k);
  }
  steps(r, 1);
  set_cr(r, CR_BOUND, 0x102);
  expect_trap(r, CAUSE_BOUNDS, 0x100, word_at(r, cr(r, CR_BASE) + 4));
  set_cr(r, CR_BOUND, 4);
  expect_trap(r, CAUSE_BOUNDS, 4, 0);
  set_cr(r, CR_PSW, 0); /* now at physical 4: zeros are illegal */
  expect_trap(r, CAUSE_ILLEGAL, 0, 0);
}

/* ------------------------------------- ldprev, stprev, lra, probe, translate */

static void previous_mode_decides_ldprev(struct rig *r)
{
  put_word(r, 0x2000, 1);
  put_word(r, 0x6000, 2);
  set_cr(r, CR_BASE, 0x4000);
  set_cr(r, CR_BOUND, 0x4000);
  access_works(r, ISA_LDPREV, 0x2000); /* pmode 0, TE off */
  assert_int_equal(reg(r, REG_A0), 1);
  set_cr(r, CR_PSW, psw_set_pmode(0, 1)); /* pmode 1, TE off */
  access_works(r, ISA_LDPREV, 0x2000);
  assert_int_equal(reg(r, REG_A0), 2);
  access_works(r, ISA_LW, 0x2000); /* but not lw */
  assert_int_equal(reg(r, REG_A0), 1);
  access_traps(r, ISA_LDPREV, 0x4000, CAUSE_BOUNDS);
  set_reg(r, REG_A0, 3);
  access_works(r, ISA_STPREV, 0x2004);
  assert_int_equal(word_at(r, 0x6004), 3);
  assert_int_equal(word_at(r, 0x2004), 0);
  r->at = 0x5000;
  set_reg(r, REG_A1, 0x2000);
  emit(r, ISA_LDPREV, REG_A0, REG_A1, 0, 0);
  set_cr(r, CR_PSW, psw(0, PSW_TE_MASK)); /* pmode 0, TE on */
  machine_set_pc(r->m, 0x1000);
  steps(r, 1);
  assert_int_equal(reg(r, REG_A0), 2);
}

static uint32_t query(struct rig *r, enum isa_insn insn, uint32_t address, uint32_t imm)
{
  set_reg(r, REG_A1, address);
  uint32_t base = psw_te(cr(r, CR_PSW)) ? cr(r, CR_BASE) : 0;
  r->at = 0x5000;
  machine_set_pc(r->m, 0x5000 - base);
  emit(r, insn, REG_A0, REG_A1, 0, imm);
  steps(r, 1);
  return reg(r, REG_A0);
}

static void lra_and_probe_never_trap(struct rig *r)
{
  const uint32_t none = 0xffffffff;
  set_cr(r, CR_BASE, 0x4000);
  set_cr(r, CR_BOUND, 0xffffffff);
  set_cr(r, CR_PSW, psw_set_pmode(0, 1)); /* the current TE counts, not pmode */
  assert_int_equal(query(r, ISA_LRA, 0x1234, 0), 0x1234);
  assert_int_equal(query(r, ISA_LRA, END - 1, 0), END - 1);
  assert_int_equal(query(r, ISA_LRA, END, 0), none);
  set_cr(r, CR_PSW, psw(0, PSW_TE_MASK));
  assert_int_equal(query(r, ISA_LRA, 0x1237, 0), 0x5237); /* bytes: no alignment */
  assert_int_equal(query(r, ISA_LRA, END - 0x4000, 0), none);
  assert_int_equal(query(r, ISA_LRA, 0xfffffffe, 0), none);
  assert_int_equal(query(r, ISA_LRA, 0xffffffff, 0), none);
  for (uint32_t kind = 0; kind < 3; kind++) {
    assert_int_equal(query(r, ISA_PROBE, END - 0x4001, kind), 1);
    assert_int_equal(query(r, ISA_PROBE, END - 0x4000, kind), 0);
    assert_int_equal(query(r, ISA_PROBE, 0xffffffff, kind), 0);
  }
  assert_int_equal(query(r, ISA_PROBE, 0, 3), 0);
  set_cr(r, CR_BOUND, 0x2000);
  assert_int_equal(query(r, ISA_PROBE, 0x1fff, 1), 1);
  assert_int_equal(query(r, ISA_PROBE, 0x2000, 1), 0);
  assert_int_equal(query(r, ISA_LRA, 0x2000, 0), none);
}

static void translate_is_the_same_and_pure(struct rig *r)
{
  set_cr(r, CR_BASE, 0x4000);
  set_cr(r, CR_BOUND, 0x2000);
  uint64_t before = machine_state_hash(r->m);
  for (enum machine_access a = MACHINE_LOAD; a <= MACHINE_FETCH; a++) {
    struct translation t = machine_translate(r->m, gva(0x1fff), a, true);
    assert_true(t.ok);
    assert_int_equal(t.pa.v, 0x5fff);
    t = machine_translate(r->m, gva(0x2000), a, true);
    assert_false(t.ok);
    assert_int_equal(t.cause, CAUSE_BOUNDS);
    t = machine_translate(r->m, gva(0x2000), a, false);
    assert_true(t.ok);
    assert_int_equal(t.pa.v, 0x2000);
    t = machine_translate(r->m, gva(END), a, false);
    assert_false(t.ok);
    assert_int_equal(t.cause, CAUSE_BUS);
  }
  assert_true(machine_state_hash(r->m) == before);
}

int main(void)
{
  static const struct rig_case cases[] = {
      RIG_CASE(from_64_kib),
      RIG_CASE(to_1_gib),
      RIG_CASE(little_endian),
      RIG_CASE(beyond_the_end_is_a_bus_error),
      RIG_CASE(fetch_beyond_the_end),
      RIG_CASE(effective_address_wraps),
      RIG_CASE(accesses_are_aligned),
      RIG_CASE(physical_while_te_is_off),
      RIG_CASE(relocated_in_every_mode),
      RIG_CASE(at_the_bound_traps),
      RIG_CASE(fetch_stops_at_the_bound),
      RIG_CASE(fetch_is_bounded_by_its_last_byte),
      RIG_CASE(sum_is_of_33_bits),
      RIG_CASE(sum_beyond_storage),
      RIG_CASE(bound_between_the_bytes_of_an_access),
      RIG_CASE(bound_sum_is_of_33_bits),
      RIG_CASE(base_need_not_be_aligned),
      RIG_CASE(end_of_storage_between_bytes),
      RIG_CASE(map_changes_hold),
      RIG_CASE(previous_mode_decides_ldprev),
      RIG_CASE(lra_and_probe_never_trap),
      RIG_CASE(translate_is_the_same_and_pure),
  };
  return RIG_RUN(cases);
}
