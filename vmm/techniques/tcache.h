/* A translation cache: guest code, rewritten so that it executes directly in user mode and
 * does what it would do in the guest's own mode. This part knows words and addresses and no
 * machine; techniques/translate.c puts it to work, docs/translate.md tells the story.
 *
 * Time decides its form. A virtual machine's clock counts the instructions that the real
 * machine executes for it, so every guest instruction becomes exactly one, or a trap that
 * executes none:
 *   identical  the same word;
 *   inline     another instruction with the same effect here: a branch to where its target's
 *              translation lies, a constant in the place of what shows the pc;
 *   call-out   a trap into the monitor, which interprets the guest's instruction.
 * An exit stands where the guest's code goes on and its translation does not: it traps, takes
 * no time, and is no instruction of the guest's.
 */
#ifndef TRAPEZE_VMM_TCACHE_H
#define TRAPEZE_VMM_TCACHE_H

#include "isa/profile.h"

struct tcache;

#define TCACHE_NOWHERE UINT32_MAX
/* In words. All of the cache is within a branch's reach. */
#define TCACHE_MIN_WORDS 256u
#define TCACHE_MAX_WORDS 32768u
/* Guest instructions of a block at most. A block follows the guest through its jumps, and
 * what two blocks have in common is there twice. */
#define TCACHE_BLOCK 64u

enum tcache_kind { TCACHE_NONE, TCACHE_IDENTICAL, TCACHE_INLINE, TCACHE_CALLOUT, TCACHE_EXIT };

/* A guest's instruction word, if it can be fetched, and where it lies in its storage. */
struct tcache_fetched {
  bool ok;
  uint32_t at, word;
};

struct tcache_config {
  const struct profile *profile, *real; /* the guest's, and of the machine that executes it */
  uint32_t words;                       /* size of the cache */
  uint32_t storage;                     /* bytes of the guest's storage; whole pages */
  /* Fetches in the space that is current, as the guest would. */
  struct tcache_fetched (*fetch)(void *ctx, uint32_t pc);
  /* Word `index` of the cache becomes `word`. */
  void (*put)(void *ctx, uint32_t index, uint32_t word);
  /* From now on words of the guest's page `page` (its address) are translated, or none is any
   * more: writes there must be told to tcache_written(). */
  void (*watch)(void *ctx, uint32_t page, bool on);
  void *ctx;
};

/* What lies at a word of the cache. */
struct tcache_place {
  enum tcache_kind kind;
  uint32_t pc;    /* of the guest's instruction; of an exit: where the guest goes on */
  uint32_t word;  /* the guest's; 0 of an exit */
  uint32_t now;   /* what is there instead */
  uint32_t at;    /* where the guest's lies in its storage; of no meaning of an exit */
  uint32_t block; /* first word of its block */
};

struct tcache_stats {
  uint64_t blocks;                      /* made */
  uint64_t identical, inlined, callout; /* guest instructions translated so */
  uint64_t chained, unchained;          /* branches led to a translation, and away from it */
  uint64_t invalidated;                 /* blocks, since a word of theirs was written */
  uint64_t flushes;                     /* of the whole cache, for want of room or otherwise */
};

/* NULL: no memory. config is copied, its profiles borrowed. */
struct tcache *tcache_create(const struct tcache_config *config);
void tcache_destroy(struct tcache *t); /* NULL is fine */

/* The word of the cache at which the guest's code at pc goes on, translated now if it was not.
 * `space`: what decides, besides pc, what is fetched and what it means; the current one.
 * TCACHE_NOWHERE: nothing can be fetched there. */
uint32_t tcache_enter(struct tcache *t, uint32_t space, uint32_t pc);
/* The exit at `index` was reached, in the space of its block: the branch that led there will
 * lead to the translation from now on. */
void tcache_exit(struct tcache *t, uint32_t index);
/* The guest's storage [at, at + len) has been written. Blocks that have a word of it are gone. */
void tcache_written(struct tcache *t, uint32_t at, uint32_t len);
void tcache_flush(struct tcache *t);

struct tcache_place tcache_at(const struct tcache *t, uint32_t index);
/* The next block after the one that begins at `index`, or the first for TCACHE_NOWHERE, and
 * how many words it has; TCACHE_NOWHERE: there is none. */
uint32_t tcache_next_block(const struct tcache *t, uint32_t index, uint32_t *words);
/* Where pc is translated; TCACHE_NOWHERE: it is not. */
uint32_t tcache_find(const struct tcache *t, uint32_t space, uint32_t pc);
const struct tcache_stats *tcache_stats(const struct tcache *t);

/* Whether a guest's word must not execute in the real machine's user mode: it is neither certain
 * to trap there nor the same in every mode. */
bool tcache_must_call_out(const struct profile *guest, const struct profile *real, uint32_t word);
/* The word that stands for such an instruction. */
uint32_t tcache_callout_word(void);

#endif
