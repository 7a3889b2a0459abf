/* trapeze profiles [NAME]: the machines that come with it, or what one of them
 * does with each system instruction outside the privileged mode.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "isa/profile.h"
#include "tools/command.h"
#include "tools/common/holes.h"
#include "tools/common/json.h"
#include "tools/common/options.h"
#include "tools/common/text.h"

struct request {
  bool json;
};

OPTION_FLAG(apply_json, struct request, json)

static const struct option_spec options[] = {
    {"json", 0, NULL,
     "one JSON object, schema trapeze-profiles/1, of one profile "
     "trapeze-profile/1",
     apply_json},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct command_usage usage = {
    .command = "profiles",
    .synopsis = "[OPTION]... [PROFILE]",
    .about = "List the profiles that come with trapeze, or show what one of them, or a file "
             "NAME.profile of your own, does with each system instruction outside the privileged "
             "mode: trap, ignore it (nop), execute it as in the privileged mode (full), or do a "
             "part of it.",
    .notes = "An instruction marked * is sensitive and does not always trap: there Popek and "
             "Goldberg's first theorem fails.",
    .max_operands = 1,
};

/* ---------------------------------------------------------------- behaviours */

static void print_row(const struct profile *p, enum isa_insn insn)
{
  const struct isa_insn_info *info = isa_insn_info(insn);
  const struct profile_behaviour *b = profile_behaviour(p, insn, profile_user_mode(p));
  const char *source = b->models ? b->source : NULL;
  printf("%c %-7s %-9s ", hole_in(p, insn) ? '*' : ' ', info->mnemonic, profile_outside(p, insn));
  text_wrapf(stdout, 20, 20, "%s%s%s%s", b->models ? b->models : info->summary, source ? " (" : "",
             source ? source : "", source ? ")" : "");
}

static void print_reals(const struct profile *p)
{
  size_t count;
  const struct profile_real *real = profile_reals(p, &count);
  if (count)
    printf("\nInstructions of the real machine, and what stands for each:\n\n");
  for (size_t i = 0; i < count; i++) {
    const char *said = real[i].note ? real[i].note : "", *source = real[i].source;
    int column = printf("  %-15s %-7s ", real[i].name, isa_insn_info(real[i].insn)->mnemonic);
    text_wrapf(stdout, column, 26, "%s%s%s%s%s", said, source && *said ? " " : "",
               source ? "(" : "", source ? source : "", source ? ")" : "");
  }
}

/* A profile of one's own need not say anything about itself. */
static bool is_there(const char *text)
{
  return text && text[0];
}

static void print_profile(const struct profile *p)
{
  bool titled = is_there(profile_title(p));
  char said[PROFILE_FEATURE_SIZE];
  text_wrapf(stdout, 0, 2, "%s%s%s", profile_name(p), titled ? ": " : "",
             titled ? profile_title(p) : "");
  printf("\n");
  if (is_there(profile_story(p))) {
    text_paragraphs(stdout, profile_story(p));
    printf("\n");
  }
  printf("%u modes", profile_modes(p));
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++)
    if (profile_feature_word_holds(w, profile_features(p)))
      printf(", %s", profile_say_feature(w, said));
  printf("\n");
  if (is_there(profile_source(p))) {
    printf("Source: ");
    text_wrap(stdout, profile_source(p), 8, 8);
  }
  printf("\n  instr.  outside   what it stands for\n");
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    if (isa_insn_info((enum isa_insn)i)->group == ISA_GROUP_SYSTEM)
      print_row(p, (enum isa_insn)i);
  printf("\n* sensitive, and does not always trap outside the privileged mode.\n");
  print_reals(p);
}

static int list_profiles(void)
{
  for (const char *const *name = profile_shipped(); *name; name++) {
    struct profile *p = profile_load(*name, stderr);
    if (!p)
      return STATUS_OURS;
    printf("%-10s ", *name);
    text_wrap(stdout, profile_title(p), 11, 11);
    printf("%11s", "");
    text_wrap(stdout, profile_story(p), 11, 11);
    profile_destroy(p);
  }
  return STATUS_DONE;
}

/* ---------------------------------------------------------------------- JSON */

static json_t *summary_json(const struct profile *p)
{
  json_t *list = json_array();
  char said[PROFILE_FEATURE_SIZE];
  for (const struct profile_feature_word *w = profile_feature_words; w->key; w++)
    if (profile_feature_word_holds(w, profile_features(p)))
      json_array_append_new(list, json_string(profile_say_feature(w, said)));
  return json_pack("{s:o, s:o, s:o, s:o, s:i, s:o}", "name", json_text(profile_name(p)), "title",
                   json_text(profile_title(p)), "story", json_text(profile_story(p)), "source",
                   json_text(profile_source(p)), "modes", (int)profile_modes(p), "features", list);
}

static json_t *instruction_json(const struct profile *p, enum isa_insn insn)
{
  const struct isa_insn_info *info = isa_insn_info(insn);
  const struct profile_behaviour *b = profile_behaviour(p, insn, profile_user_mode(p));
  json_t *modes = json_array();
  for (unsigned mode = 0; mode < profile_modes(p); mode++)
    json_array_append_new(modes, json_string(profile_behaviour(p, insn, mode)->name));
  return json_pack("{s:s, s:s, s:o, s:b, s:s, s:o, s:o, s:o, s:i}", "instruction", info->mnemonic,
                   "summary", info->summary, "behaviour_by_mode", modes, "hole", hole_in(p, insn),
                   "sensitive", info->sensitive, "models", json_text(b->models), "source",
                   json_text(b->source), "file", json_text(b->file), "line", (int)b->line);
}

static json_t *reals_json(const struct profile *p)
{
  size_t count;
  const struct profile_real *real = profile_reals(p, &count);
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(list,
                          json_pack("{s:o, s:s, s:o, s:o}", "name", json_text(real[i].name),
                                    "instruction", isa_insn_info(real[i].insn)->mnemonic, "note",
                                    json_text(real[i].note), "source", json_text(real[i].source)));
  return list;
}

static json_t *profile_json(const struct profile *p)
{
  json_t *object =
      json_pack("{s:s, s:o}", "schema", "trapeze-profile/1", "file", json_text(profile_file(p)));
  json_t *list = json_array(), *summary = summary_json(p);
  for (unsigned i = 0; i < ISA_INSN_COUNT; i++)
    if (isa_insn_info((enum isa_insn)i)->group == ISA_GROUP_SYSTEM)
      json_array_append_new(list, instruction_json(p, (enum isa_insn)i));
  json_object_update(object, summary);
  json_decref(summary);
  json_object_set_new(object, "instructions", list);
  json_object_set_new(object, "real", reals_json(p));
  return object;
}

static int list_profiles_json(void)
{
  json_t *list = json_array();
  bool whole = list != NULL;
  for (const char *const *name = profile_shipped(); *name; name++) {
    struct profile *p = profile_load(*name, stderr);
    if (!p) {
      json_decref(list);
      return STATUS_OURS;
    }
    errno = 0;
    whole &= json_array_append_new(list, summary_json(p)) == 0 && errno != ENOMEM;
    profile_destroy(p);
  }
  errno = whole ? 0 : ENOMEM;
  return json_print("profiles",
                    json_pack("{s:s, s:o}", "schema", "trapeze-profiles/1", "profiles", list));
}

int cmd_profiles(int argc, char **argv)
{
  struct request r = {0};
  const struct option_group groups[] = {{"Options", options, &r}, {NULL, NULL, NULL}};
  char **operands;
  int count;
  int status = options_parse(&usage, groups, argc, argv, &operands, &count);
  if (status != OPTIONS_GO_ON)
    return status;
  if (count == 0)
    return r.json ? list_profiles_json() : list_profiles();
  struct profile *p = profile_load(operands[0], stderr);
  if (!p)
    return errno ? STATUS_OURS : STATUS_USAGE;
  status = STATUS_DONE;
  if (r.json)
    status = json_print("profiles", profile_json(p));
  else
    print_profile(p);
  profile_destroy(p);
  return status;
}
