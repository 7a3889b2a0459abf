/* Profiles: what the shipped ones say, what the questions answer, and reading. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "isa/embed.h"
#include "isa/profile.h"

extern const struct embedded_file isa_embedded_profiles[];

#define HEADER "profile t; title \"T\"; modes 2; mmu bounds; io ports;\n"

static struct profile *shipped(const char *name)
{
  struct profile *p = profile_load(name, stderr);
  assert_non_null(p);
  return p;
}

/* Parses; on failure *messages holds what was printed (free it), else NULL. */
static struct profile *parse(const char *text, size_t len, char **messages)
{
  size_t size;
  char *printed = NULL;
  FILE *errors = open_memstream(&printed, &size);
  char *exact = malloc(len ? len : 1); /* so that a byte read too many is seen */
  memcpy(exact, text, len);
  struct profile *p = profile_parse("t.profile", exact, len, errors);
  free(exact);
  fclose(errors);
  assert_true(p ? size == 0 : size > 0);
  if (p || !messages) {
    free(printed);
    printed = NULL;
  }
  if (messages)
    *messages = printed;
  return p;
}

static struct profile *good(const char *text)
{
  struct profile *p = parse(text, strlen(text), NULL);
  assert_non_null(p);
  return p;
}

static void expect_message(const char *text, const char *part)
{
  char *messages;
  struct profile *p = parse(text, strlen(text), &messages);
  assert_null(p);
  if (!strstr(messages, part))
    fail_msg("expected '%s' in:\n%s", part, messages);
  free(messages);
}

static const struct profile_behaviour *outside(const struct profile *p, enum isa_insn insn)
{
  return profile_behaviour(p, insn, profile_user_mode(p));
}

static void assert_body(const struct profile *p, enum isa_insn insn, const char *name,
                        enum isa_body body)
{
  const struct profile_behaviour *b = outside(p, insn);
  assert_int_equal(b->kind, PROFILE_BODY);
  assert_string_equal(b->name, name);
  assert_int_equal(b->body, body);
}

/* A system instruction that is there and does not trap outside the privileged mode. */
static bool is_hole(const struct profile *p, enum isa_insn insn)
{
  return isa_insn_info(insn)->group == ISA_GROUP_SYSTEM && outside(p, insn)->kind != PROFILE_TRAP &&
         outside(p, insn)->kind != PROFILE_ABSENT;
}

/* ------------------------------------------------------------------ shipped */

static void test_shipped_list_is_what_is_embedded(void **state)
{
  (void)state;
  size_t listed = 0, embedded = 0;
  for (const char *const *n = profile_shipped(); *n; n++)
    listed++;
  assert_int_equal(listed, 14);
  for (const struct embedded_file *f = isa_embedded_profiles; f->name; f++)
    embedded++;
  assert_int_equal(embedded, listed);
}

static void test_shipped_are_complete(void **state)
{
  (void)state;
  for (const char *const *n = profile_shipped(); *n; n++) {
    struct profile *p = shipped(*n);
    assert_string_equal(profile_name(p), *n);
    assert_true(strlen(profile_title(p)) > 0);
    assert_true(strlen(profile_story(p)) > 20);
    assert_null(strchr(profile_story(p), '\n'));
    assert_true(strlen(profile_source(p)) > 10);
    assert_int_equal(profile_features(p) & ~(uint32_t)(ISA_FEATURE_KEYS | ISA_FEATURE_MIDDLE),
                     ISA_FEATURE_MMU_BOUNDS | ISA_FEATURE_IO_PORTS);
    for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
      const struct profile_behaviour *b = outside(p, i);
      if (isa_insn_info(i)->group != ISA_GROUP_SYSTEM || b->kind == PROFILE_TRAP ||
          b->kind == PROFILE_ABSENT)
        continue;
      assert_non_null(b->models); /* every hole says what it stands for, and says who says so */
      assert_non_null(b->source);
      assert_true(b->line > 0);
      assert_non_null(b->file);
    }
    profile_destroy(p);
  }
}

/* What the machines do outside the privileged mode, as docs/profiles.md has it:
 * modes, and each instruction that does not trap, in the definition's order. */
static const struct shipped_machine {
  const char *name;
  unsigned modes;
  const char *holes;
} machines[] = {
    {"pg", 2, ""},
    {"x86-popf", 2, "popf partial;"},
    {"s360", 2, ""},
    {"pdp10", 2, "lpsw partial; juser full;"},
    {"pdp11", 3, "lpsw partial; spl nop; ldprev full; stprev full;"},
    {"vax", 4, "lpsw check; rdpsw full; probe full;"},
    {"m68000", 2, "rdpsw full;"},
    {"m68010", 2, ""},
    {"x86", 2,
     "lpsw check; pushf full; popf partial; rdpsw full; svbr full; probe full; rdtick full; "
     "cpuid full;"},
    {"mips", 3, ""},
    {"armv7", 2, "popf partial; rdpsw full; sti nop; cli nop; ldprev full; stprev full;"},
    {"itanium", 4, "svbr full; cpuid full;"},
    {"riscv", 3, ""},
    {"vtx", 2, ""},
};

/* "lpsw partial; juser full;" */
static const char *list_holes(const struct profile *p, char *buf, size_t size)
{
  size_t at = 0;
  buf[0] = '\0';
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    if (is_hole(p, i))
      at += (size_t)snprintf(buf + at, size - at, "%s%s %s;", at ? " " : "",
                             isa_insn_info(i)->mnemonic, outside(p, i)->name);
  return buf;
}

static void test_shipped_holes(void **state)
{
  (void)state;
  const char *const *listed = profile_shipped();
  for (size_t n = 0; n < sizeof machines / sizeof *machines; n++) {
    struct profile *p = shipped(machines[n].name);
    char found[400];
    assert_string_equal(list_holes(p, found, sizeof found), machines[n].holes);
    assert_string_equal(*listed++, machines[n].name);
    assert_int_equal(profile_modes(p), machines[n].modes);
    profile_destroy(p);
  }
  assert_null(*listed);
}

static void test_holes_say_what_they_stand_for(void **state)
{
  (void)state;
  struct profile *p = shipped("s360");
  assert_string_equal(outside(p, ISA_LRA)->models, "LRA");
  profile_destroy(p);

  p = shipped("x86");
  assert_body(p, ISA_POPF, "partial", BODY_POPF_PARTIAL);
  assert_body(p, ISA_LPSW, "check", BODY_LPSW_CHECK);
  assert_body(p, ISA_CPUID, "full", BODY_CPUID_FULL);
  assert_non_null(strstr(outside(p, ISA_CPUID)->source, "our addition"));
  profile_destroy(p);

  p = shipped("x86-popf");
  assert_string_equal(outside(p, ISA_POPF)->file, "x86-popf.profile");
  profile_destroy(p);

  p = shipped("m68010"); /* what the 68000 had right stays, with what it said about it */
  assert_string_equal(outside(p, ISA_RDPSW)->file, "m68010.profile");
  assert_string_equal(outside(p, ISA_RFE)->models, "RTE");
  assert_string_equal(outside(p, ISA_RFE)->file, "m68000.profile");
  profile_destroy(p);
}

/* ------------------------------------------------------------------ answers */

static void test_privileged_mode_is_always_full(void **state)
{
  (void)state;
  struct profile *p = shipped("x86");
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++) {
    const struct profile_behaviour *b = profile_behaviour(p, i, 0);
    if (b->kind == PROFILE_ABSENT)
      continue;
    assert_int_equal(b->kind, PROFILE_BODY);
    assert_int_equal(b->body, isa_insn_info(i)->behaviours[0].body);
    if (isa_insn_info(i)->group != ISA_GROUP_SYSTEM)
      assert_string_equal(outside(p, i)->name, "full");
  }
  assert_int_equal(profile_behaviour(p, ISA_POPF, 0)->body, BODY_POPF_FULL);
  profile_destroy(p);
}

static void test_features_decide_existence(void **state)
{
  (void)state;
  struct profile *p = shipped("pg");
  assert_int_equal(outside(p, ISA_TLBW)->kind, PROFILE_ABSENT);
  assert_int_equal(profile_behaviour(p, ISA_TLBW, 0)->kind, PROFILE_ABSENT);
  assert_int_equal(profile_behaviour(p, ISA_SSK, 0)->kind, PROFILE_ABSENT);
  assert_int_equal(profile_behaviour(p, ISA_SIO, 0)->kind, PROFILE_ABSENT);
  assert_int_equal(profile_behaviour(p, ISA_IN, 0)->kind, PROFILE_BODY);
  assert_true(profile_has_cr(p, CR_BASE));
  assert_true(profile_has_cr(p, CR_TIMER));
  assert_false(profile_has_cr(p, CR_PTBR));
  profile_destroy(p);
}

static uint32_t encode(struct isa_decoded d)
{
  uint32_t word = 0;
  assert_int_equal(isa_encode(&d, &word, NULL, NULL, NULL), ISA_ENCODE_OK);
  return word;
}

static void test_decode_leaves_out_what_is_not_there(void **state)
{
  (void)state;
  struct isa_decoded d;
  struct profile *p = shipped("pg");
  uint32_t tlbw = encode((struct isa_decoded){.insn = ISA_TLBW});
  uint32_t mfcr_epc = encode((struct isa_decoded){.insn = ISA_MFCR, .a = 5, .n = CR_EPC});
  uint32_t mtcr_ptbr = encode((struct isa_decoded){.insn = ISA_MTCR, .a = 5, .n = CR_PTBR});
  uint32_t popf = encode((struct isa_decoded){.insn = ISA_POPF});
  assert_true(isa_decode(tlbw, &d));
  assert_false(profile_decode(p, tlbw, &d));
  assert_true(profile_decode(p, mfcr_epc, &d));
  assert_int_equal(d.n, CR_EPC);
  assert_false(profile_decode(p, mtcr_ptbr, &d));
  for (uint32_t n = ISA_CR_COUNT; n < 256; n++)
    assert_false(profile_decode(p, (mfcr_epc & ~(uint32_t)0xff) | n, &d));
  assert_true(profile_decode(p, popf, &d));
  assert_false(profile_decode(p, 0, &d));
  assert_false(profile_decode(p, 0xffffffff, &d));
  profile_destroy(p);

  p = good(HEADER "absent popf;");
  assert_false(profile_decode(p, popf, &d));
  assert_int_equal(profile_behaviour(p, ISA_POPF, 0)->kind, PROFILE_ABSENT);
  assert_int_equal(profile_behaviour(p, ISA_POPF, 1)->line, 2);
  profile_destroy(p);
}

static void test_legal_psw(void **state)
{
  (void)state;
  for (unsigned modes = 2; modes <= 4; modes++) {
    char text[100];
    snprintf(text, sizeof text, "profile t; title \"T\"; modes %u; mmu bounds; io ports;", modes);
    struct profile *p = good(text);
    assert_int_equal(profile_modes(p), modes);
    for (uint32_t mode = 0; mode < 4; mode++)
      for (uint32_t pmode = 0; pmode < 4; pmode++) {
        uint32_t want_mode = mode < modes ? mode : modes - 1;
        uint32_t want_pmode = pmode < modes ? pmode : modes - 1;
        assert_int_equal(profile_legal_psw(p, mode | pmode << 2 | 0xfffffff0),
                         want_mode | want_pmode << 2 | 0xff0);
        assert_int_equal(profile_cr_write(p, CR_EPSW, 0x123, mode | pmode << 2),
                         want_mode | want_pmode << 2);
      }
    assert_int_equal(outside(p, ISA_POPF)->kind, PROFILE_TRAP);
    for (unsigned mode = 1; mode < modes; mode++)
      assert_ptr_equal(profile_behaviour(p, ISA_POPF, mode), outside(p, ISA_POPF));
    profile_destroy(p);
  }
}

static void test_cr_write_masks(void **state)
{
  (void)state;
  struct profile *p = shipped("pg");
  assert_int_equal(profile_cr_write(p, CR_EPC, 1, 0xdeadbeef), 0xdeadbeef);
  assert_int_equal(profile_cr_write(p, CR_VBR, 0, 0xffffffff), 0xfffffffc);
  assert_int_equal(profile_cr_write(p, CR_TICK, 77, 5), 77);
  assert_int_equal(profile_cr_write(p, CR_CPUID, 0x50470001, 0), 0x50470001);
  assert_int_equal(profile_cr_write(p, CR_IMASK, 0, 0xffffffff), 0x1f);
  assert_int_equal(profile_cr_write(p, CR_PSW, 0, 0xffffffff), 0xff5);
  profile_destroy(p);
}

/* The unmapped segment goes with pages, and stays behind without them. */
static void test_middle(void **state)
{
  (void)state;
  struct profile *p = good("profile t; title \"T\"; modes 4; mmu paged; io ports; middle;");
  assert_true(profile_features(p) & ISA_FEATURE_MIDDLE);
  assert_int_equal(profile_guest_mode(p, 0), 2);
  assert_int_equal(profile_guest_mode(p, 1), 3);
  assert_int_equal(profile_guest_mode(p, 3), 3);
  profile_destroy(p);
  p = good("profile t; extends mips;");
  assert_int_equal(profile_guest_mode(p, 0), 1);
  profile_destroy(p);
  p = good("profile t; extends mips; modes 2;");
  assert_false(profile_features(p) & ISA_FEATURE_MIDDLE);
  assert_int_equal(profile_guest_mode(p, 0), 1);
  profile_destroy(p);
  expect_message(HEADER "middle;", "a machine of two modes has none in the middle");
}

static void test_kseg(void **state)
{
  (void)state;
  struct profile *p = good("profile t; title \"T\"; modes 2; kseg; mmu tlb; io ports;");
  assert_true(profile_features(p) & ISA_FEATURE_KSEG);
  assert_true(profile_has_cr(p, CR_TLBHI) && profile_has_cr(p, CR_ASID) &&
              !profile_has_cr(p, CR_PTBR));
  struct profile *paged = profile_override(p, "paged", NULL, stderr);
  assert_true(profile_features(paged) & ISA_FEATURE_KSEG);
  assert_true(profile_has_cr(paged, CR_PTBR) && !profile_has_cr(paged, CR_TLBHI));
  struct profile *bounds = profile_override(paged, "bounds", NULL, stderr);
  assert_false(profile_features(bounds) & ISA_FEATURE_KSEG);
  profile_destroy(bounds);
  profile_destroy(paged);
  profile_destroy(p);
  expect_message(HEADER "kseg;", "an unmapped kernel segment needs 'mmu paged' or 'mmu tlb'");
  expect_message("profile t; extends s360; mmu paged; keys;", "storage keys need 'mmu bounds'");
}

static const struct profile_real *real_of(const struct profile *p, const char *name)
{
  size_t count;
  const struct profile_real *real = profile_reals(p, &count);
  for (size_t i = 0; i < count; i++)
    if (strcmp(real[i].name, name) == 0)
      return &real[i];
  return NULL;
}

static void test_real(void **state)
{
  (void)state;
  size_t count;
  struct profile *p =
      good(HEADER "real \"A, B\" = popf; real \"INT n\" = sys \"why\" source \"who\";");
  profile_reals(p, &count);
  assert_int_equal(count, 2);
  assert_null(real_of(p, "A, B")->note);
  assert_null(real_of(p, "A, B")->source);
  struct profile *paged = profile_override(p, "paged", NULL, stderr);
  profile_destroy(p); /* shares nothing */
  assert_int_equal(real_of(paged, "INT n")->insn, ISA_SYS);
  assert_string_equal(real_of(paged, "INT n")->note, "why");
  assert_string_equal(real_of(paged, "INT n")->source, "who");
  profile_destroy(paged);
  p = good("profile t; extends x86; outside popf = trap; real \"MINE\" = popf;");
  assert_null(real_of(p, "POPF")); /* it does otherwise here */
  assert_int_equal(real_of(p, "MINE")->insn, ISA_POPF);
  assert_int_equal(real_of(p, "PUSHF")->insn, ISA_PUSHF);
  profile_destroy(p);
  expect_message(HEADER "real \"A\" = pop;", "there is no instruction 'pop'; did you mean 'popf'?");
  expect_message(HEADER "real A = popf;", "expected a string in quotes, found 'A'");
  expect_message(HEADER "reel \"A\" = popf;", "did you mean 'real'?");
}

static void test_override(void **state)
{
  (void)state;
  char *printed;
  size_t size;
  FILE *errors = open_memstream(&printed, &size);
  struct profile *p = shipped("x86");
  struct profile *none = profile_override(p, NULL, "none", errors);
  assert_non_null(none);
  assert_int_equal(profile_behaviour(none, ISA_OUT, 0)->kind, PROFILE_ABSENT);
  assert_int_equal(profile_features(none), ISA_FEATURE_MMU_BOUNDS);
  struct profile *back = profile_override(none, "bounds", "ports", errors);
  profile_destroy(none); /* shares nothing */
  assert_int_equal(profile_behaviour(back, ISA_OUT, 0)->kind, PROFILE_BODY);
  assert_string_equal(profile_name(back), "x86");
  assert_string_equal(outside(back, ISA_OUT)->source, outside(p, ISA_OUT)->source);
  profile_destroy(back);
  struct profile *nested = profile_override(p, "nested", NULL, errors);
  assert_int_equal(profile_features(nested),
                   ISA_FEATURE_MMU_NESTED | ISA_FEATURE_MMU_PAGED | ISA_FEATURE_IO_PORTS);
  struct profile *paged = profile_override(nested, "paged", NULL, errors);
  assert_int_equal(profile_features(paged), ISA_FEATURE_MMU_PAGED | ISA_FEATURE_IO_PORTS);
  profile_destroy(nested);
  profile_destroy(paged);
  assert_null(profile_override(p, NULL, "prots", errors));
  assert_null(profile_override(p, "segments", NULL, errors));
  fclose(errors);
  assert_string_equal(printed, "error: there is no io 'prots'; did you mean 'ports'?\n"
                               "error: there is no mmu 'segments'; this version has: bounds, "
                               "tlb, paged, nested\n");
  free(printed);
  profile_destroy(p);
}

/* ------------------------------------------------------------------ reading */

static void test_words_of_every_behaviour(void **state)
{
  (void)state;
  struct profile *p =
      good(HEADER "outside popf = nop; outside sti=full;outside lpsw = check as \"REI\" "
                  "source \"VAX\";\noutside cli = trap; ;");
  assert_int_equal(outside(p, ISA_POPF)->kind, PROFILE_NOP);
  assert_string_equal(outside(p, ISA_POPF)->name, "nop");
  assert_null(outside(p, ISA_POPF)->models);
  assert_body(p, ISA_STI, "full", BODY_STI_FULL);
  assert_body(p, ISA_LPSW, "check", BODY_LPSW_CHECK);
  assert_string_equal(outside(p, ISA_LPSW)->models, "REI");
  assert_string_equal(outside(p, ISA_LPSW)->source, "VAX");
  assert_int_equal(outside(p, ISA_LPSW)->line, 2);
  assert_int_equal(outside(p, ISA_CLI)->kind, PROFILE_TRAP);
  assert_int_equal(outside(p, ISA_CLI)->line, 3);
  assert_int_equal(outside(p, ISA_WFI)->line, 0);
  profile_destroy(p);
}

static void test_extends(void **state)
{
  (void)state;
  struct profile *p = good("profile mine; extends x86; modes 3; outside popf = trap; absent wfi;");
  assert_string_equal(profile_name(p), "mine");
  assert_string_equal(profile_title(p), "x86, changed");
  assert_string_equal(profile_story(p), "");
  assert_int_equal(profile_modes(p), 3);
  char found[400];
  assert_string_equal(list_holes(p, found, sizeof found),
                      "lpsw check; pushf full; rdpsw full; svbr full; probe full; rdtick full; "
                      "cpuid full;");
  assert_int_equal(outside(p, ISA_WFI)->kind, PROFILE_ABSENT);
  assert_string_equal(outside(p, ISA_PUSHF)->file, "x86.profile");
  assert_string_equal(outside(p, ISA_PUSHF)->models, "PUSHF");
  assert_string_equal(outside(p, ISA_POPF)->file, "t.profile");
  profile_destroy(p);

  p = good("profile mine; extends x86; io none;");
  assert_int_equal(outside(p, ISA_OUT)->kind, PROFILE_ABSENT);
  profile_destroy(p);
}

static void write_file(const char *path, const char *text)
{
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_true(fputs(text, f) >= 0);
  assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
  (void)state;
  char folder[] = "/tmp/profile-test-XXXXXX", a[64], b[64];
  assert_non_null(mkdtemp(folder));
  snprintf(a, sizeof a, "%s/a.profile", folder);
  snprintf(b, sizeof b, "%s/b.profile", folder);
  char *printed;
  size_t size;

  /* A name in a file starts from that file's folder, whatever the process's is. */
  write_file(a, "profile a; extends \"b.profile\";");
  write_file(b, "profile b; extends pg; outside sti = nop;");
  struct profile *p = profile_load(a, stderr);
  assert_non_null(p);
  assert_string_equal(profile_file(p), a);
  assert_string_equal(outside(p, ISA_STI)->file, b);
  profile_destroy(p);

  write_file(b, "profile b; extends \"a.profile\";");
  FILE *errors = open_memstream(&printed, &size);
  assert_null(profile_load(a, errors));
  fclose(errors);
  assert_non_null(strstr(printed, "'extends' goes round in a circle"));
  free(printed);

  errors = open_memstream(&printed, &size);
  assert_null(profile_load(folder, errors)); /* a folder */
  remove(a);
  assert_null(profile_load(a, errors));
  assert_null(profile_load("x68", errors));
  assert_null(profile_load("", errors));
  fclose(errors);
  assert_non_null(strstr(printed, "Is a directory"));
  assert_non_null(strstr(printed, "No such file"));
  assert_non_null(strstr(printed, "did you mean 'x86'?"));
  free(printed);
  remove(b);
  remove(folder);
}

static void test_many_errors_are_all_told_up_to_a_cap(void **state)
{
  (void)state;
  char text[2000] = HEADER;
  for (int i = 0; i < 30; i++)
    strcat(text, "outside nonesuch = trap;\n");
  char *messages;
  assert_null(parse(text, strlen(text), &messages));
  unsigned told = 0;
  for (const char *at = messages; (at = strstr(at, "there is no instruction")) != NULL; at++)
    told++;
  assert_int_equal(told, 20);
  assert_non_null(strstr(messages, "and 10 more errors"));
  free(messages);
}

static void test_required_keys(void **state)
{
  (void)state;
  expect_message("title \"T\"; modes 2; mmu bounds; io ports;", "no 'profile'");
  expect_message("profile t; modes 2; mmu bounds; io ports;", "no 'title'");
  expect_message("profile t; title \"T\"; mmu bounds; io ports;", "no 'modes'");
  expect_message("profile t; title \"T\"; modes 2; io ports;", "no 'mmu'");
  expect_message("profile t; title \"T\"; modes 2; mmu bounds;", "no 'io'");
  expect_message("", "no 'profile'");
  expect_message("extends pg;", "no 'profile'");
}

static void test_storage_keys(void **state)
{
  (void)state;
  struct profile *without = good(HEADER), *with = good(HEADER "keys; outside isk = full;");
  assert_false(profile_features(without) & ISA_FEATURE_KEYS);
  assert_int_equal(profile_behaviour(without, ISA_SSK, 0)->kind, PROFILE_ABSENT);
  assert_true(profile_features(with) & ISA_FEATURE_KEYS);
  assert_int_equal(profile_behaviour(with, ISA_SSK, 0)->kind, PROFILE_BODY);
  assert_int_equal(profile_behaviour(with, ISA_SSK, 1)->kind, PROFILE_TRAP);
  assert_int_equal(profile_behaviour(with, ISA_ISK, 1)->kind, PROFILE_BODY);
  struct profile *same = profile_override(with, "bounds", "none", stderr);
  assert_true(profile_features(same) & ISA_FEATURE_KEYS);
  profile_destroy(same);
  profile_destroy(with);
  profile_destroy(without);
  expect_message(HEADER "outside ssk = full;", "needs 'keys'");
}

/* Any bytes at all: a message or a profile, never a crash (the sanitizer build
 * makes this sharp). */
static void test_no_bytes_break_it(void **state)
{
  (void)state;
  const char base[] =
      HEADER "outside popf = partial as \"POPF\" source \"R\"; absent wfi; # \xc3\xa9\n";
  uint32_t seed = 12345;
  for (int round = 0; round < 20000; round++) {
    char text[sizeof base];
    memcpy(text, base, sizeof base);
    size_t len = sizeof base - 1;
    for (int changes = 0; changes < 1 + round % 4; changes++) {
      seed = seed * 1664525u + 1013904223u;
      text[(seed >> 8) % len] = (char)(seed >> 24);
    }
    if (round % 5 == 0)
      len = (seed >> 4) % len;
    char *messages;
    profile_destroy(parse(text, len, &messages));
    for (const char *m = messages; m && *m; m++) /* nothing that acts on a terminal */
      assert_true((unsigned char)*m >= ' ' || *m == '\n' || *m == '\t');
    free(messages);
  }
}

static void test_strings_are_text(void **state)
{
  (void)state;
  struct profile *p =
      good("profile t; title \"caf\xc3\xa9 \xf0\x9f\x92\xbe\"; modes 2; mmu bounds; io ports;");
  assert_string_equal(profile_title(p), "caf\xc3\xa9 \xf0\x9f\x92\xbe");
  profile_destroy(p);
  const char *const bad[] = {
      "\xff",         "\xc3",     "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
      "\xe0\x80\x80", "a\033[2J", "\x7f"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char text[100];
    snprintf(text, sizeof text, "profile t; title \"%s\"; modes 2; mmu bounds; io ports;", bad[i]);
    expect_message(text, "control character or is not UTF-8");
  }
}

static void test_too_long(void **state)
{
  (void)state;
  size_t len = (1u << 20) + 1;
  char *text = malloc(len), *messages;
  memset(text, ' ', len);
  assert_null(parse(text, len, &messages));
  assert_non_null(strstr(messages, "longer than"));
  free(messages);
  /* Just short enough, on one line: the message shows a part of it. */
  assert_null(parse(text, len - 1, &messages));
  assert_true(strlen(messages) < 2000);
  free(messages);
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shipped_list_is_what_is_embedded),
      cmocka_unit_test(test_shipped_are_complete),
      cmocka_unit_test(test_shipped_holes),
      cmocka_unit_test(test_holes_say_what_they_stand_for),
      cmocka_unit_test(test_privileged_mode_is_always_full),
      cmocka_unit_test(test_features_decide_existence),
      cmocka_unit_test(test_decode_leaves_out_what_is_not_there),
      cmocka_unit_test(test_legal_psw),
      cmocka_unit_test(test_cr_write_masks),
      cmocka_unit_test(test_kseg),
      cmocka_unit_test(test_middle),
      cmocka_unit_test(test_override),
      cmocka_unit_test(test_real),
      cmocka_unit_test(test_words_of_every_behaviour),
      cmocka_unit_test(test_extends),
      cmocka_unit_test(test_files),
      cmocka_unit_test(test_many_errors_are_all_told_up_to_a_cap),
      cmocka_unit_test(test_required_keys),
      cmocka_unit_test(test_storage_keys),
      cmocka_unit_test(test_no_bytes_break_it),
      cmocka_unit_test(test_strings_are_text),
      cmocka_unit_test(test_too_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
