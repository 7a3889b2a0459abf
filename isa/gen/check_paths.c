/* The order of events on every path through a behaviour:
 *
 *   reads and primitives, then at most one effect, then writes, then one jump
 *
 * so that an instruction that traps has changed nothing, and every read is of
 * the state before the instruction. The engine then needs no undo, and the
 * solver sees a body as a function of one state. */
#include "isa/gen/check.h"

struct path {
  struct diag *diag;
  /* What happened on some path to here; NULL: on none. */
  const struct stmt *wrote;  /* a register, PSW or control register was written */
  const struct stmt *effect; /* storage, a device or the TLB was changed */
  const struct stmt *left;   /* every path to here has jumped or trapped */
};

static void merge(struct path *p, const struct path *a, const struct path *b)
{
  p->wrote = (a->left ? NULL : a->wrote) ? a->wrote : b->left ? NULL : b->wrote;
  p->effect = (a->left ? NULL : a->effect) ? a->effect : b->left ? NULL : b->effect;
  p->left = a->left && b->left ? b->left : NULL;
}

static bool reads_state(const struct expr *e)
{
  for (; e; e = e->next) {
    switch (e->ref.kind) {
    case REF_REGISTER:
    case REF_PSW:
    case REF_PSW_FIELD:
    case REF_CR:
      return true;
    case REF_OPERAND:
      if (e->ref.operand->kind == OPERAND_REG)
        return true;
      break;
    default:
      break;
    }
    if (reads_state(e->args) || reads_state(e->left) || reads_state(e->right) ||
        reads_state(e->condition))
      return true;
  }
  return false;
}

/* Whether the statement's value depends on state. The control register that a
 * primitive names is its own affair. */
static bool value_reads_state(const struct expr *value)
{
  if (!value || !value->primitive)
    return reads_state(value);
  return reads_state(*value->primitive->args == 'c' ? value->args->next : value->args);
}

static void check_read(struct path *p, const struct expr *e)
{
  if (!p->wrote || !value_reads_state(e))
    return;
  diag_error(
      p->diag, e->loc,
      "state is read after a write, which may have changed it; expected a let before the write");
  diag_note(p->diag, p->wrote->loc, "the write is here");
}

static void check_primitive_order(struct path *p, const struct stmt *s,
                                  const struct primitive *prim)
{
  if (prim->write) {
    p->wrote = s;
    return;
  }
  if (p->wrote) {
    diag_error(p->diag, s->loc, "%s %s after a write; expected it before every write", prim->name,
               prim->may_trap ? "may trap" : "comes");
    diag_note(p->diag, p->wrote->loc, "the write is here");
  } else if (p->effect) {
    diag_error(p->diag, s->loc,
               prim->effect ? "%s is a second store or device effect; expected at most one"
                            : "%s comes after a store or device effect; expected it before",
               prim->name);
    diag_note(p->diag, p->effect->loc, "the first effect is here");
  }
  if (prim->effect)
    p->effect = s;
}

static void check_trap_order(struct path *p, const struct stmt *s)
{
  const struct stmt *change = p->wrote ? p->wrote : p->effect;
  if (change) {
    diag_error(p->diag, s->loc,
               "trap comes after a %s; expected an instruction that traps to change nothing",
               p->wrote ? "write" : "store or device effect");
    diag_note(p->diag, change->loc, "the change is here");
  }
  p->left = s;
}

static void check_sequence(struct path *p, const struct stmt *s);

static void check_if(struct path *p, const struct stmt *s)
{
  check_read(p, s->value);
  struct path a = *p, b = *p;
  check_sequence(&a, s->then_body);
  check_sequence(&b, s->else_body);
  merge(p, &a, &b);
  if (p->left)
    p->left = s;
}

static void check_sequence(struct path *p, const struct stmt *s)
{
  for (; s; s = s->next) {
    if (p->left) {
      const char *what = s->kind == STMT_ASSIGN && s->is_jump ? "a second jump" : "a statement";
      diag_error(p->diag, s->loc,
                 "%s after the path has ended; expected a jump or trap to be the last", what);
      diag_note(p->diag, p->left->loc, "it ends here");
      return;
    }
    switch (s->kind) {
    case STMT_LET:
      check_read(p, s->value);
      if (s->value->primitive)
        check_primitive_order(p, s, s->value->primitive);
      break;
    case STMT_ASSIGN:
      check_read(p, s->value);
      *(s->is_jump ? &p->left : &p->wrote) = s;
      break;
    case STMT_IF:
      check_if(p, s);
      break;
    case STMT_TRAP:
      check_read(p, s->value);
      check_trap_order(p, s);
      break;
    case STMT_PRIMITIVE:
      check_read(p, s->value);
      check_primitive_order(p, s, s->value->primitive);
      break;
    }
  }
}

void check_paths(struct diag *diag, const struct insn *insn, const struct behaviour *b)
{
  (void)insn;
  struct path p = {.diag = diag};
  check_sequence(&p, b->body);
}
