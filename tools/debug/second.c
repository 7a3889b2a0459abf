/* One address over a second level of tables (nested paging): each of the addresses in the guest's
 * own tables is guest-physical, and takes a walk of the VMM's tables to be read. So two by two
 * entries are read, and the four below the guest's, and two more for the page itself: eight, in two
 * dimensions.
 */
#include <stdio.h>

#include "isa/pages.h"
#include "machine/walk.h"
#include "tools/debug/debugger.h"

/* The guest's directory entry, its table's entry, the page: as far as the walk gets. */
#define ROWS 3u
struct row {
  const char *what;
  uint32_t at;       /* guest-physical */
  struct walk below; /* how the second level takes it on, … */
  bool reached;      /* … if it does, … */
  uint32_t machine;  /* … to here */
  uint32_t entry;    /* what is read there; of the page nothing */
};
struct grid {
  unsigned rows;
  struct row row[ROWS];
};

/* The machine whose processor is in guest mode, this one or that below; or NULL. */
static struct machine *walker(struct machine *m)
{
  struct machine *real = machine_parent(m) ? machine_parent(m) : m;
  bool may = profile_features(machine_profile(real)) & ISA_FEATURE_MMU_NESTED;
  return may && walk_in_guest_mode(real) ? real : NULL;
}

bool repl_has_second_level(struct machine *m)
{
  return walker(m) != NULL;
}

static bool is_valid(const struct walk *w)
{
  return w->steps == 2 && (w->step[1].entry & PTE_VALID);
}

static void add_row(struct grid *g, struct machine *real, const char *what, uint32_t at,
                    uint32_t entry)
{
  struct row *r = &g->row[g->rows++];
  *r = (struct row){.what = what, .at = at, .entry = entry};
  walk_second_level(real, gpa(at), &r->below);
  r->reached = is_valid(&r->below);
  r->machine = pte_frame(r->below.step[r->below.steps - 1].entry) | at % ISA_PAGE_SIZE;
}

static void fill_grid(struct grid *g, struct machine *real, uint32_t va)
{
  struct walk walk;
  walk_tables(real, gva(va), &walk);
  g->rows = 0;
  add_row(g, real, "the directory entry", walk.step[0].at.v, walk.step[0].entry);
  if (walk.steps == 2) {
    add_row(g, real, "the table entry", walk.step[1].at.v, walk.step[1].entry);
  }
  if (is_valid(&walk)) {
    add_row(g, real, "the page", pte_frame(walk.step[1].entry) | va % ISA_PAGE_SIZE, 0);
  }
}

/* ---------------------------------------------------------------------- as text */

void repl_show_second_level(struct debugger *d, uint32_t va)
{
  struct grid g;
  fill_grid(&g, walker(repl_machine(d)), va);
  unsigned reads = 0;
  for (unsigned i = 0; i < g.rows; i++) {
    const struct row *r = &g.row[i];
    repl_say(d, "second level, for %s at guest physical 0x%08x:\n", r->what, r->at);
    for (unsigned k = 0; k < r->below.steps; k++) {
      repl_say(d, "  %s entry at machine 0x%08x: 0x%08x%s\n", k ? "table" : "directory",
               r->below.step[k].at.v, r->below.step[k].entry,
               r->below.step[k].entry & PTE_VALID ? "" : ", not valid: a nested fault fills it");
    }
    reads += r->below.steps + (i < 2 && r->reached);
    if (r->reached) {
      repl_say(d, "  machine 0x%08x\n", r->machine);
    }
  }
  repl_say(d, "entries read: %u\n", reads);
}

/* ---------------------------------------------------------------------- as a picture */

static void draw_entry(struct debugger *d, const char *whose, const char *kind, unsigned number,
                       uint32_t machine, uint32_t entry)
{
  bool guest = *whose == 'g';
  repl_say(d,
           " [style=filled, fillcolor=\"%s\",\n      label=\"%u: %s\\n%s entry\\n0x%08x: "
           "0x%08x%s\"];\n",
           guest ? "#dbe7f3" : "#dcefd9", number, whose, kind, machine, entry,
           entry & PTE_VALID ? "" : "\\nnot valid");
}

/* A row of it: where the guest says, two entries of the VMM's, what is read there. */
static void draw_row(struct debugger *d, const struct row *r, unsigned i, unsigned *read)
{
  static const char *const kind[] = {"directory", "table"};
  repl_say(d,
           "  { rank=same;\n    p%u [color=\"#4c78a8\",\n"
           "      label=\"%s\\nguest physical\\n0x%08x\"];\n",
           i, r->what, r->at);
  for (unsigned k = 0; k < r->below.steps; k++) {
    const struct walk_step *s = &r->below.step[k];
    repl_say(d, "    n%u%u", i, k);
    draw_entry(d, "second level", kind[k], ++*read, s->at.v, s->entry);
  }
  if (r->reached && i < 2) {
    repl_say(d, "    g%u", i);
    draw_entry(d, "guest's", kind[i], ++*read, r->machine, r->entry);
  } else if (r->reached) {
    repl_say(d, "    g%u [style=filled, label=\"the word at\\nmachine\\n0x%08x\"];\n", i,
             r->machine);
  }
  repl_say(d, "  }\n");
}

/* Columns: what is not to be seen keeps them straight. */
static void draw_arrows(struct debugger *d, const struct grid *g, unsigned i)
{
  const struct row *r = &g->row[i];
  repl_say(d, "  p%u -> n%u0;\n", i, i);
  if (r->below.steps == 2) {
    repl_say(d, "  n%u0 -> n%u1;\n", i, i);
  }
  if (r->reached) {
    repl_say(d, "  n%u1 -> g%u;\n", i, i);
  }
  if (i + 1 < g->rows) {
    repl_say(d,
             "  g%u -> p%u [color=\"#4c78a8\", constraint=false];\n"
             "  p%u -> p%u [style=invis, weight=9];\n  n%u0 -> n%u0 [style=invis, weight=9];\n",
             i, i + 1, i, i + 1, i, i + 1);
  }
}

bool repl_draw_second_level(struct debugger *d, uint32_t va)
{
  struct machine *real = walker(repl_machine(d));
  struct grid g;
  unsigned read = 0;
  if (!real) {
    return repl_refuse(d, "no second level of tables is in use here: 'translate ADDRESS dot' draws "
                          "one (--vmm --mmu nested)");
  }
  fill_grid(&g, real, va);
  repl_say(d,
           "digraph walk {\n  node [shape=box];\n"
           "  label=\"0x%08x, by PTBR 0x%08x and NPTBR 0x%08x\";\n",
           va, machine_get_cr(real, CR_PTBR), machine_get_cr(real, CR_NPTBR));
  for (unsigned i = 0; i < g.rows; i++) {
    draw_row(d, &g.row[i], i, &read);
  }
  for (unsigned i = 0; i < g.rows; i++) {
    draw_arrows(d, &g, i);
  }
  repl_say(d, "}\n");
  return true;
}
