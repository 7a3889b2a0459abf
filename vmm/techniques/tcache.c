#include "vmm/techniques/tcache.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE TCACHE_NOWHERE
#define WORD    4u

/* A word of the cache, and the guest's instruction that it stands for. */
struct slot {
  enum tcache_kind kind;
  uint32_t pc, at, word, now;
  uint32_t block;           /* in the table of blocks */
  uint32_t next_pc;         /* of the same hash */
  uint32_t next_at;         /* likewise */
  uint32_t stub;            /* of a branch: its exit; of an exit: its branch; or NOWHERE */
  uint32_t target, next_in; /* of a branch that is chained: to where; the next such branch */
  uint32_t first_in;        /* branches that are chained to this */
};

struct block {
  uint32_t space, first, count;
  bool live;
};

struct tcache {
  struct tcache_config config;
  struct slot *slot;    /* config.words of them */
  struct block *block;  /* as many */
  uint32_t *by_pc;      /* buckets … */
  uint32_t *by_at;      /* … with the mask below */
  uint32_t *page_users; /* slots of each page of the guest's storage */
  uint32_t mask, used, blocks;
  struct tcache_stats stats;
};

static void forget_all(struct tcache *t)
{
  memset(t->by_pc, 0xff, (t->mask + 1) * sizeof *t->by_pc);
  memset(t->by_at, 0xff, (t->mask + 1) * sizeof *t->by_at);
  t->used = t->blocks = 0;
}

struct tcache *tcache_create(const struct tcache_config *config)
{
  struct tcache *t = calloc(1, sizeof *t);
  if (!t) {
    return NULL;
  }
  t->config = *config;
  for (t->mask = 1; t->mask < config->words; t->mask *= 2) {
  }
  t->mask--;
  t->slot = calloc(config->words, sizeof *t->slot);
  t->block = calloc(config->words, sizeof *t->block);
  t->by_pc = calloc(t->mask + 1, sizeof *t->by_pc);
  t->by_at = calloc(t->mask + 1, sizeof *t->by_at);
  t->page_users = calloc(config->storage / ISA_PAGE_SIZE + 1, sizeof *t->page_users);
  if (!t->slot || !t->block || !t->by_pc || !t->by_at || !t->page_users) {
    tcache_destroy(t);
    return NULL;
  }
  forget_all(t);
  return t;
}

void tcache_destroy(struct tcache *t)
{
  if (t) {
    free(t->slot);
    free(t->block);
    free(t->by_pc);
    free(t->by_at);
    free(t->page_users);
  }
  free(t);
}

/* ------------------------------------------------------------- words of the cache */

static uint32_t encode(enum isa_insn insn, uint8_t a, uint8_t b, uint32_t imm)
{
  uint32_t word = 0;
  struct isa_decoded d = {.insn = insn, .a = a, .b = b, .imm = imm};
  return isa_encode(&d, &word, NULL, NULL, NULL) == ISA_ENCODE_OK ? word : 0;
}

uint32_t tcache_callout_word(void)
{
  return encode(ISA_HCALL, 0, 0, 0);
}

/* One instruction that makes register `a` this value. False: there is none. */
static bool encode_constant(unsigned a, uint32_t value, uint32_t *word)
{
  value = a == REG_ZERO ? 0 : value;
  bool upper = value % (1u << 12) == 0;
  if (!upper && value + 0x8000u > 0xffffu) {
    return false;
  }
  *word =
      upper ? encode(ISA_LUI, (uint8_t)a, 0, value) : encode(ISA_ADDI, (uint8_t)a, REG_ZERO, value);
  return true;
}

static void put(struct tcache *t, uint32_t index, uint32_t word)
{
  t->slot[index].now = word;
  t->config.put(t->config.ctx, index, word);
}

/* Leads the branch at `from` to `to`. */
static void lead(struct tcache *t, uint32_t from, uint32_t to)
{
  struct isa_decoded d;
  uint32_t word = 0;
  isa_decode(t->slot[from].word, &d);
  d.imm = (to - from) * WORD;
  isa_encode(&d, &word, NULL, NULL, NULL);
  put(t, from, word);
}

/* ------------------------------------------------------------------ looking up */

static uint32_t *bucket_of_pc(const struct tcache *t, uint32_t space, uint32_t pc)
{
  return &t->by_pc[(pc / WORD + space * 0x9e3779b1u) & t->mask];
}

static uint32_t *bucket_of_at(const struct tcache *t, uint32_t at)
{
  return &t->by_at[at / WORD & t->mask];
}

uint32_t tcache_find(const struct tcache *t, uint32_t space, uint32_t pc)
{
  uint32_t i = *bucket_of_pc(t, space, pc);
  while (i != NOWHERE && (t->slot[i].pc != pc || t->block[t->slot[i].block].space != space)) {
    i = t->slot[i].next_pc;
  }
  return i;
}

/* A word of the guest's storage belongs to the translation from now on. */
static void enlist(struct tcache *t, uint32_t index)
{
  struct slot *s = &t->slot[index];
  uint32_t *by_pc = bucket_of_pc(t, t->block[s->block].space, s->pc);
  uint32_t *by_at = bucket_of_at(t, s->at);
  s->next_pc = *by_pc;
  *by_pc = index;
  s->next_at = *by_at;
  *by_at = index;
  uint32_t page = s->at / ISA_PAGE_SIZE;
  if (t->page_users[page]++ == 0) {
    t->config.watch(t->config.ctx, page * ISA_PAGE_SIZE, true);
  }
}

static void delist(struct tcache *t, uint32_t index)
{
  struct slot *s = &t->slot[index];
  uint32_t *link = bucket_of_pc(t, t->block[s->block].space, s->pc);
  while (*link != index) {
    link = &t->slot[*link].next_pc;
  }
  *link = s->next_pc;
  link = bucket_of_at(t, s->at);
  while (*link != index) {
    link = &t->slot[*link].next_at;
  }
  *link = s->next_at;
  uint32_t page = s->at / ISA_PAGE_SIZE;
  if (--t->page_users[page] == 0) {
    t->config.watch(t->config.ctx, page * ISA_PAGE_SIZE, false);
  }
}

/* ------------------------------------------------------------------ chaining */

static void chain(struct tcache *t, uint32_t from, uint32_t to)
{
  struct slot *s = &t->slot[from];
  s->target = to;
  s->next_in = t->slot[to].first_in;
  t->slot[to].first_in = from;
  lead(t, from, to);
  t->stats.chained++;
}

/* The branch does not lead to its target any more; where to instead is the caller's affair. */
static void unchain(struct tcache *t, uint32_t from)
{
  struct slot *s = &t->slot[from];
  uint32_t *link = &t->slot[s->target].first_in;
  while (*link != from) {
    link = &t->slot[*link].next_in;
  }
  *link = s->next_in;
  s->target = NOWHERE;
}

/* ---------------------------------------------------------------- translating */

/* A block that is being made. */
struct making {
  uint32_t space, block;
  uint32_t count; /* guest instructions so far */
  uint32_t pc;    /* of the next */
  uint32_t branch[TCACHE_BLOCK], branches;
  bool ended;
};

static uint32_t emit(struct tcache *t, const struct making *m, enum tcache_kind kind, uint32_t word)
{
  uint32_t index = t->used++;
  t->slot[index] = (struct slot){.kind = kind,
                                 .pc = m->pc,
                                 .block = m->block,
                                 .next_pc = NOWHERE,
                                 .next_at = NOWHERE,
                                 .stub = NOWHERE,
                                 .target = NOWHERE,
                                 .next_in = NOWHERE,
                                 .first_in = NOWHERE};
  put(t, index, word);
  return index;
}

static uint32_t emit_exit(struct tcache *t, const struct making *m, uint32_t pc)
{
  uint32_t index = emit(t, m, TCACHE_EXIT, encode(ISA_BRK, 0, 0, 0));
  t->slot[index].pc = pc;
  return index;
}

/* What the real machine has and the guest's has not is here as well: it does not trap. */
bool tcache_must_call_out(const struct profile *guest, const struct profile *real, uint32_t word)
{
  struct isa_decoded d;
  if (!(profile_decode(guest, word, &d) || profile_decode(real, word, &d)) ||
      isa_insn_info(d.insn)->group != ISA_GROUP_SYSTEM) {
    return false;
  }
  return profile_behaviour(real, d.insn, profile_user_mode(real))->kind != PROFILE_TRAP;
}

/* What a guest's instruction becomes. */
struct plan {
  enum tcache_kind kind;
  uint32_t word;
  uint32_t next; /* where the guest goes on if it does not branch */
  bool branch;   /* it may go to the target of its operand */
  bool ends;     /* it does not go on */
};

/* jal: what is linked is a constant, and the jump takes no instruction more if what follows
 * in the cache is the target. */
static struct plan plan_jump(const struct tcache *t, const struct making *m,
                             const struct isa_decoded *d)
{
  struct plan p = {.kind = TCACHE_INLINE, .next = m->pc + d->imm};
  if (d->a == REG_ZERO && tcache_find(t, m->space, p.next) != NOWHERE) {
    p.branch = p.ends = true;
  } else if (!encode_constant(d->a, m->pc + WORD, &p.word)) {
    p = (struct plan){.kind = TCACHE_CALLOUT, .ends = true};
  }
  return p;
}

static bool is_branch(enum isa_insn insn)
{
  return isa_insn_info(insn)->format == FORMAT_RRB;
}

static struct plan plan(const struct tcache *t, const struct making *m, uint32_t word)
{
  struct isa_decoded d;
  struct plan p = {.kind = TCACHE_IDENTICAL, .word = word, .next = m->pc + WORD};
  bool legal = profile_decode(t->config.profile, word, &d);
  if (tcache_must_call_out(t->config.profile, t->config.real, word) ||
      (legal && d.insn == ISA_JALR)) {
    p = (struct plan){.kind = TCACHE_CALLOUT, .ends = true};
  } else if (!legal || isa_insn_info(d.insn)->group != ISA_GROUP_USER) {
    p.ends = true; /* traps in user mode, whatever the guest's mode */
  } else if (is_branch(d.insn)) {
    p.kind = TCACHE_INLINE;
    p.branch = true;
  } else if (d.insn == ISA_JAL) {
    p = plan_jump(t, m, &d);
  } else if (d.insn == ISA_AUIPC) {
    p.kind = encode_constant(d.a, m->pc + d.imm, &p.word) ? TCACHE_INLINE : TCACHE_CALLOUT;
    p.ends = p.kind == TCACHE_CALLOUT;
  }
  return p;
}

static void translate_one(struct tcache *t, struct making *m, struct tcache_fetched guest)
{
  struct plan p = plan(t, m, guest.word);
  uint32_t index = emit(t, m, p.kind, p.kind == TCACHE_CALLOUT ? tcache_callout_word() : p.word);
  t->slot[index].word = guest.word;
  t->slot[index].at = guest.at;
  enlist(t, index);
  t->stats.identical += p.kind == TCACHE_IDENTICAL;
  t->stats.inlined += p.kind == TCACHE_INLINE;
  t->stats.callout += p.kind == TCACHE_CALLOUT;
  if (p.branch) {
    m->branch[m->branches++] = index;
  }
  m->count++;
  m->pc = p.next;
  m->ended = p.ends;
}

static uint32_t target_of(const struct slot *branch)
{
  struct isa_decoded d;
  isa_decode(branch->word, &d);
  return branch->pc + d.imm;
}

/* Every branch gets an exit, to which it goes back when its target's translation is gone. */
static void settle_branches(struct tcache *t, const struct making *m)
{
  for (uint32_t i = 0; i < m->branches; i++) {
    uint32_t from = m->branch[i], target = target_of(&t->slot[from]);
    uint32_t stub = emit_exit(t, m, target);
    t->slot[from].stub = stub;
    t->slot[stub].stub = from;
    uint32_t to = tcache_find(t, m->space, target);
    if (to != NOWHERE) {
      chain(t, from, to);
    } else {
      lead(t, from, stub);
    }
  }
}

/* NOWHERE: nothing can be fetched at pc. */
static uint32_t make_block(struct tcache *t, uint32_t space, uint32_t pc)
{
  struct making m = {.space = space, .pc = pc};
  struct tcache_fetched guest = t->config.fetch(t->config.ctx, pc);
  if (!guest.ok) {
    return NOWHERE;
  }
  if (t->used + 2 * TCACHE_BLOCK + 1 > t->config.words) {
    tcache_flush(t);
  }
  uint32_t first = t->used;
  m.block = t->blocks++;
  t->block[m.block] = (struct block){.space = space, .first = first, .live = true};
  while (guest.ok && m.count < TCACHE_BLOCK && !m.ended) {
    translate_one(t, &m, guest);
    guest = m.ended ? guest : t->config.fetch(t->config.ctx, m.pc);
  }
  if (!m.ended) {
    emit_exit(t, &m, m.pc);
  }
  settle_branches(t, &m);
  t->block[m.block].count = t->used - first;
  t->stats.blocks++;
  return first;
}

uint32_t tcache_enter(struct tcache *t, uint32_t space, uint32_t pc)
{
  uint32_t found = pc % WORD == 0 ? tcache_find(t, space, pc) : NOWHERE;
  return found != NOWHERE || pc % WORD != 0 ? found : make_block(t, space, pc);
}

void tcache_exit(struct tcache *t, uint32_t index)
{
  struct slot exit = t->slot[index];
  uint64_t flushes = t->stats.flushes;
  uint32_t to = tcache_enter(t, t->block[exit.block].space, exit.pc);
  if (to != NOWHERE && exit.stub != NOWHERE && t->stats.flushes == flushes &&
      t->slot[exit.stub].target == NOWHERE) {
    chain(t, exit.stub, to);
  }
}

/* --------------------------------------------------------------- invalidating */

static void kill(struct tcache *t, struct block *b)
{
  for (uint32_t i = b->first; i < b->first + b->count; i++) {
    struct slot *s = &t->slot[i];
    if (s->target != NOWHERE) {
      unchain(t, i);
    }
  }
  for (uint32_t i = b->first; i < b->first + b->count; i++) {
    struct slot *s = &t->slot[i];
    while (s->first_in != NOWHERE) {
      uint32_t from = s->first_in;
      unchain(t, from);
      lead(t, from, t->slot[from].stub);
      t->stats.unchained++;
    }
    if (s->kind != TCACHE_EXIT) {
      delist(t, i);
    }
    s->kind = TCACHE_NONE;
  }
  b->live = false;
  t->stats.invalidated++;
}

static void word_written(struct tcache *t, uint32_t at)
{
  uint32_t i = *bucket_of_at(t, at);
  while (i != NOWHERE) {
    if (t->slot[i].at == at) {
      kill(t, &t->block[t->slot[i].block]);
      i = *bucket_of_at(t, at); /* others of the list are gone as well */
    } else {
      i = t->slot[i].next_at;
    }
  }
}

void tcache_written(struct tcache *t, uint32_t at, uint32_t len)
{
  uint32_t end = at + len;
  for (at &= ~(WORD - 1); at < end; at += WORD) {
    if (t->page_users[at / ISA_PAGE_SIZE] > 0) {
      word_written(t, at);
    }
  }
}

/* What it has come to is not worth a search for what is used least: it is made again. */
void tcache_flush(struct tcache *t)
{
  for (uint32_t page = 0; page < t->config.storage / ISA_PAGE_SIZE; page++) {
    if (t->page_users[page] > 0) {
      t->page_users[page] = 0;
      t->config.watch(t->config.ctx, page * ISA_PAGE_SIZE, false);
    }
  }
  forget_all(t);
  t->stats.flushes++;
}

/* -------------------------------------------------------------------- showing */

struct tcache_place tcache_at(const struct tcache *t, uint32_t index)
{
  if (index >= t->used) {
    return (struct tcache_place){.kind = TCACHE_NONE};
  }
  const struct slot *s = &t->slot[index];
  return (struct tcache_place){.kind = s->kind,
                               .pc = s->pc,
                               .word = s->word,
                               .now = s->now,
                               .at = s->at,
                               .block = t->block[s->block].first};
}

uint32_t tcache_next_block(const struct tcache *t, uint32_t index, uint32_t *words)
{
  uint32_t i = index == NOWHERE ? 0 : t->slot[index].block + 1;
  while (i < t->blocks && !t->block[i].live) {
    i++;
  }
  if (i == t->blocks) {
    return NOWHERE;
  }
  *words = t->block[i].count;
  return t->block[i].first;
}

const struct tcache_stats *tcache_stats(const struct tcache *t)
{
  return &t->stats;
}
