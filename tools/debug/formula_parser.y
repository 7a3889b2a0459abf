/* The grammar of the debugger's expressions: C's, over a machine. Two things are
 * its own: {b} {h} {w} before an address say how many bytes to load, and @ loads
 * by an address of storage, whatever relocation is in force. */
%require "3.8"
%define api.pure full
%define api.prefix {formula_yy}
%define parse.error custom
%define api.value.type {struct formula_node *}
%param {struct formula_reader *reader}

%code requires {
#include "tools/debug/formula.h"
}
%code {
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int formula_yylex(struct formula_node **value, struct formula_reader *reader);
static void formula_yyerror(struct formula_reader *reader, const char *message);

#define MAKE(kind, op, a, b, c)                                                                    \
  formula_make(reader, kind, (a) ? ((struct formula_node *)(a))->column : reader->column, op, a, b, c)
#define BINARY(op, a, b) MAKE(FORMULA_BINARY, op, a, b, NULL)
#define UNARY(op, a)     MAKE(FORMULA_UNARY, op, a, NULL, NULL)
#define LOAD(bytes, a)   MAKE(FORMULA_LOAD, bytes, a, NULL, NULL)
}

%token NUMBER "a number" NAME "a name" DOLLAR "a name with $"
%token SHL "'<<'" SHR "'>>'" LE "'<='" GE "'>='" EQ "'=='" NE "'!='" ANDAND "'&&'" OROR "'||'"
%token BYTE "'{b}'" HALF "'{h}'" WORD "'{w}'" BYTE_AT "'{b}@'" HALF_AT "'{h}@'" WORD_AT "'{w}@'" INT "'(int)'" UNSIGNED "'(unsigned)'"
%token STRAY "a character that means nothing here"
%token YYEOF 0 "the end"

%right '='
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
%precedence PREFIX
%precedence '.'

%%

all: expr                    { reader->formula->root = $1; };

expr:
  NUMBER | NAME | DOLLAR
| '(' expr ')'               { $$ = $2; }
| expr '.' NAME              { $$ = MAKE(FORMULA_MEMBER, 0, $1, $3, NULL); }
| expr '=' expr              { $$ = MAKE(FORMULA_ASSIGN, 0, $1, $3, NULL); }
| expr '?' expr ':' expr     { $$ = MAKE(FORMULA_CHOOSE, 0, $1, $3, $5); }
| expr OROR expr             { $$ = BINARY(OROR, $1, $3); }
| expr ANDAND expr           { $$ = BINARY(ANDAND, $1, $3); }
| expr '|' expr              { $$ = BINARY('|', $1, $3); }
| expr '^' expr              { $$ = BINARY('^', $1, $3); }
| expr '&' expr              { $$ = BINARY('&', $1, $3); }
| expr EQ expr               { $$ = BINARY(EQ, $1, $3); }
| expr NE expr               { $$ = BINARY(NE, $1, $3); }
| expr '<' expr              { $$ = BINARY('<', $1, $3); }
| expr '>' expr              { $$ = BINARY('>', $1, $3); }
| expr LE expr               { $$ = BINARY(LE, $1, $3); }
| expr GE expr               { $$ = BINARY(GE, $1, $3); }
| expr SHL expr              { $$ = BINARY(SHL, $1, $3); }
| expr SHR expr              { $$ = BINARY(SHR, $1, $3); }
| expr '+' expr              { $$ = BINARY('+', $1, $3); }
| expr '-' expr              { $$ = BINARY('-', $1, $3); }
| expr '*' expr              { $$ = BINARY('*', $1, $3); }
| expr '/' expr              { $$ = BINARY('/', $1, $3); }
| expr '%' expr              { $$ = BINARY('%', $1, $3); }
| '-' expr %prec PREFIX      { $$ = UNARY('-', $2); }
| '+' expr %prec PREFIX      { $$ = UNARY('+', $2); }
| '~' expr %prec PREFIX      { $$ = UNARY('~', $2); }
| '!' expr %prec PREFIX      { $$ = UNARY('!', $2); }
| '&' expr %prec PREFIX      { $$ = UNARY('&', $2); }
| '*' expr %prec PREFIX      { $$ = LOAD(4, $2); }
| '@' expr %prec PREFIX      { $$ = LOAD(-4, $2); }
| BYTE expr %prec PREFIX     { $$ = LOAD(1, $2); }
| HALF expr %prec PREFIX     { $$ = LOAD(2, $2); }
| WORD expr %prec PREFIX     { $$ = LOAD(4, $2); }
| BYTE_AT expr %prec PREFIX { $$ = LOAD(-1, $2); }
| HALF_AT expr %prec PREFIX { $$ = LOAD(-2, $2); }
| WORD_AT expr %prec PREFIX { $$ = LOAD(-4, $2); }
| INT expr %prec PREFIX      { $$ = MAKE(FORMULA_CAST, 1, $2, NULL, NULL); }
| UNSIGNED expr %prec PREFIX { $$ = MAKE(FORMULA_CAST, 0, $2, NULL, NULL); }
;

%%

/* The words are so few that a scanner by hand is shorter than a scanner's set-up,
 * and cannot end the process when the host has no memory. */
static const struct { const char *text; int token; } words[] = {
    {"{b}@", BYTE_AT}, {"{h}@", HALF_AT}, {"{w}@", WORD_AT},
    {"{b}", BYTE}, {"{h}", HALF}, {"{w}", WORD}, {"(int)", INT}, {"(unsigned)", UNSIGNED},
    {"<<", SHL}, {">>", SHR}, {"<=", LE}, {">=", GE}, {"==", EQ}, {"!=", NE},
    {"&&", ANDAND}, {"||", OROR},
};

static bool in_name(char c)
{
  return isalnum((unsigned char)c) || c == '_';
}

static int lex_number(struct formula_node **value, struct formula_reader *r)
{
  bool binary = r->at[0] == '0' && (r->at[1] == 'b' || r->at[1] == 'B');
  char *end;
  errno = 0;
  uint64_t n = binary ? strtoull(r->at + 2, &end, 2) : strtoull(r->at, &end, 0);
  if (in_name(*end) || errno || (binary && end == r->at + 2)) {
    snprintf(r->error->message, sizeof r->error->message,
             errno ? "this number is too large" : "this is no number: write 10, 0x10, 0b10 or 'c'");
    r->error->column = r->column;
    return FORMULA_YYerror;
  }
  r->at = end;
  *value = formula_make(r, FORMULA_NUMBER, r->column, 0, NULL, NULL, NULL);
  if (*value) {
    (*value)->number = n;
    (*value)->is_signed = n <= INT32_MAX;
  }
  return NUMBER;
}

/* Names may have dots inside (local labels); a field follows a $name with a dot. */
static int lex_name(struct formula_node **value, struct formula_reader *r)
{
  bool dollar = *r->at == '$';
  const char *start = r->at += dollar;
  while (in_name(*r->at) || (dollar && *r->at == '$'))
    r->at++;
  *value = formula_make(r, dollar ? FORMULA_DOLLAR : FORMULA_NAME, r->column, 0, NULL, NULL, NULL);
  if (*value)
    snprintf((*value)->name, sizeof (*value)->name, "%.*s", (int)(r->at - start), start);
  return dollar ? DOLLAR : NAME;
}

static int lex_character(struct formula_node **value, struct formula_reader *r)
{
  static const char from[] = "ntr0\\'", to[] = "\n\t\r\0\\'";
  const char *at = r->at + 1;
  char c = *at;
  const char *escape = c == '\\' && at[1] ? strchr(from, at[1]) : NULL;
  if (escape) {
    c = to[escape - from];
    at++;
  }
  if (!*at || at[1] != '\'')
    return STRAY;
  r->at = at + 2;
  *value = formula_make(r, FORMULA_NUMBER, r->column, 0, NULL, NULL, NULL);
  if (*value) {
    (*value)->number = (unsigned char)c;
    (*value)->is_signed = true;
  }
  return NUMBER;
}

static int formula_yylex(struct formula_node **value, struct formula_reader *r)
{
  while (isspace((unsigned char)*r->at))
    r->at++;
  r->column = (int)(r->at - r->formula->text);
  *value = NULL;
  char c = *r->at;
  if (c == 0)
    return FORMULA_YYEOF;
  if (isdigit((unsigned char)c))
    return lex_number(value, r);
  if (isalpha((unsigned char)c) || c == '_' || c == '$')
    return lex_name(value, r);
  if (c == '\'')
    return lex_character(value, r);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t len = strlen(words[i].text);
    if (strncmp(r->at, words[i].text, len) == 0) {
      r->at += len;
      return words[i].token;
    }
  }
  r->at++;
  return strchr("()+-*/%&|^~!<>=?:.@", c) ? c : STRAY;
}

static void formula_yyerror(struct formula_reader *reader, const char *message)
{
  (void)message; /* only when the host has no memory */
  snprintf(reader->error->message, sizeof reader->error->message, "this is too deep to read");
  reader->error->column = -1;
}

static int yyreport_syntax_error(const yypcontext_t *context, struct formula_reader *reader)
{
  struct formula_error *e = reader->error;
  if (e->message[0])
    return 0;
  e->column = reader->column;
  yysymbol_kind_t met = yypcontext_token(context);
  if (met == YYSYMBOL_YYEOF)
    snprintf(e->message, sizeof e->message, "the expression is not complete%s",
             strchr(reader->formula->text, '(') ? ": a value or a ')' is missing" : ": a value is missing");
  else
    snprintf(e->message, sizeof e->message, "'%.*s' cannot stand here%s",
             (int)(reader->at - (reader->formula->text + reader->column)),
             reader->formula->text + reader->column,
             reader->formula->text[reader->column] == '@' ? ": for several values, x/4w ADDRESS" : "");
  return 0;
}

struct formula *formula_parse(const char *text, struct formula_error *error)
{
  *error = (struct formula_error){.column = -1};
  struct formula *e = calloc(1, sizeof *e);
  if (e && !(e->text = strdup(text))) {
    free(e);
    e = NULL;
  }
  if (!e) {
    snprintf(error->message, sizeof error->message, "out of memory");
    error->no_memory = true;
    return NULL;
  }
  struct formula_reader reader = {.formula = e, .at = e->text, .error = error};
  if (strspn(text, " \t") == strlen(text))
    snprintf(error->message, sizeof error->message, "an expression is missing");
  else if (formula_yyparse(&reader) == 0 && e->root && !error->message[0])
    return e;
  formula_destroy(e);
  if (!error->message[0]) {
    snprintf(error->message, sizeof error->message, "out of memory");
    error->no_memory = true;
  }
  return NULL;
}
