#include "machine/walk.h"

#include "isa/pages.h"

bool walk_in_guest_mode(struct machine *m)
{
  return (machine_get_cr(m, CR_NPTBR) & NPTBR_ON) && psw_mode(machine_get_cr(m, CR_PSW)) != 0;
}

static struct walk_step read_machine(struct machine *m, uint32_t at)
{
  struct walk_step s = {.at = gpa(at), .machine = gpa(at)};
  s.exists = machine_phys_read_word(m, s.machine, &s.entry);
  s.entry = s.exists ? s.entry : 0;
  return s;
}

/* Guest-physical to machine address first, in guest mode. */
static struct walk_step read_guest(struct machine *m, uint32_t at)
{
  struct walk below;
  if (!walk_in_guest_mode(m)) {
    return read_machine(m, at);
  }
  walk_second_level(m, gpa(at), &below);
  const struct walk_step *last = &below.step[below.steps - 1];
  struct walk_step s = {.at = gpa(at), .machine = gpa(at)};
  if (below.steps == 2 && (last->entry & PTE_VALID)) {
    s = read_machine(m, pte_frame(last->entry) | at % ISA_PAGE_SIZE);
    s.at = gpa(at);
  }
  return s;
}

typedef struct walk_step read_fn(struct machine *m, uint32_t at);

static void read_tables(struct machine *m, uint32_t directory, uint32_t at, read_fn *read,
                        struct walk *walk)
{
  walk->steps = 1;
  walk->step[0] = read(m, directory + 4 * page_directory_index(at));
  if (walk->step[0].entry & PTE_VALID) {
    walk->step[1] = read(m, pte_frame(walk->step[0].entry) + 4 * page_table_index(at));
    walk->steps = 2;
  }
}

void walk_tables(struct machine *m, gva_t va, struct walk *walk)
{
  read_tables(m, machine_get_cr(m, CR_PTBR), va.v, read_guest, walk);
}

void walk_second_level(struct machine *m, gpa_t at, struct walk *walk)
{
  read_tables(m, nptbr_base(machine_get_cr(m, CR_NPTBR)), at.v, read_machine, walk);
}

static bool follows(const struct walk_run *run, uint32_t entry)
{
  return run->pages > 0 && entry == run->entry + run->pages * ISA_PAGE_SIZE;
}

/* Takes one more page, or a hole (entry 0). False: the caller has had enough. */
static bool take(struct walk_run *run, uint32_t va, uint32_t entry, walk_run_fn *found, void *ctx)
{
  bool valid = entry & PTE_VALID;
  if (valid && follows(run, entry)) {
    run->pages++;
    return true;
  }
  bool more = run->pages == 0 || found(ctx, run);
  *run = (struct walk_run){.start = gva(va), .pages = valid, .entry = entry};
  return more;
}

static void read_first(struct machine *m, uint32_t at, struct walk *walk)
{
  walk_tables(m, gva(at), walk);
}

static void read_second(struct machine *m, uint32_t at, struct walk *walk)
{
  walk_second_level(m, gpa(at), walk);
}

static void each_run(struct machine *m, void (*read)(struct machine *, uint32_t, struct walk *),
                     walk_run_fn *found, void *ctx)
{
  struct walk_run run = {0};
  struct walk walk;
  bool more = true;
  for (uint32_t i = 0; more && i < PAGE_TABLE_ENTRIES; i++) {
    read(m, i << 22, &walk);
    if (walk.steps == 1) {
      more = take(&run, i << 22, 0, found, ctx);
      continue;
    }
    for (uint32_t k = 0; more && k < PAGE_TABLE_ENTRIES; k++) {
      uint32_t va = i << 22 | k * ISA_PAGE_SIZE;
      read(m, va, &walk);
      more = take(&run, va, walk.step[1].entry, found, ctx);
    }
  }
  if (more && run.pages > 0) {
    found(ctx, &run);
  }
}

void walk_each_run(struct machine *m, walk_run_fn *found, void *ctx)
{
  each_run(m, read_first, found, ctx);
}

void walk_each_second_run(struct machine *m, walk_run_fn *found, void *ctx)
{
  each_run(m, read_second, found, ctx);
}
