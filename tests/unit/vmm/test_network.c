/* The switch between the VMs of one VMM: who gets which frames, who does not, and that each
 * VM is what a bare machine is to which the same frames come at the same ticks. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "machine/checkpoint.h"
#include "machine/devices/ports.h"
#include "machine/ops.h"
#include "tests/unit/vmm/crowd.h"

#define BUFFER  0x3000u
#define ANSWER  0x3800u
#define TIMEOUT 400000u

/* ------------------------------------------------------------------------- guests */

static void in(struct program *p, unsigned reg, uint32_t port)
{
  put(p, ISA_IN, reg, REG_ZERO, 0, port);
}

static void out(struct program *p, unsigned reg, uint32_t port)
{
  put(p, ISA_OUT, reg, REG_ZERO, 0, port);
}

static void set_port(struct program *p, uint32_t port, uint32_t value)
{
  put_li(p, REG_T0, value);
  out(p, REG_T0, port);
}

static void jump_to(struct program *p, uint32_t top)
{
  put(p, ISA_JAL, REG_ZERO, 0, 0, top - here(p));
}

/* A branch that is not taken yet; land() says where to. */
static uint32_t branch(struct program *p, enum isa_insn insn, unsigned a, unsigned b)
{
  put(p, insn, a, b, 0, 0);
  return p->count - 1;
}

static void land(struct program *p, uint32_t at, enum isa_insn insn, unsigned a, unsigned b)
{
  p->words[at] = word_of(insn, a, b, 0, here(p) - (p->origin + 4 * at));
}

/* Until bits of NET_STATUS are clear. */
static void wait_while(struct program *p, uint32_t bits)
{
  uint32_t top = here(p);
  put_cr(p, ISA_MTCR, CR_IPEND, REG_ZERO);
  in(p, REG_T1, PORT_NET_STATUS);
  put(p, ISA_ANDI, REG_T1, REG_T1, 0, bits);
  uint32_t done = branch(p, ISA_BEQ, REG_T1, REG_ZERO);
  put(p, ISA_WFI, 0, 0, 0, 0);
  jump_to(p, top);
  land(p, done, ISA_BEQ, REG_T1, REG_ZERO);
}

static void store(struct program *p, uint32_t at, uint32_t value)
{
  put_li(p, REG_T0, at);
  put_li(p, REG_T1, value);
  put(p, ISA_SW, REG_T1, REG_T0, 0, 0);
}

/* Answers whoever sends something, counting in s0. */
static void load_pong(struct crowd *c)
{
  struct program p = {.origin = ISA_RESET_PC};
  put_li(&p, REG_S1, BUFFER);
  out(&p, REG_S1, PORT_NET_RECEIVE_AT);
  out(&p, REG_S1, PORT_NET_SEND_AT);
  in(&p, REG_GP, PORT_NET_STATION);
  uint32_t top = here(&p);
  set_port(&p, PORT_NET_COMMAND, NET_COMMAND_RECEIVE);
  wait_while(&p, NET_STATUS_RECEIVING);
  in(&p, REG_T1, PORT_NET_RECEIVED);
  out(&p, REG_T1, PORT_NET_SEND_LENGTH);
  put(&p, ISA_LW, REG_T2, REG_S1, 0, 4);
  put(&p, ISA_SW, REG_T2, REG_S1, 0, 0);
  put(&p, ISA_SW, REG_GP, REG_S1, 0, 4);
  put(&p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  set_port(&p, PORT_NET_COMMAND, NET_COMMAND_SEND);
  wait_while(&p, NET_STATUS_SENDING);
  jump_to(&p, top);
  crowd_load(c, &p);
}

/* Sends `rounds` frames to `peer`, each after the answer to the one before, and halts.
 * What is not answered in time is sent again, and counted in s1. */
static void load_ping(struct crowd *c, uint32_t peer, uint32_t rounds)
{
  struct program p = {.origin = ISA_RESET_PC};
  in(&p, REG_GP, PORT_NET_STATION);
  store(&p, BUFFER, peer);
  put(&p, ISA_SW, REG_GP, REG_T0, 0, 4);
  set_port(&p, PORT_NET_SEND_AT, BUFFER);
  set_port(&p, PORT_NET_SEND_LENGTH, 12);
  set_port(&p, PORT_NET_RECEIVE_AT, ANSWER);
  put_li(&p, REG_A0, rounds);
  put_li(&p, REG_A1, ANSWER);
  uint32_t round = here(&p);
  set_port(&p, PORT_NET_COMMAND, NET_COMMAND_RECEIVE);
  uint32_t again = here(&p);
  set_port(&p, PORT_NET_COMMAND, NET_COMMAND_SEND);
  put_set_cr(&p, CR_TIMER, TIMEOUT, REG_T0);
  uint32_t wait = here(&p);
  put_cr(&p, ISA_MTCR, CR_IPEND, REG_ZERO);
  in(&p, REG_T1, PORT_NET_STATUS);
  put(&p, ISA_ANDI, REG_T1, REG_T1, 0, NET_STATUS_RECEIVING);
  uint32_t arrived = branch(&p, ISA_BEQ, REG_T1, REG_ZERO);
  put_cr(&p, ISA_MFCR, CR_TIMER, REG_T1);
  uint32_t in_time = branch(&p, ISA_BNE, REG_T1, REG_ZERO);
  put(&p, ISA_ADDI, REG_S1, REG_S1, 0, 1);
  jump_to(&p, again);
  land(&p, in_time, ISA_BNE, REG_T1, REG_ZERO);
  put(&p, ISA_WFI, 0, 0, 0, 0);
  jump_to(&p, wait);
  land(&p, arrived, ISA_BEQ, REG_T1, REG_ZERO);
  /* Is it from whom it was sent to? A storm is no answer. */
  put(&p, ISA_LW, REG_T1, REG_A1, 0, 4);
  put_li(&p, REG_T2, peer);
  uint32_t answered = branch(&p, ISA_BEQ, REG_T1, REG_T2);
  set_port(&p, PORT_NET_COMMAND, NET_COMMAND_RECEIVE);
  jump_to(&p, wait);
  land(&p, answered, ISA_BEQ, REG_T1, REG_T2);
  put(&p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, (uint32_t)-1);
  put(&p, ISA_BNE, REG_A0, REG_ZERO, 0, round - here(&p));
  put(&p, ISA_HALT, 0, 0, 0, 0);
  crowd_load(c, &p);
}

/* After `delay` ticks: sends `len` bytes from storage address `at`, over and over, `times`
 * times; then waits. */
static void load_late_sender(struct crowd *c, uint32_t delay, uint32_t to, uint32_t from,
                             uint32_t at, uint32_t len, uint32_t times)
{
  struct program p = {.origin = ISA_RESET_PC};
  if (at < CROWD_STORAGE && at % 4 == 0) {
    store(&p, at, to);
    store(&p, at + 4, from);
  }
  if (delay) {
    put_set_cr(&p, CR_TIMER, delay, REG_T0);
    put(&p, ISA_WFI, 0, 0, 0, 0);
  }
  set_port(&p, PORT_NET_SEND_AT, at);
  set_port(&p, PORT_NET_SEND_LENGTH, len);
  put_li(&p, REG_A0, times);
  uint32_t top = here(&p);
  set_port(&p, PORT_NET_COMMAND, NET_COMMAND_SEND);
  wait_while(&p, NET_STATUS_SENDING);
  put(&p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  put(&p, ISA_ADDI, REG_A0, REG_A0, 0, (uint32_t)-1);
  put(&p, ISA_BNE, REG_A0, REG_ZERO, 0, top - here(&p));
  put(&p, ISA_WFI, 0, 0, 0, 0);
  jump_to(&p, here(&p) - 4);
  crowd_load(c, &p);
}

static void load_sender(struct crowd *c, uint32_t to, uint32_t from, uint32_t at, uint32_t len,
                        uint32_t times)
{
  load_late_sender(c, 0, to, from, at, len, times);
}

/* Receives into `at` for ever, counting in s0. */
static void load_receiver(struct crowd *c, uint32_t at)
{
  struct program p = {.origin = ISA_RESET_PC};
  set_port(&p, PORT_NET_RECEIVE_AT, at);
  uint32_t top = here(&p);
  set_port(&p, PORT_NET_COMMAND, NET_COMMAND_RECEIVE);
  wait_while(&p, NET_STATUS_RECEIVING);
  put(&p, ISA_ADDI, REG_S0, REG_S0, 0, 1);
  jump_to(&p, top);
  crowd_load(c, &p);
}

/* Never looks at the network. */
static void load_deaf(struct crowd *c)
{
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_WFI, 0, 0, 0, 0);
  put_cr(&p, ISA_MTCR, CR_IPEND, REG_ZERO);
  jump_to(&p, here(&p) - 8);
  crowd_load(c, &p);
}

static void load_halt(struct crowd *c)
{
  struct program p = {.origin = ISA_RESET_PC};
  put(&p, ISA_HALT, 0, 0, 0, 0);
  crowd_load(c, &p);
}

/* ------------------------------------------------------------------------- crowds */

static struct machine *join(struct crowd *c, uint32_t address)
{
  struct vmm_station s = {.address = address};
  return crowd_add(c, (struct vmm_vm_config){.station = &s, .share = 1});
}

static struct machine *join_with(struct crowd *c, uint32_t address, unsigned network,
                                 const uint32_t *peers, unsigned count)
{
  struct vmm_station s = {address, network, peers, count};
  return crowd_add(c, (struct vmm_vm_config){.station = &s, .share = 1});
}

static void run(struct crowd *c, uint64_t until, uint64_t step)
{
  while (machine_tick(c->real) < until) {
    struct vmm_stop stop = vmm_run(c->vmm, machine_tick(c->real) + step);
    crowd_compare(c, "the network");
    if (stop.why != VMM_LIMIT) {
      break;
    }
  }
  crowd_check_account(c);
}

static uint32_t reg(const struct crowd *c, unsigned i, unsigned r)
{
  return machine_get_reg(c->member[i].vm, r);
}

static struct vmm_network network(const struct crowd *c, unsigned i)
{
  return vmm_vm_network(c->member[i].vm);
}

/* -------------------------------------------------------------------------- tests */

static void a_pair_talks(void **state)
{
  (void)state;
  for (int costs = 0; costs < 2; costs++) {
    struct crowd c;
    crowd_open(&c, 2);
    if (costs) {
      vmm_set_costs(c.vmm, &vmm_default_costs);
    }
    join(&c, 10);
    load_ping(&c, 11, 200);
    join(&c, 11);
    load_pong(&c);
    run(&c, 3000000, 777);
    assert_int_equal(vmm_vm_stop(c.member[0].vm).why, MACHINE_HALTED);
    assert_int_equal(reg(&c, 0, REG_S0), 200);
    assert_int_equal(reg(&c, 0, REG_S1), 0);
    assert_int_equal(reg(&c, 1, REG_S0), 200);
    for (unsigned i = 0; i < 2; i++) {
      struct vmm_network n = network(&c, i);
      assert_true(n.sent == 200 && n.passed == 200 && n.received == 200);
      assert_true(n.forged + n.flooded + n.forbidden + n.nobody + n.crowded + n.dropped == 0);
    }
    crowd_close(&c);
  }
}

static void unicast_and_broadcast(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 5);
  join(&c, 1);
  load_sender(&c, 3, 1, BUFFER, 20, 3);
  join(&c, 2);
  load_sender(&c, MACHINE_BROADCAST, 2, BUFFER, 9, 2);
  join(&c, 3);
  load_receiver(&c, BUFFER);
  join(&c, 4);
  load_receiver(&c, BUFFER);
  join(&c, 5);
  load_sender(&c, 77, 5, BUFFER, 9, 1);
  run(&c, 300000, 500);
  assert_int_equal(c.member[0].arrived, 2);
  assert_int_equal(c.member[1].arrived, 0); /* not to itself */
  assert_int_equal(c.member[2].arrived, 5);
  assert_int_equal(c.member[3].arrived, 2);
  assert_int_equal(reg(&c, 2, REG_S0), 5);
  assert_int_equal(reg(&c, 3, REG_S0), 2);
  assert_int_equal(network(&c, 0).passed, 3);
  assert_int_equal(network(&c, 1).passed, 8);
  assert_int_equal(network(&c, 4).nobody, 1);
  crowd_close(&c);
}

static void the_filter(void **state)
{
  static const uint32_t only_two[] = {2}, only_one[] = {1, 9};
  (void)state;
  struct crowd c;
  crowd_open(&c, 4);
  join_with(&c, 1, 0, only_two, 1);
  load_receiver(&c, BUFFER);
  join_with(&c, 2, 0, only_one, 2);
  load_sender(&c, 3, 2, BUFFER, 8, 2); /* its own list forbids it */
  join_with(&c, 3, 0, NULL, 0);
  load_sender(&c, 1, 3, BUFFER, 8, 3); /* the other's does */
  join_with(&c, 4, 0, NULL, 0);
  load_sender(&c, MACHINE_BROADCAST, 4, BUFFER, 8, 4);
  run(&c, 300000, 500);
  assert_int_equal(c.member[0].arrived, 0);
  assert_int_equal(c.member[1].arrived, 0);
  assert_int_equal(c.member[2].arrived, 4);
  assert_int_equal(network(&c, 1).forbidden, 2);
  assert_int_equal(network(&c, 2).forbidden, 3);
  assert_int_equal(network(&c, 3).passed, 4);
  crowd_close(&c);
}

static void switches_are_apart(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 4);
  join_with(&c, 1, 0, NULL, 0);
  load_sender(&c, MACHINE_BROADCAST, 1, BUFFER, 8, 3);
  join_with(&c, 2, 1, NULL, 0);
  load_receiver(&c, BUFFER);
  join_with(&c, 1, 1, NULL, 0); /* the same address on another */
  load_sender(&c, 2, 1, BUFFER, 8, 2);
  crowd_add(&c, (struct vmm_vm_config){.share = 1}); /* on none */
  load_sender(&c, 1, 1, BUFFER, 8, 2);
  run(&c, 300000, 500);
  assert_int_equal(c.member[0].arrived, 0);
  assert_int_equal(c.member[1].arrived, 2);
  assert_int_equal(network(&c, 0).passed, 0);
  assert_int_equal(network(&c, 3).sent, 0);
  assert_int_equal(reg(&c, 3, REG_S0), 2); /* each told that there is no network */
  crowd_close(&c);
}

/* Who says that it is another reaches nobody, and so not those that only the other may. */
static void forged_senders(void **state)
{
  static const uint32_t friends[] = {1};
  (void)state;
  struct crowd c;
  crowd_open(&c, 3);
  join(&c, 1);
  load_receiver(&c, BUFFER);
  join_with(&c, 2, 0, friends, 1);
  load_receiver(&c, BUFFER);
  join(&c, 3);
  load_sender(&c, 2, 1, BUFFER, 8, 4);
  run(&c, 100000, 500);
  assert_int_equal(c.member[1].arrived, 0);
  assert_int_equal(network(&c, 2).sent, 4);
  assert_int_equal(network(&c, 2).forged, 4);
  assert_int_equal(network(&c, 2).passed, 0);
  crowd_close(&c);
}

/* Beside those who do nothing but broadcast, a pair loses nothing: it is done after as many
 * rounds, and never sends anything twice. */
static void floods(void **state)
{
  (void)state;
  for (unsigned floods = 0; floods <= 4; floods += 2) {
    struct crowd c;
    crowd_open(&c, 6);
    vmm_set_costs(c.vmm, &vmm_default_costs);
    join(&c, 1);
    load_ping(&c, 2, 40);
    join(&c, 2);
    load_pong(&c);
    for (unsigned i = 0; i < floods; i++) {
      join(&c, 3 + i);
      load_sender(&c, i == 0 ? 1 : MACHINE_BROADCAST, 3 + i, BUFFER, 8, UINT32_MAX);
    }
    run(&c, 6000000, 20000);
    assert_int_equal(vmm_vm_stop(c.member[0].vm).why, MACHINE_HALTED);
    assert_int_equal(reg(&c, 0, REG_S0), 40);
    assert_int_equal(reg(&c, 0, REG_S1), 0);
    assert_int_equal(network(&c, 0).flooded + network(&c, 0).crowded, 0);
    assert_int_equal(network(&c, 1).flooded, 0); /* it answers floods too, and is not heard */
    assert_int_equal(network(&c, 0).dropped + network(&c, 1).dropped, 0);
    for (unsigned i = 2; i < c.count; i++) {
      struct vmm_network n = network(&c, i);
      uint64_t earned = machine_tick(c.member[i].vm) / VMM_FRAME_TICKS + VMM_FRAME_BURST;
      assert_true(n.flooded > n.sent / 4);
      assert_true(n.sent - n.flooded <= earned && n.sent - n.flooded + 2 >= earned);
    }
    crowd_close(&c);
  }
}

/* Who was silent for long may send a few at once, and no more. */
static void savings(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 2);
  join(&c, 1);
  load_receiver(&c, BUFFER);
  join(&c, 2);
  load_late_sender(&c, 500000, 1, 2, BUFFER, 8, 60);
  run(&c, 600000, 5000);
  struct vmm_network n = network(&c, 1);
  uint64_t took = 60 * (NET_LATENCY + 20);
  assert_int_equal(n.sent, 60);
  assert_true(n.passed >= VMM_FRAME_BURST + 60 * NET_LATENCY / VMM_FRAME_TICKS);
  assert_true(n.passed <= VMM_FRAME_BURST + took / VMM_FRAME_TICKS);
  assert_int_equal(n.passed + n.flooded, 60);
  crowd_close(&c);
}

/* Frames that nobody takes fill no more of a queue than their sender's part. */
static void parts_of_a_queue(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 4);
  join(&c, 1);
  load_deaf(&c);
  join(&c, 2);
  load_sender(&c, 1, 2, BUFFER, 8, 40);
  join(&c, 3);
  load_sender(&c, 1, 3, BUFFER, 8, 40);
  join(&c, 4);
  load_sender(&c, 1, 4, BUFFER, 8, 1);
  run(&c, 400000, 500);
  assert_int_equal(network(&c, 1).passed, NET_QUEUE / 3);
  assert_int_equal(network(&c, 2).passed, NET_QUEUE / 3);
  assert_int_equal(network(&c, 3).passed, 1);
  assert_int_equal(network(&c, 1).passed + network(&c, 1).crowded + network(&c, 1).flooded, 40);
  /* One goes, and there is more for those left. */
  machine_destroy(c.member[3].vm);
  machine_destroy(c.member[3].bare);
  disk_store_destroy(c.member[3].disk);
  c.count--;
  machine_set_run_state(c.member[1].vm, MACHINE_RUNNING);
  machine_set_pc(c.member[1].vm, ISA_RESET_PC);
  vmm_run(c.vmm, machine_tick(c.real) + 200000);
  assert_int_equal(network(&c, 1).passed, NET_QUEUE / 2);
  crowd_close(&c);
}

static void nobody_hears_after_the_end(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 2);
  join(&c, 1);
  load_halt(&c);
  join(&c, 2);
  load_sender(&c, 1, 2, BUFFER, 8, 3);
  run(&c, 50000, 500);
  assert_int_equal(network(&c, 1).nobody, 3);
  assert_int_equal(c.member[0].arrived, 0);
  crowd_close(&c);
}

/* Where a run is cut makes no difference. */
static uint64_t hash_after(uint64_t step, bool nested)
{
  struct crowd c;
  if (nested) {
    crowd_open_nested(&c, 4);
  } else {
    crowd_open(&c, 4);
  }
  vmm_set_costs(c.vmm, &vmm_default_costs);
  join(&c, 1);
  load_ping(&c, 2, 1000000);
  join(&c, 2);
  load_pong(&c);
  join(&c, 3);
  load_sender(&c, MACHINE_BROADCAST, 3, BUFFER, 100, UINT32_MAX);
  join(&c, 4);
  load_deaf(&c);
  for (uint64_t at = 0; at < 200000;) {
    at = at + step < 200000 ? at + step : 200000;
    vmm_run(c.vmm, at);
    if (step > 1000) {
      crowd_compare(&c, "cut");
    }
  }
  crowd_compare(&c, "at the end");
  uint64_t hash = crowd_hash(&c);
  crowd_close(&c);
  return hash;
}

static void cuts(void **state)
{
  (void)state;
  uint64_t whole = hash_after(200000, false);
  assert_true(hash_after(1, false) == whole);
  assert_true(hash_after(7, false) == whole);
  assert_true(hash_after(1234, false) == whole);
}

static void nested(void **state)
{
  (void)state;
  uint64_t whole = hash_after(200000, true);
  assert_true(hash_after(997, true) == whole);
}

/* Buffers that are the vector table, the code that waits, the end of storage, or beyond it,
 * and frames from there: what a bare machine does, and nobody else's affair. */
static void hostile_places(void **state)
{
  static const uint32_t places[] = {0,
                                    ISA_RESET_PC,
                                    ISA_RESET_PC + 0x20,
                                    CROWD_STORAGE - MACHINE_MAX_FRAME,
                                    CROWD_STORAGE - MACHINE_MAX_FRAME + 4,
                                    CROWD_STORAGE - 8,
                                    CROWD_STORAGE,
                                    CROWD_STORAGE + 0x1000,
                                    0xfffffff8,
                                    0x80000000,
                                    3};
  static const uint32_t lengths[] = {0, 7, 8, 1024, 1025, 0x80000008, UINT32_MAX};
  (void)state;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
      struct crowd c;
      crowd_open(&c, 5);
      join(&c, 1);
      load_deaf(&c);
      join(&c, 2);
      load_receiver(&c, places[i]);
      join(&c, 3);
      load_sender(&c, 2, 3, places[i] == ISA_RESET_PC ? BUFFER : places[i], lengths[k], 3);
      join(&c, 4);
      load_sender(&c, 2, 4, BUFFER, 1024, 3); /* of zeros: no code */
      join(&c, 5);
      load_deaf(&c);
      vmm_run(c.vmm, 60000);
      crowd_compare(&c, "hostile places");
      assert_true(machine_storage_digest(c.member[4].vm) == machine_storage_digest(c.member[0].vm));
      crowd_close(&c);
    }
  }
}

/* A bare machine that hears a frame a tick too late is another one: the comparison of this
 * file can fail. */
static void the_oracle_fails(void **state)
{
  (void)state;
  struct crowd c;
  crowd_open(&c, 2);
  join(&c, 1);
  load_ping(&c, 2, 3);
  join(&c, 2);
  load_pong(&c);
  c.member[1].late = 1;
  while (c.member[1].arrived == 0) {
    vmm_run(c.vmm, machine_tick(c.real) + 10);
  }
  vmm_run(c.vmm, machine_tick(c.real) + 20);
  for (unsigned i = 0; i < 2; i++) {
    struct machine *vm = c.member[i].vm, *bare = c.member[i].bare;
    machine_advance(bare, machine_tick(vm));
    bare->ops->set_tick(bare, machine_tick(vm)); /* who waits for ever does not get there */
    assert_true((machine_state_hash(bare) == machine_state_hash(vm)) == (i == 0));
  }
  crowd_close(&c);
}

static void checkpoints(void **state)
{
  (void)state;
  struct crowd c;
  const char *reason = NULL;
  crowd_open(&c, 3);
  c.alone = true;
  join(&c, 1);
  load_ping(&c, 2, 1000000);
  join(&c, 2);
  load_pong(&c);
  join(&c, 3);
  load_sender(&c, MACHINE_BROADCAST, 3, BUFFER, 8, UINT32_MAX);
  vmm_run(c.vmm, 50000);
  struct checkpoint *below = checkpoint_take(c.real, NULL);
  struct vmm_checkpoint *mark = vmm_checkpoint_take(c.vmm, &reason);
  insist(below && mark, reason);
  vmm_run(c.vmm, 120000);
  uint64_t hash = crowd_hash(&c);
  struct vmm_network before = network(&c, 2);
  vmm_run(c.vmm, 130000);
  checkpoint_restore(c.real, below);
  assert_true(vmm_checkpoint_restore(c.vmm, mark));
  vmm_run(c.vmm, 120000);
  struct vmm_network after = network(&c, 2);
  assert_true(crowd_hash(&c) == hash);
  assert_memory_equal(&before, &after, sizeof after);
  vmm_checkpoint_destroy(mark);
  checkpoint_destroy(below);
  crowd_close(&c);
}

static void refusals(void **state)
{
  static const uint32_t wrong[] = {0, MACHINE_BROADCAST, 5};
  (void)state;
  struct crowd c;
  crowd_open(&c, 4);
  join(&c, 5);
  load_halt(&c);
  for (size_t i = 0; i < 3; i++) {
    const char *reason = NULL;
    struct vmm_station s = {.address = wrong[i]};
    struct vmm_vm_config config = {.storage = CROWD_STORAGE, .station = &s};
    assert_null(vmm_create_vm(c.vmm, &config, &reason));
    assert_non_null(strstr(reason, i < 2 ? "none of 0 and" : "has this address"));
  }
  join_with(&c, 5, 1, NULL, 0);
  load_halt(&c);
  run(&c, 1000, 100);
  crowd_close(&c);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_pair_talks),
      cmocka_unit_test(unicast_and_broadcast),
      cmocka_unit_test(the_filter),
      cmocka_unit_test(switches_are_apart),
      cmocka_unit_test(forged_senders),
      cmocka_unit_test(floods),
      cmocka_unit_test(savings),
      cmocka_unit_test(parts_of_a_queue),
      cmocka_unit_test(nobody_hears_after_the_end),
      cmocka_unit_test(cuts),
      cmocka_unit_test(nested),
      cmocka_unit_test(hostile_places),
      cmocka_unit_test(the_oracle_fails),
      cmocka_unit_test(checkpoints),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests_name("network", tests, NULL, NULL) != 0;
}
