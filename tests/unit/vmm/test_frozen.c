/* VMs that stand still for the real disk while others run: what each is at a tick of its own
 * clock stays what a bare machine is, whoever looks and whenever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "machine/checkpoint.h"
#include "machine/devices/ports.h"
#include "machine/ops.h"
#include "machine/snapshot.h"
#include "tests/unit/vmm/crowd.h"

#define HANDLER 0x800u
#define BUFFER  0x4000u

static void jump_to(struct program *p, uint32_t top)
{
  put(p, ISA_JAL, REG_ZERO, 0, 0, top - here(p));
}

static void put_out(struct program *p, uint32_t port, unsigned reg)
{
  put(p, ISA_OUT, reg, REG_ZERO, 0, port);
}

/* a0 = the next of a walk at random. */
static void put_walk(struct program *p)
{
  static const struct {
    enum isa_insn insn;
    uint32_t by;
  } steps[] = {{ISA_SLLI, 13}, {ISA_SRLI, 17}, {ISA_SLLI, 5}};
  for (unsigned i = 0; i < 3; i++) {
    put(p, steps[i].insn, REG_A2, REG_A0, 0, steps[i].by);
    put(p, ISA_XOR, REG_A0, REG_A0, REG_A2, 0);
  }
}

/* A command at random, of which some are in error; a1 counts them. */
static void put_command(struct program *p)
{
  put(p, ISA_ANDI, REG_A2, REG_A0, 0, CROWD_SECTORS - 1);
  put_out(p, PORT_DISK_SECTOR, REG_A2);
  put_li(p, REG_T0, BUFFER);
  put_out(p, PORT_DISK_ADDRESS, REG_T0);
  put(p, ISA_SRLI, REG_A2, REG_A0, 0, 4);
  put(p, ISA_ANDI, REG_A2, REG_A2, 0, 3);
  put_out(p, PORT_DISK_COUNT, REG_A2);
  put(p, ISA_SRLI, REG_A2, REG_A0, 0, 8);
  put(p, ISA_ANDI, REG_A2, REG_A2, 0, 1);
  put(p, ISA_ADDI, REG_A2, REG_A2, 0, 1);
  put_out(p, PORT_DISK_COMMAND, REG_A2);
  put(p, ISA_ADDI, REG_A1, REG_A1, 0, 1);
}

/* The handler counts in s0; whoever has interrupts comes by here. */
static void load_handler(struct crowd *c)
{
  struct program p = {.origin = HANDLER};
  put(&p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_load(c, &p);
  crowd_vectors(c, HANDLER);
}

/* Reads and writes at random for ever. Meanwhile it waits, or stores into what is being
 * written with each second instruction. */
static void load_user(struct crowd *c, uint32_t seed)
{
  load_handler(c);
  struct program p = {.origin = ISA_RESET_PC};
  put_li(&p, REG_A0, seed);
  put_li(&p, REG_S1, BUFFER);
  put(&p, ISA_STI, 0, 0, 0, 0);
  uint32_t top = here(&p);
  put_walk(&p);
  put(&p, ISA_SW, REG_A0, REG_S1, 0, 4);
  put_command(&p);
  put(&p, ISA_SRLI, REG_A2, REG_A0, 0, 9);
  put(&p, ISA_ANDI, REG_A2, REG_A2, 0, 3);
  put(&p, ISA_ADDI, REG_T1, REG_S0, 0, 0);
  put(&p, ISA_BEQ, REG_A2, REG_ZERO, 0, 12);
  put(&p, ISA_WFI, 0, 0, 0, 0);
  jump_to(&p, top);
  put(&p, ISA_ADDI, REG_A3, REG_A3, 0, 1);
  put(&p, ISA_SW, REG_A3, REG_S1, 0, 512);
  put(&p, ISA_BEQ, REG_T1, REG_S0, 0, (uint32_t)-8);
  jump_to(&p, top);
  crowd_load(c, &p);
}

static void load_busy(struct crowd *c)
{
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, 1);
  jump_to(&p, ISA_RESET_PC);
  crowd_load(c, &p);
}

/* In a loop that waits for the timer. */
static void load_spinner(struct crowd *c)
{
  struct program p = {.origin = HANDLER};
  put_set_cr(&p, CR_TIMER, 30011, REG_T0);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_load(c, &p);
  crowd_vectors(c, HANDLER);
  p = (struct program){.origin = ISA_RESET_PC};
  put_set_cr(&p, CR_TIMER, 30011, REG_T0);
  put(&p, ISA_STI, 0, 0, 0, 0);
  put(&p, ISA_ADDI, REG_A0, REG_ZERO, 0, 1);
  jump_to(&p, here(&p) - 4);
  crowd_load(c, &p);
}

static struct machine *add_user(struct crowd *c, uint32_t seed)
{
  struct machine *vm = crowd_add(c, (struct vmm_vm_config){.share = 1});
  load_user(c, seed);
  return vm;
}

static struct machine *add_busy(struct crowd *c)
{
  struct machine *vm = crowd_add(c, (struct vmm_vm_config){.share = 1});
  load_busy(c);
  return vm;
}

/* Sector by sector, as the owner sees them. */
static void compare_disks(struct crowd *c, const char *when)
{
  for (unsigned i = 0; i < c->count; i++) {
    for (uint32_t sector = 0; c->member[i].bare && sector < CROWD_SECTORS; sector++) {
      uint8_t vm[MACHINE_SECTOR_SIZE], bare[MACHINE_SECTOR_SIZE];
      assert_true(machine_disk_peek(c->member[i].vm, sector, vm));
      assert_true(machine_disk_peek(c->member[i].bare, sector, bare));
      if (memcmp(vm, bare, sizeof vm) != 0) {
        fail_msg("%s: sector %u of VM %u is not as alone", when, sector, i);
      }
    }
  }
}

/* Many of them, one that computes and one whose loop is slept through, cut at random. */
static void each_is_as_alone(void **state)
{
  (void)state;
  for (uint32_t seed = 1; seed <= 12; seed++) {
    struct crowd c;
    struct random r = random_from(seed);
    crowd_open(&c, 6);
    vmm_set_costs(c.vmm, seed % 2 ? &vmm_default_costs : &(struct vmm_costs){0});
    vmm_set_quantum(c.vmm, 1 + random_below(&r, seed % 3 ? 3000 : 50));
    for (uint32_t i = 0; i < 4; i++) {
      add_user(&c, seed * 100 + i);
    }
    add_busy(&c);
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_spinner(&c);
    uint64_t frozen = 0, commands = 0;
    for (unsigned turn = 0; turn < 150; turn++) {
      char when[40];
      snprintf(when, sizeof when, "seed %u, turn %u", (unsigned)seed, turn);
      assert_int_equal(vmm_run(c.vmm, machine_tick(c.real) + random_below(&r, 3000)).why,
                       VMM_LIMIT);
      crowd_compare(&c, when);
      compare_disks(&c, when);
      crowd_check_account(&c);
    }
    for (unsigned i = 0; i < 4; i++) {
      commands += machine_get_reg(c.member[i].vm, REG_A1);
      frozen += vmm_vm_account(c.member[i].vm).frozen;
    }
    assert_true(commands > 40 && frozen > 5000);
    crowd_close(&c);
  }
}

/* The real disk's interrupt comes when a loop is looked at: that proves nothing. */
static void loops_are_proved(void **state)
{
  (void)state;
  for (uint32_t seed = 1; seed <= 8; seed++) {
    struct crowd c;
    crowd_open(&c, 3);
    vmm_set_quantum(c.vmm, 130 + seed);
    for (uint32_t i = 0; i < 2; i++) {
      add_user(&c, seed * 7 + i);
    }
    crowd_add(&c, (struct vmm_vm_config){.share = 1});
    load_spinner(&c);
    for (unsigned turn = 1; turn <= 200; turn++) {
      vmm_run(c.vmm, turn * 5003);
      crowd_compare(&c, "beside a loop");
    }
    assert_true(vmm_vm_account(c.member[2].vm).skipped > 500000);
    crowd_close(&c);
  }
}

/* Where a run is cut makes no difference to anything. */
static void cuts_make_no_difference(void **state)
{
  (void)state;
  for (uint32_t seed = 1; seed <= 12; seed++) {
    struct crowd c[2];
    struct random r = random_from(seed);
    uint32_t quantum = 1 + random_below(&r, 3000);
    for (unsigned k = 0; k < 2; k++) {
      crowd_open(&c[k], 4);
      c[k].alone = true;
      vmm_set_quantum(c[k].vmm, quantum);
      vmm_set_costs(c[k].vmm, &vmm_default_costs);
      for (uint32_t i = 0; i < 3; i++) {
        add_user(&c[k], seed * 10 + i);
      }
      add_busy(&c[k]);
    }
    for (uint64_t until = 20000; until <= 200000; until += 20000) {
      vmm_run(c[0].vmm, until);
      while (machine_tick(c[1].real) < machine_tick(c[0].real)) {
        uint64_t t = machine_tick(c[1].real) + 1 + random_below(&r, seed % 4 ? 2000 : 40);
        vmm_run(c[1].vmm, t < until ? t : until);
      }
      assert_int_equal(crowd_hash(&c[1]), crowd_hash(&c[0]));
    }
    crowd_close(&c[0]);
    crowd_close(&c[1]);
  }
}

/* Writes four sectors, waits for that, and so on. */
static void put_writes(struct program *p)
{
  static const uint32_t values[] = {3, BUFFER, 4, DISK_COMMAND_WRITE};
  put(p, ISA_STI, 0, 0, 0, 0);
  for (uint32_t i = 0; i < 4; i++) {
    put_li(p, REG_T0, values[i]);
    put_out(p, PORT_DISK_SECTOR + i, REG_T0);
  }
  put(p, ISA_WFI, 0, 0, 0, 0);
  jump_to(p, here(p) - 8);
}

/* One that does nothing but write takes next to none of the processor's time, and another has
 * what is left: all but a fiftieth. It is for the disk that the first stands still. */
static void others_go_on(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 2);
  struct machine *writer = crowd_add(&c, (struct vmm_vm_config){.share = 1});
  load_handler(&c);
  struct program p = {.origin = ISA_RESET_PC};
  put_writes(&p);
  crowd_load(&c, &p);
  struct machine *busy = add_busy(&c);
  vmm_set_quantum(c.vmm, 500);
  assert_int_equal(vmm_run(c.vmm, 1000000).why, VMM_LIMIT);
  crowd_compare(&c, "at the end");
  crowd_check_account(&c);
  struct vmm_account w = vmm_vm_account(writer), b = vmm_vm_account(busy);
  /* A command takes 1,400 ticks of its own clock, 1,400 of the real disk, and some waiting. */
  assert_in_range(machine_get_reg(writer, REG_S0), 250, 357);
  assert_in_range(w.frozen, 250 * 1400, 357 * 1400);
  assert_in_range(w.frozen - vmm_vm_stats(writer)->frozen, 0, 1400); /* of now */
  assert_true(w.executed < 20000 && w.overhead == 0);
  assert_true(b.executed > 980000);
  assert_int_equal(vmm_idle_ticks(c.vmm), 0);
  crowd_close(&c);
}

/* The clock of a real-time timer goes on while its VM stands still. */
static void real_timers_go_on(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 2);
  struct machine *writer = crowd_add(&c, (struct vmm_vm_config){.share = 1, .timer_real = true});
  load_handler(&c);
  struct program p = {.origin = HANDLER + 0x100};
  put(&p, ISA_ADDI, REG_A4, REG_A4, 0, 1);
  put(&p, ISA_RFE, 0, 0, 0, 0);
  crowd_load(&c, &p);
  machine_phys_write_word(writer, gpa(4 * CAUSE_TIMER), HANDLER + 0x100);
  p = (struct program){.origin = ISA_RESET_PC};
  put_set_cr(&p, CR_TIMER, 100000, REG_T0);
  put_writes(&p);
  crowd_load(&c, &p);
  add_busy(&c);
  vmm_set_quantum(c.vmm, 500);
  vmm_run(c.vmm, 99500);
  assert_int_equal(machine_get_reg(writer, REG_A4), 0);
  vmm_run(c.vmm, 104000); /* a transfer, a quantum of the other's */
  assert_int_equal(machine_get_reg(writer, REG_A4), 1);
  crowd_check_account(&c);
  crowd_close(&c);
}

/* All stand still: the machine idles until the real disk has done what it must. */
static void all_are_frozen(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 3);
  for (uint32_t i = 0; i < 3; i++) {
    add_user(&c, 4000 + i);
  }
  for (unsigned turn = 1; turn <= 50; turn++) {
    assert_int_equal(vmm_run(c.vmm, turn * 4001).why, VMM_LIMIT);
    crowd_compare(&c, "frozen");
    crowd_check_account(&c);
  }
  assert_true(vmm_idle_ticks(c.vmm) > 50000);
  crowd_close(&c);
}

/* Runs in small steps until VM 0 stands still for a write of which the real disk has part. */
static bool stop_in_a_write(struct crowd *c, uint8_t image[][MACHINE_SECTOR_SIZE])
{
  for (unsigned turn = 0; turn < 20000; turn++) {
    uint64_t before = vmm_vm_stats(c->member[0].vm)->frozen;
    vmm_run(c->vmm, machine_tick(c->real) + 100);
    bool frozen = vmm_vm_account(c->member[0].vm).frozen > before;
    for (uint32_t i = 0; frozen && i < CROWD_SECTORS; i++) {
      uint8_t real[MACHINE_SECTOR_SIZE];
      assert_true(machine_disk_peek(c->member[0].vm, i, image[i]));
      assert_true(machine_disk_peek(c->real, i, real));
      if (memcmp(real, image[i], sizeof real) != 0) {
        return true; /* it is there, and by the VM's clock not yet */
      }
    }
  }
  return false;
}

/* A write whose time has not come is none, if the VM goes before, and if it goes back. */
static void what_has_not_been(void **state)
{
  (void)state;
  for (unsigned kind = 0; kind < 2; kind++) {
    struct crowd c;
    uint8_t image[CROWD_SECTORS][MACHINE_SECTOR_SIZE], real[MACHINE_SECTOR_SIZE];
    crowd_open(&c, 2);
    add_user(&c, 77);
    add_busy(&c);
    struct snapshot *s = NULL;
    for (unsigned turn = 0; turn < 20 && !s; turn++) {
      vmm_run(c.vmm, machine_tick(c.real) + 5000);
      s = kind ? snapshot_take(c.member[0].vm) : NULL;
    }
    uint64_t hash = machine_state_hash(c.member[0].vm);
    assert_true(stop_in_a_write(&c, image));
    crowd_compare(&c, "in a write");
    if (kind) {
      assert_true(snapshot_restore(c.member[0].vm, s));
      assert_int_equal(machine_state_hash(c.member[0].vm), hash);
      assert_true(snapshot_restore(c.member[0].bare, s));
      for (unsigned turn = 0; turn < 50; turn++) {
        vmm_run(c.vmm, machine_tick(c.real) + 3001);
        crowd_compare(&c, "once more");
        compare_disks(&c, "once more");
      }
    } else {
      machine_destroy(c.member[0].vm);
      for (uint32_t i = 0; i < CROWD_SECTORS; i++) {
        assert_true(machine_disk_peek(c.real, i, real));
        assert_memory_equal(real, image[i], sizeof real);
      }
      c.member[0].vm = NULL;
      machine_destroy(c.member[0].bare);
      disk_store_destroy(c.member[0].disk);
      c.member[0] = c.member[1];
      c.count = 1;
      assert_int_equal(vmm_run(c.vmm, machine_tick(c.real) + 3000).why, VMM_LIMIT);
      crowd_compare(&c, "without it");
    }
    snapshot_destroy(s);
    crowd_close(&c);
  }
}

/* The owner writes a sector of which a write is under way: it has it its way. */
static void the_owner_writes(void **state)
{
  (void)state;
  struct crowd c;
  uint8_t image[CROWD_SECTORS][MACHINE_SECTOR_SIZE], bytes[MACHINE_SECTOR_SIZE];
  crowd_open(&c, 2);
  add_user(&c, 78);
  add_busy(&c);
  assert_true(stop_in_a_write(&c, image));
  memset(bytes, 0x5a, sizeof bytes);
  crowd_compare(&c, "in a write");
  for (uint32_t i = 0; i < CROWD_SECTORS; i += 2) {
    assert_true(c.member[0].vm->ops->disk_poke(c.member[0].vm, i, bytes));
    assert_true(c.member[0].bare->ops->disk_poke(c.member[0].bare, i, bytes));
  }
  compare_disks(&c, "poked");
  for (unsigned turn = 0; turn < 50; turn++) {
    vmm_run(c.vmm, machine_tick(c.real) + 1001);
    crowd_compare(&c, "after a poke");
    compare_disks(&c, "after a poke");
  }
  crowd_close(&c);
}

/* Taken in the middle of anything, and gone back to: the same again, to the last bit. */
static void back_in_time(void **state)
{
  (void)state;
  for (uint32_t seed = 1; seed <= 4; seed++) {
    struct crowd c;
    struct random r = random_from(seed);
    struct checkpoint *real[10];
    struct vmm_checkpoint *vmm[10];
    uint64_t hash[11];
    const char *reason = NULL;
    crowd_open(&c, 4);
    c.alone = true;
    for (uint32_t i = 0; i < 3; i++) {
      add_user(&c, seed * 31 + i);
    }
    add_busy(&c);
    for (unsigned i = 0; i < 10; i++) {
      vmm_run(c.vmm, 10007 * (i + 1) + random_below(&r, 3000));
      real[i] = checkpoint_take(c.real, i ? real[i - 1] : NULL);
      vmm[i] = vmm_checkpoint_take(c.vmm, &reason);
      assert_non_null(vmm[i]);
      hash[i] = crowd_hash(&c);
    }
    vmm_run(c.vmm, 200000);
    hash[10] = crowd_hash(&c);
    for (unsigned k = 0; k < 10; k++) {
      unsigned i = random_below(&r, 10);
      checkpoint_restore(c.real, real[i]);
      assert_true(vmm_checkpoint_restore(c.vmm, vmm[i]));
      assert_int_equal(crowd_hash(&c), hash[i]);
      vmm_run(c.vmm, 200000);
      assert_int_equal(crowd_hash(&c), hash[10]);
    }
    for (unsigned i = 0; i < 10; i++) {
      checkpoint_destroy(real[i]);
      vmm_checkpoint_destroy(vmm[i]);
    }
    crowd_close(&c);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_is_as_alone),  cmocka_unit_test(cuts_make_no_difference),
      cmocka_unit_test(others_go_on),      cmocka_unit_test(all_are_frozen),
      cmocka_unit_test(what_has_not_been), cmocka_unit_test(the_owner_writes),
      cmocka_unit_test(real_timers_go_on), cmocka_unit_test(back_in_time),
      cmocka_unit_test(loops_are_proved),
  };
  return cmocka_run_group_tests_name("frozen", tests, NULL, NULL) != 0;
}
