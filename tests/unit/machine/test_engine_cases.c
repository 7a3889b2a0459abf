/* Places where a fast engine goes wrong: each small program runs on every engine,
 * tick by tick, in one piece and up to every tick, against the plain stepper. */
#include "cmocka_all.h"
#include "machine/bare.h"
#include "machine/devices/ports.h"
#include "machine/snapshot.h"
#include "programs.h"
#include "rig.h"

enum { MOST_TICKS = 1500, FAR_TICKS = 5000 };

static struct machine *clone_on(struct rig *r, const struct snapshot *s, enum machine_engine engine)
{
  struct machine *m = rig_another(r);
  machine_set_engine(m, engine);
  assert_true(snapshot_restore(m, s));
  return m;
}

/* What the stepper makes of the machine, at each tick. */
static void reference(struct rig *r, const struct snapshot *s, unsigned ticks, uint64_t *hash)
{
  struct machine *m = clone_on(r, s, MACHINE_ENGINE_STEPPER);
  for (unsigned t = 1; t <= ticks; t++) {
    machine_advance(m, t);
    hash[t] = machine_state_hash(m);
  }
  machine_destroy(m);
}

static void assert_same(struct machine *m, unsigned tick, uint64_t hash)
{
  if (machine_state_hash(m) != hash) {
    fail_msg("not what the stepper does at tick %u (pc 0x%x)", tick, machine_get_pc(m));
  }
}

/* A long run in one piece, for most of which the engine need not count: it goes
 * without counting only while it has a page of instructions to go. */
static void far_alike(struct rig *r, const struct snapshot *s)
{
  struct machine *plain = clone_on(r, s, MACHINE_ENGINE_STEPPER);
  struct machine *m = clone_on(r, s, r->engine);
  machine_advance(plain, FAR_TICKS);
  machine_advance(m, FAR_TICKS);
  assert_same(m, FAR_TICKS, machine_state_hash(plain));
  machine_destroy(m);
  machine_destroy(plain);
}

/* From tick 0 for so many ticks: hot and stepped, cold and in one piece. `cold`:
 * up to each tick by itself; else only up to the last. Leaves r->m there. */
static void alike(struct rig *r, unsigned ticks, bool cold)
{
  static const unsigned all_at_once = 1;
  uint64_t hash[MOST_TICKS + 1];
  assert_true(ticks <= MOST_TICKS && now(r) == 0);
  struct snapshot *s = snapshot_take(r->m);
  assert_non_null(s);
  reference(r, s, ticks, hash);
  for (unsigned t = cold ? all_at_once : ticks; t <= ticks; t++) {
    struct machine *m = clone_on(r, s, r->engine);
    machine_advance(m, t);
    assert_same(m, t, hash[t]);
    machine_destroy(m);
  }
  far_alike(r, s);
  snapshot_destroy(s);
  for (unsigned t = 1; t <= ticks; t++) {
    machine_advance(r->m, t);
    assert_same(r->m, t, hash[t]);
  }
}

/* Every vector to a halt at 0x800. */
static void catch_all(struct rig *r)
{
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    set_vector(r, (enum isa_cause)cause, 0x800);
  }
  put_word(r, 0x800, program_word(ISA_HALT, 0, 0, 0, 0));
}

/* ---------------------------------------------------------- self-modification */

static uint32_t addi(unsigned a, unsigned b, uint32_t imm)
{
  return program_word(ISA_ADDI, a, b, 0, imm);
}

static void store_into_next(struct rig *r)
{
  set_reg(r, REG_T0, addi(REG_A0, REG_A0, 100));
  set_reg(r, REG_T1, RIG_CODE);
  emit(r, ISA_SW, REG_T0, REG_T1, 0, 4);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1); /* overwritten */
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8);
  alike(r, 60, true);
  assert_int_equal(reg(r, REG_A0), 2000);
}

/* The loop's second round executes a word stored by the first, in a pair that
 * was fused before. */
static void store_into_fused(struct rig *r)
{
  set_reg(r, REG_T0, addi(REG_A1, REG_A1, 7));
  set_reg(r, REG_T1, RIG_CODE);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1); /* from the second round on: 7 */
  emit(r, ISA_ADDI, REG_A2, REG_A2, 0, 1);
  emit(r, ISA_XOR, REG_A4, REG_A4, REG_A0, 0);
  emit(r, ISA_SW, REG_T0, REG_T1, 0, 4);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-20);
  alike(r, 61, true);
  assert_int_equal(reg(r, REG_A1), 1 + 9 * 7 + 0);
}

/* Into the first of a pair, and by byte and half, in every place of a word. */
static void store_bytes_into_code(struct rig *r)
{
  set_reg(r, REG_T1, RIG_CODE);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 0x101);
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 0x101);
  emit(r, ISA_ADDI, REG_T0, REG_T0, 0, 1);
  emit(r, ISA_SB, REG_T0, REG_T1, 0, 0);
  emit(r, ISA_SB, REG_T0, REG_T1, 0, 1);
  emit(r, ISA_ANDI, REG_T2, REG_T0, 0, 0x7f);
  emit(r, ISA_SB, REG_T2, REG_T1, 0, 5);
  emit(r, ISA_SH, REG_T2, REG_T1, 0, 4);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-32);
  alike(r, 900, false);
}

/* A page is written by the fast path, becomes code, and is written again. */
static void data_becomes_code(struct rig *r)
{
  const uint32_t there = 0x4000;
  set_reg(r, REG_T1, there);
  set_reg(r, REG_A3, there + 0x100);
  set_reg(r, REG_T0, addi(REG_A0, REG_A0, 1));
  set_reg(r, REG_S0, program_word(ISA_JALR, REG_ZERO, REG_RA, 0, 0));
  for (unsigned i = 0; i < 6; i++) { /* until the page is dirty and has its tag */
    emit(r, ISA_SW, REG_T0, REG_A3, 0, 4 * i);
  }
  uint32_t loop = r->at;
  emit(r, ISA_SW, REG_T0, REG_T1, 0, 0);
  emit(r, ISA_SW, REG_S0, REG_T1, 0, 4);
  emit(r, ISA_JALR, REG_RA, REG_T1, 0, 0);
  emit(r, ISA_ADDI, REG_T0, REG_T0, 0, 1); /* the next round adds one more */
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  alike(r, 6 + 7 * 10, true);
  assert_int_equal(reg(r, REG_A0), 55);
}

/* The same with translation on: the tags of every space must go. */
static void data_becomes_code_translated(struct rig *r)
{
  const uint32_t base = 0x2000, there = 0x4000;
  set_cr(r, CR_BASE, base);
  set_cr(r, CR_BOUND, 0x8000);
  r->at = base + RIG_CODE;
  uint32_t start = r->at;
  set_reg(r, REG_T1, there);
  set_reg(r, REG_T0, addi(REG_A0, REG_A0, 1));
  set_reg(r, REG_S0, program_word(ISA_JALR, REG_ZERO, REG_RA, 0, 0));
  for (unsigned i = 0; i < 6; i++) {
    emit(r, ISA_SW, REG_T0, REG_T1, 0, 0x100 + 4 * i);
  }
  uint32_t loop = r->at;
  emit(r, ISA_SW, REG_T0, REG_T1, 0, 0);
  emit(r, ISA_SW, REG_S0, REG_T1, 0, 4);
  emit(r, ISA_JALR, REG_RA, REG_T1, 0, 0);
  emit(r, ISA_ADDI, REG_T0, REG_T0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  machine_set_pc(r->m, start - base);
  alike(r, 6 + 7 * 10, true);
  assert_int_equal(reg(r, REG_A0), 55);
}

/* The owner and a device write over code that has run. */
static void phys_write_over_code(struct rig *r)
{
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-8);
  run_to(r, 30);
  put_word(r, RIG_CODE + 4, addi(REG_A1, REG_A1, 50));
  run_to(r, 33);
  assert_int_equal(reg(r, REG_A1), 60);
  uint32_t words[2] = {addi(REG_A0, REG_A0, 1000), addi(REG_A1, REG_A1, 0)};
  assert_true(machine_phys_write(r->m, gpa(RIG_CODE), words, sizeof words));
  run_to(r, 36);
  assert_int_equal(reg(r, REG_A0), 1011);
  assert_int_equal(reg(r, REG_A1), 60);
}

static void dma_over_code(struct rig *r)
{
  uint32_t sector[MACHINE_SECTOR_SIZE / 4] = {0};
  sector[0] = addi(REG_A0, REG_A0, 100);
  sector[1] = program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  assert_true(disk_poke(bare_of(r->m)->devices.disk, 0, sector));
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-4);
  machine_port_out(r->m, PORT_DISK_SECTOR, 0);
  machine_port_out(r->m, PORT_DISK_ADDRESS, RIG_CODE);
  machine_port_out(r->m, PORT_DISK_COUNT, 1);
  machine_port_out(r->m, PORT_DISK_COMMAND, DISK_COMMAND_READ);
  alike(r, 1200, false);
  assert_int_equal(reg(r, REG_A0), 550 + 50 * 100);
}

/* With BASE off a word boundary a store reaches into the next physical page. */
static void store_across_pages(struct rig *r)
{
  const uint32_t base = 0x2002;
  uint32_t target = 0x4000;
  set_cr(r, CR_BASE, base);
  set_cr(r, CR_BOUND, 0x8000);
  put_word(r, target, addi(REG_A0, REG_A0, 1));
  put_word(r, target + 4, program_word(ISA_JALR, REG_ZERO, REG_RA, 0, 0));
  set_reg(r, REG_T1, target);
  set_reg(r, REG_T2, target - base - 2); /* physical target - 2 */
  uint32_t loop = r->at;
  emit(r, ISA_JALR, REG_RA, REG_T1, 0, 0);
  emit(r, ISA_ADDI, REG_T0, REG_T0, 0, 0); /* two halves: imm goes up by 1 */
  set_reg(r, REG_T0, (addi(REG_A0, REG_A0, 1) & 0xffff) << 16);
  set_reg(r, REG_S1, 1u << 16);
  emit(r, ISA_ADD, REG_T0, REG_T0, REG_S1, 0);
  emit(r, ISA_STPREV, REG_T0, REG_T2, 0, 0);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  set_cr(r, CR_PSW, psw_set_pmode(0, 1));
  alike(r, 7 * 10, true);
  assert_int_equal(reg(r, REG_A0), 55);
}

/* ----------------------------------------------------------------- boundaries */

/* A limit at every instruction of more than a page of straight code, reached
 * with little and with much budget left. */
static void limits_in_straight_code(struct rig *r)
{
  for (unsigned i = 0; i < 1400; i++) {
    emit(r, ISA_ADDI, REG_A0 + i % 4, REG_A0 + i % 3, 0, i);
  }
  alike(r, 1300, true);
}

/* The timer at every tick of a loop full of pairs, with a handler that counts. */
static void timer_everywhere(struct rig *r)
{
  set_vector(r, CAUSE_TIMER, 0x3000);
  r->at = 0x3000;
  emit(r, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  emit(r, ISA_ANDI, REG_S1, REG_S0, 0, 31);
  emit(r, ISA_ADDI, REG_S1, REG_S1, 0, 1);
  emit_cr(r, ISA_MTCR, REG_S1, CR_TIMER);
  emit_none(r, ISA_RFE);
  r->at = RIG_CODE;
  emit(r, ISA_LW, REG_A0, REG_ZERO, 0, 0x400);
  emit(r, ISA_ADD, REG_A1, REG_A1, REG_A0, 0);
  emit(r, ISA_SLLI, REG_A2, REG_A1, 0, 3);
  emit(r, ISA_ADD, REG_A3, REG_A3, REG_A2, 0);
  emit(r, ISA_SW, REG_A3, REG_ZERO, 0, 0x400);
  emit(r, ISA_ADDI, REG_T0, REG_T0, 0, 1);
  emit(r, ISA_BNE, REG_T0, REG_ZERO, 0, (uint32_t)-24);
  set_cr(r, CR_TIMER, 5);
  set_cr(r, CR_PSW, psw(0, PSW_IE_MASK));
  alike(r, 1400, true);
  assert_true(machine_stats(r->m)->delivered[CAUSE_TIMER] > 40);
}

/* TICK and TIMER read exactly wherever they stand in a block. */
static void clock_in_a_block(struct rig *r)
{
  set_cr(r, CR_TIMER, 1000);
  for (unsigned i = 0; i < 10; i++) {
    emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
    emit_cr(r, ISA_MFCR, REG_A1, CR_TICK);
    emit_cr(r, ISA_MFCR, REG_A2, CR_TIMER);
    emit(r, ISA_RDTICK, REG_A3, 0, 0, 0);
  }
  alike(r, 39, true);
  assert_int_equal(reg(r, REG_A1), 37);
  assert_int_equal(reg(r, REG_A2), 1000 - 38);
  assert_int_equal(reg(r, REG_A3), 35);
}

static void engines_change_underway(struct rig *r)
{
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_SW, REG_A0, REG_ZERO, 0, 0x400);
  emit(r, ISA_LW, REG_A1, REG_ZERO, 0, 0x400);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-12);
  struct machine *plain = rig_another(r);
  uint32_t code[4];
  assert_true(machine_phys_read(r->m, gpa(RIG_CODE), code, sizeof code));
  assert_true(machine_phys_write(plain, gpa(RIG_CODE), code, sizeof code));
  machine_set_engine(plain, MACHINE_ENGINE_STEPPER);
  for (unsigned t = 0; t < 9000; t += 1 + t % 1300) {
    machine_set_engine(r->m, (enum machine_engine)(t % 3));
    run_to(r, t);
    machine_run(plain, t);
    assert_int_equal(machine_state_hash(r->m), machine_state_hash(plain));
  }
  machine_destroy(plain);
}

/* ---------------------------------------------------------- edges of storage */

/* Code runs off the end of storage. */
static void last_word(struct rig *r)
{
  r->at = RIG_STORAGE - 16;
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_SLTI, REG_A1, REG_A0, 0, 10);
  emit(r, ISA_BNE, REG_A1, REG_ZERO, 0, (uint32_t)-8);
  emit(r, ISA_ADDI, REG_A2, REG_A2, 0, 1);
  machine_set_pc(r->m, RIG_STORAGE - 16);
  catch_all(r);
  alike(r, 33, true);
  assert_int_equal(cr(r, CR_CAUSE), CAUSE_BUS);
  assert_int_equal(cr(r, CR_EPC), RIG_STORAGE);
  assert_int_equal(cr(r, CR_BADVA), RIG_STORAGE);
  assert_int_equal(cr(r, CR_EINSN), 0);
  assert_int_equal(reg(r, REG_A2), 1);
}

/* A pair would straddle the bound, at the end of a page and inside one. */
static void run_off_bound(struct rig *r, uint32_t bound)
{
  const uint32_t base = 0x2000;
  set_cr(r, CR_BASE, base);
  set_cr(r, CR_BOUND, bound);
  uint32_t in = bound & ~3u;
  r->at = base + in - 12;
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  emit(r, ISA_ADDI, REG_A2, REG_A2, 0, 1);
  emit(r, ISA_ADDI, REG_A3, REG_A3, 0, 1); /* beyond */
  machine_set_pc(r->m, in - 12);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  catch_all(r);
  alike(r, 6, true);
  assert_int_equal(cr(r, CR_CAUSE), CAUSE_BOUNDS);
  assert_int_equal(cr(r, CR_EPC), in);
  assert_int_equal(reg(r, REG_A2), 1);
  assert_int_equal(reg(r, REG_A3), 0);
}

static void bound_at_page(struct rig *r)
{
  run_off_bound(r, 0x3000);
}

static void bound_in_page(struct rig *r)
{
  run_off_bound(r, 0x3120);
}

static void bound_in_word(struct rig *r)
{
  run_off_bound(r, 0x3122);
}

/* Jumps to and past the words that a cut page still has. */
static void jump_past_bound(struct rig *r)
{
  set_cr(r, CR_BASE, 0x2000);
  set_cr(r, CR_BOUND, 0x1040);
  r->at = 0x3000;
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_BNE, REG_A0, REG_ZERO, 0, 0x40);
  r->at = 0x3044;
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  machine_set_pc(r->m, 0x1000);
  catch_all(r);
  alike(r, 4, true);
  assert_int_equal(cr(r, CR_EPC), 0x1044);
  assert_int_equal(cr(r, CR_CAUSE), CAUSE_BOUNDS);
}

/* The same page with two bounds: its decoded code must not be mixed up. */
static void bound_moves(struct rig *r)
{
  catch_all(r);
  for (uint32_t i = 0; i < 64; i++) {
    put_word(r, 0x3000 + 4 * i, addi(REG_A0, REG_A0, 1));
  }
  static const uint32_t bounds[] = {0x1040, 0x1080, 0x1010, 0x1040, 0x10c2};
  for (unsigned i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    machine_set_run_state(r->m, MACHINE_RUNNING);
    set_cr(r, CR_BASE, 0x2000);
    set_cr(r, CR_BOUND, bounds[i]);
    set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
    set_reg(r, REG_A0, 0);
    machine_set_pc(r->m, 0x1000);
    assert_int_equal(machine_advance(r->m, MACHINE_NEVER).why, MACHINE_HALTED);
    assert_int_equal(reg(r, REG_A0), (bounds[i] - 0x1000) / 4);
    assert_int_equal(cr(r, CR_CAUSE), CAUSE_BOUNDS);
  }
}

/* Loads and stores up to the bound in a page that it cuts, after the rest of the
 * page has been used. */
static void data_at_bound(struct rig *r)
{
  set_cr(r, CR_BASE, 0x2000);
  set_cr(r, CR_BOUND, 0x2040);
  r->at = 0x3000;
  for (unsigned i = 0; i < 6; i++) {
    emit(r, ISA_SW, REG_T0, REG_T1, 0, 4 * i);
    emit(r, ISA_LW, REG_T2, REG_T1, 0, 4 * i);
  }
  emit(r, ISA_ADDI, REG_T1, REG_T1, 0, 4);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 0x3000 - r->at);
  set_reg(r, REG_T1, 0x2000);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  machine_set_pc(r->m, 0x1000);
  catch_all(r);
  alike(r, 300, true);
  assert_int_equal(cr(r, CR_CAUSE), CAUSE_BOUNDS);
  assert_int_equal(cr(r, CR_BADVA), 0x2040);
}

/* BASE in the middle of a page, and off a word: nothing can be cached. */
static void unaligned_base(struct rig *r, uint32_t base)
{
  uint32_t words[] = {addi(REG_A0, REG_A0, 1), program_word(ISA_SW, REG_A0, REG_ZERO, 0, 0x1100),
                      program_word(ISA_LW, REG_A1, REG_ZERO, 0, 0x1100), addi(REG_A2, REG_A1, 1),
                      program_word(ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-16)};
  set_cr(r, CR_BASE, base);
  set_cr(r, CR_BOUND, 0x2000);
  assert_true(machine_phys_write(r->m, gpa(base + 0xff8), words, sizeof words));
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  machine_set_pc(r->m, 0xff8);
  alike(r, 50, true);
  assert_int_equal(reg(r, REG_A0), 10);
}

static void base_in_page(struct rig *r)
{
  unaligned_base(r, 0x2340);
}

static void base_in_word(struct rig *r)
{
  unaligned_base(r, 0x2ffd);
}

/* pc wraps from the top of the address space to 0. */
static void wrap_around(struct rig *r)
{
  catch_all(r);
  machine_set_pc(r->m, 0xfffffffc);
  alike(r, 3, true);
  assert_int_equal(cr(r, CR_CAUSE), CAUSE_BUS);
  assert_int_equal(cr(r, CR_BADVA), 0xfffffffc);
}

/* Branches out of the page in both directions, and onto its first word. */
static void branches_between_pages(struct rig *r)
{
  r->at = 0x1ff0;
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_BNE, REG_A0, REG_ZERO, 0, 0x10);
  r->at = 0x2000;
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  emit(r, ISA_BNE, REG_A1, REG_ZERO, 0, (uint32_t)-0x10);
  r->at = 0x1ff4 + 0x10;
  emit(r, ISA_ADDI, REG_A2, REG_A2, 0, 1);
  emit(r, ISA_JALR, REG_RA, REG_T0, 0, 0);
  set_reg(r, REG_T0, 0x1ff0);
  machine_set_pc(r->m, 0x1ff0);
  alike(r, 500, true);
}

/* ----------------------------------------------------- traps inside of pairs */

static void trap_in_pair(struct rig *r)
{
  catch_all(r);
  set_reg(r, REG_T1, 0x4000);
  emit(r, ISA_ADDI, REG_T1, REG_T1, 0, 1);
  emit(r, ISA_LW, REG_A0, REG_T1, 0, 0); /* misaligned, second of a pair */
  alike(r, 3, true);
  assert_int_equal(cr(r, CR_CAUSE), CAUSE_ALIGNMENT);
  assert_int_equal(cr(r, CR_EPC), RIG_CODE + 4);
  assert_int_equal(cr(r, CR_BADVA), 0x4001);
  assert_int_equal(cr(r, CR_EINSN), program_word(ISA_LW, REG_A0, REG_T1, 0, 0));
}

static void trap_first_of_pair(struct rig *r)
{
  catch_all(r);
  set_reg(r, REG_T1, 0x4000);
  emit_nops(r, 1);
  emit(r, ISA_LW, REG_A0, REG_T1, 0, 2);
  emit(r, ISA_ADD, REG_A1, REG_A1, REG_A0, 0);
  alike(r, 3, true);
  assert_int_equal(cr(r, CR_EPC), RIG_CODE + 4);
  assert_int_equal(cr(r, CR_BADVA), 0x4002);
  assert_int_equal(reg(r, REG_A1), 0);
}

/* Into the second of a pair by a branch, with the pair decoded already. */
static void jump_into_pair(struct rig *r)
{
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  emit(r, ISA_BNE, REG_A1, REG_A2, 0, (uint32_t)-4);
  emit(r, ISA_ADDI, REG_A2, REG_A2, 0, 5);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, (uint32_t)-16);
  set_reg(r, REG_A2, 4);
  alike(r, 200, true);
}

static void write_to_zero(struct rig *r)
{
  emit(r, ISA_ADDI, REG_ZERO, REG_ZERO, 0, 5);
  emit(r, ISA_LUI, REG_ZERO, 0, 0, 0x5000);
  emit(r, ISA_LW, REG_ZERO, REG_ZERO, 0, RIG_CODE);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, 4);
  emit_cr(r, ISA_MFCR, REG_ZERO, CR_CPUID);
  emit(r, ISA_ADD, REG_A0, REG_ZERO, REG_ZERO, 0);
  alike(r, 6, true);
  assert_int_equal(reg(r, REG_A0), 0);
  assert_int_equal(reg(r, REG_ZERO), 0);
}

/* --------------------------------------------------------------------- spaces */

/* More address spaces than are cached, all over the same pages. */
static void many_spaces(struct rig *r)
{
  catch_all(r);
  set_vector(r, CAUSE_SYSCALL, 0x900);
  uint32_t code[] = {program_word(ISA_LW, REG_A0, REG_ZERO, 0, 0x400), addi(REG_A0, REG_A0, 1),
                     program_word(ISA_SW, REG_A0, REG_ZERO, 0, 0x400),
                     program_word(ISA_SYS, 0, 0, 0, 0)};
  for (uint32_t page = 2; page < 15; page++) {
    program_put(r->m, page << 12, code, 4);
  }
  r->at = 0x900; /* the next space: BASE and BOUND go round */
  emit_cr(r, ISA_MFCR, REG_S0, CR_BASE);
  emit_cr(r, ISA_MFCR, REG_S1, CR_BOUND);
  emit(r, ISA_LUI, REG_T0, 0, 0, 0x1000);
  emit(r, ISA_ADD, REG_S0, REG_S0, REG_T0, 0);
  emit(r, ISA_LUI, REG_T1, 0, 0, 0xf000);
  emit(r, ISA_BLTU, REG_S0, REG_T1, 0, 12);
  emit(r, ISA_LUI, REG_S0, 0, 0, 0x2000);
  emit(r, ISA_ADDI, REG_S1, REG_S1, 0, 0x20);
  emit_cr(r, ISA_MTCR, REG_S0, CR_BASE);
  emit_cr(r, ISA_MTCR, REG_S1, CR_BOUND);
  emit_cr(r, ISA_MTCR, REG_ZERO, CR_EPC);
  emit_none(r, ISA_RFE);
  set_cr(r, CR_BASE, 0x2000);
  set_cr(r, CR_BOUND, 0xfe0);
  set_cr(r, CR_PSW, psw(1, PSW_TE_MASK));
  machine_set_pc(r->m, 0);
  alike(r, 1400, false);
}

/* --------------------------------------------------------------- storage keys
 * All on KEYED machines, in mode 0 under key 1: keys hold in every mode. */

#define KEYED "tests/common/keyed.profile"

static void set_key(struct rig *r, uint32_t at, uint8_t key)
{
  assert_true(machine_key_set(r->m, gpa(at), key));
}

/* A protection trap is counted in s1, and then the instruction is skipped … */
static void skip_forbidden(struct rig *r)
{
  catch_all(r);
  set_vector(r, CAUSE_PROTECTION, 0x900);
  uint32_t at = r->at;
  r->at = 0x900;
  emit_cr(r, ISA_MFCR, REG_T0, CR_EPC);
  emit(r, ISA_ADDI, REG_T0, REG_T0, 0, 4);
  emit_cr(r, ISA_MTCR, REG_T0, CR_EPC);
  emit(r, ISA_ADDI, REG_S1, REG_S1, 0, 1);
  emit_none(r, ISA_RFE);
  r->at = at;
}

/* … or the block at gp gets key tp. */
static void unlock_forbidden(struct rig *r)
{
  catch_all(r);
  set_vector(r, CAUSE_PROTECTION, 0x900);
  uint32_t at = r->at;
  r->at = 0x900;
  emit(r, ISA_SSK, REG_TP, REG_GP, 0, 0);
  emit(r, ISA_ADDI, REG_S1, REG_S1, 0, 1);
  emit_none(r, ISA_RFE);
  r->at = at;
}

static void under_key(struct rig *r, unsigned key)
{
  set_cr(r, CR_PSW, psw_set_key(0, key));
}

/* Tags of a page go when the key of one of its blocks changes. */
static void key_takes_data_tags(struct rig *r)
{
  const uint32_t page = 0x4000, other = page + KEY_BLOCK_SIZE;
  skip_forbidden(r);
  set_key(r, page, 1);
  set_key(r, other, 1);
  set_reg(r, REG_A1, page);
  set_reg(r, REG_A2, other);
  set_reg(r, REG_A3, 2 | KEY_FETCH);
  set_reg(r, REG_A4, 1);
  set_reg(r, REG_A5, 2); /* stores alone are forbidden */
  uint32_t loop = r->at;
  for (unsigned i = 0; i < 4; i++) {
    emit(r, ISA_SW, REG_S0, REG_A2, 0, 4 * i);
  }
  emit(r, ISA_SSK, REG_A3, REG_A2, 0, 0);
  emit(r, ISA_SW, REG_S0, REG_A1, 0, 0);
  emit(r, ISA_LW, REG_T1, REG_A1, 0, 0);
  emit(r, ISA_LW, REG_T1, REG_A2, 0, 0); /* traps */
  emit(r, ISA_SW, REG_S0, REG_A2, 0, 4); /* traps */
  emit(r, ISA_SSK, REG_A5, REG_A2, 0, 0);
  emit(r, ISA_LW, REG_T1, REG_A2, 0, 0);
  emit(r, ISA_LW, REG_T2, REG_A2, 0, 4);
  emit(r, ISA_SW, REG_T2, REG_A2, 0, 0); /* traps */
  emit(r, ISA_SSK, REG_A4, REG_A2, 0, 0);
  emit(r, ISA_ISK, REG_T0, REG_A2, 0, 0);
  emit(r, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  under_key(r, 1);
  alike(r, 300, true);
  assert_true(reg(r, REG_S1) > 20);
}

/* The same page, read and written under three keys in turn. */
static void spaces_of_keys(struct rig *r)
{
  const uint32_t page = 0x4000;
  skip_forbidden(r);
  set_key(r, page, 1);
  set_key(r, page + KEY_BLOCK_SIZE, 1);
  set_reg(r, REG_A1, page);
  set_reg(r, REG_A2, psw_set_key(0, 1));
  set_reg(r, REG_A3, psw_set_key(0, 2));
  uint32_t loop = r->at;
  for (unsigned i = 0; i < 4; i++) {
    emit_cr(r, ISA_MTCR, i == 3 ? REG_ZERO : i == 2 ? REG_A3 : REG_A2, CR_PSW);
    emit(r, ISA_SW, REG_S0, REG_A1, 0, 8 * i);
    emit(r, ISA_SW, REG_S0, REG_A1, 0, 8 * i + 4);
    emit(r, ISA_LW, REG_T1, REG_A1, 0, 8 * i);
  }
  emit(r, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  alike(r, 300, true);
  assert_int_equal(word_at(r, page + 16), 0);
  assert_true(reg(r, REG_S1) > 15);
}

/* Straight code and a pair into a block that may not be fetched, from the other
 * half of the page, and a jump into its midst; each time it is unlocked. */
static void key_within_a_page_of_code(struct rig *r)
{
  unlock_forbidden(r);
  uint32_t second = RIG_CODE + KEY_BLOCK_SIZE;
  set_key(r, RIG_CODE, 1);
  set_key(r, second, 2 | KEY_FETCH);
  set_reg(r, REG_GP, second + 20);
  set_reg(r, REG_TP, 1);
  set_reg(r, REG_A3, 2 | KEY_FETCH);
  r->at = second - 16;
  uint32_t loop = r->at;
  emit(r, ISA_SSK, REG_A3, REG_GP, 0, 0);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);     /* the last word before the border … */
  emit(r, ISA_ADD, REG_A0, REG_A0, REG_A0, 0); /* … and its pair behind it */
  emit(r, ISA_JAL, REG_ZERO, 0, 0, second - 0x100 - r->at);
  uint32_t inside = r->at;
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  r->at = second - 0x100;
  emit(r, ISA_SSK, REG_A3, REG_GP, 0, 0);
  emit(r, ISA_BEQ, REG_ZERO, REG_ZERO, 0, inside - r->at);
  machine_set_pc(r->m, loop);
  under_key(r, 1);
  alike(r, 300, true);
  assert_true(reg(r, REG_S1) > 20 && reg(r, REG_A1) > 10);
}

/* An instruction that forbids its own block completes; so do the slots after it not. */
static void key_of_running_code(struct rig *r)
{
  unlock_forbidden(r);
  set_key(r, RIG_CODE, 1);
  set_reg(r, REG_GP, RIG_CODE + 100);
  set_reg(r, REG_TP, 1);
  set_reg(r, REG_A3, 2 | KEY_FETCH);
  for (unsigned i = 0; i < 5; i++) {
    emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  }
  emit(r, ISA_SSK, REG_A3, REG_GP, 0, 0);
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1); /* traps the first time */
  emit(r, ISA_JAL, REG_ZERO, 0, 0, RIG_CODE - r->at);
  under_key(r, 1);
  alike(r, 300, true);
  assert_true(reg(r, REG_S1) > 20);
}

/* Only the second half of a page may be fetched. */
static void key_before_running_code(struct rig *r)
{
  skip_forbidden(r);
  set_key(r, RIG_CODE, 2 | KEY_FETCH);
  r->at = RIG_CODE + KEY_BLOCK_SIZE;
  uint32_t loop = r->at;
  emit(r, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  emit(r, ISA_ADDI, REG_A1, REG_A1, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  machine_set_pc(r->m, loop);
  under_key(r, 1);
  alike(r, 100, true);
  assert_int_equal(reg(r, REG_A0), 34);
}

/* Code decoded twice, as half a page under key 1 and as a whole one under key 0,
 * is rewritten under key 0: neither may be run as it was. */
static void key_and_rewritten_code(struct rig *r)
{
  const uint32_t there = 0x5000;
  catch_all(r);
  set_key(r, there, 1);
  set_key(r, there + KEY_BLOCK_SIZE, 2 | KEY_FETCH);
  set_reg(r, REG_T1, there);
  set_reg(r, REG_T0, addi(REG_A0, REG_A0, 1));
  set_reg(r, REG_A3, psw_set_key(0, 1));
  put_word(r, there, addi(REG_A0, REG_A0, 0));
  put_word(r, there + 4, program_word(ISA_JALR, REG_ZERO, REG_RA, 0, 0));
  uint32_t loop = r->at;
  emit_cr(r, ISA_MTCR, REG_A3, CR_PSW);
  emit(r, ISA_JALR, REG_RA, REG_T1, 0, 0);
  emit_cr(r, ISA_MTCR, REG_ZERO, CR_PSW);
  emit(r, ISA_JALR, REG_RA, REG_T1, 0, 0);
  emit(r, ISA_SW, REG_T0, REG_T1, 0, 0);
  emit(r, ISA_ADDI, REG_T0, REG_T0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  alike(r, 11 * 10, true);
  assert_int_equal(reg(r, REG_A0), 2 * 45);
}

/* Translated, so that tags of a page are found by BASE. */
static void key_under_relocation(struct rig *r)
{
  const uint32_t base = 0x3000, page = 0x5000;
  skip_forbidden(r);
  set_cr(r, CR_BASE, base);
  set_cr(r, CR_BOUND, 0x8000);
  set_key(r, base + RIG_CODE, 1);
  set_key(r, page, 1);
  set_reg(r, REG_A1, page - base);
  set_reg(r, REG_A2, page); /* ssk takes it physical */
  set_reg(r, REG_A3, 2);
  set_reg(r, REG_A4, 1);
  r->at = base + RIG_CODE;
  uint32_t loop = r->at;
  for (unsigned i = 0; i < 4; i++) {
    emit(r, ISA_SW, REG_S0, REG_A1, 0, 4 * i);
  }
  emit(r, ISA_SSK, REG_A3, REG_A2, 0, 0);
  emit(r, ISA_SW, REG_S0, REG_A1, 0, 0); /* traps */
  emit(r, ISA_LW, REG_T1, REG_A1, 0, 0);
  emit(r, ISA_SSK, REG_A4, REG_A2, 0, 0);
  emit(r, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  emit(r, ISA_JAL, REG_ZERO, 0, 0, loop - r->at);
  set_key(r, page + KEY_BLOCK_SIZE, 1);
  set_cr(r, CR_PSW, psw_set_key(PSW_TE_MASK, 1));
  machine_set_pc(r->m, RIG_CODE);
  alike(r, 300, true);
  assert_true(reg(r, REG_S1) > 15);
}

/* BASE off a word boundary puts a word across two blocks: both must allow it. */
static void key_across_blocks(struct rig *r)
{
  const uint32_t border = 0x5000 + KEY_BLOCK_SIZE, base = 0x3002;
  skip_forbidden(r);
  set_cr(r, CR_BASE, base);
  set_cr(r, CR_BOUND, 0x8000);
  set_key(r, border - 1, 1);
  set_key(r, border, 2 | KEY_FETCH);
  set_reg(r, REG_A1, border - 2 - base);
  r->at = 0x2000;
  emit(r, ISA_LDPREV, REG_A0, REG_A1, 0, 0); /* traps */
  emit(r, ISA_STPREV, REG_A0, REG_A1, 0, 0); /* traps */
  emit(r, ISA_STPREV, REG_A0, REG_A1, 0, (uint32_t)-4);
  emit(r, ISA_LDPREV, REG_A0, REG_A1, 0, 4); /* traps */
  emit_none(r, ISA_HALT);
  set_cr(r, CR_PSW, psw_set_key(psw_set_pmode(0, 1), 1));
  machine_set_pc(r->m, 0x2000);
  assert_int_equal(machine_advance(r->m, 100).why, MACHINE_HALTED);
  assert_int_equal(reg(r, REG_S1), 3);
}

#define CASE(f) RIG_CASE(f)
#define KEY_CASE(f)                                                                                \
  {                                                                                                \
#f, f, KEYED                                                                                   \
  }

int main(void)
{
  static const struct rig_case cases[] = {
      CASE(store_into_next),
      CASE(store_into_fused),
      CASE(store_bytes_into_code),
      CASE(data_becomes_code),
      CASE(data_becomes_code_translated),
      CASE(phys_write_over_code),
      CASE(dma_over_code),
      CASE(store_across_pages),
      CASE(limits_in_straight_code),
      CASE(timer_everywhere),
      CASE(clock_in_a_block),
      CASE(engines_change_underway),
      CASE(last_word),
      CASE(bound_at_page),
      CASE(bound_in_page),
      CASE(bound_in_word),
      CASE(jump_past_bound),
      CASE(bound_moves),
      CASE(data_at_bound),
      CASE(base_in_page),
      CASE(base_in_word),
      CASE(wrap_around),
      CASE(branches_between_pages),
      CASE(trap_in_pair),
      CASE(trap_first_of_pair),
      CASE(jump_into_pair),
      CASE(write_to_zero),
      CASE(many_spaces),
      KEY_CASE(key_takes_data_tags),
      KEY_CASE(spaces_of_keys),
      KEY_CASE(key_within_a_page_of_code),
      KEY_CASE(key_of_running_code),
      KEY_CASE(key_before_running_code),
      KEY_CASE(key_and_rewritten_code),
      KEY_CASE(key_under_relocation),
      KEY_CASE(key_across_blocks),
  };
  return RIG_RUN(cases);
}
