/* Inside directories: the grammar (parser.y, lexer.l) calls the reader (read.c) for
 * each statement; check.c then holds the whole together and allocates.
 */
#ifndef TRAPEZE_TOOLS_DIRECTORY_READER_H
#define TRAPEZE_TOOLS_DIRECTORY_READER_H

#include "isa/reader.h"
#include "tools/directory/directory.h"

struct kept;
struct directory_store {
  struct kept *kept;
  struct profile *profile;
  struct directory_user *users;
};

#define NOWHERE ((struct source_place){0, 0}) /* a statement's part that was not written */

/* What may stand once in a block. */
enum directory_key {
  KEY_PROFILE,
  KEY_STORAGE,
  KEY_DISK,
  KEY_FRAMES,
  KEY_SWAP,
  KEY_SCAN,
  KEY_PROGRAM,
  KEY_REQUIRES,
  KEY_TIMER,
  KEY_SHARE,
  KEY_TECHNIQUE,
  KEY_MEMORY,
  KEY_HINTS,
  KEY_CONSOLE,
  KEY_NETWORK,
  KEY_ONCE, /* the others as often as one likes */
  KEY_SWITCH = KEY_ONCE,
  KEY_MINIDISK,
  KEY_COUNT,
};

enum directory_clause {
  DIRECTORY_CLAUSE_PREFIX,
  DIRECTORY_CLAUSE_LOG,
  DIRECTORY_CLAUSE_INPUT,
  DIRECTORY_CLAUSES,
};

/* Where a block says what. */
struct block_places {
  struct source_place name; /* 'machine', or the user's name */
  bool given[KEY_ONCE];
  struct source_place at[KEY_ONCE]; /* the value */
  struct source_place minidisk[DIRECTORY_MAX_MINIDISKS];
  struct source_place extent[DIRECTORY_MAX_MINIDISKS]; /* from first to length */
  struct source_place access[DIRECTORY_MAX_MINIDISKS];
  struct source_place address; /* on its network; nowhere: not said */
  bool clause[DIRECTORY_CLAUSES];
  struct source_place clause_at[DIRECTORY_CLAUSES];
  bool sharing_given;
  size_t overlooked; /* mini-disks past the most there can be */
};

/* What can be judged only when all is read. */
enum promise_kind { PROMISE_FEATURE, PROMISE_PEER };
struct promise {
  enum promise_kind kind;
  size_t user;
  struct source_place at;
  size_t index;     /* PEER: the other user, once found */
  uint32_t feature; /* FEATURE */
};

/* A file that the directory names. */
struct file_use {
  const char *path, *what; /* "log" */
  bool written;
  struct source_place at;
  uint64_t hash;
  bool exists;
  uint64_t id[2];
};

enum block_kind { BLOCK_NONE, BLOCK_MACHINE, BLOCK_USER };

/* One file being read. */
struct directory_reader {
  struct reader in;
  const struct directory_host *host;
  bool syntax_error;  /* then something missing is no news */
  bool lost;          /* nothing more is said */
  int host_error;     /* errno: memory, or what the host refused */
  bool host_reported; /* that is said already */
  size_t counted; /* bytes whose newlines are in `lines` */
  unsigned lines;

  struct directory *directory;
  struct directory_store *store;
  enum block_kind block;    /* NONE: what is said is not heard */
  struct source_place open; /* the block's first word */
  bool machine_given;
  struct block_places machine;
  struct block_places *users; /* as many as store->users has */
  size_t user_count, user_room;
  bool storage_given;
  bool disk_unknown; /* said, but not understood */
  bool requires_heard, network_heard, console_heard;
  struct source_place switch_at[DIRECTORY_MAX_SWITCHES];
  struct promise *promises;
  size_t promise_count, promise_room;
  struct file_use *files;
  size_t file_count, file_room;
};

/* As reader_verror() and reader_vnote(), until all is lost. */
void directory_error(struct directory_reader *r, struct source_place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void directory_note(struct directory_reader *r, struct source_place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void directory_note_block(struct directory_reader *r, const char *text);
/* errno says how; the one message about it. */
void directory_host_failed(struct directory_reader *r, const char *path, const char *reason);

/* Memory that lives as long as the directory; NULL, noted in r, if there is none. */
void *directory_keep(struct directory_reader *r, size_t size);

/* Each `at` is the token; a string's covers its quotes. */
void directory_begin_machine(struct directory_reader *r, struct source_place at);
void directory_begin_user(struct directory_reader *r, struct source_place name);
void directory_end_block(struct directory_reader *r);
void directory_read_unknown_block(struct directory_reader *r, struct source_place word);
void directory_read_unknown(struct directory_reader *r, struct source_place word);
void directory_read_profile(struct directory_reader *r, struct source_place at, bool quoted);
void directory_read_storage(struct directory_reader *r, struct source_place at);
void directory_read_disk(struct directory_reader *r, struct source_place what, bool quoted,
                         struct source_place sectors, struct source_place mode);
void directory_read_frames(struct directory_reader *r, struct source_place at);
void directory_read_swap(struct directory_reader *r, struct source_place size,
                         struct source_place file);
void directory_read_hints(struct directory_reader *r, struct source_place at);
void directory_read_scan(struct directory_reader *r, struct source_place at);
void directory_read_switch(struct directory_reader *r, struct source_place at);
void directory_read_program(struct directory_reader *r, struct source_place at, bool quoted);
void directory_begin_requires(struct directory_reader *r, struct source_place at);
void directory_read_feature(struct directory_reader *r, struct source_place at);
void directory_read_timer(struct directory_reader *r, struct source_place at);
void directory_read_share(struct directory_reader *r, struct source_place at);
void directory_read_technique(struct directory_reader *r, struct source_place at);
void directory_read_memory(struct directory_reader *r, struct source_place at);
void directory_read_minidisk(struct directory_reader *r, struct source_place name,
                             struct source_place first, struct source_place length,
                             struct source_place access, struct source_place overlay);
void directory_begin_console(struct directory_reader *r, struct source_place at);
void directory_read_sharing(struct directory_reader *r, struct source_place at);
void directory_read_clause(struct directory_reader *r, enum directory_clause clause,
                           struct source_place at, struct source_place value);
void directory_end_console(struct directory_reader *r);
void directory_read_no_network(struct directory_reader *r, struct source_place at);
void directory_read_network(struct directory_reader *r, struct source_place at);
void directory_read_address(struct directory_reader *r, struct source_place at);
void directory_read_peer(struct directory_reader *r, struct source_place at);

/* check.c: everything that needs the whole file. */
void directory_check(struct directory_reader *r);

#endif
