/* The `trapeze` command: its subcommands and what their exit statuses mean. */
#ifndef TRAPEZE_TOOLS_COMMAND_H
#define TRAPEZE_TOOLS_COMMAND_H

enum status {
  STATUS_DONE = 0,  /* done; or the answer is yes */
  STATUS_NO = 1,    /* the answer is no: diverged, the guest did not come to its own halt */
  STATUS_USAGE = 2, /* wrong usage, bad input */
  STATUS_OURS = 3,  /* ours or the host's: memory, files that cannot be written */
};
/* A command stopped by a signal returns STATUS_SIGNAL + its number; main() then
 * dies by it, so that a shell loop around us stops too. */
#define STATUS_SIGNAL 128

struct command {
  const char *name;
  const char *summary;
  /* argv[0] is the command's name. Returns an exit status. */
  int (*run)(int argc, char **argv);
};

/* All commands in the order of help, ended by a NULL name. */
const struct command *command_table(void);
/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

int cmd_asm(int argc, char **argv);
int cmd_cc(int argc, char **argv);
int cmd_disasm(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_vmm(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_classify(int argc, char **argv);
int cmd_directory(int argc, char **argv);
int cmd_disk(int argc, char **argv);
int cmd_profiles(int argc, char **argv);
int cmd_debug(int argc, char **argv);
int cmd_grade(int argc, char **argv);
int cmd_grade_all(int argc, char **argv);
int cmd_guests(int argc, char **argv);
int cmd_help(int argc, char **argv);

#endif
