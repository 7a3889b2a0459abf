#include "tools/common/lint.h"

#include <stdio.h>

#include "isa/pages.h"
#include "isa/profile.h"
#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/program.h"
#include "tools/common/text.h"

static void note(void *ctx, const struct machine_lint *event)
{
  struct lint_report *r = ctx;
  unsigned i = 0;
  while (i < r->places && r->place[i].first.pc.v != event->pc.v)
    i++;
  if (i == LINT_PLACES) {
    r->elsewhere++;
    return;
  }
  if (i == r->places)
    r->place[r->places++] = (struct lint_place){.first = *event};
  r->place[i].count++;
}

int lint_start(struct lint_report *r, const char *command, struct machine *m)
{
  if (machine_set_lint(m, note, r))
    return STATUS_DONE;
  message_error(command, "no memory for what a machine would keep of its page tables");
  return STATUS_OURS;
}

/* What goes otherwise. */
static const char *story(const struct machine_lint *e, char *buf, size_t size)
{
  if (e->now == 0)
    snprintf(buf, size, "which is no page any more, or not for this");
  else if (pte_frame(e->now) != pte_frame(e->kept))
    snprintf(buf, size, "whose page was in frame 0x%08x and is in 0x%08x", pte_frame(e->kept),
             pte_frame(e->now));
  else
    snprintf(buf, size, "whose D was taken away and would not be set again");
  return buf;
}

void lint_print(const struct lint_report *r, const char *command, const struct image *image,
                struct machine *m)
{
  static const char *const what[] = {"load from", "store to", "fetch from"};
  const char *tell = isa_insn_info(ISA_TLBI)->mnemonic;
  char at[80], buf[120], count[TEXT_COUNT_SIZE];
  if (!(profile_features(machine_profile(m)) & ISA_FEATURE_MMU_PAGED)) {
    message_note(command, "lint: this machine walks no page tables: there is nothing to look for");
    return;
  }
  for (unsigned i = 0; i < r->places; i++) {
    const struct machine_lint *e = &r->place[i].first;
    message_note(command, "lint: %s: %s 0x%08x, %s, and there was no %s (here so %s times)",
                 program_place(image, e->pc.v, at, sizeof at), what[e->access], e->va.v,
                 story(e, buf, sizeof buf), tell, text_count(count, r->place[i].count));
  }
  message_note(command, "lint: accesses by translations that were changed without %s: %s", tell,
               text_count(count, machine_stats(m)->stale));
}
