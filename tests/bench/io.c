/* Input and output: one of each kind, on a bare machine and in a virtual one. */
#include <stdio.h>

#include "bench.h"
#include "machine/devices/ports.h"

/* A round of the disk's programs: the command, its time, and three instructions of the loop
 * that do not lie in it. */
#define ROUND_TICKS (DISK_LATENCY + DISK_PER_SECTOR + 4u)

static bool run_instructions(struct bench *b, uint64_t count)
{
  return bench_run_ticks(b, count);
}

static bool run_transfers(struct bench *b, uint64_t count)
{
  return bench_run_ticks(b, count * ROUND_TICKS);
}

/* A round is as long as we say. */
static bool check_round(struct bench *b)
{
  struct machine *m = b->world.m;
  if (!bench_run_ticks(b, 10 * ROUND_TICKS)) {
    return false;
  }
  uint32_t before = machine_get_reg(m, REG_A0);
  bool ok = bench_run_ticks(b, 100 * ROUND_TICKS) && machine_get_reg(m, REG_A0) == before + 100;
  if (!ok) {
    fprintf(stderr, "bench: %s: a round does not take %u ticks\n", b->name, ROUND_TICKS);
  }
  return ok;
}

static const struct {
  const char *bare, *virtual, *name, *program, *io;
  bool transfer;
} kinds[] = {
    {"port-in", "port-in-vm", "port, in", "port-in.s", NULL, false},
    {"port-out", "port-out-vm", "port, out", "port-out.s", NULL, false},
    {"mmio-load", "mmio-load-vm", "mapped register, load", "mmio-load.s", "mmio", false},
    {"mmio-store", "mmio-store-vm", "mapped register, store", "mmio-store.s", "mmio", false},
    {"channel-program", "channel-program-vm", "channel program, one byte", "sio.s", "channel",
     false},
    {"console-byte", "console-byte-vm", "console, one byte", "console.s", NULL, false},
    {"timer-set", "timer-set-vm", "timer set", "timer-set.s", NULL, false},
    {"disk-port", "disk-port-vm", "disk sector by ports", "disk-port.s", NULL, true},
    {"disk-mmio", "disk-mmio-vm", "disk sector by mapped registers", "disk-mmio.s", "mmio", true},
    {"disk-channel", "disk-channel-vm", "disk sector by channel", "disk-channel.s", "channel",
     true},
};

void io_fill(struct bench_set *set)
{
  for (unsigned i = 0; i < 2 * sizeof kinds / sizeof *kinds; i++) {
    unsigned k = i / 2, depth = i % 2;
    bench_add(set, &(struct bench){.group = BENCH_IO,
                                   .id = depth ? kinds[k].virtual : kinds[k].bare,
                                   .name = kinds[k].name,
                                   .program = kinds[k].program,
                                   .depth = depth,
                                   .io = kinds[k].io,
                                   .sectors = kinds[k].transfer ? 16 : 0,
                                   .than = depth ? kinds[k].bare : NULL,
                                   .setup = kinds[k].transfer ? check_round : NULL,
                                   .rounds = kinds[k].transfer ? run_transfers : run_instructions});
  }
}
