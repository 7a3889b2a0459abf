#include "tools/trace/classes.h"

#include <stdio.h>
#include <string.h>

#include "isa/suggest.h"
#include "tools/command.h"
#include "tools/common/message.h"

static const char *const names[CLASS_COUNT] = {
    [CLASS_TRAPS] = "traps",
    [CLASS_EMULATION] = "emulation",
    [CLASS_REFLECTION] = "reflection",
    [CLASS_SWITCHES] = "switches",
    [CLASS_INTERRUPTS] = "interrupts",
    [CLASS_IO] = "io",
    [CLASS_MEMORY] = "memory",
    [CLASS_SENSITIVE] = "sensitive",
    [CLASS_INSTRUCTIONS] = "instructions",
};

const char *trace_class_name(enum trace_class c)
{
  return names[c];
}

enum trace_class trace_class_of(enum trace_kind kind, uint32_t a)
{
  switch (kind) {
  case TRACE_TRAP:
  case TRACE_DELIVER:
  case TRACE_SERVE:
    return isa_cause_is_interrupt(a) ? CLASS_INTERRUPTS : CLASS_TRAPS;
  case TRACE_DEVICE:
    return CLASS_INTERRUPTS;
  case TRACE_IO:
  case TRACE_CHANNEL:
  case TRACE_CCW:
  case TRACE_FRAME:
    return CLASS_IO;
  case TRACE_WORLD_IN:
  case TRACE_WORLD_OUT:
    return CLASS_SWITCHES;
  case TRACE_EMULATE:
  case TRACE_INTERPRET:
  case TRACE_CODE:
    return CLASS_EMULATION;
  case TRACE_REFLECT:
    return CLASS_REFLECTION;
  case TRACE_MAP:
    return CLASS_MEMORY;
  case TRACE_INSN:
    return CLASS_INSTRUCTIONS;
  case TRACE_MODE:
  case TRACE_STATE:
  case TRACE_KIND_COUNT:
    break;
  }
  return CLASS_TRAPS;
}

bool trace_is_sensitive(const struct trace_event *e)
{
  struct isa_decoded d;
  return e->kind == TRACE_INSN && psw_mode(e->c) != 0 && isa_decode(e->d, &d) &&
         isa_insn_info(d.insn)->group == ISA_GROUP_SYSTEM;
}

static bool find(const char *word, size_t len, unsigned fallback, unsigned *classes)
{
  for (unsigned c = 0; c < CLASS_COUNT; c++) {
    if (strlen(names[c]) == len && memcmp(names[c], word, len) == 0) {
      *classes = 1u << c;
      return true;
    }
  }
  bool all = len == 3 && memcmp(word, "all", len) == 0;
  *classes = all ? CLASSES_ALL : fallback;
  return all || (len == 7 && memcmp(word, "default", len) == 0);
}

void trace_classes_wrong(const char *word, size_t len, char buf[TRACE_CLASSES_WRONG])
{
  struct suggestion s = suggest_begin(word, len);
  int shown = len > 40 ? 40 : (int)len;
  for (unsigned c = 0; c < CLASS_COUNT; c++)
    suggest_offer(&s, names[c]);
  if (s.best)
    snprintf(buf, TRACE_CLASSES_WRONG, "unknown class of events '%.*s'; did you mean '%s'?", shown,
             word, s.best);
  else
    snprintf(buf, TRACE_CLASSES_WRONG,
             "unknown class of events '%.*s': traps, emulation, reflection, switches, "
             "interrupts, io, memory, sensitive, instructions, default or all",
             shown, word);
}

const char *trace_classes_find(const char *text, unsigned fallback, unsigned *classes, size_t *len)
{
  unsigned chosen = *text == '-' ? fallback : 0;
  for (const char *at = text;; at++) {
    bool minus = *at == '-';
    at += minus;
    *len = strcspn(at, ",");
    unsigned one;
    if (!find(at, *len, fallback, &one))
      return at;
    chosen = minus ? chosen & ~one : chosen | one;
    at += *len;
    if (!*at)
      break;
  }
  *classes = chosen;
  return NULL;
}

int trace_classes_parse(const char *command, const char *text, unsigned fallback, unsigned *classes)
{
  char what[TRACE_CLASSES_WRONG];
  size_t len;
  const char *wrong = trace_classes_find(text, fallback, classes, &len);
  if (!wrong)
    return STATUS_DONE;
  trace_classes_wrong(wrong, len, what);
  message_usage(command, "%s", what);
  return STATUS_USAGE;
}
