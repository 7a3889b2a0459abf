/* A cell of paravirt: the guest's paravirtual build under the VMM beside the guest itself on the
 * bare machine. They are two programs, so that what is compared is what they did: printed, and left
 * on the disk. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/compare/cell.h"
#include "tools/verify/world.h"

/* The three machines: the guest's bare one, another with another clock (keys a tenth later, a
 * timer that is early at times), and the virtual one. */
struct trio {
  struct setup setup[3];
  struct world world[3];
  struct pair pair[3];
  struct machine *machine[3];
  unsigned made;
};
enum { NATIVE, LATER, VIRTUAL };

/* ----------------------------------------------------------------- the prediction */

/* Of Theorem 1's offenders, those that stand anywhere in the program: whatever is none of its
 * instructions is taken for one, so that none can be overlooked. */
static void look_for_offenders(struct compare_row *row, const struct compare_matrix *m,
                               struct machine *loaded)
{
  const struct compare_theory *theory = &row->theory[CLASSIFY_THEOREM_1];
  uint32_t extent = image_extent(m->sibling_program->image), word;
  struct isa_decoded d;
  row->code = (struct compare_theory){.holds = true, .open = theory->open};
  for (uint32_t at = 0; at + 4 <= extent; at += 4)
    if (machine_phys_read_word(loaded, gpa(at), &word) && isa_decode(word, &d) &&
        theory->offends[d.insn]) {
      row->code.offends[d.insn] = true;
      row->code.holds = false;
    }
}

/* ---------------------------------------------------------------------- the runs */

/* Each byte a tenth later. False: no memory. */
static bool delay(const struct inputlog *log, struct inputlog *later)
{
  *later = (struct inputlog){0};
  for (size_t i = 0; i < log->count; i++)
    if (!inputlog_add(later, log->entries[i].tick + log->entries[i].tick / 10,
                      log->entries[i].byte))
      return false;
  return true;
}

static bool make_trio(const struct compare_matrix *m, const struct compare_row *row, struct trio *t,
                      struct compare_cell *cell)
{
  for (unsigned i = NATIVE; i <= VIRTUAL; i++)
    t->setup[i] = row->setup;
  t->setup[VIRTUAL].program = *m->sibling_program;
  if (!delay(&row->setup.log, &t->setup[LATER].log)) {
    cell_give_up(cell, NULL);
    return false;
  }
  for (unsigned i = NATIVE; i <= VIRTUAL; i++) {
    t->world[i] = (struct world){.setup = &t->setup[i], .depth = 1};
    t->world[i].technique = i == VIRTUAL ? VMM_TECHNIQUE_PARAVIRT : VMM_TECHNIQUE_TRAP_AND_EMULATE;
    struct pair_maker maker = world_maker(&t->world[i]);
    if (!cell_make(&maker, &t->pair[i], cell))
      return false;
    t->machine[i] = i == VIRTUAL ? t->pair[i].vm : t->pair[i].bare;
    t->made = i + 1;
  }
  return true;
}

static void drop_trio(struct trio *t)
{
  inputlog_destroy(&t->setup[LATER].log);
  for (unsigned i = 0; i < t->made; i++) {
    struct pair_maker maker = world_maker(&t->world[i]);
    maker.destroy(maker.ctx, &t->pair[i]);
  }
}

static bool same_disks(struct machine *a, struct machine *b, uint32_t *sector)
{
  uint8_t of_a[MACHINE_SECTOR_SIZE], of_b[MACHINE_SECTOR_SIZE];
  uint32_t sectors = machine_disk_sectors(a);
  for (*sector = 0; *sector < sectors; ++*sector)
    if (!machine_disk_peek(a, *sector, of_a) || !machine_disk_peek(b, *sector, of_b) ||
        memcmp(of_a, of_b, sizeof of_a) != 0)
      return false;
  return true;
}

static struct output_text printed(struct machine *m)
{
  struct output_text text;
  text.bytes = machine_console_output(m, &text.len);
  return text;
}

/* Both have run, the bare one to its end. */
static void compare_what_they_did(const struct compare_matrix *m, const struct trio *t,
                                  const struct machine_stop *virtual, struct compare_cell *cell)
{
  uint32_t sector;
  if (!output_compare(printed(t->machine[NATIVE]), printed(t->machine[LATER]),
                      printed(t->machine[VIRTUAL]), &cell->output)) {
    cell_give_up(cell, NULL);
    return;
  }
  bool disks = same_disks(t->machine[NATIVE], t->machine[VIRTUAL], &sector);
  bool ends = virtual->why == cell->end;
  cell->run = cell->output.lines && disks && ends ? COMPARE_EQUAL : COMPARE_DIFFERS;
  char what[160];
  if (!ends)
    snprintf(what, sizeof what, "does not end as the bare machine does");
  else if (!cell->output.lines)
    snprintf(what, sizeof what, "one of the two alone prints '%s'", cell->output.first);
  else if (!disks)
    snprintf(what, sizeof what, "sector %u of the disk is another", sector);
  else if (cell->output.bytes)
    snprintf(what, sizeof what, "the same bytes, and the same disk");
  else
    snprintf(what, sizeof what,
             "the same %u lines, in another order, %u of which tell the time; and the same disk",
             cell->output.of_all, cell->output.timely);
  snprintf(cell->reason, sizeof cell->reason, "%s: %s", m->sibling, what);
}

/* The machine LATER: now and then its interval timer is ahead of time by a quarter. */
#define NUDGE_TICKS 10007u

static struct machine_stop advance_nudged(struct machine *m, uint64_t until)
{
  struct machine_stop stop = {.why = MACHINE_LIMIT};
  while (stop.why == MACHINE_LIMIT && machine_tick(m) < until) {
    uint64_t left = until - machine_tick(m);
    uint32_t timer = machine_get_cr(m, CR_TIMER);
    if (timer >= 8)
      machine_set_cr(m, CR_TIMER, timer - timer / 4);
    stop = machine_advance(m, machine_tick(m) + (left < NUDGE_TICKS ? left : NUDGE_TICKS));
  }
  return stop;
}

/* The clocks are two: the virtual one, and that of slower keys, may need more ticks. */
static void run_trio(const struct compare_matrix *m, struct trio *t, struct compare_cell *cell)
{
  uint64_t limit = m->setup->ticks, more = limit > MACHINE_NEVER / 2 ? MACHINE_NEVER : 2 * limit;
  struct machine_stop bare = cell_advance(t->machine[NATIVE], limit, &cell->host[0]);
  struct machine_stop later = advance_nudged(t->machine[LATER], more);
  struct machine_stop virtual = cell_advance(t->machine[VIRTUAL], more, &cell->host[1]);
  const char *failure = cell_host_failure(&t->pair[NATIVE], &bare, &later);
  if (!failure)
    failure = cell_host_failure(&t->pair[VIRTUAL], &virtual, &virtual);
  if (failure) {
    cell_give_up(cell, failure);
    return;
  }
  cell->tick = machine_tick(t->machine[NATIVE]);
  cell->end = bare.why;
  cell->own_ticks = machine_tick(t->machine[VIRTUAL]);
  cell_count(cell, &t->pair[VIRTUAL]);
  if (bare.why != MACHINE_LIMIT) {
    compare_what_they_did(m, t, &virtual, cell);
    return;
  }
  cell->run = COMPARE_UNENDED;
  snprintf(cell->reason, sizeof cell->reason, "there is no whole output: the bare machine goes on");
}

void compare_run_sibling(const struct compare_matrix *m, struct compare_row *row,
                         struct compare_cell *cell)
{
  struct trio t = {0};
  if (!m->sibling) {
    cell->run = COMPARE_NO_BUILD; /* nor is anything to be said of it */
    return;
  }
  if (make_trio(m, row, &t, cell)) {
    look_for_offenders(row, m, t.machine[VIRTUAL]);
    run_trio(m, &t, cell);
  }
  drop_trio(&t);
}
