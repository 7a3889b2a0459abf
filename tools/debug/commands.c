/* The table of commands: parser, help, completion and the manual's list come from it. */
#include "tools/debug/debugger.h"

#define INFO_WORDS                                                                                 \
  "registers all-registers control psw breakpoints watchpoints display source sources symbols "    \
  "line traps pagetable tlb shadow pmap vcpu allocation timer disk console sensitive checkpoints history level machine cost"

const struct repl_command repl_commands[] = {
    {"run", "r", REPL_RUNNING, "",
     "Run the program from its beginning, until something stops it.", REPL_NOTHING, NULL, false,
     repl_cmd_run},
    {"start", NULL, REPL_RUNNING, "", "Go to the beginning and stop before the first instruction.",
     REPL_NOTHING, NULL, false, repl_cmd_start},
    {"continue", "c", REPL_RUNNING, "[N]",
     "Go on until something stops the machine. N: until the Nth stop.", REPL_NUMBER, NULL, true,
     repl_cmd_continue},
    {"step", "s", REPL_RUNNING, "[N]",
     "Go to another source line, into calls and traps. Interrupts are run through.", REPL_NUMBER,
     NULL, true, repl_cmd_step},
    {"stepi", "si", REPL_RUNNING, "[N]",
     "Do one tick: an instruction, or the delivery of a trap. At level vmm: one event of the "
     "VMM's work within the tick.",
     REPL_NUMBER, NULL, true, repl_cmd_stepi},
    {"next", "n", REPL_RUNNING, "[N]",
     "Go to another source line, running through calls, traps and interrupts.", REPL_NUMBER, NULL,
     true, repl_cmd_next},
    {"nexti", "ni", REPL_RUNNING, "[N]",
     "Do one instruction, running through calls, traps and interrupts.", REPL_NUMBER, NULL, true,
     repl_cmd_nexti},
    {"finish", "fin", REPL_RUNNING, "", "Run until the innermost call or trap handler returns.",
     REPL_NOTHING, NULL, false, repl_cmd_finish},
    {"until", "u", REPL_RUNNING, "[LOCATION]",
     "Go to a later line: a loop is run to its end. With LOCATION, like advance.", REPL_LOCATION,
     NULL, true, repl_cmd_until},
    {"advance", NULL, REPL_RUNNING, "LOCATION", "Go on until LOCATION, without a breakpoint.",
     REPL_LOCATION, NULL, false, repl_cmd_advance},
    {"jump", "j", REPL_RUNNING, "LOCATION", "Set the pc and go on. A new history begins.",
     REPL_LOCATION, NULL, false, repl_cmd_jump},
    {"type", NULL, REPL_RUNNING, "TEXT",
     "Give the console a line of input. In quotes: just those characters, \\n and \\t as in C. "
     "What the program was still to be given is forgotten: a new history begins.",
     REPL_NOTHING, NULL, false, repl_cmd_type},

    {"reverse-step", "rs", REPL_BACK, "[N]", "Go back to the beginning of a source line.",
     REPL_NUMBER, NULL, true, repl_cmd_reverse_step},
    {"reverse-stepi", "rsi", REPL_BACK, "[N]", "Go back one tick.", REPL_NUMBER, NULL, true,
     repl_cmd_reverse_stepi},
    {"reverse-next", "rn", REPL_BACK, "[N]",
     "Go back to the beginning of a source line, passing over calls.", REPL_NUMBER, NULL, true,
     repl_cmd_reverse_next},
    {"reverse-nexti", "rni", REPL_BACK, "[N]", "Go back one instruction, passing over calls.",
     REPL_NUMBER, NULL, true, repl_cmd_reverse_nexti},
    {"reverse-continue", "rc", REPL_BACK, "[N]",
     "Go back to the last place where something would have stopped the machine.", REPL_NUMBER, NULL,
     true, repl_cmd_reverse_continue},
    {"reverse-finish", NULL, REPL_BACK, "", "Go back to where this routine was called, or to the "
     "trap that led here.", REPL_NOTHING, NULL, false, repl_cmd_reverse_finish},
    {"goto", "g", REPL_BACK, "TICK|start", "Go to a tick, before or after now.", REPL_EXPRESSION,
     NULL, false, repl_cmd_goto},
    {"checkpoint", NULL, REPL_BACK, "[delete N]",
     "Remember this place. 'restart N' comes back to it.", REPL_WORDS, "delete", false,
     repl_cmd_checkpoint},
    {"restart", NULL, REPL_BACK, "[N]", "Go to a checkpoint; without N, to the beginning.",
     REPL_NUMBER, NULL, false, repl_cmd_restart},
    {"who-wrote", "ww", REPL_BACK, "PLACE",
     "Go back to the instruction that last wrote PLACE: storage (*ADDRESS), a register, a field of "
     "the PSW.",
     REPL_EXPRESSION, NULL, false, repl_cmd_who_wrote},
    {"backtrace", "bt", REPL_BACK, "[N]",
     "Show the calls and traps that led here. They are found by executing the past again, not by "
     "reading the stack.",
     REPL_NUMBER, NULL, false, repl_cmd_backtrace},
    {"trace", NULL, REPL_BACK, "FILE [CLASS,...]",
     "Record what happened from the beginning to here, for 'trapeze trace'. It is executed again "
     "for that, so what was gone back over is in it once. Classes: traps, emulation, reflection, "
     "switches, interrupts, io, memory, sensitive, instructions, all; -NAME takes one out.",
     REPL_FILE, NULL, false, repl_cmd_trace},

    {"break", "b", REPL_STOPS, "[LOCATION] [if CONDITION]",
     "Stop before the instruction at LOCATION: a symbol, FILE:LINE, LINE, *ADDRESS. Addresses are "
     "virtual: those that the program uses. In code that the program copies it stops in the copies, "
     "too.",
     REPL_LOCATION, NULL, false, repl_cmd_break},
    {"tbreak", "tb", REPL_STOPS, "[LOCATION] [if CONDITION]", "The same, once.", REPL_LOCATION,
     NULL, false, repl_cmd_tbreak},
    {"watch", NULL, REPL_STOPS, "PLACE [if CONDITION]",
     "Stop when a value changes: storage (*ADDRESS, {b}ADDRESS), a register, a field of the PSW. "
     "Storage costs nothing to watch, registers and fields little; an expression is compared step by "
     "step. At level machine: of the real machine.",
     REPL_EXPRESSION, NULL, false, repl_cmd_watch},
    {"rwatch", NULL, REPL_STOPS, "PLACE [if CONDITION]", "Stop when storage is read.",
     REPL_EXPRESSION, NULL, false, repl_cmd_rwatch},
    {"awatch", NULL, REPL_STOPS, "PLACE [if CONDITION]", "Stop when storage is read or written.",
     REPL_EXPRESSION, NULL, false, repl_cmd_awatch},
    {"catch", NULL, REPL_STOPS, "trap [CAUSE]...|mode|io [if CONDITION]",
     "Stop when a trap is raised, the mode changes or a port is used. At level machine: when the "
     "real machine traps, so that the VMM is entered.", REPL_WORDS,
     "trap mode io", false, repl_cmd_catch},
    {"condition", NULL, REPL_STOPS, "N [CONDITION]",
     "Let breakpoint N stop only if CONDITION is not 0; without one, always.", REPL_NUMBER, NULL,
     false, repl_cmd_condition},
    {"ignore", NULL, REPL_STOPS, "N COUNT", "Let breakpoint N pass COUNT times.", REPL_NUMBER, NULL,
     false, repl_cmd_ignore},
    {"commands", NULL, REPL_STOPS, "[N]",
     "Give breakpoint N commands to execute when it stops: lines up to 'end'.", REPL_NUMBER, NULL,
     false, repl_cmd_commands},
    {"delete", "d", REPL_STOPS, "[N]...", "Delete breakpoints; without N, all.", REPL_NUMBER, NULL,
     false, repl_cmd_delete},
    {"disable", NULL, REPL_STOPS, "[N]...", "Let breakpoints be without effect.", REPL_NUMBER, NULL,
     false, repl_cmd_disable},
    {"enable", NULL, REPL_STOPS, "[N]...", "Let them have effect again.", REPL_NUMBER, NULL, false,
     repl_cmd_enable},

    {"print", "p", REPL_DATA, "[/FMT] EXPRESSION",
     "Show a value. FMT: x hex, d decimal, u unsigned, o octal, t binary, c character, a address, "
     "p PSW.",
     REPL_EXPRESSION, NULL, false, repl_cmd_print},
    {"examine", "x", REPL_DATA, "[/NFU] ADDRESS",
     "Show storage: N values of format F (as print; also i instruction, s string) and unit U "
     "(b, h, w).",
     REPL_EXPRESSION, NULL, true, repl_cmd_examine},
    {"translate", NULL, REPL_DATA, "ADDRESS [dot]",
     "Show how an address is translated, step by step with the entries that are read, and what a "
     "load, a store and a fetch would meet. It sets no bits. With 'dot': the walk over a second "
     "level of tables, as a picture by Graphviz.",
     REPL_EXPRESSION, NULL, false, repl_cmd_translate},
    {"display", NULL, REPL_DATA, "[/FMT] [EXPRESSION]",
     "Show a value at every stop; without EXPRESSION, show them all now.", REPL_EXPRESSION, NULL,
     false, repl_cmd_display},
    {"undisplay", NULL, REPL_DATA, "[N]", "Show it no longer; without N, none.", REPL_NUMBER, NULL,
     false, repl_cmd_undisplay},
    {"set", NULL, REPL_DATA, "PLACE = EXPRESSION",
     "Change a register, a control register or a field of it, storage, or a variable of your own "
     "($name). Changing the machine begins a new history.",
     REPL_EXPRESSION, NULL, false, repl_cmd_set},
    {"info", "i", REPL_DATA, "WHAT [NAMES]", "Tell about something; 'info' alone lists what.", REPL_WORDS,
     INFO_WORDS, false, repl_cmd_info},

    {"list", "l", REPL_SOURCE, "[LOCATION|FIRST,LAST|-]",
     "Show source lines; again, the next ones; -, those before. The instructions that the present "
     "line stands for are shown below it.",
     REPL_LOCATION, NULL, true, repl_cmd_list},
    {"disassemble", NULL, REPL_SOURCE, "[LOCATION[,END|,+BYTES]]",
     "Show instructions under their source lines; without LOCATION, of this routine.",
     REPL_LOCATION, NULL, false, repl_cmd_disassemble},
    {"context", "where", REPL_SOURCE, "", "Show again what is shown at a stop.", REPL_NOTHING, NULL,
     false, repl_cmd_context},
    {"layout", NULL, REPL_SOURCE, "on|off|source|code|registers|memory",
     "Show source, registers, storage and instructions together, on the whole screen.", REPL_WORDS,
     "on off source code registers memory", false, repl_cmd_layout},

    {"why", NULL, REPL_LEVELS, "[next]",
     "Explain the last step: why it trapped or did not, who dealt with it, by which rule, and what "
     "the paper says. With next: what the next step will meet.",
     REPL_WORDS, "next", false, repl_cmd_why},
    {"level", NULL, REPL_LEVELS, "[guest|vmm|machine]",
     "Choose whose view commands take: the virtual machine, the VMM's work, the real machine.",
     REPL_WORDS, "guest vmm machine", false, repl_cmd_level},

    {"help", "h", REPL_SUPPORT, "[COMMAND|GROUP|all]", "Show commands, or what one does.", REPL_COMMAND, NULL,
     false, repl_cmd_help},
    {"apropos", NULL, REPL_SUPPORT, "WORD", "Find commands by what their help says.", REPL_NOTHING,
     NULL, false, repl_cmd_apropos},
    {"history", NULL, REPL_SUPPORT, "[N]", "Show the last lines that you typed.", REPL_NUMBER, NULL,
     false, repl_cmd_history},
    {"source", NULL, REPL_SUPPORT, "FILE", "Execute the commands in FILE.", REPL_FILE, NULL, false,
     repl_cmd_source},
    {"define", NULL, REPL_SUPPORT, "NAME",
     "Make a command of your own: lines up to 'end'. $arg0, $arg1 … are what follows its name.",
     REPL_NOTHING, NULL, false, repl_cmd_define},
    {"document", NULL, REPL_SUPPORT, "NAME", "Write the help of a command of your own.",
     REPL_NOTHING, NULL, false, repl_cmd_document},
    {"echo", NULL, REPL_SUPPORT, "TEXT", "Print TEXT; \\n is a new line.", REPL_NOTHING, NULL,
     false, repl_cmd_echo},
    {"quit", "q", REPL_SUPPORT, "", "Leave the debugger.", REPL_NOTHING, NULL, false, repl_cmd_quit},
    {.name = NULL},
};

const char *repl_group_title(enum repl_group group)
{
  static const char *const titles[REPL_GROUPS] = {
      [REPL_RUNNING] = "Running",        [REPL_BACK] = "Going back",
      [REPL_STOPS] = "Stopping",         [REPL_DATA] = "Values",
      [REPL_SOURCE] = "Source and view", [REPL_LEVELS] = "Two machines at once",
      [REPL_SUPPORT] = "The debugger itself"};
  return titles[group];
}

const char *repl_group_word(enum repl_group group)
{
  static const char *const words[REPL_GROUPS] = {
      [REPL_RUNNING] = "running", [REPL_BACK] = "back",     [REPL_STOPS] = "stops",
      [REPL_DATA] = "data",       [REPL_SOURCE] = "source", [REPL_LEVELS] = "levels",
      [REPL_SUPPORT] = "support"};
  return words[group];
}
