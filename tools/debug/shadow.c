/* What a VMM keeps behind a guest's own map: where pages of its storage lie (the pmap), and
 * the tables that the machine below walks while the guest runs.
 */
#include <stdlib.h>
#include <string.h>

#include "isa/pages.h"
#include "machine/walk.h"
#include "tools/debug/debugger.h"
#include "vmm/vmm.h"

#define RUNS_SHOWN  60u
#define RUNS_DRAWN  24u
#define NO_PAGE     1u /* the address of none */
#define PAGE_OF(at) ((at) & ~(ISA_PAGE_SIZE - 1))

/* ------------------------------------------------------------------------- pmap */

/* Pages of the guest's that follow each other, and that are alike. */
struct pmap_run {
  uint32_t start, pages;
  struct vmm_page page; /* the first */
};

static bool goes_on(const struct pmap_run *r, const struct vmm_page *p)
{
  const struct vmm_page *f = &r->page;
  if (p->where != f->where || p->sharers != f->sharers || p->ballooned != f->ballooned) {
    return false;
  }
  return p->where == VMM_PAGE_ZERO ||
         (p->where == VMM_PAGE_FRAME && p->frame.v == f->frame.v + r->pages * ISA_PAGE_SIZE) ||
         (p->where == VMM_PAGE_SWAPPED && p->slot == f->slot + r->pages);
}

typedef void pmap_run_fn(void *ctx, const struct pmap_run *run);

static void each_pmap_run(struct machine *m, pmap_run_fn *found, void *ctx)
{
  struct pmap_run run = {.pages = 0};
  for (uint32_t at = 0; at < machine_storage_size(m); at += ISA_PAGE_SIZE) {
    struct vmm_page page = vmm_vm_page(m, gpa(at));
    if (run.pages > 0 && goes_on(&run, &page)) {
      run.pages++;
      continue;
    }
    if (run.pages > 0) {
      found(ctx, &run);
    }
    run = (struct pmap_run){at, 1, page};
  }
  if (run.pages > 0) {
    found(ctx, &run);
  }
}

#define WHERE 80
static const char *where(const struct vmm_page *p, char buf[WHERE])
{
  if (p->where == VMM_PAGE_SWAPPED) {
    snprintf(buf, WHERE, "swapped out, slot %u", p->slot);
  } else if (p->where == VMM_PAGE_ZERO) {
    snprintf(buf, WHERE, "zeros, in no frame%s", p->ballooned ? "; given back by the guest" : "");
  } else if (p->sharers > 1) {
    snprintf(buf, WHERE, "machine 0x%08x, shared by %u", p->frame.v, p->sharers);
  } else {
    snprintf(buf, WHERE, "machine 0x%08x", p->frame.v);
  }
  return buf;
}

struct listing {
  struct debugger *d;
  unsigned shown, more;
};

static void show_pmap_run(void *ctx, const struct pmap_run *run)
{
  struct listing *l = ctx;
  char text[WHERE];
  if (l->shown == RUNS_SHOWN) {
    l->more++;
    return;
  }
  l->shown++;
  repl_say(l->d, "0x%08x-0x%08x  %s\n", run->start, run->start + run->pages * ISA_PAGE_SIZE - 1,
           where(&run->page, text));
}

/* The virtual machine that is looked at; NULL after a line: it is a real one. */
static struct machine *virtual_one(struct debugger *d)
{
  struct machine *m = repl_machine(d);
  if (machine_parent(m)) {
    return m;
  }
  repl_say(d, "this machine is a real one: its storage is where it says\n");
  return NULL;
}

void repl_show_pmap(struct debugger *d)
{
  struct machine *m = virtual_one(d);
  struct listing l = {.d = d};
  if (!m) {
    return;
  }
  struct vmm_pages n = vmm_vm_pages(m);
  repl_say(d, "pages in frames %u, shared %u, zeros %u, swapped out %u\n", n.resident, n.shared,
           n.zero, n.swapped);
  each_pmap_run(m, show_pmap_run, &l);
  if (l.more > 0) {
    repl_say(d, "and %u more; 'translate ADDRESS' shows one\n", l.more);
  }
}

/* ----------------------------------------------------------------------- shadow */

/* A piece of the real tables: gva, gpa and mpa go on together. Of a second level va is
 * guest-physical too. */
struct shadow_run {
  uint32_t va, pa, real, pages, entry;
};
typedef void shadow_run_fn(void *ctx, const struct shadow_run *run);
struct shadow_walk {
  struct machine *m;
  shadow_run_fn *found;
  void *ctx;
  struct shadow_run run;
  uint32_t last; /* page at which something was found last: the next is likely behind it */
};

/* The page of the guest's storage that lies in that frame, or NO_PAGE. */
static uint32_t page_behind(struct shadow_walk *w, uint32_t real)
{
  uint32_t size = machine_storage_size(w->m);
  for (uint32_t n = 0, at = w->last; n < size; n += ISA_PAGE_SIZE, at += ISA_PAGE_SIZE) {
    at = at >= size ? 0 : at;
    struct vmm_page p = vmm_vm_page(w->m, gpa(at));
    if (p.where == VMM_PAGE_FRAME && p.frame.v == real) {
      w->last = at;
      return at;
    }
  }
  return NO_PAGE;
}

static void flush(struct shadow_walk *w)
{
  if (w->run.pages > 0) {
    w->found(w->ctx, &w->run);
  }
  w->run.pages = 0;
}

static bool note_run(void *ctx, const struct walk_run *found)
{
  struct shadow_walk *w = ctx;
  for (uint32_t i = 0; i < found->pages; i++) {
    uint32_t va = found->start.v + i * ISA_PAGE_SIZE;
    uint32_t real = pte_frame(found->entry) + i * ISA_PAGE_SIZE, pa = page_behind(w, real);
    struct shadow_run *r = &w->run;
    uint32_t length = r->pages * ISA_PAGE_SIZE;
    bool same = r->pages > 0 && va == r->va + length && real == r->real + length &&
                (pa == NO_PAGE ? r->pa == NO_PAGE : pa == r->pa + length) &&
                !((found->entry ^ r->entry) & ~PTE_FRAME_MASK);
    if (!same) {
      flush(w);
      *r = (struct shadow_run){va, pa, real, 0, found->entry};
    }
    r->pages++;
  }
  return true;
}

static void each_shadow_run(struct machine *m, shadow_run_fn *found, void *ctx)
{
  struct shadow_walk w = {.m = m, .found = found, .ctx = ctx};
  if (repl_has_second_level(m)) {
    walk_each_second_run(machine_parent(m), note_run, &w);
  } else {
    walk_each_run(machine_parent(m), note_run, &w);
  }
  flush(&w);
}

static const char *rights(uint32_t entry)
{
  static const char *const names[] = {"r--", "rw-", "r-x", "rwx"};
  return entry & PTE_FETCH_ONLY
             ? "--x"
             : names[(entry & PTE_WRITE ? 1 : 0) | (entry & PTE_EXECUTE ? 2 : 0)];
}

static void show_shadow_run(void *ctx, const struct shadow_run *run)
{
  struct listing *l = ctx;
  uint32_t length = run->pages * ISA_PAGE_SIZE;
  if (l->shown == RUNS_SHOWN) {
    l->more++;
    return;
  }
  l->shown++;
  if (repl_has_second_level(repl_machine(l->d))) {
    repl_say(l->d, "guest physical 0x%08x-0x%08x  machine 0x%08x  %s\n", run->va,
             run->va + length - 1, run->real, rights(run->entry));
    return;
  }
  repl_say(l->d, "0x%08x-0x%08x  ", run->va, run->va + length - 1);
  if (run->pa == NO_PAGE) {
    repl_say(l->d, "not the guest's storage  ");
  } else {
    repl_say(l->d, "guest physical 0x%08x  ", run->pa);
  }
  repl_say(l->d, "machine 0x%08x  %s\n", run->real, rights(run->entry));
}

/* The machine below walks tables. */
static bool has_tables(struct machine *m)
{
  return profile_features(machine_profile(machine_parent(m))) & ISA_FEATURE_MMU_PAGED;
}

void repl_show_shadow(struct debugger *d)
{
  struct machine *m = virtual_one(d);
  struct listing l = {.d = d};
  if (!m) {
    return;
  }
  if (!has_tables(m)) {
    repl_say(d, "the machine below has no page tables: nothing is shadowed\n");
    return;
  }
  if (repl_has_second_level(m)) {
    repl_say(d,
             "the machine below walks the guest's own tables, and for each of their addresses\n"
             "the directory at its 0x%08x: a second level, from guest physical to machine\n",
             nptbr_base(machine_get_cr(machine_parent(m), CR_NPTBR)));
  } else {
    repl_say(d, "the machine below walks the directory at its 0x%08x\n",
             machine_get_cr(machine_parent(m), CR_PTBR));
  }
  each_shadow_run(m, show_shadow_run, &l);
  if (l.shown == 0) {
    repl_say(d, "nothing is in it yet: pages come as they are touched\n");
  }
  if (l.more > 0) {
    repl_say(d, "and %u more; 'translate ADDRESS' shows one\n", l.more);
  }
}

/* ------------------------------------------------ guest table, shadow and pmap, drawn */

struct drawing {
  struct debugger *d;
  unsigned guests, shadows, runs;
  struct pmap_run run[RUNS_DRAWN];
};

static bool draw_pmap(struct drawing *g)
{
  char text[WHERE];
  for (unsigned i = 0; i < g->runs; i++) {
    const struct pmap_run *r = &g->run[i];
    repl_say(g->d, "    p%08x [label=\"0x%08x, %u page%s\\n%s\", style=filled];\n", r->start,
             r->start, r->pages, r->pages == 1 ? "" : "s", where(&r->page, text));
  }
  return true;
}

static void keep_pmap_run(void *ctx, const struct pmap_run *run)
{
  struct drawing *g = ctx;
  if (g->runs < RUNS_DRAWN) {
    g->run[g->runs++] = *run;
  }
}

/* From a node to the piece of the pmap that holds a page; nothing if that is not drawn. */
static void draw_arrow(struct drawing *g, char kind, uint32_t va, uint32_t pa)
{
  for (unsigned i = 0; i < g->runs; i++) {
    const struct pmap_run *r = &g->run[i];
    if (pa - r->start < r->pages * ISA_PAGE_SIZE && pa != NO_PAGE) {
      bool guest = kind == 'g';
      repl_say(g->d,
               guest ? "  g%08x -> p%08x [label=\"0x%08x\", color=\"#4c78a8\"];\n"
                     : "  p%2$08x -> s%1$08x [label=\"0x%3$08x\",\n    dir=back, style=dashed, "
                       "color=\"#54a24b\"];\n",
               va, r->start, pa);
      return;
    }
  }
}

static bool draw_guest_run(void *ctx, const struct walk_run *run)
{
  struct drawing *g = ctx;
  if (g->guests++ == RUNS_DRAWN) {
    return false;
  }
  repl_say(g->d,
           "  subgraph cluster_guest {\n    g%08x [label=\"0x%08x, %u page%s\\n%s level "
           "%u%s%s\"];\n  }\n",
           run->start.v, run->start.v, run->pages, run->pages == 1 ? "" : "s", rights(run->entry),
           pte_level(run->entry), run->entry & PTE_ACCESSED ? " A" : "",
           run->entry & PTE_DIRTY ? " D" : "");
  draw_arrow(g, 'g', run->start.v, pte_frame(run->entry));
  return true;
}

static void draw_shadow_run(void *ctx, const struct shadow_run *run)
{
  struct drawing *g = ctx;
  if (g->shadows++ >= RUNS_DRAWN) {
    return;
  }
  repl_say(g->d,
           "  subgraph cluster_shadow {\n    s%08x [label=\"0x%08x, %u page%s\\n%s\\nmachine "
           "0x%08x\"];\n  }\n",
           run->va, run->va, run->pages, run->pages == 1 ? "" : "s", rights(run->entry), run->real);
  draw_arrow(g, 's', run->va, run->pa);
}

bool repl_about_shadow(struct debugger *d, const char *args)
{
  struct machine *m = repl_machine(d);
  struct drawing g = {.d = d};
  if (strcmp(args, "dot") != 0) {
    return repl_refuse(d, "'info shadow' takes nothing, or 'dot' for a picture by Graphviz");
  }
  if (!machine_parent(m) || !has_tables(m)) {
    return repl_refuse(d, "there is no machine below with page tables");
  }
  each_pmap_run(m, keep_pmap_run, &g);
  repl_say(d, "digraph shadow {\n  rankdir=LR;\n  node [shape=box];\n"
              "  subgraph cluster_pmap {\n    label=\"pmap: guest physical to machine\";\n");
  draw_pmap(&g);
  repl_say(d,
           "  }\n  subgraph cluster_guest { label=\"the guest's tables\"; }\n"
           "  subgraph cluster_shadow { label=\"%s, which the machine walks\"; }\n",
           repl_has_second_level(m) ? "the second level" : "the shadow");
  if (profile_features(machine_profile(m)) & ISA_FEATURE_MMU_PAGED) {
    walk_each_run(m, draw_guest_run, &g);
  }
  each_shadow_run(m, draw_shadow_run, &g);
  repl_say(d, "}\n");
  return true;
}

/* ------------------------------------------------------------------- one address */

void repl_show_way_down(struct debugger *d, uint32_t va)
{
  struct machine *m = repl_machine(d);
  char text[WHERE];
  if (!machine_parent(m)) {
    return;
  }
  struct translation t = machine_translate(m, gva(va), MACHINE_LOAD, true);
  if (t.ok && !t.device) {
    struct vmm_page page = vmm_vm_page(m, gpa(PAGE_OF(t.pa.v)));
    repl_say(d, "pmap: guest physical 0x%08x is in %s\n", PAGE_OF(t.pa.v), where(&page, text));
  }
  if (repl_has_second_level(m)) {
    repl_show_second_level(d, va);
  } else if (has_tables(m)) {
    struct walk walk;
    walk_tables(machine_parent(m), gva(va), &walk);
    const struct walk_step *last = &walk.step[walk.steps - 1];
    if (walk.steps == 2 && (last->entry & PTE_VALID)) {
      repl_say(d, "shadow: the entry at the machine's 0x%08x leads to 0x%08x, %s\n", last->at.v,
               pte_frame(last->entry) | (va & (ISA_PAGE_SIZE - 1)), rights(last->entry));
    } else {
      repl_say(d, "shadow: nothing there; a hidden fault would fill it, if the guest may\n");
    }
  }
}
