/* One statement: an operation with its operands, or an assignment. Labels before
 * it and the lines that macros and conditions take are dealt with in statement.c.
 * The canonical automaton is small here and makes the list of what was expected
 * exact, without a second stack. */
%define api.pure full
%define api.prefix {asm_yy}
%define api.location.type {struct loc}
%define parse.error custom
%define lr.type canonical-lr
%locations
%param { struct assembly *a }

%code requires {
#include "asm/assembly.h"
}

%code {
#include <stdarg.h>
#include <string.h>

/* The stacks never move to the heap: an allocation failure unwinds through here. */
#define YYINITDEPTH 2000
#define YYMAXDEPTH 2000
#define YYLLOC_DEFAULT(current, rhs, n)                                                            \
  ((current) = (n) ? (struct loc){YYRHSLOC(rhs, 1).line, YYRHSLOC(rhs, 1).first, YYRHSLOC(rhs, n).last} \
                   : (struct loc){YYRHSLOC(rhs, 0).line, YYRHSLOC(rhs, 0).last, YYRHSLOC(rhs, 0).last})

static int asm_yylex(ASM_YYSTYPE *value, struct loc *loc, struct assembly *a);
static void asm_yyerror(const struct loc *loc, struct assembly *a, const char *message);
static void add_operand(struct assembly *a, struct loc loc, struct operand operand);
#define BINARY(result, op, x, y)                                                                   \
  if (!((result) = expr_node(a, yyloc, EXPR_BINARY, (op), (x), (y), NULL)))                        \
    YYABORT
#define UNARY(result, kind, op, x)                                                                 \
  if (!((result) = expr_node(a, yyloc, (kind), (op), (x), NULL, NULL)))                            \
    YYABORT
}

%union {
  const struct token *token;
  const struct expr *expr;
}

%token END 0 "end of line"
%token <token> IDENT "name" REG "register" NUMBER "number" LOCALREF "label number" STRING "string"
%token HERE HI "%hi" LO "%lo" BAD
%token SHL "<<" SHR ">>" LE "<=" GE ">=" EQ "==" NE "!=" ANDAND "&&" OROR "||"

%right '?' ':'
%left OROR
%left ANDAND
%left '|'
%left '^'
%left '&'
%left EQ NE
%left '<' '>' LE GE
%left SHL SHR
%left '+' '-'
%left '*' '/' '%'
%precedence UNARY

%type <expr> expr

%%

statement
  : %empty
  | IDENT operands  { a->statement.op = $1; }
  | IDENT '=' expr  { a->statement.op = $1; a->statement.assigned = $3; }
  ;

operands
  : %empty
  | list
  ;

list
  : operand
  | list ',' operand
  ;

operand
  : REG                   { add_operand(a, @$, (struct operand){.kind = OPERAND_REG, .reg = (unsigned)$1->number}); }
  | expr                  { add_operand(a, @$, (struct operand){.kind = OPERAND_EXPR, .expr = $1}); }
  | expr '(' REG ')'      { add_operand(a, @$, (struct operand){.kind = OPERAND_MEM, .expr = $1, .reg = (unsigned)$3->number}); }
  | '(' REG ')'           { add_operand(a, @$, (struct operand){.kind = OPERAND_MEM, .reg = (unsigned)$2->number}); }
  | STRING                { add_operand(a, @$, (struct operand){.kind = OPERAND_STRING, .text = $1->text, .len = $1->len}); }
  ;

expr
  : NUMBER                { $$ = expr_number(a, @$, (int64_t)$1->number); }
  | IDENT                 { $$ = expr_symbol(a, @$, $1->text, $1->len); }
  | LOCALREF              { $$ = expr_local(a, @$, $1->number, $1->forward); }
  | HERE                  { $$ = expr_here(a, @$); }
  | '(' expr ')'          { $$ = $2; }
  | HI '(' expr ')'       { UNARY($$, EXPR_HI, HI, $3); }
  | LO '(' expr ')'       { UNARY($$, EXPR_LO, LO, $3); }
  | '-' expr %prec UNARY  { UNARY($$, EXPR_UNARY, '-', $2); }
  | '+' expr %prec UNARY  { $$ = $2; }
  | '~' expr %prec UNARY  { UNARY($$, EXPR_UNARY, '~', $2); }
  | '!' expr %prec UNARY  { UNARY($$, EXPR_UNARY, '!', $2); }
  | expr '*' expr         { BINARY($$, '*', $1, $3); }
  | expr '/' expr         { BINARY($$, '/', $1, $3); }
  | expr '%' expr         { BINARY($$, '%', $1, $3); }
  | expr '+' expr         { BINARY($$, '+', $1, $3); }
  | expr '-' expr         { BINARY($$, '-', $1, $3); }
  | expr SHL expr         { BINARY($$, SHL, $1, $3); }
  | expr SHR expr         { BINARY($$, SHR, $1, $3); }
  | expr '<' expr         { BINARY($$, '<', $1, $3); }
  | expr '>' expr         { BINARY($$, '>', $1, $3); }
  | expr LE expr          { BINARY($$, LE, $1, $3); }
  | expr GE expr          { BINARY($$, GE, $1, $3); }
  | expr EQ expr          { BINARY($$, EQ, $1, $3); }
  | expr NE expr          { BINARY($$, NE, $1, $3); }
  | expr '&' expr         { BINARY($$, '&', $1, $3); }
  | expr '^' expr         { BINARY($$, '^', $1, $3); }
  | expr '|' expr         { BINARY($$, '|', $1, $3); }
  | expr ANDAND expr      { BINARY($$, ANDAND, $1, $3); }
  | expr OROR expr        { BINARY($$, OROR, $1, $3); }
  | expr '?' expr ':' expr {
      if (!($$ = expr_node(a, @$, EXPR_TERNARY, '?', $1, $3, $5)))
        YYABORT;
    }
  ;

%%

static int asm_yylex(ASM_YYSTYPE *value, struct loc *loc, struct assembly *a)
{
  const struct token *t = &a->tokens.items[a->next_token];
  if (t->kind != 0)
    a->next_token++;
  value->token = t;
  *loc = token_loc(a, t);
  if (t->kind != BAD)
    return t->kind;
  asm_error(a, *loc, "%s", t->text);
  return ASM_YYerror;
}

static void add_operand(struct assembly *a, struct loc loc, struct operand operand)
{
  operand.loc = loc;
  *VEC_PUSH(&a->arena, &a->statement.operands) = operand;
}

static void asm_yyerror(const struct loc *loc, struct assembly *a, const char *message)
{
  (void)message; /* "memory exhausted" is the only one that comes this way */
  asm_error(a, *loc, "the expression is nested too deeply");
}

/* What was expected, in the user's words rather than the grammar's. */
enum { WANT_REGISTER, WANT_EXPRESSION, WANT_STRING, WANT_OPERATOR, WANT_COMMA, WANT_OPEN, WANT_CLOSE,
       WANT_COLON, WANT_ASSIGN, WANT_NAME, WANT_END, WANT_COUNT };

static int want_of(yysymbol_kind_t symbol)
{
  switch (symbol) {
  case YYSYMBOL_REG: return WANT_REGISTER;
  case YYSYMBOL_NUMBER:
  case YYSYMBOL_LOCALREF:
  case YYSYMBOL_HERE:
  case YYSYMBOL_HI:
  case YYSYMBOL_LO:
  case YYSYMBOL_IDENT: return WANT_EXPRESSION;
  case YYSYMBOL_STRING: return WANT_STRING;
  case YYSYMBOL_YYEOF: return WANT_END;
  default: break;
  }
  const char *name = yysymbol_name(symbol);
  switch (name[0] == '\'' ? name[1] : 0) {
  case ',': return WANT_COMMA;
  case '(': return WANT_OPEN;
  case ')': return WANT_CLOSE;
  case ':': return WANT_COLON;
  case '=': return WANT_ASSIGN;
  case '~':
  case '!': return WANT_EXPRESSION;
  default: return WANT_OPERATOR;
  }
}

static const char *expected_text(struct assembly *a, const yypcontext_t *context)
{
  static const char *const words[WANT_COUNT] = {
    "a register", "an expression", "a string", "an operator", "','", "'('", "')'", "':'", "'='",
    "an instruction, directive or label", "the end of the line",
  };
  yysymbol_kind_t expected[YYNTOKENS];
  int count = yypcontext_expected_tokens(context, expected, YYNTOKENS);
  bool want[WANT_COUNT] = {false};
  for (int i = 0; i < count; i++)
    want[want_of(expected[i])] = true;
  if (want[WANT_EXPRESSION] && count < 4) { /* only a name can start a statement */
    want[WANT_NAME] = true;
    want[WANT_EXPRESSION] = want[WANT_END] = false;
  }
  if (want[WANT_EXPRESSION])
    want[WANT_OPERATOR] = want[WANT_OPEN] = want[WANT_ASSIGN] = false;
  if (want[WANT_COMMA] || want[WANT_CLOSE])
    want[WANT_OPERATOR] = want[WANT_OPEN] = false;
  int left = 0;
  for (int i = 0; i < WANT_COUNT; i++)
    left += want[i];
  const char *text = "";
  for (int i = 0; i < WANT_COUNT; i++) {
    if (!want[i])
      continue;
    left--;
    text = arena_printf(&a->arena, "%s%s%s", text, words[i], left > 1 ? ", " : left ? " or " : "");
  }
  return text;
}

/* "addi a0, a0, #4", as other assemblers want it. */
static const char *comment_hint(const struct assembly *a)
{
  const struct token *last = &a->tokens.items[a->tokens.count - 2]; /* before the end */
  const char *p = a->line->text + last->last, *end = a->line->text + a->line->len;
  while (p < end && (*p == ' ' || *p == '\t'))
    p++;
  bool number = end - p >= 2 && p[0] == '#' && (p[1] == '-' || (p[1] >= '0' && p[1] <= '9'));
  return number ? "; '#' begins a comment: a constant has no mark before it" : "";
}

static int yyreport_syntax_error(const yypcontext_t *context, struct assembly *a)
{
  struct loc at = *yypcontext_location(context);
  yysymbol_kind_t got = yypcontext_token(context);
  if (got == YYSYMBOL_YYerror) /* reported by the scanner */
    return 0;
  if (got == YYSYMBOL_YYEOF)
    asm_error(a, at, "the line ends too early: expected %s%s", expected_text(a, context),
              comment_hint(a));
  else
    asm_error(a, at, "expected %s before %s'%.*s'", expected_text(a, context),
              got == YYSYMBOL_REG ? "register " : "", (int)(at.last - at.first > 40 ? 40 : at.last - at.first),
              at.line->text + at.first);
  return 0;
}

bool asm_parse(struct assembly *a, size_t first)
{
  a->next_token = first;
  a->statement.op = NULL;
  a->statement.assigned = NULL;
  a->statement.operands.count = 0;
  return asm_yyparse(a) == 0;
}
