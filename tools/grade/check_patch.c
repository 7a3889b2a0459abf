/* "patch": pages of drawn words go through a submitted patch module. Of the legal
 * instructions those are to be replaced, and no others, that stand in Theorem 1's way on the
 * test's profile; and for each the module must know what stood there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/message.h"
#include "tools/grade/patcher.h"
#include "tools/grade/theory.h"

#define PAGES_USUAL 4u
#define WORDS_USUAL 256u
#define WORDS_MAX   4096u

struct page {
  uint32_t base, words;
  uint32_t was[WORDS_MAX], is[WORDS_MAX];
};

struct patching {
  const struct check_run *run;
  const struct profile *profile;
  struct theory_offenders offenders;
  struct remote *remote;
  uint64_t random, pages, words;
  char *text; /* the first mistake */
};

static bool read_word(void *ctx, gpa_t at, uint32_t *word)
{
  const struct page *p = ctx;
  if (at.v < p->base || (at.v - p->base) / 4 >= p->words) {
    return false;
  }
  *word = p->is[(at.v - p->base) / 4];
  return true;
}

/* ------------------------------------------------------------------------ drawing */

/* An instruction, all of its operands drawn. */
static uint32_t draw_insn(uint64_t *random, enum isa_insn insn)
{
  const struct isa_format_info *f = isa_format_info(isa_insn_info(insn)->format);
  for (;;) {
    struct isa_decoded d = {.insn = insn};
    uint32_t word;
    for (size_t i = 0; i < f->operand_count; i++) {
      int64_t min, max;
      isa_operand_range(&f->operands[i], &min, &max);
      uint64_t span = (uint64_t)(max - min) + 1;
      isa_set_slot(&d, f->operands[i].slot, (uint32_t)(min + (int64_t)(check_draw(random) % span)));
    }
    if (isa_encode(&d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK) {
      return word;
    }
  }
}

static uint32_t draw_bit(uint64_t *random)
{
  return 1u << (check_draw(random) >> 32) % 32;
}

static uint32_t draw_word(uint64_t *random)
{
  uint64_t r = check_draw(random) >> 16;
  enum isa_insn insn = (enum isa_insn)(r % ISA_INSN_COUNT);
  uint32_t word;
  switch (r / ISA_INSN_COUNT % 8) {
  case 0:
    return (uint32_t)check_draw(random);
  case 1: /* often illegal: a bit that is not used, or another operation */
    word = draw_insn(random, insn);
    return word ^ draw_bit(random);
  case 2:
    return draw_insn(random, ISA_HCALL);
  case 3:
  case 4:
  case 5: /* system instructions are more than their share */
    while (isa_insn_info(insn)->group != ISA_GROUP_SYSTEM) {
      insn = (enum isa_insn)(check_draw(random) % ISA_INSN_COUNT);
    }
    return draw_insn(random, insn);
  default:
    return draw_insn(random, insn);
  }
}

/* ------------------------------------------------------------------------ judging */

static void mistake(struct patching *p, uint32_t at, uint32_t word, const char *expected,
                    const char *actual)
{
  char text[PATCHER_TEXT_SIZE];
  if (!p->text &&
      asprintf(&p->text, "input     %s, on profile %s\nexpected  %s\nactual    %s\n",
               patcher_text(at, word, text), profile_name(p->profile), expected, actual) < 0) {
    p->text = NULL;
  }
}

static bool going(const struct patching *p)
{
  return !p->text && p->remote->end == REMOTE_OPEN;
}

static bool to_be_replaced(const struct patching *p, uint32_t word)
{
  struct isa_decoded d;
  return profile_decode(p->profile, word, &d) && p->offenders.is[d.insn];
}

static void try_patch(struct patching *p, void *state, const struct vmm_env *env, struct page *page,
                      uint32_t i)
{
  uint32_t at = page->base + 4 * i, word = page->was[i];
  struct patch_word got = remote_patch.patch(state, env, (gpa_t){at});
  bool want = to_be_replaced(p, word);
  if (p->remote->end != REMOTE_OPEN) {
    return;
  }
  if (got.replace != want) {
    mistake(p, at, word, want ? "it is replaced: sensitive, and not privileged" : "it stays",
            got.replace ? "it is replaced" : "it stays");
  } else if (want && patcher_refuses(p->profile, got.word)) {
    mistake(p, at, word, "a hypercall in its place", patcher_refuses(p->profile, got.word));
  } else if (want) {
    page->is[i] = got.word;
  }
}

static void try_original(struct patching *p, void *state, const struct vmm_env *env,
                         const struct page *page, uint32_t i)
{
  uint32_t at = page->base + 4 * i, word = page->was[i];
  struct vmm_word got = remote_patch.original(state, env, (gpa_t){at});
  bool want = to_be_replaced(p, word);
  char text[PATCHER_TEXT_SIZE], actual[PATCHER_TEXT_SIZE + 20] = "nothing was replaced there";
  if (p->remote->end != REMOTE_OPEN || (got.ok == want && (!want || got.word == word))) {
    return;
  }
  if (got.ok) {
    snprintf(actual, sizeof actual, "%s", patcher_text(at, got.word, text));
  }
  mistake(p, at, word,
          want ? "original() answers it" : "original() answers that nothing was replaced there",
          actual);
}

static void try_page(struct patching *p, struct page *page)
{
  page->base = (uint32_t)(check_draw(&p->random) >> 40) % 4096 * ISA_PAGE_SIZE;
  page->words = (uint32_t)p->words;
  for (uint32_t i = 0; i < page->words; i++) {
    page->was[i] = page->is[i] = draw_word(&p->random);
  }
  struct patcher_storage storage = {.profile = p->profile, .read = read_word, .ctx = page};
  struct vmm_env env = patcher_env(&storage);
  void *state = remote_patch.create(p->remote);
  for (uint32_t i = 0; state && i < page->words && going(p); i++) {
    try_patch(p, state, &env, page, i);
  }
  /* In another order than that in which they came. */
  uint32_t step = page->words > 7 ? 7 : 1, i = 0;
  for (uint32_t n = 0; state && n < page->words && going(p); n++) {
    i = (i + step) % page->words;
    try_original(p, state, &env, page, i);
  }
  remote_patch.destroy(state);
}

static struct check_outcome try_all(struct patching *p, struct hosted *h)
{
  const char *reason = NULL;
  struct page *page = malloc(sizeof *page);
  struct hosted_modules *m = page ? hosted_start(h, &reason) : NULL;
  if (!m) {
    message_error("grade", "%s", reason ? reason : "out of memory");
    free(page);
    return check_fail(CHECK_HOST, NULL);
  }
  p->remote = &m->remote;
  for (uint64_t i = 0; i < p->pages && going(p); i++) {
    try_page(p, page);
  }
  hosted_end(h, m);
  free(page);
  if (h->end != REMOTE_OPEN) {
    free(p->text);
    return hosted_outcome(h);
  }
  return p->text ? check_fail(CHECK_FAILED, p->text)
                 : (struct check_outcome){.verdict = CHECK_PASSED};
}

struct check_outcome check_patch(const struct check_run *run)
{
  struct patching p = {.run = run, .pages = PAGES_USUAL, .words = WORDS_USUAL};
  struct hosted h = {.run = run};
  const char *name = "x86", *problem = NULL;
  p.random = check_draw_from(run->seed);
  if (!lab_string(run->lab, run->test, "profile", &name) ||
      !lab_count(run->lab, run->test, "pages", &p.pages) ||
      !lab_count(run->lab, run->test, "words", &p.words)) {
    return check_fail(CHECK_LAB, NULL);
  }
  if (p.words == 0 || p.words > WORDS_MAX) {
    return check_lab_is_wrong(run, "\"words\" from 1 to 4,096");
  }
  if (hosted_problem(&h, &problem)) {
    return check_differs(NULL, "a module that can be built", "%s", problem);
  }
  struct profile *profile = theory_profile(run, name);
  struct check_outcome outcome = {.verdict = CHECK_LAB};
  p.profile = profile;
  if (profile) {
    outcome = theory_offends(profile, MODEL_EXTENDED, CLASSIFY_THEOREM_1, &p.offenders)
                  ? try_all(&p, &h)
                  : check_fail(CHECK_HOST, NULL);
  }
  outcome.cpu = h.cpu;
  outcome.printed = h.printed;
  profile_destroy(profile);
  return outcome;
}
