/* Storage keys under the VMM: ssk and isk name the virtual machine's own blocks;
 * direct execution meets the virtual keys; nobody else's change, and where a guest
 * can change them the VMM sees it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine/snapshot.h"
#include "tests/common/program.h"
#include "tests/common/twin.h"

#define KEYED   "tests/common/keyed.profile"
#define STORAGE MACHINE_MIN_STORAGE
#define PC      0x2000u
#define AT      0x6000u /* of what instructions touch */
#define OTHER   (7u | KEY_FETCH)

static void set_key(struct twin *t, uint32_t at, uint8_t key)
{
  assert_true(machine_key_set(t->bare, gpa(at), key));
  assert_true(machine_key_set(t->vm, gpa(at), key));
}

static uint8_t key_at(struct machine *m, uint32_t at)
{
  uint8_t key;
  assert_true(machine_key_get(m, gpa(at), &key));
  return key;
}

/* One instruction on both, at PC, under a PSW; it must meet this trap, or none. */
static void once(struct twin *t, uint32_t psw, uint32_t word, enum isa_cause cause)
{
  machine_set_run_state(t->bare, MACHINE_RUNNING);
  machine_set_run_state(t->vm, MACHINE_RUNNING);
  twin_write_word(t, PC, word);
  twin_set_pc(t, PC);
  twin_set_cr(t, CR_PSW, psw);
  uint64_t tick = machine_tick(t->bare);
  struct machine_stop bare = machine_run(t->bare, tick + 1), vm = machine_run(t->vm, tick + 1);
  assert_int_equal(bare.why, vm.why);
  assert_memory_equal(&bare.trap, &vm.trap, sizeof bare.trap);
  if (!twin_equal(t)) {
    fail_msg("%08x: %s", word, t->difference);
  }
  assert_int_equal(bare.why, cause == ISA_CAUSE_LIMIT ? MACHINE_LIMIT : MACHINE_TRAP);
  if (cause != ISA_CAUSE_LIMIT) {
    assert_int_equal(bare.trap.cause, cause);
  }
}

#define NO_TRAP ISA_CAUSE_LIMIT

static void open_twin(struct twin *t, unsigned depth)
{
  twin_open(t, &(struct twin_config){.profile = KEYED, .depth = depth});
}

/* ----------------------------------------------------------------- ssk and isk */

/* Every corner of both operands, in the virtual machine's storage and not. */
static void corners(struct twin *t, uint32_t at, uint32_t key)
{
  uint32_t start = t->depth * VMM_OWN_STORAGE;
  bool there = at < STORAGE;
  twin_set_reg(t, REG_A0, key);
  twin_set_reg(t, REG_A1, at);
  twin_set_reg(t, REG_A2, 0xdeadbeef);
  once(t, psw_set_key(0, 3), word_of(ISA_SSK, REG_A0, REG_A1, 0, 0), there ? NO_TRAP : CAUSE_BUS);
  once(t, psw_set_key(0, 3), word_of(ISA_ISK, REG_A2, REG_A1, 0, 0), there ? NO_TRAP : CAUSE_BUS);
  assert_int_equal(machine_get_reg(t->vm, REG_A2), there ? key & KEY_MASK : 0xdeadbeef);
  if (there) {
    assert_int_equal(key_at(t->vm, at), key & KEY_MASK);
    assert_int_equal(key_at(t->real, start + at), key & KEY_MASK);
  }
  once(t, psw_set_mode(0, 1), word_of(ISA_SSK, REG_A0, REG_A1, 0, 0), CAUSE_PRIVILEGED);
  once(t, psw_set_mode(0, 2), word_of(ISA_ISK, REG_A2, REG_A1, 0, 0), CAUSE_PRIVILEGED);
}

static void only_its_own(struct twin *t)
{
  uint32_t start = t->depth * VMM_OWN_STORAGE;
  for (uint32_t at = 0; at < machine_storage_size(t->real); at += KEY_BLOCK_SIZE) {
    if (at < start || at >= start + STORAGE) {
      assert_int_equal(key_at(t->real, at), 0);
    }
  }
}

static void ssk_isk(void **state)
{
  (void)state;
  static const uint32_t places[] = {0,           1,           2047,       2048,
                                    STORAGE - 1, STORAGE / 2, STORAGE,    VMM_OWN_STORAGE,
                                    0x7fffffff,  0x80000000,  UINT32_MAX, 0u - VMM_OWN_STORAGE};
  static const uint32_t keys[] = {0, 1, 15, 16, 17, 31, 32, 0xffffffe5, UINT32_MAX};
  for (unsigned depth = 1; depth <= 3; depth++) {
    struct twin t;
    open_twin(&t, depth);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
      for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        corners(&t, places[i], keys[k]);
        set_key(&t, PC, 0);
      }
    }
    only_its_own(&t);
    for (unsigned i = 0; i < depth; i++) {
      assert_int_equal(vmm_violations(t.vmm[i], NULL), 0);
    }
    twin_close(&t);
  }
}

/* A machine without keys has neither instruction, and its owner no keys. */
static void without_the_feature(void **state)
{
  (void)state;
  struct twin t;
  uint8_t key = 9;
  twin_open(&t, &(struct twin_config){.profile = "pg"});
  once(&t, psw_set_key(0, 3), word_of(ISA_SSK, REG_A0, REG_A1, 0, 0), CAUSE_ILLEGAL);
  once(&t, psw_set_key(0, 3), word_of(ISA_SW, REG_A0, REG_SP, 0, 64), NO_TRAP);
  assert_false(machine_key_set(t.vm, gpa(0), 1));
  assert_false(machine_key_get(t.vm, gpa(0), &key));
  assert_int_equal(key, 0);
  twin_close(&t);
}

/* ---------------------------------------------------------------- protection */

struct access {
  enum isa_insn insn;
  bool stores;
};

static const struct access accesses[] = {
    {ISA_LB, false},   {ISA_LH, false},  {ISA_LW, false},     {ISA_LBU, false},   {ISA_LHU, false},
    {ISA_SB, true},    {ISA_SH, true},   {ISA_SW, true},      {ISA_LPSW, false},  {ISA_POPF, false},
    {ISA_PUSHF, true}, {ISA_SVBR, true}, {ISA_LDPREV, false}, {ISA_STPREV, true},
};

/* In every virtual mode that may, directly executed or emulated: refused exactly if
 * the key does not fit, and for a load only under fetch protection. */
static void every_access(void **state)
{
  (void)state;
  struct twin t;
  open_twin(&t, 1);
  for (size_t i = 0; i < sizeof accesses / sizeof *accesses; i++) {
    bool user = isa_insn_info(accesses[i].insn)->group == ISA_GROUP_USER;
    for (uint32_t n = 0; n < 3u * 2 * 3 * 2; n++) {
      uint32_t own = n % 3, block = n / 3 % 2 + 1, fetch = n / 6 % 2 ? KEY_FETCH : 0;
      uint32_t mode = user ? n / 12 : 0;
      set_key(&t, AT, (uint8_t)(block | fetch));
      twin_set_reg(&t, REG_SP, accesses[i].insn == ISA_PUSHF ? AT + 4 : AT);
      bool refused = own != 0 && own != block && (accesses[i].stores || fetch);
      once(&t, psw_set_key(psw_set_mode(0, mode), own),
           word_of(accesses[i].insn, REG_A0, REG_SP, 0, 0), refused ? CAUSE_PROTECTION : NO_TRAP);
    }
  }
  twin_close(&t);
}

static void fetches(void **state)
{
  (void)state;
  struct twin t;
  open_twin(&t, 2);
  uint32_t nop = word_of(ISA_ADDI, REG_A0, REG_A0, 0, 1);
  for (unsigned mode = 0; mode < 3; mode++) {
    uint32_t psw = psw_set_mode(psw_set_key(0, 1), mode);
    set_key(&t, PC, 1 | KEY_FETCH);
    once(&t, psw, nop, NO_TRAP);
    set_key(&t, PC, 2);
    once(&t, psw, nop, NO_TRAP);
    set_key(&t, PC, 2 | KEY_FETCH);
    once(&t, psw, nop, CAUSE_PROTECTION);
    once(&t, psw_set_key(psw, 0), nop, NO_TRAP);
  }
  twin_close(&t);
}

/* What the virtual machine's state says, not the real one's: the end of storage is a
 * bus error before a key, the bound comes before it, and alignment first of all. */
static void order_of_checks(void **state)
{
  (void)state;
  struct twin t;
  open_twin(&t, 1);
  uint32_t te = psw_set_te(psw_set_key(0, 1), 1), lw = word_of(ISA_LW, REG_A0, REG_SP, 0, 0);
  set_key(&t, AT, OTHER);
  set_key(&t, STORAGE - 4, OTHER);
  twin_set_cr(&t, CR_BOUND, AT);
  twin_set_reg(&t, REG_SP, AT);
  once(&t, te, lw, CAUSE_BOUNDS);
  twin_set_reg(&t, REG_SP, AT + 1);
  once(&t, te, lw, CAUSE_ALIGNMENT);
  twin_set_cr(&t, CR_BOUND, UINT32_MAX);
  twin_set_reg(&t, REG_SP, AT);
  once(&t, te, lw, CAUSE_PROTECTION);
  twin_set_reg(&t, REG_SP, STORAGE);
  once(&t, te, lw, CAUSE_BUS);
  twin_set_reg(&t, REG_SP, 0u - 8);
  once(&t, te, lw, CAUSE_BUS);
  twin_close(&t);
}

static void lra_and_probe(void **state)
{
  (void)state;
  struct twin t;
  open_twin(&t, 1);
  twin_set_reg(&t, REG_SP, AT + 5);
  static const struct {
    uint8_t key;
    uint32_t lra, probe[4];
  } cases[] = {{1, AT + 5, {1, 1, 1, 0}},
               {2, AT + 5, {1, 0, 1, 0}},
               {2 | KEY_FETCH, UINT32_MAX, {0, 0, 0, 0}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    set_key(&t, AT, cases[i].key);
    once(&t, psw_set_key(0, 1), word_of(ISA_LRA, REG_A0, REG_SP, 0, 0), NO_TRAP);
    assert_int_equal(machine_get_reg(t.vm, REG_A0), cases[i].lra);
    for (uint32_t asked = 0; asked < 4; asked++) {
      once(&t, psw_set_key(0, 1), word_of(ISA_PROBE, REG_A0, REG_SP, 0, asked), NO_TRAP);
      assert_int_equal(machine_get_reg(t.vm, REG_A0), cases[i].probe[asked]);
    }
    for (enum machine_access a = MACHINE_LOAD; a <= MACHINE_FETCH; a++) {
      assert_int_equal(machine_translate(t.bare, gva(AT), a, false).ok, cases[i].probe[a]);
      assert_int_equal(machine_translate(t.vm, gva(AT), a, false).ok, cases[i].probe[a]);
    }
  }
  twin_close(&t);
}

/* Delivery reads its vector whatever key that has, and leaves key 0. */
static void delivery(void **state)
{
  (void)state;
  struct twin t;
  open_twin(&t, 1);
  set_key(&t, 0, OTHER);
  twin_write_word(&t, 4 * CAUSE_SYSCALL, 0x3000);
  once(&t, psw_set_key(psw_set_mode(0, 2), 1), word_of(ISA_SYS, 0, 0, 0, 0), CAUSE_SYSCALL);
  struct trap trap = machine_run(t.bare, MACHINE_NEVER).trap;
  assert_true(machine_deliver(t.bare, &trap));
  assert_true(machine_deliver(t.vm, &trap));
  assert_true(twin_equal(&t));
  assert_int_equal(psw_key(machine_get_cr(t.vm, CR_PSW)), 0);
  assert_int_equal(psw_key(machine_get_cr(t.vm, CR_EPSW)), 1);
  twin_close(&t);
}

/* ------------------------------------------------------------ state and others */

static void keys_are_state(void **state)
{
  (void)state;
  struct twin t;
  open_twin(&t, 2);
  uint64_t before = machine_state_hash(t.vm);
  for (uint32_t at = 0; at < STORAGE; at += KEY_BLOCK_SIZE) {
    set_key(&t, at, (uint8_t)(at / KEY_BLOCK_SIZE));
  }
  assert_true(machine_state_hash(t.vm) != before);
  assert_true(twin_equal(&t));
  struct snapshot *s = snapshot_take(t.bare);
  set_key(&t, AT, 0);
  assert_true(twin_equal(&t));
  assert_true(machine_state_hash(t.bare) != before);
  assert_true(snapshot_restore(t.vm, s));
  assert_int_equal(key_at(t.vm, AT), AT / KEY_BLOCK_SIZE);
  assert_false(twin_equal(&t)); /* the oracle sees one key */
  assert_true(snapshot_restore(t.bare, s));
  assert_true(twin_equal(&t));
  snapshot_destroy(s);
  for (uint32_t at = 0; at < STORAGE; at += KEY_BLOCK_SIZE) {
    set_key(&t, at, 0);
  }
  assert_true(machine_state_hash(t.vm) == before);
  twin_close(&t);
}

static struct machine *another(struct twin *t)
{
  const char *reason = NULL;
  struct vmm_vm_config config = {.name = "another", .storage = MACHINE_MIN_STORAGE};
  struct machine *vm = vmm_create_vm(t->vmm[0], &config, &reason);
  if (!vm) {
    fail_msg("%s", reason);
  }
  return vm;
}

/* A VM's storage begins with keys 0, whoever had it before. */
static void a_new_vm_finds_none(void **state)
{
  (void)state;
  struct twin t;
  open_twin(&t, 1);
  for (unsigned round = 0; round < 2; round++) {
    struct machine *vm = another(&t);
    for (uint32_t at = 0; at < MACHINE_MIN_STORAGE; at += KEY_BLOCK_SIZE) {
      assert_int_equal(key_at(vm, at), 0);
      assert_true(machine_key_set(vm, gpa(at), OTHER));
    }
    machine_destroy(vm);
  }
  assert_int_equal(key_at(t.vm, 0), 0);
  twin_close(&t);
}

/* ------------------------------------------------------------- a guest that can */

#define HOLE(what)                                                                                 \
  "profile hole;\ntitle \"t\";\nmodes 2;\nmmu bounds;\nio ports;\nkeys;\noutside " what ";\n"

/* ssk a0, at a real address, then a stop. */
static void load_ssk(struct machine *vm, uint32_t key, uint32_t real)
{
  struct program p = {.origin = ISA_RESET_PC};
  put_li(&p, REG_A0, key);
  put_li(&p, REG_A1, real);
  put(&p, ISA_SSK, REG_A0, REG_A1, 0, 0);
  put(&p, ISA_SYS, 0, 0, 0, 0);
  load_program(vm, &p);
}

static void someone_elses_key(void **state)
{
  (void)state;
  struct twin t;
  const char *first = NULL;
  twin_open(&t, &(struct twin_config){.text = HOLE("ssk = full")});
  struct machine *second = another(&t);
  assert_true(machine_key_set(second, gpa(0), 5));
  uint64_t hash = machine_state_hash(second);
  load_ssk(t.vm, OTHER, VMM_OWN_STORAGE + STORAGE + 100);
  struct machine_stop stop = machine_advance(t.vm, 100);
  assert_int_equal(stop.why, MACHINE_LOST_CONTROL);
  assert_non_null(strstr(stop.reason, "storage key of the real machine's block at 0x00030000 from "
                                      "5 to 23"));
  assert_true(vmm_violations(t.vmm[0], &first) > 0);
  assert_int_equal(key_at(second, 0), 5); /* put back */
  assert_true(machine_state_hash(second) == hash);
  machine_destroy(second);
  twin_close(&t);
}

/* Its own blocks, by their real addresses: that harms nobody, and what the guest
 * finds there later is what it set. For another it is a violation. */
static void its_own_key(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.text = HOLE("ssk = full")});
  struct machine *second = another(&t);
  load_ssk(t.vm, 6, VMM_OWN_STORAGE + AT);
  assert_int_equal(machine_run(t.vm, 100).why, MACHINE_TRAP);
  assert_int_equal(key_at(t.vm, AT), 6);
  load_ssk(second, 9, VMM_OWN_STORAGE + AT);
  assert_int_equal(machine_run(second, 100).why, MACHINE_LOST_CONTROL);
  assert_int_equal(key_at(t.vm, AT), 6);
  machine_destroy(second);
  twin_close(&t);
}

/* Unprivileged, beyond the end of real storage: the guest's own bus error. */
static void nowhere_directly(void **state)
{
  (void)state;
  struct twin t;
  twin_open(&t, &(struct twin_config){.text = HOLE("ssk = full; outside isk = full")});
  twin_set_reg(&t, REG_A1, UINT32_MAX - 7);
  for (unsigned mode = 0; mode < 2; mode++) {
    once(&t, psw_set_mode(0, mode), word_of(ISA_SSK, REG_A0, REG_A1, 0, 0), CAUSE_BUS);
    once(&t, psw_set_mode(0, mode), word_of(ISA_ISK, REG_A0, REG_A1, 0, 0), CAUSE_BUS);
  }
  twin_close(&t);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ssk_isk),
      cmocka_unit_test(without_the_feature),
      cmocka_unit_test(every_access),
      cmocka_unit_test(fetches),
      cmocka_unit_test(order_of_checks),
      cmocka_unit_test(lra_and_probe),
      cmocka_unit_test(delivery),
      cmocka_unit_test(keys_are_state),
      cmocka_unit_test(a_new_vm_finds_none),
      cmocka_unit_test(someone_elses_key),
      cmocka_unit_test(its_own_key),
      cmocka_unit_test(nowhere_directly),
  };
  if (argc > 1) {
    cmocka_set_test_filter(argv[1]);
  }
  return cmocka_run_group_tests_name("keys", tests, NULL, NULL) != 0;
}
