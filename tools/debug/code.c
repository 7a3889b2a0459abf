/* Guest code beside the form in which the real machine executes it. */
#include "tools/debug/debugger.h"

#define WORDS_SHOWN 160u

static bool show(struct debugger *d, uint32_t pc)
{
  static const char *const kinds[] = {[VMM_CODE_IDENTICAL] = "same",
                                      [VMM_CODE_INLINE] = "inline",
                                      [VMM_CODE_CALLOUT] = "call",
                                      [VMM_CODE_EXIT] = "exit"};
  struct machine *vm = repl_focus(d);
  struct vmm_code code[WORDS_SHOWN];
  char place[REPL_PLACE], guest[REPL_INSN], now[REPL_INSN];
  if (vmm_vm_technique(vm) != VMM_TECHNIQUE_TRANSLATE &&
      vmm_vm_technique(vm) != VMM_TECHNIQUE_TRANSLATE_ALL)
    return repl_refuse(d, "nothing is translated: '--technique translate' does that");
  uint32_t words = vmm_vm_block(vm, pc, code, WORDS_SHOWN);
  bool ahead = words == 0;
  if (ahead)
    words = vmm_vm_block_preview(vm, pc, code, WORDS_SHOWN);
  if (words == 0)
    return repl_refuse(d,
                       "%s is not translated: in this mode code executes as it is, or nothing can be "
                       "fetched there",
                       repl_place(d, pc, place));
  if (ahead)
    repl_say(d, "%s is not translated so far. It would be, were the cache empty:\n",
             repl_place(d, pc, place));
  repl_say(d, "block at 0x%08x, in the place of %s: %u word%s\n", code[0].at,
           repl_place(d, code[0].pc, place), words, words == 1 ? "" : "s");
  for (uint32_t i = 0; i < words && i < WORDS_SHOWN; i++) {
    bool exit = code[i].kind == VMM_CODE_EXIT;
    if (exit)
      snprintf(guest, sizeof guest, "to %s", repl_place(d, code[i].pc, place));
    else
      isa_print(guest, sizeof guest, code[i].word, code[i].pc, NULL, NULL);
    isa_print(now, sizeof now, code[i].now, code[i].at, NULL, NULL);
    repl_say(d, "%s %08x %-25s %08x %-25s %s\n", code[i].pc == pc && !exit ? "=>" : "  ",
             code[i].pc, guest, code[i].at, now, kinds[code[i].kind]);
  }
  return true;
}

void repl_show_block(struct debugger *d)
{
  show(d, machine_get_pc(repl_focus(d)));
}

bool repl_about_block(struct debugger *d, const char *args)
{
  struct formula_value v;
  return repl_eval(d, args, &v) && show(d, (uint32_t)v.v);
}
