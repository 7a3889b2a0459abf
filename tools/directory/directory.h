/* The system directory: a text file that defines the machine and its users, each a
 * virtual machine to be. docs/directory.md describes the language.
 *
 * Reading it makes no machine and no VMM: the result is a proposal, checked as a whole,
 * from which whoever runs the machine creates them. Everything that a struct directory
 * points to belongs to it and lives until directory_destroy(); nothing in it changes.
 */
#ifndef TRAPEZE_TOOLS_DIRECTORY_DIRECTORY_H
#define TRAPEZE_TOOLS_DIRECTORY_DIRECTORY_H

#include <stdio.h>

#include "isa/profile.h"
#include "machine/address.h"
#include "vmm/vmm.h"

#define DIRECTORY_MAX_BYTES     (1u << 20) /* of a file */
#define DIRECTORY_MAX_USERS     4096u
#define DIRECTORY_MAX_MINIDISKS 8u /* of a user */
#define DIRECTORY_MAX_SWITCHES  16u
#define DIRECTORY_MAX_NAME      16u /* bytes of a user's, a mini-disk's, a switch's name */
#define DIRECTORY_MAX_PREFIX    16u
#define DIRECTORY_MAX_SHARE     10000u
#define DIRECTORY_MAX_ADDRESS   1000000u /* of a station */
#define DIRECTORY_MAX_PATH      1024u
#define DIRECTORY_SCAN_TICKS    10000u /* of a user's clock, after which its pages are looked at */
#define DIRECTORY_MAX_SCAN      65536u
#define DIRECTORY_MAX_SECTORS   (1u << 24) /* 8 GiB */

enum directory_disk { DIRECTORY_NO_DISK, DIRECTORY_SCRATCH, DIRECTORY_IMAGE };
enum directory_disk_mode {
  DIRECTORY_WRITE,    /* what users write arrives in the image */
  DIRECTORY_READONLY, /* no extent may be writable */
  DIRECTORY_DISCARD,  /* it stays in memory */
};
enum directory_timer { DIRECTORY_VIRTUAL, DIRECTORY_REAL };

/* What a user may do with a mini-disk, and what others may have of its sectors. */
enum directory_access {
  DIRECTORY_RW,     /* its own: nobody else has any of them */
  DIRECTORY_R,      /* its own, read-only */
  DIRECTORY_SHARED, /* read-only, with others who say shared or cow */
  DIRECTORY_COW,    /* the same, and what it writes goes to the overlay */
};

/* Sectors of the machine's disk, half-open: [first, first + sectors). */
struct directory_extent {
  uint32_t first, sectors;
};

struct directory_minidisk {
  const char *name;
  struct directory_extent extent; /* on the disk, never empty */
  enum directory_access access;
  const char *overlay; /* COW: its file's path; NULL: written sectors last for one run */
  unsigned line;
};

struct directory_console {
  bool is_private;    /* not shown on the machine's terminal until it is switched to */
  const char *prefix; /* of each line on the machine's terminal; NULL: private */
  const char *log;    /* path of a file for its output, or NULL */
  const char *input;  /* path of a file with what is typed, or NULL */
};

struct directory_user {
  const char *name;
  const char *program;    /* what program_load() takes: a shipped guest or a path */
  uint32_t program_bytes; /* of storage that it takes up, from address 0 on */
  mpa_range_t storage;    /* proposed, of the real machine's; whole pages */
  uint32_t requires;      /* set of enum isa_feature; the profile has them */
  enum directory_timer timer;
  unsigned share; /* of the processor, in proportion to the others' */
  enum vmm_technique technique;
  enum vmm_memory memory;
  bool hints; /* its kernel may tell the VMM of its storage */
  struct directory_minidisk minidisks[DIRECTORY_MAX_MINIDISKS];
  size_t minidisk_count;
  struct directory_console console;
  int network; /* index of its switch, or -1 */
  /* Its address there, nobody else's; its place among the users, from 1 on, if it says none. */
  uint32_t address;
  /* To whom it talks there, indices of users in rising order; count 0: to everybody. */
  const size_t *peers;
  size_t peer_count;
  unsigned line;
};

struct directory {
  const char *file;
  const struct profile *profile;
  uint32_t storage; /* of the machine */
  mpa_range_t own;  /* what the VMM keeps of it */
  mpa_range_t free; /* what no user has: one range, above the last user's; may be empty */
  uint32_t frames; /* bytes of the machine's storage that users' pages share; 0: each has its own */
  uint32_t swap;   /* bytes of the swap file; 0: there is none */
  const char *swap_file; /* its path; NULL: it is in memory */
  uint32_t scan;   /* pages of a user looked at every DIRECTORY_SCAN_TICKS; 0: none */
  enum directory_disk disk;
  enum directory_disk_mode disk_mode;
  const char *image; /* path; NULL unless DIRECTORY_IMAGE */
  uint32_t sectors;
  const char *switches[DIRECTORY_MAX_SWITCHES];
  size_t switch_count;
  const struct directory_user *users; /* in the order of the file: at least one */
  size_t user_count;
  uint64_t shares;                    /* of all users */
  struct directory_store *own_memory; /* what destroy releases */
};

/* What reading a directory asks of the host, so that tests and fuzzers can answer. */
enum directory_answer { DIRECTORY_GOOD, DIRECTORY_BAD, DIRECTORY_HOST_FAILED };
struct directory_host {
  void *ctx;
  /* As profile_load(). */
  struct profile *(*profile)(void *ctx, const char *name, FILE *errors);
  /* Bytes of storage that a program takes up. If not DIRECTORY_GOOD, it has said why. */
  enum directory_answer (*program)(void *ctx, const char *name, uint32_t *bytes, FILE *errors);
  /* The size of a file that can be read; if not, a reason, which is static or strerror()'s. */
  enum directory_answer (*file)(void *ctx, const char *path, uint64_t *bytes, const char **reason);
  /* What tells an existing file from all others, whatever its name; false: there is none. */
  bool (*identity)(void *ctx, const char *path, uint64_t id[2]);
};
/* The files of this host. Programs are assembled; that says its errors to stderr. */
extern const struct directory_host directory_files;

/* NULL after file:line:col messages to `errors`; errno is 0 if the directory is wrong,
 * else the host's error. Paths in it start from the folder of `file`. Destroy with
 * directory_destroy(). */
struct directory *directory_parse(const char *file, const char *text, size_t len,
                                  const struct directory_host *host, FILE *errors);
struct directory *directory_load(const char *path, const struct directory_host *host, FILE *errors);
void directory_destroy(struct directory *d); /* NULL is fine */

/* Whether a frame passes between two users: both are on one switch, and whoever has
 * named peers has named the other. */
bool directory_may_talk(const struct directory *d, size_t a, size_t b);

/* The disk from its first sector to its last: the mini-disks by first sector, then in the
 * order of the file, and between them the sectors that nobody has. */
struct directory_piece {
  struct directory_extent extent;
  const struct directory_user *user; /* NULL: free */
  const struct directory_minidisk *minidisk;
};
/* malloc'd; NULL: out of memory. */
struct directory_piece *directory_disk_map(const struct directory *d, size_t *count);

/* The words of the language. */
const char *directory_access_word(enum directory_access access); /* "rw" */
const char *directory_timer_word(enum directory_timer timer);

/* A commented directory that is right. */
extern const char directory_example[];

/* For people, 80 columns; for programs, schema trapeze-directory/1 (NULL: out of memory);
 * the maps of storage and disk for Graphviz's neato -n2. False: out of memory. */
struct json_t;
bool directory_print(FILE *out, const struct directory *d);
struct json_t *directory_json(const struct directory *d);
bool directory_draw(FILE *out, const struct directory *d);

#endif
