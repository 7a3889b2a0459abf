/* How addresses are translated: page tables, the TLB, and one address step by step. */
#include <string.h>

#include "isa/pages.h"
#include "machine/walk.h"
#include "tools/debug/debugger.h"

#define RUNS_SHOWN 60u

#define RIGHTS 40
/* "rwx level 3 A D" */
static char *rights(uint32_t entry, char buf[RIGHTS])
{
  bool data = !(entry & PTE_FETCH_ONLY);
  snprintf(buf, RIGHTS, "%c%c%c level %u%s%s%s", data ? 'r' : '-',
           data && entry & PTE_WRITE ? 'w' : '-', entry & PTE_EXECUTE ? 'x' : '-', pte_level(entry),
           entry & PTE_ACCESSED ? " A" : "", entry & PTE_DIRTY ? " D" : "",
           entry & PTE_GLOBAL ? " G" : "");
  return buf;
}

static bool has(struct debugger *d, uint32_t feature)
{
  return profile_features(machine_profile(repl_machine(d))) & feature;
}

/* ------------------------------------------------------------------ page tables */

struct listing {
  struct debugger *d;
  unsigned shown, more;
  uint32_t table; /* the last one that was drawn */
};

static bool show_run(void *ctx, const struct walk_run *run)
{
  struct listing *l = ctx;
  char how[RIGHTS];
  if (l->shown == RUNS_SHOWN) {
    l->more++;
    return true;
  }
  l->shown++;
  repl_say(l->d, "0x%08x-0x%08x  frame 0x%08x  %s\n", run->start.v,
           run->start.v + run->pages * ISA_PAGE_SIZE - 1, pte_frame(run->entry),
           rights(run->entry, how));
  return true;
}

void repl_show_pagetable(struct debugger *d)
{
  struct machine *m = repl_machine(d);
  struct listing l = {.d = d};
  if (!has(d, ISA_FEATURE_MMU_PAGED)) {
    repl_say(d, "there are no page tables: this machine is not one of 'mmu paged'\n");
    return;
  }
  repl_say(d, "directory at 0x%08x; translation is %s\n", machine_get_cr(m, CR_PTBR),
           psw_te(machine_get_cr(m, CR_PSW)) ? "on" : "off");
  walk_each_run(m, show_run, &l);
  if (l.shown == 0)
    repl_say(d, "no page is mapped\n");
  if (l.more > 0)
    repl_say(d, "and %u more; 'translate ADDRESS' shows one\n", l.more);
}

/* A node for each table, and one for each run of frames that a table maps. */
static bool draw_run(void *ctx, const struct walk_run *run)
{
  struct listing *l = ctx;
  char how[RIGHTS];
  struct walk walk;
  walk_tables(repl_machine(l->d), run->start, &walk);
  if (l->shown++ == RUNS_SHOWN)
    return false;
  uint32_t table = pte_frame(walk.step[0].entry), frame = pte_frame(run->entry);
  if (l->shown == 1 || table != l->table)
    repl_say(l->d, "  t%08x [label=\"table\\n0x%08x\"];\n  directory -> t%08x [label=\"%u\"];\n",
             table, table, table, page_directory_index(run->start.v));
  l->table = table;
  repl_say(l->d, "  t%08x -> f%08x_%u [label=\"0x%08x\\n%s\"];\n", table, frame, run->pages,
           run->start.v, rights(run->entry, how));
  repl_say(l->d, "  f%08x_%u [label=\"%u page%s\\n0x%08x\", style=filled];\n", frame, run->pages,
           run->pages, run->pages == 1 ? "" : "s", frame);
  return true;
}

bool repl_about_pagetable(struct debugger *d, const char *args)
{
  struct listing l = {.d = d};
  if (strcmp(args, "dot") != 0)
    return repl_refuse(d, "'info pagetable' takes nothing, or 'dot' for a picture by Graphviz");
  if (!has(d, ISA_FEATURE_MMU_PAGED))
    return repl_refuse(d, "there are no page tables: this machine is not one of 'mmu paged'");
  repl_say(d,
           "strict digraph pagetable {\n  rankdir=LR;\n  node [shape=box];\n"
           "  directory [label=\"directory\\n0x%08x\"];\n",
           machine_get_cr(repl_machine(d), CR_PTBR));
  walk_each_run(repl_machine(d), draw_run, &l);
  repl_say(d, "}\n");
  return true;
}

/* -------------------------------------------------------------------------- TLB */

/* Whether the real entry is there because of this one of the guest's. */
static bool stands_for(const struct vmm_real_tlb *e, uint32_t hi, uint32_t lo)
{
  return e->te && tlb_matches(hi, lo, e->hi, e->space);
}

static void show_real(struct debugger *d, unsigned index, const struct vmm_real_tlb *e)
{
  char how[RIGHTS];
  repl_say(d, "    real %2u  space %3u  frame 0x%08x  %s", index, e->hi & TLB_HI_SPACE,
           pte_frame(e->lo), rights(e->lo, how));
  if (e->te)
    repl_say(d, "  for mode %u, space %u\n", e->mode, e->space);
  else
    repl_say(d, "  for physical 0x%08x\n", e->hi & TLB_HI_PAGE);
}

/* Those of the machine that the VMM runs on which are there because of this entry; those that
 * no entry explains (hi and lo 0) are for physical addresses, or behind the guest's TLB. */
static unsigned show_reals(struct debugger *d, uint32_t hi, uint32_t lo)
{
  struct machine *m = repl_machine(d);
  struct vmm_real_tlb e;
  unsigned shown = 0;
  for (unsigned i = 0; machine_parent(m) && i < TLB_ENTRIES; i++) {
    if (!vmm_vm_real_tlb(m, i, &e))
      continue;
    uint32_t h, l;
    bool explained = lo & PTE_VALID ? !stands_for(&e, hi, lo) : false;
    for (unsigned k = 0; !(lo & PTE_VALID) && machine_tlb_get(m, k, &h, &l); k++)
      explained |= stands_for(&e, h, l);
    if (!explained) {
      show_real(d, i, &e);
      shown++;
    }
  }
  return shown;
}

void repl_show_tlb(struct debugger *d)
{
  struct machine *m = repl_machine(d);
  char how[RIGHTS];
  unsigned used = 0, reals = 0;
  uint32_t hi, lo;
  if (!has(d, ISA_FEATURE_MMU_TLB)) {
    repl_say(d, "there is no TLB to see: this machine is not one of 'mmu tlb'\n");
    return;
  }
  for (unsigned i = 0; machine_tlb_get(m, i, &hi, &lo); i++) {
    if (!(lo & PTE_VALID))
      continue;
    used++;
    repl_say(d, "%2u  page 0x%08x  space %3u  frame 0x%08x  %s\n", i, hi & TLB_HI_PAGE,
             hi & TLB_HI_SPACE, pte_frame(lo), rights(lo, how));
    reals += show_reals(d, hi, lo);
  }
  reals += show_reals(d, 0, 0);
  if (machine_parent(m))
    repl_say(d, "%u entries of the real TLB are this machine's\n", reals);
  repl_say(d, "%u of %u entries; space %u; the machine would choose entry %u next\n", used,
           TLB_ENTRIES, machine_get_cr(m, CR_ASID), tlb_choice(machine_get_cr(m, CR_TLBRND)));
}

/* ------------------------------------------------------------------ one address */

static void show_entry(struct debugger *d, const char *what, unsigned index,
                       const struct walk_step *s, bool last)
{
  char how[RIGHTS];
  repl_say(d, "%s entry 0x%03x at 0x%08x", what, index, s->at.v);
  if (walk_in_guest_mode(repl_machine(d)) && s->exists)
    repl_say(d, ", machine 0x%08x:\n  ", s->machine.v);
  else
    repl_say(d, ": ");
  if (!s->exists)
    repl_say(d, "there is no storage\n");
  else if (!(s->entry & PTE_VALID))
    repl_say(d, "0x%08x, not valid\n", s->entry);
  else if (last)
    repl_say(d, "0x%08x, frame 0x%08x, %s\n", s->entry, pte_frame(s->entry), rights(s->entry, how));
  else
    repl_say(d, "0x%08x, table at 0x%08x\n", s->entry, pte_frame(s->entry));
}

static void show_walk(struct debugger *d, uint32_t va)
{
  struct walk walk;
  walk_tables(repl_machine(d), gva(va), &walk);
  show_entry(d, "directory", page_directory_index(va), &walk.step[0], false);
  if (walk.steps == 2)
    show_entry(d, "table", page_table_index(va), &walk.step[1], true);
}

static void show_matches(struct debugger *d, uint32_t va)
{
  struct machine *m = repl_machine(d);
  uint32_t hi, lo, space = machine_get_cr(m, CR_ASID);
  unsigned found = 0;
  char how[RIGHTS];
  for (unsigned i = 0; machine_tlb_get(m, i, &hi, &lo); i++)
    if (tlb_matches(hi, lo, va, space))
      repl_say(d, "entry %u matches in space %u: frame 0x%08x, %s%s\n", i, space, pte_frame(lo),
               rights(lo, how), found++ ? "; not used" : "");
  if (found == 0)
    repl_say(d, "no entry of the TLB matches in space %u\n", space);
}

static void show_relocation(struct debugger *d, uint32_t va)
{
  struct machine *m = repl_machine(d);
  uint32_t base = machine_get_cr(m, CR_BASE), bound = machine_get_cr(m, CR_BOUND);
  repl_say(d, "bound 0x%08x: %s; base 0x%08x\n", bound, va < bound ? "within" : "beyond", base);
}

static void show_answer(struct debugger *d, const char *name, uint32_t va,
                        enum machine_access access)
{
  struct translation t = machine_translate(repl_machine(d), gva(va), access, true);
  if (t.device)
    repl_say(d, "%-6s 0x%08x, a device register\n", name, t.pa.v);
  else if (!t.ok)
    repl_say(d, "%-6s %s\n", name, isa_cause_info(t.cause)->summary);
  else
    repl_say(d, "%-6s 0x%08x%s\n", name, t.pa.v,
             !t.marks                  ? ""
             : access == MACHINE_STORE ? ", and sets A and D"
                                       : ", and sets A");
}

bool repl_cmd_translate(struct debugger *d, const char *args)
{
  struct formula_value v;
  char address[200];
  size_t len = strlen(args);
  bool dot = len > 4 && strcmp(args + len - 4, " dot") == 0;
  if (!*args)
    return repl_refuse(d, "which ADDRESS?");
  snprintf(address, sizeof address, "%.*s", (int)(dot ? len - 4 : len), args);
  if (!repl_eval(d, address, &v))
    return false;
  if (dot)
    return repl_draw_second_level(d, (uint32_t)v.v);
  uint32_t va = (uint32_t)v.v, psw = machine_get_cr(repl_machine(d), CR_PSW);
  repl_say(d, "0x%08x, by mode %u%s:\n", va, psw_mode(psw),
           psw_te(psw) ? "" : "; translation is off now, with it on");
  if (has(d, ISA_FEATURE_KSEG) && kseg_has(va))
    repl_say(d, "in the unmapped kernel segment, for mode 0\n");
  else if (has(d, ISA_FEATURE_MMU_PAGED))
    show_walk(d, va);
  else if (has(d, ISA_FEATURE_MMU_TLB))
    show_matches(d, va);
  else
    show_relocation(d, va);
  show_answer(d, "load", va, MACHINE_LOAD);
  show_answer(d, "store", va, MACHINE_STORE);
  show_answer(d, "fetch", va, MACHINE_FETCH);
  repl_show_way_down(d, va);
  return true;
}
