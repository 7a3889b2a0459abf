/* nanovmm in lockstep with a bare machine.
 *   lockstep random MONITOR.elf [--seeds N] [--from N] [--profile P]
 *       random kernels take the place of the monitor's guest
 *   lockstep guest MONITOR.elf GUEST.elf [--input FILE] [--ticks N] [--profile P]
 *       the guest that it holds
 * Exit status 0 they agreed, 1 they parted, and where.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/common/program.h"
#include "tests/nano/lockstep.h"

struct request {
  uint64_t seeds, from, ticks;
  const char *profile, *input;
};

static uint8_t *slurp(const char *path, size_t *len)
{
  FILE *in = fopen(path, "rb");
  insist(in, path);
  size_t room = 1u << 20;
  uint8_t *bytes = malloc(room);
  insist(bytes, "no memory");
  *len = fread(bytes, 1, room, in);
  fclose(in);
  return bytes;
}

static struct image *read_image(const char *path)
{
  size_t len;
  uint8_t *bytes = slurp(path, &len);
  struct image *image = image_parse(path, bytes, len, stderr);
  insist(image, path);
  free(bytes);
  return image;
}

static int run_random(const struct request *r, const char *monitor_path,
                      const struct profile *profile)
{
  struct image *monitor = read_image(monitor_path);
  struct guest *g = malloc(sizeof *g);
  insist(g, "no memory");
  uint64_t compared = 0, ticks = 0;
  bool agreed = true;
  for (uint64_t seed = r->from; agreed && seed < r->from + r->seeds; seed++) {
    struct lockstep l;
    guest_generate(g, seed, profile);
    lockstep_open(&l, monitor, profile, GUEST_STORAGE, g->sectors);
    lockstep_become(&l, g);
    agreed = lockstep_run(&l, g->ticks);
    compared += l.compared;
    ticks += machine_tick(l.bare);
    if (!agreed) {
      printf("seed %llu: %s\n", (unsigned long long)seed, l.difference);
    }
    lockstep_close(&l);
  }
  printf("%llu kernels, %llu ticks, states compared %llu times\n", (unsigned long long)r->seeds,
         (unsigned long long)ticks, (unsigned long long)compared);
  free(g);
  image_destroy(monitor);
  return agreed ? 0 : 1;
}

/* Typed before anything runs: then the guest finds it at its tick 0, here and there. */
static void type(struct lockstep *l, const char *path)
{
  size_t len;
  uint8_t *bytes = slurp(path, &len);
  for (size_t i = 0; i < len; i++) {
    machine_console_input(l->real, machine_tick(l->real), bytes[i]);
  }
  free(bytes);
}

static int run_guest(const struct request *r, const char *monitor_path, const char *guest_path,
                     const struct profile *profile)
{
  struct image *monitor = read_image(monitor_path), *guest = read_image(guest_path);
  struct lockstep l;
  lockstep_open(&l, monitor, profile, 1u << 20, 64 + LOCKSTEP_BEFORE);
  insist(image_load(guest, l.bare, stderr), "the guest does not fit");
  if (r->input) {
    type(&l, r->input);
  }
  bool agreed = lockstep_run(&l, r->ticks);
  if (!agreed) {
    printf("%s\n", l.difference);
  }
  printf("%llu ticks, states compared %llu times\n", (unsigned long long)machine_tick(l.bare),
         (unsigned long long)l.compared);
  lockstep_close(&l);
  image_destroy(guest);
  image_destroy(monitor);
  return agreed ? 0 : 1;
}

static bool parse(struct request *r, char **argv)
{
  for (; *argv; argv += 2) {
    if (!argv[1]) {
      return false;
    } else if (strcmp(*argv, "--seeds") == 0) {
      r->seeds = strtoull(argv[1], NULL, 0);
    } else if (strcmp(*argv, "--from") == 0) {
      r->from = strtoull(argv[1], NULL, 0);
    } else if (strcmp(*argv, "--ticks") == 0) {
      r->ticks = strtoull(argv[1], NULL, 0);
    } else if (strcmp(*argv, "--profile") == 0) {
      r->profile = argv[1];
    } else if (strcmp(*argv, "--input") == 0) {
      r->input = argv[1];
    } else {
      return false;
    }
  }
  return true;
}

int main(int argc, char **argv)
{
  struct request r = {.seeds = 100, .from = 1, .ticks = 10000000, .profile = "pg"};
  bool random = argc >= 3 && strcmp(argv[1], "random") == 0;
  bool guest = argc >= 4 && strcmp(argv[1], "guest") == 0;
  if (!(random || guest) || !parse(&r, argv + (random ? 3 : 4))) {
    fprintf(stderr, "usage: lockstep random MONITOR.elf | guest MONITOR.elf GUEST.elf\n");
    return 2;
  }
  struct profile *profile = profile_load(r.profile, stderr);
  insist(profile, r.profile);
  int status = random ? run_random(&r, argv[2], profile) : run_guest(&r, argv[2], argv[3], profile);
  profile_destroy(profile);
  return status;
}
