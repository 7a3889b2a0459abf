#include "tools/common/stats.h"

#include "tools/common/text.h"

static void row(FILE *out, const char *name, uint64_t n, const char *note)
{
  char count[TEXT_COUNT_SIZE];
  fprintf(out, "  %-24s %16s%s%s\n", name, text_count(count, n), note[0] ? "  " : "", note);
}

void stats_machine(FILE *out, struct machine *m)
{
  const struct machine_stats *s = machine_stats(m);
  row(out, "ticks", machine_tick(m), "");
  row(out, "instructions completed", s->instructions, "");
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    if (s->delivered[cause]) {
      char name[48];
      snprintf(name, sizeof name, "%s %s", isa_cause_is_interrupt(cause) ? "interrupts," : "traps,",
               isa_cause_info(cause)->name);
      row(out, name, s->delivered[cause], "");
    }
  }
}

static void share(FILE *out, const char *name, uint64_t n, uint64_t total)
{
  char percent[TEXT_COUNT_SIZE];
  row(out, name, n, text_percent(percent, n, total));
}

static void emulated_by(FILE *out, const struct vmm_stats *v)
{
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    if (v->emulated_by[i]) {
      char name[40];
      snprintf(name, sizeof name, "  %s", isa_insn_info((enum isa_insn)i)->mnemonic);
      row(out, name, v->emulated_by[i], "");
    }
  }
}

static void memory_rows(FILE *out, const struct vmm_stats *v, enum vmm_memory memory)
{
  if (memory == VMM_MEMORY_EXACT || memory == VMM_MEMORY_DISCO) {
    if (memory == VMM_MEMORY_DISCO)
      row(out, "  by the second level", v->second_hits, "that would have been the guest's own");
    row(out, "entries filled", v->fills, "of the real TLB");
    row(out, "spaces made", v->spaces_made, "that got a real address space identifier");
    row(out, "spaces recycled", v->spaces_evicted, "of others, to have one for these");
    return;
  }
  row(out, "traced writes", v->traced_writes, "to the guest's page tables, say");
  row(out, "entries filled", v->fills, "of real tables");
  row(out, "spaces made", v->spaces_made, "that got real tables");
  row(out, "spaces evicted", v->spaces_evicted, "for want of frames");
  row(out, "frames for tables", v->tables, "now");
}

/* Guest code that executes in another form. */
static void rewritten(FILE *out, struct machine *vm)
{
  const struct vmm_stats *v = vmm_vm_stats(vm);
  if (vmm_vm_technique(vm) == VMM_TECHNIQUE_PATCH) {
    row(out, "code pages copied", v->blocks, "and executed from the copies");
    row(out, "words patched", v->patched, "in them, by a trap");
    row(out, "words copied again", v->invalidated, "the guest had written there");
    row(out, "copies given up", v->flushes, "for want of frames");
    row(out, "patches executed", v->callouts, "each interpreted");
  } else if (vmm_technique_needs_pages(vmm_vm_technique(vm))) {
    row(out, "blocks translated", v->blocks, "");
    row(out, "  identical", v->identical, "instructions");
    row(out, "  inline", v->inlined, "another instruction, to the same effect");
    row(out, "  call-out", v->callout, "a trap, and the VMM interprets");
    row(out, "branches linked", v->chained, "to the translation of their target");
    row(out, "branches unlinked", v->unchained, "since it was gone");
    row(out, "blocks invalidated", v->invalidated, "the guest had written there");
    row(out, "flushes", v->flushes, "of the whole cache");
    row(out, "exits taken", v->exits, "to what was not translated or linked");
    row(out, "call-outs executed", v->callouts, "");
  }
}

/* Of the real machine: what its own caches did not answer. */
static void walked(FILE *out, const struct machine_stats *real)
{
  char note[64];
  if (real->walks == 0)
    return;
  snprintf(note, sizeof note, "%.1f a walk", (double)real->entries_read / (double)real->walks);
  row(out, "walks of page tables", real->walks, "by the real machine, for what it did not know");
  row(out, "  entries read", real->entries_read, note);
}

void stats_vmm(FILE *out, struct stack *s, unsigned level)
{
  struct machine *vm = s->level[level - 1].vm;
  struct machine *under = level > 1 ? s->level[level - 2].vm : s->real;
  const struct vmm_stats *v = vmm_vm_stats(vm);
  const struct machine_stats *real = machine_stats(under);
  fprintf(out, "  %-24s %16s\n", "technique", vmm_techniques[vmm_vm_technique(vm)].name);
  fprintf(out, "  %-24s %16s\n", "memory", vmm_memories[vmm_vm_memory(vm)].name);
  uint64_t all = v->direct + v->emulated + v->interpreted + v->hypercalls;
  share(out, "executed directly", v->direct, all);
  share(out, "emulated by the VMM", v->emulated, all);
  emulated_by(out, v);
  if (v->interpreted)
    share(out, "interpreted by the VMM", v->interpreted, all);
  if (v->hypercalls) {
    share(out, "hypercalls", v->hypercalls, all);
    row(out, "  refused", v->refused, "");
    row(out, "  disk requests", v->ring_requests, "taken from the ring");
    row(out, "  bytes of text", v->ring_bytes, "taken and given by rings");
    row(out, "  exit status", v->exit_status, "as the guest said when it halted");
  }
  row(out, "real traps reflected", v->reflected, "the guest's own: it gets them");
  row(out, "real traps served", v->served, "timer and devices: the VMM's to answer");
  if (vmm_vm_memory(vm) != VMM_MEMORY_BOUNDS) {
    walked(out, real);
    row(out, "true faults", v->true_faults, "the guest's own");
    row(out, "hidden faults", v->hidden_faults, "of the real map alone; it was mended");
    row(out, "refused directly", v->refused_direct, "faults after which one was interpreted");
    memory_rows(out, v, vmm_vm_memory(vm));
  }
  if (vmm_vm_allocation(vm).scattered) {
    struct vmm_pages n = vmm_vm_pages(vm);
    const struct vmm_paging *p = vmm_vm_paging(vm);
    row(out, "pages resident", n.resident, "in frames of the machine below");
    row(out, "  shared", n.shared, "with other pages of the same contents");
    row(out, "pages of zeros", n.zero, "in no frame");
    row(out, "  given back", n.ballooned, "by the guest");
    row(out, "pages swapped", n.swapped, "");
    row(out, "pages zeroed", p->zeroed, "when they were first stored into");
    row(out, "  twice", p->zeroed_twice, "by the guest too");
    row(out, "pages copied", p->copied, "when they were stored into, being shared");
    row(out, "pages written", p->written, "to the swap file");
    row(out, "pages read", p->read, "from it");
    row(out, "  twice", p->paged_twice, "only for the guest to page them out");
  }
  rewritten(out, vm);
  row(out, "world switches", v->world_switches, "");
  row(out, "real ticks frozen", v->frozen, "the guest stood still for a disk");
  for (unsigned cause = 0; cause < ISA_CAUSE_LIMIT; cause++) {
    if (real->traps[cause]) {
      char name[48];
      snprintf(name, sizeof name, "real traps, %s", isa_cause_info(cause)->name);
      row(out, name, real->traps[cause], "");
    }
  }
}
