#include "asm/symbol.h"

#include <string.h>

#include "asm/assembly.h"

static size_t hash(const char *name, size_t len)
{
  size_t h = 5381;
  for (size_t i = 0; i < len; i++)
    h = h * 33 + (unsigned char)name[i];
  return h;
}

struct symbol *symbol_get(struct assembly *a, const char *name, size_t len)
{
  struct symbol **bucket = &a->symbols.buckets[hash(name, len) % SYMBOL_BUCKETS];
  for (struct symbol *s = *bucket; s; s = s->chain)
    if (s->len == len && memcmp(s->name, name, len) == 0)
      return s;
  struct symbol *s = arena_alloc(&a->arena, sizeof *s);
  s->name = arena_copy(&a->arena, name, len);
  s->len = len;
  s->chain = *bucket;
  *bucket = s;
  *VEC_PUSH(&a->arena, &a->symbols.all) = s;
  return s;
}

static void set_label(struct assembly *a, struct symbol *s, struct loc loc)
{
  section_touch(a);
  a->noted.labelled = true;
  s->kind = SYMBOL_LABEL;
  s->defined = loc;
  s->section = a->section;
  s->offset = a->section->size;
}

static void already_defined(struct assembly *a, const struct symbol *s, struct loc loc)
{
  asm_error(a, loc, "'%s' is already defined", s->name);
  if (s->defined.line)
    asm_note(a, s->defined, "the first definition is here");
}

void symbol_define_label(struct assembly *a, struct loc loc, const char *name, size_t len)
{
  struct symbol *s = symbol_get(a, name, len);
  if (s->kind == SYMBOL_UNDEFINED)
    set_label(a, s, loc);
  else
    already_defined(a, s, loc);
}

void symbol_define_value(struct assembly *a, struct symbol *s, struct loc loc,
                         enum symbol_kind kind, const struct expr *expr)
{
  if (s->kind != SYMBOL_UNDEFINED && !(s->kind == SYMBOL_SET && kind == SYMBOL_SET)) {
    already_defined(a, s, loc);
    return;
  }
  s->kind = kind;
  s->defined = loc;
  if (kind == SYMBOL_SET) {
    struct symbol *version = arena_alloc(&a->arena, sizeof *version);
    version->name = s->name;
    version->len = s->len;
    version->variable = s;
    version->kind = SYMBOL_EQU;
    version->defined = loc;
    s->version = version;
    s = version;
  }
  s->expr = expr;
}

static struct symbol *new_local(struct assembly *a, uint64_t number)
{
  struct symbol *s = arena_alloc(&a->arena, sizeof *s);
  s->local_number = number;
  return s;
}

static struct local_label *local_get(struct assembly *a, uint64_t number)
{
  struct local_label **bucket = &a->symbols.locals[number % 64];
  for (struct local_label *l = *bucket; l; l = l->chain)
    if (l->number == number)
      return l;
  struct local_label *l = arena_alloc(&a->arena, sizeof *l);
  l->number = number;
  l->next = new_local(a, number);
  l->chain = *bucket;
  *bucket = l;
  return l;
}

void symbol_define_local(struct assembly *a, struct loc loc, uint64_t number)
{
  struct local_label *l = local_get(a, number);
  set_label(a, l->next, loc);
  l->last = l->next;
  l->next = new_local(a, number);
}

struct symbol *symbol_local(struct assembly *a, struct loc loc, uint64_t number, bool forward)
{
  struct local_label *l = local_get(a, number);
  if (forward)
    return l->next;
  if (!l->last) {
    asm_error(a, loc, "there is no label '%llu:' before this line", (unsigned long long)number);
    l->last = new_local(a, number);
    l->last->reported = true;
  }
  return l->last;
}

const char *symbol_suggest(struct assembly *a, const struct symbol *wrong)
{
  struct suggestion best = suggest_begin(wrong->name, wrong->len);
  for (size_t i = 0; i < a->symbols.all.count; i++)
    if (a->symbols.all.items[i]->kind != SYMBOL_UNDEFINED)
      suggest_offer(&best, a->symbols.all.items[i]->name);
  return asm_did_you_mean(a, &best);
}
