#include "machine/walk.h"

#include "isa/pages.h"

bool walk_in_guest_mode(struct machine *m)
{
  return (machine_get_cr(m, CR_NPTBR) & NPTBR_ON) && psw_mode(machine_get_cr(m, CR_PSW)) != 0;
}

/* Guest-physical to machine address; false: the second level has none. */
static bool second_level(struct machine *m, uint32_t at, gpa_t *machine)
{
  uint32_t entry = 0, directory = nptbr_base(machine_get_cr(m, CR_NPTBR));
  if (!machine_phys_read_word(m, gpa(directory + 4 * page_directory_index(at)), &entry) ||
      !(entry & PTE_VALID) ||
      !machine_phys_read_word(m, gpa(pte_frame(entry) + 4 * page_table_index(at)), &entry)) {
    return false;
  }
  *machine = gpa(pte_frame(entry) | at % ISA_PAGE_SIZE);
  return entry & PTE_VALID;
}

static struct walk_step read_step(struct machine *m, uint32_t at)
{
  struct walk_step s = {.at = gpa(at), .machine = gpa(at)};
  s.exists = (!walk_in_guest_mode(m) || second_level(m, at, &s.machine)) &&
             machine_phys_read_word(m, s.machine, &s.entry);
  s.entry = s.exists ? s.entry : 0;
  return s;
}

void walk_tables(struct machine *m, gva_t va, struct walk *walk)
{
  uint32_t directory = machine_get_cr(m, CR_PTBR);
  walk->steps = 1;
  walk->step[0] = read_step(m, directory + 4 * page_directory_index(va.v));
  if (walk->step[0].entry & PTE_VALID) {
    uint32_t table = pte_frame(walk->step[0].entry);
    walk->step[1] = read_step(m, table + 4 * page_table_index(va.v));
    walk->steps = 2;
  }
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

void walk_each_run(struct machine *m, walk_run_fn *found, void *ctx)
{
  struct walk_run run = {0};
  struct walk walk;
  bool more = true;
  for (uint32_t i = 0; more && i < PAGE_TABLE_ENTRIES; i++) {
    walk_tables(m, gva(i << 22), &walk);
    if (walk.steps == 1) {
      more = take(&run, i << 22, 0, found, ctx);
      continue;
    }
    for (uint32_t k = 0; more && k < PAGE_TABLE_ENTRIES; k++) {
      uint32_t va = i << 22 | k * ISA_PAGE_SIZE;
      walk_tables(m, gva(va), &walk);
      more = take(&run, va, walk.step[1].entry, found, ctx);
    }
  }
  if (more && run.pages > 0) {
    found(ctx, &run);
  }
}
