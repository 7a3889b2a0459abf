/* The grammar of the definition language; isa/LANGUAGE.md describes it. */
%define api.pure full
%define api.prefix {isagen_}
%define api.location.type {struct loc}
%define parse.error custom
%define parse.lac full
%locations
%param {void *scanner} {struct parse *parse}

%code requires {
#include "isa/gen/parse.h"
struct stmt_list { struct stmt *first, *last; };
}

%union {
  struct ident ident;
  struct number number;
  struct ident_list *idents;
  struct requires requires;
  struct cr *cr;
  struct field *field;
  struct operand *operand;
  struct insn *insn;
  struct behaviour *behaviour;
  struct stmt *stmt;
  struct stmt_list stmts;
  struct expr *expr;
  struct dotted dotted;
}

%code {
int isagen_lex(ISAGEN_STYPE *value, ISAGEN_LTYPE *loc, void *scanner, struct parse *parse);
static void isagen_error(struct loc *loc, void *scanner, struct parse *parse, const char *message);

#define NEW(type, ...) \
  ((type *)memcpy(arena_alloc(&parse->def->arena, sizeof(type)), &(type){__VA_ARGS__}, sizeof(type)))
#define DEF (parse->def)
#define BINARY(op, l, r, where) \
  NEW(struct expr, .kind = EXPR_BINARY, .loc = (where), .binary = (op), .left = (l), .right = (r))

#include <errno.h>
#include <string.h>
}

%token END 0 "end of file"
/* Words that are names too where a name is expected (cr cause, tlb.write). */
%token <ident> ISA "'isa'" VERSION "'version'" REGISTERS "'registers'" FEATURE "'feature'"
  CAUSE "'cause'" PSW "'psw'" FLAGS "'flags'" CR "'cr'" LIVE "'live'" WRITE "'write'"
  FORMAT "'format'" GROUP "'group'" INSTRUCTION "'instruction'"
%token <ident> ON "'on'" REQUIRES "'requires'" SENSITIVE "'sensitive'" LET "'let'" IF "'if'"
  ELSE "'else'" TRAP "'trap'"
%token <ident> NAME "name" STRING "string"
%token <number> NUMBER "number"
%token SHL "'<<'" SHRU "'>>u'" SHRS "'>>s'" LTU "'<u'" LTS "'<s'" LEU "'<=u'" LES "'<=s'"
  GTU "'>u'" GTS "'>s'" GEU "'>=u'" GES "'>=s'" EQ "'=='" NE "'!='"
  DIVU "'/u'" DIVS "'/s'" REMU "'%u'" REMS "'%s'"

/* Loosest first. Comparisons bind looser than arithmetic and do not chain. */
%right '?' ':'
%nonassoc EQ NE LTU LTS LEU LES GTU GTS GEU GES
%left '|'
%left '^'
%left '&'
%left SHL SHRU SHRS
%left '+' '-'
%left '*' DIVU DIVS REMU REMS
%precedence UNARY

%type <ident> name models sensitive any_name
%type <idents> names
%type <requires> requires
%type <cr> cr_write
%type <field> field fields
%type <operand> operand operands
%type <behaviour> behaviour behaviours body
%type <stmt> stmt if
%type <stmts> stmts block
%type <expr> expr primary args arg_list
%type <dotted> dotted

%%
definition: %empty | definition declaration;

declaration:
    ISA STRING VERSION NUMBER ';'  { DEF->isa = $2; DEF->version = $4; }
  | REGISTERS '{' names '}'        { DEF->registers = $3; }
  | FEATURE name ';'               { LIST_APPEND(DEF->features, NEW(struct feature, .kind = $2)); }
  | FEATURE name '{' names '}' {
      for (struct ident_list *n = $4; n; n = n->next)
        LIST_APPEND(DEF->features, NEW(struct feature, .kind = $2, .name = n->id));
    }
  | CAUSE name NUMBER name STRING ';' {
      LIST_APPEND(DEF->causes, NEW(struct cause, .name = $2, .number = $3, .kind = $4, .summary = $5));
    }
  | CAUSE name NUMBER name NUMBER STRING ';' {
      LIST_APPEND(DEF->causes, NEW(struct cause, .name = $2, .number = $3, .kind = $4,
                                   .has_line = true, .line = $5, .summary = $6));
    }
  | PSW '{' fields '}'             { DEF->psw = $3; }
  | FLAGS '{' names '}'            { DEF->flags = $3; }
  | CR name NUMBER cr_write requires STRING ';' {
      $4->name = $2;
      $4->number = $3;
      $4->requires = $5;
      $4->summary = $6;
      LIST_APPEND(DEF->crs, $4);
    }
  | FORMAT name '{' operands '}' {
      LIST_APPEND(DEF->formats, NEW(struct format, .name = $2, .operands = $4));
    }
  | GROUP name ';'                 { parse->group = $2; }
  | INSTRUCTION name NUMBER name STRING STRING models requires sensitive body {
      bool named = $10->name.text != NULL;
      if (!named)
        $10->name = (struct ident){"full", $10->loc};
      LIST_APPEND(DEF->insns, NEW(struct insn, .name = $2, .opcode = $3, .format_name = $4,
                                  .group_name = parse->group, .shape = $5, .summary = $6,
                                  .models = $7, .requires = $8, .sensitive = $9,
                                  .has_behaviours = named, .behaviours = $10));
    }
  | error ';'
  | error '}';

name: NAME | ISA | VERSION | REGISTERS | FEATURE | CAUSE | PSW | FLAGS | CR | LIVE | WRITE
  | FORMAT | GROUP | INSTRUCTION;

names: %empty { $$ = NULL; }
  | names name { $$ = $1; LIST_APPEND($$, NEW(struct ident_list, .id = $2)); };

fields: %empty { $$ = NULL; }
  | fields field { $$ = $1; LIST_APPEND($$, $2); };
field: name NUMBER ':' NUMBER name STRING ';' {
    $$ = NEW(struct field, .name = $1, .high = $2, .low = $4, .write = $5, .summary = $6);
  };

cr_write: WRITE PSW   { $$ = NEW(struct cr, .is_psw = true); }
  | WRITE NUMBER      { $$ = NEW(struct cr, .write_mask = $2); }
  | LIVE cr_write     { $$ = $2; $$->live = true; };

operands: %empty { $$ = NULL; }
  | operands operand { $$ = $1; LIST_APPEND($$, $2); };
operand: name name NUMBER ':' NUMBER ';' {
    $$ = NEW(struct operand, .name = $1, .kind_name = $2, .high = $3, .low = $5);
  };

models: %empty { $$ = (struct ident){"", @$}; } | ON STRING { $$ = $2; };
sensitive: %empty { $$ = (struct ident){"", @$}; } | SENSITIVE STRING { $$ = $2; };
requires: %empty { $$ = (struct requires){0}; } | REQUIRES names { $$ = (struct requires){.words = $2}; };

body: block { $$ = NEW(struct behaviour, .loc = @1, .body = $1.first); }
  | '{' behaviours '}' { $$ = $2; };
behaviours: behaviour | behaviours behaviour { $$ = $1; LIST_APPEND($$, $2); };
behaviour: any_name block { $$ = NEW(struct behaviour, .name = $1, .loc = @2, .body = $2.first); };
any_name: name | TRAP;

block: '{' '}' { $$ = (struct stmt_list){0}; }
  | '{' stmts '}' { $$ = $2; };
stmts: stmt { $$ = (struct stmt_list){$1, $1}; }
  | stmts stmt {
      $$ = $1;
      if (!$2) /* was in error */
        break;
      *($$.first ? &$$.last->next : &$$.first) = $2;
      $$.last = $2;
    };

stmt: LET name '=' expr ';' { $$ = NEW(struct stmt, .kind = STMT_LET, .loc = @$, .name = $2, .value = $4); }
  | dotted '=' expr ';' {
      $$ = NEW(struct stmt, .kind = STMT_ASSIGN, .loc = @$, .value = $3,
               .target = NEW(struct expr, .kind = EXPR_NAME, .loc = @1, .name = $1));
    }
  | dotted ';' {
      $$ = NEW(struct stmt, .kind = STMT_PRIMITIVE, .loc = @$,
               .value = NEW(struct expr, .kind = EXPR_CALL, .loc = @1, .name = $1));
    }
  | dotted '(' args ')' ';' {
      $$ = NEW(struct stmt, .kind = STMT_PRIMITIVE, .loc = @$,
               .value = NEW(struct expr, .kind = EXPR_CALL, .loc = @1, .name = $1, .args = $3));
    }
  | TRAP name ';' { $$ = NEW(struct stmt, .kind = STMT_TRAP, .loc = @$, .name = $2); }
  | TRAP name ',' expr ';' {
      $$ = NEW(struct stmt, .kind = STMT_TRAP, .loc = @$, .name = $2, .value = $4);
    }
  | if
  | error ';' { $$ = NULL; };

if: IF '(' expr ')' block {
      $$ = NEW(struct stmt, .kind = STMT_IF, .loc = @$, .value = $3, .then_body = $5.first);
    }
  | IF '(' expr ')' block ELSE block {
      $$ = NEW(struct stmt, .kind = STMT_IF, .loc = @$, .value = $3, .then_body = $5.first,
               .else_body = $7.first);
    }
  | IF '(' expr ')' block ELSE if {
      $$ = NEW(struct stmt, .kind = STMT_IF, .loc = @$, .value = $3, .then_body = $5.first,
               .else_body = $7);
    };

dotted: name { $$ = (struct dotted){.base = $1, .loc = @$}; }
  | name '.' name { $$ = (struct dotted){.base = $1, .member = $3, .loc = @$}; };

args: %empty { $$ = NULL; } | arg_list;
arg_list: expr | arg_list ',' expr { $$ = $1; LIST_APPEND($$, $3); };

expr: primary
  | '~' expr %prec UNARY { $$ = NEW(struct expr, .kind = EXPR_UNARY, .loc = @$, .unary = UNARY_COMPL, .left = $2); }
  | '-' expr %prec UNARY { $$ = NEW(struct expr, .kind = EXPR_UNARY, .loc = @$, .unary = UNARY_NEG, .left = $2); }
  | '!' expr %prec UNARY { $$ = NEW(struct expr, .kind = EXPR_UNARY, .loc = @$, .unary = UNARY_NOT, .left = $2); }
  | expr '+' expr  { $$ = BINARY(BINARY_ADD, $1, $3, @$); }
  | expr '-' expr  { $$ = BINARY(BINARY_SUB, $1, $3, @$); }
  | expr '*' expr  { $$ = BINARY(BINARY_MUL, $1, $3, @$); }
  | expr '&' expr  { $$ = BINARY(BINARY_AND, $1, $3, @$); }
  | expr '|' expr  { $$ = BINARY(BINARY_OR, $1, $3, @$); }
  | expr '^' expr  { $$ = BINARY(BINARY_XOR, $1, $3, @$); }
  | expr SHL expr  { $$ = BINARY(BINARY_SHL, $1, $3, @$); }
  | expr SHRU expr { $$ = BINARY(BINARY_SHRU, $1, $3, @$); }
  | expr SHRS expr { $$ = BINARY(BINARY_SHRS, $1, $3, @$); }
  | expr DIVU expr { $$ = BINARY(BINARY_DIVU, $1, $3, @$); }
  | expr DIVS expr { $$ = BINARY(BINARY_DIVS, $1, $3, @$); }
  | expr REMU expr { $$ = BINARY(BINARY_REMU, $1, $3, @$); }
  | expr REMS expr { $$ = BINARY(BINARY_REMS, $1, $3, @$); }
  | expr EQ expr   { $$ = BINARY(BINARY_EQ, $1, $3, @$); }
  | expr NE expr   { $$ = BINARY(BINARY_NE, $1, $3, @$); }
  | expr LTU expr  { $$ = BINARY(BINARY_LTU, $1, $3, @$); }
  | expr LTS expr  { $$ = BINARY(BINARY_LTS, $1, $3, @$); }
  | expr LEU expr  { $$ = BINARY(BINARY_LEU, $1, $3, @$); }
  | expr LES expr  { $$ = BINARY(BINARY_LES, $1, $3, @$); }
  | expr GTU expr  { $$ = BINARY(BINARY_GTU, $1, $3, @$); }
  | expr GTS expr  { $$ = BINARY(BINARY_GTS, $1, $3, @$); }
  | expr GEU expr  { $$ = BINARY(BINARY_GEU, $1, $3, @$); }
  | expr GES expr  { $$ = BINARY(BINARY_GES, $1, $3, @$); }
  | expr '?' expr ':' expr {
      $$ = NEW(struct expr, .kind = EXPR_CONDITIONAL, .loc = @$, .condition = $1, .left = $3, .right = $5);
    };

primary: NUMBER { $$ = NEW(struct expr, .kind = EXPR_NUMBER, .loc = @$, .value = $1.value); }
  | dotted { $$ = NEW(struct expr, .kind = EXPR_NAME, .loc = @$, .name = $1); }
  | dotted '(' args ')' { $$ = NEW(struct expr, .kind = EXPR_CALL, .loc = @$, .name = $1, .args = $3); }
  | '(' expr ')' { $$ = $2; }
  | primary '[' NUMBER ':' NUMBER ']' {
      $$ = NEW(struct expr, .kind = EXPR_SLICE, .loc = @$, .left = $1, .high = $3.value, .low = $5.value);
    };
%%

/* Not called with parse.error custom, except when memory runs out. */
static void isagen_error(struct loc *loc, void *scanner, struct parse *parse, const char *message)
{
  (void)scanner;
  if (errno == ENOMEM) /* not the parser's own limit */
    out_of_memory();
  diag_error(parse->diag, *loc, "%s", message);
}

static bool is_soft_keyword(yysymbol_kind_t symbol)
{
  return symbol >= YYSYMBOL_ISA && symbol <= YYSYMBOL_INSTRUCTION;
}

/* Those between two values; '-' may also stand before one. */
static bool is_operator(yysymbol_kind_t symbol)
{
  static const char single[] = "'?' '|' '^' '&' '+' '*' '['";
  return (symbol >= YYSYMBOL_SHL && symbol <= YYSYMBOL_REMS) || strstr(single, yysymbol_name(symbol));
}

/* Leaves out words that could stand as names where a name is expected anyway,
 * and lists operators as one. */
static void list_expected(const yysymbol_kind_t *expected, int count, char *text, size_t size)
{
  bool name = false, operators = false;
  int listed = 0;
  size_t len = 0;
  text[0] = '\0';
  for (int i = 0; i < count; i++) {
    name |= expected[i] == YYSYMBOL_NAME;
    operators |= expected[i] == YYSYMBOL_SHL;
  }
  for (int i = 0; i < count && len < size; i++) {
    if ((name && is_soft_keyword(expected[i])) || (operators && is_operator(expected[i])) ||
        (operators && strcmp(yysymbol_name(expected[i]), "'-'") == 0))
      continue;
    len += (size_t)snprintf(text + len, size - len, "%s%s", listed++ ? ", " : "",
                            yysymbol_name(expected[i]));
  }
  if (operators && len < size)
    snprintf(text + len, size - len, "%soperator", listed ? ", " : "");
}

static int yyreport_syntax_error(const yypcontext_t *ctx, void *scanner, struct parse *parse)
{
  (void)scanner;
  yysymbol_kind_t expected[YYNTOKENS];
  int count = yypcontext_expected_tokens(ctx, expected, YYNTOKENS);
  if (count < 0)
    return count;
  char text[1024];
  list_expected(expected, count, text, sizeof text);
  yysymbol_kind_t found = yypcontext_token(ctx);
  diag_error(parse->diag, *yypcontext_location(ctx), "unexpected %s; expected %s%s",
             found == YYSYMBOL_YYEMPTY ? "token" : yysymbol_name(found),
             strchr(text, ',') ? "one of " : "", text);
  return 0;
}
