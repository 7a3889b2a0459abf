/* The grammar of profiles; docs/profiles.md describes it. */
%require "3.8"
%define api.pure full
%define api.prefix {profile_yy}
%define api.location.type {struct source_place}
%define parse.error custom
%define parse.lac full
%locations
%param {yyscan_t scanner}
%parse-param {struct profile_reader *reader}

%code requires {
#include "isa/profile_internal.h"
typedef void *yyscan_t;
}
%code provides {
/* The names that the scanner's header uses. */
#ifndef YYSTYPE
#define YYSTYPE PROFILE_YYSTYPE
#define YYLTYPE PROFILE_YYLTYPE
#endif
}
%code {
#include "gen/isa/profile_lexer.h"

#define YYLLOC_DEFAULT READER_SPAN

static void profile_yyerror(struct source_place *at, yyscan_t scanner,
                            struct profile_reader *reader, const char *message);
}

%token PROFILE "'profile'" TITLE "'title'" STORY "'story'" SOURCE "'source'" MODES "'modes'"
%token MMU "'mmu'" IO "'io'" KEYS "'keys'" KSEG "'kseg'" MIDDLE "'middle'"
%token EXTENDS "'extends'" OUTSIDE "'outside'" ABSENT "'absent'" AS "'as'" REAL "'real'"
%token WORD "a name" NUMBER "a number" STRING "a string in quotes"
%token UNTERMINATED "a string without its closing quote" LIKE_WORD "a name that starts with a digit"
%token STRAY "a character that means nothing here"
%token SEMICOLON "';'" EQUALS "'='"
%token YYEOF 0 "the end of the file"

%%

file: %empty | file statement;

statement:
  PROFILE WORD SEMICOLON            { profile_read_name(reader, @2); }
| TITLE STRING SEMICOLON            { profile_read_text(reader, PROFILE_KEY_TITLE, @2); }
| STORY STRING SEMICOLON            { profile_read_text(reader, PROFILE_KEY_STORY, @2); }
| SOURCE STRING SEMICOLON           { profile_read_text(reader, PROFILE_KEY_SOURCE, @2); }
| MODES NUMBER SEMICOLON            { profile_read_modes(reader, @2); }
| MMU WORD SEMICOLON                { profile_read_feature(reader, PROFILE_KEY_MMU, @2); }
| IO WORD SEMICOLON                 { profile_read_feature(reader, PROFILE_KEY_IO, @2); }
| KEYS SEMICOLON                    { profile_read_keys(reader, @1); }
| KSEG SEMICOLON                    { profile_read_kseg(reader, @1); }
| MIDDLE SEMICOLON                  { profile_read_middle(reader, @1); }
| EXTENDS WORD SEMICOLON            { profile_read_extends(reader, @2); }
| EXTENDS STRING SEMICOLON          { profile_read_extends(reader, @2); }
| OUTSIDE WORD EQUALS behaviour models where SEMICOLON
                              { profile_read_outside(reader, @2, @4, @5, @6); }
| ABSENT WORD SEMICOLON             { profile_read_absent(reader, @2); }
| REAL STRING EQUALS WORD note where SEMICOLON
                              { profile_read_real(reader, @2, @4, @5, @6); }
| WORD anything SEMICOLON           { profile_read_unknown(reader, @1); }
| SEMICOLON
| error SEMICOLON             { yyerrok; } /* each statement stands for itself */
;

behaviour: WORD | ABSENT;
models: %empty | AS STRING    { @$ = @2; };
note: %empty | STRING;
where: %empty | SOURCE STRING { @$ = @2; };

/* After an unknown first word, so that the word is what the message is about. */
anything: %empty | anything piece;
piece: WORD | NUMBER | STRING | EQUALS | AS | SOURCE | ABSENT | REAL | LIKE_WORD | STRAY;

%%

static void profile_yyerror(struct source_place *at, yyscan_t scanner,
                            struct profile_reader *reader, const char *message)
{
  (void)scanner;
  (void)message; /* the one message that does not come through the function below */
  profile_error(reader, *at, "this is too deep to read");
}

/* "A, B or C". */
static void list_expected(const yysymbol_kind_t *expected, int count, char *buf, size_t size)
{
  size_t used = 0;
  buf[0] = '\0';
  for (int i = 0; i < count && used < size; i++) {
    const char *before = i == 0 ? "" : i == count - 1 ? " or " : ", ";
    used += (size_t)snprintf(buf + used, size - used, "%s%s", before, yysymbol_name(expected[i]));
  }
}

static bool expects(const yysymbol_kind_t *expected, int count, yysymbol_kind_t kind)
{
  for (int i = 0; i < count; i++)
    if (expected[i] == kind)
      return true;
  return false;
}

/* Words and numbers as they were written, anything else by its kind. */
static const char *found_token(const struct profile_reader *reader, yysymbol_kind_t kind,
                               struct source_place at, char *buf, size_t size)
{
  char first = at.length ? *reader_text(&reader->in, at) : '\0';
  bool shown = kind == YYSYMBOL_WORD || kind == YYSYMBOL_NUMBER || kind == YYSYMBOL_LIKE_WORD ||
               (kind == YYSYMBOL_STRAY && first > ' ' && first < 0x7f);
  if (!shown)
    return yysymbol_name(kind);
  snprintf(buf, size, "'%.*s'", (int)at.length, reader_text(&reader->in, at));
  return buf;
}

static int yyreport_syntax_error(const yypcontext_t *context, yyscan_t scanner,
                                 struct profile_reader *reader)
{
  (void)scanner;
  enum { MOST = YYNTOKENS };
  yysymbol_kind_t expected[MOST], found = yypcontext_token(context);
  int count = yypcontext_expected_tokens(context, expected, MOST);
  struct source_place at = *yypcontext_location(context);
  reader->syntax_error = true;
  char word[64];
  const char *found_name = found_token(reader, found, at, word, sizeof word);

  if (found == YYSYMBOL_UNTERMINATED) {
    profile_error(reader, at, "this string has no closing quote on its line");
    return 0;
  }
  if (expects(expected, count, YYSYMBOL_YYEOF)) { /* between statements */
    profile_error(reader, at, "expected a statement, found %s", found_name);
    return 0;
  }
  if (expects(expected, count, YYSYMBOL_EQUALS) && count > 2) { /* in `anything` */
    expected[0] = YYSYMBOL_SEMICOLON;
    count = 1;
  }
  char list[512];
  list_expected(expected, count, list, sizeof list);
  /* A forgotten semicolon is shown where it belongs, not at the next line. */
  if (expects(expected, count, YYSYMBOL_SEMICOLON) &&
      (found == YYSYMBOL_YYEOF || reader_new_line(&reader->in, reader->in.previous_end, at.offset)))
    at = (struct source_place){reader->in.previous_end, 1};
  profile_error(reader, at, "expected %s, found %s", list, found_name);
  return 0;
}
