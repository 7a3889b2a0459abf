/* The grammar of directories; docs/directory.md describes it. */
%require "3.8"
%define api.pure full
%define api.prefix {directory_yy}
%define api.location.type {struct source_place}
%define parse.error custom
%define parse.lac full
%locations
%param {yyscan_t scanner}
%parse-param {struct directory_reader *reader}

%code requires {
#include "tools/directory/reader.h"
typedef void *yyscan_t;
}
%code provides {
/* The names that the scanner's header uses. */
#ifndef YYSTYPE
#define YYSTYPE DIRECTORY_YYSTYPE
#define YYLTYPE DIRECTORY_YYLTYPE
#endif
}
%code {
#include "gen/tools/directory/lexer.h"

#define YYLLOC_DEFAULT READER_SPAN

static void directory_yyerror(struct source_place *at, yyscan_t scanner,
                              struct directory_reader *reader, const char *message);
}

%token MACHINE "'machine'" USER "'user'" PROFILE "'profile'" STORAGE "'storage'" DISK "'disk'"
%token FRAMES "'frames'" SWAP "'swap'" SCAN "'scan'" HINTS "'hints'"
%token SECTORS "'sectors'" SWITCH "'switch'" PROGRAM "'program'" REQUIRES "'requires'"
%token TIMER "'timer'" SHARE "'share'" TECHNIQUE "'technique'" MEMORY "'memory'" MINIDISK "'minidisk'"
%token FIRST "'first'" LENGTH "'length'" ACCESS "'access'" CONSOLE "'console'"
%token PREFIX "'prefix'" LOG "'log'" INPUT "'input'" NETWORK "'network'" PEERS "'peers'"
%token ADDRESS "'address'"
%token WORD "a name" NUMBER "a number" STRING "a string in quotes"
%token UNTERMINATED "a string without its closing quote" LIKE_NUMBER "a number with something after it"
%token STRAY "a character that means nothing here"
%token SEMICOLON "';'" COMMA "','" OPEN "'{'" CLOSE "'}'"
%token YYEOF 0 "the end of the file"

%%

file: %empty | file item;

item:
  MACHINE                       { directory_begin_machine(reader, @1); }
  block                         { directory_end_block(reader); }
| USER name                     { directory_begin_user(reader, @2); }
  block                         { directory_end_block(reader); }
| WORD pieces SEMICOLON         { directory_read_unknown_block(reader, @1); }
| WORD pieces block             { directory_read_unknown_block(reader, @1); }
| MACHINE error block           { yyerrok; } /* what the block says stays unheard */
| USER error block              { yyerrok; }
| error SEMICOLON               { yyerrok; }
| error CLOSE                   { yyerrok; }
;

block: OPEN statements CLOSE | OPEN statements error CLOSE { yyerrok; };
statements: %empty | statements statement;

statement:
  PROFILE name SEMICOLON        { directory_read_profile(reader, @2, false); }
| PROFILE STRING SEMICOLON      { directory_read_profile(reader, @2, true); }
| STORAGE NUMBER SEMICOLON      { directory_read_storage(reader, @2); }
| DISK WORD sectors mode SEMICOLON   { directory_read_disk(reader, @2, false, @3, @4); }
| DISK STRING sectors mode SEMICOLON { directory_read_disk(reader, @2, true, @3, @4); }
| FRAMES NUMBER SEMICOLON       { directory_read_frames(reader, @2); }
| SWAP NUMBER SEMICOLON         { directory_read_swap(reader, @2, NOWHERE); }
| SWAP NUMBER STRING SEMICOLON  { directory_read_swap(reader, @2, @3); }
| SCAN NUMBER SEMICOLON         { directory_read_scan(reader, @2); }
| HINTS name SEMICOLON          { directory_read_hints(reader, @2); }
| SWITCH switches SEMICOLON
| PROGRAM name SEMICOLON        { directory_read_program(reader, @2, false); }
| PROGRAM STRING SEMICOLON      { directory_read_program(reader, @2, true); }
| REQUIRES                      { directory_begin_requires(reader, @1); }
  features SEMICOLON
| TIMER name SEMICOLON          { directory_read_timer(reader, @2); }
| SHARE NUMBER SEMICOLON        { directory_read_share(reader, @2); }
| TECHNIQUE name SEMICOLON      { directory_read_technique(reader, @2); }
| MEMORY name SEMICOLON         { directory_read_memory(reader, @2); }
| MINIDISK name FIRST NUMBER LENGTH NUMBER SEMICOLON
    { directory_read_minidisk(reader, @2, @4, @6, NOWHERE, NOWHERE); }
| MINIDISK name FIRST NUMBER LENGTH NUMBER ACCESS name SEMICOLON
    { directory_read_minidisk(reader, @2, @4, @6, @8, NOWHERE); }
| MINIDISK name FIRST NUMBER LENGTH NUMBER ACCESS name STRING SEMICOLON
    { directory_read_minidisk(reader, @2, @4, @6, @8, @9); }
| CONSOLE                       { directory_begin_console(reader, @1); }
  sharing clauses SEMICOLON     { directory_end_console(reader); }
| NETWORK WORD SEMICOLON        { directory_read_no_network(reader, @2); }
| NETWORK SWITCH name           { directory_read_network(reader, @3); }
  address peers SEMICOLON
| WORD pieces SEMICOLON         { directory_read_unknown(reader, @1); }
| SEMICOLON
| error SEMICOLON               { yyerrok; } /* each statement stands for itself */
;

sectors: %empty { @$ = NOWHERE; } | SECTORS NUMBER { @$ = @2; };
mode: %empty { @$ = NOWHERE; } | WORD;
switches: switch | switches COMMA switch;
switch: name { directory_read_switch(reader, @1); };
features: feature | features COMMA feature;
feature: name { directory_read_feature(reader, @1); };
sharing: %empty | WORD { directory_read_sharing(reader, @1); };
clauses: %empty | clauses clause;
clause:
  PREFIX STRING { directory_read_clause(reader, DIRECTORY_CLAUSE_PREFIX, @1, @2); }
| LOG STRING    { directory_read_clause(reader, DIRECTORY_CLAUSE_LOG, @1, @2); }
| INPUT STRING  { directory_read_clause(reader, DIRECTORY_CLAUSE_INPUT, @1, @2); }
;
address: %empty | ADDRESS NUMBER { directory_read_address(reader, @2); };
peers: %empty | PEERS peer_list;
peer_list: peer | peer_list COMMA peer;
peer: name { directory_read_peer(reader, @1); };

/* Keywords are names where a name is wanted: there is a guest called disk. */
name: WORD | keyword;
keyword: MACHINE | USER | PROFILE | STORAGE | DISK | FRAMES | SWAP | SCAN | HINTS | SECTORS | SWITCH | PROGRAM | REQUIRES
| TIMER | SHARE | TECHNIQUE | MEMORY | MINIDISK | FIRST | LENGTH | ACCESS | CONSOLE | PREFIX | LOG | INPUT
| NETWORK | PEERS | ADDRESS;

/* After an unknown first word, so that the word is what the message is about. */
pieces: %empty | pieces piece;
piece: WORD | keyword | NUMBER | STRING | LIKE_NUMBER | COMMA | STRAY;

%%

static void directory_yyerror(struct source_place *at, yyscan_t scanner,
                              struct directory_reader *reader, const char *message)
{
  (void)scanner;
  (void)message; /* the one message that does not come through the function below */
  directory_error(reader, *at, "this is too deep to read");
}

static bool is_keyword(yysymbol_kind_t kind)
{
  return kind >= YYSYMBOL_MACHINE && kind <= YYSYMBOL_PEERS;
}

/* "A, B or C"; keywords are not counted up where any name would do. */
static void list_expected(const yysymbol_kind_t *expected, int count, bool names, char *buf, size_t size)
{
  size_t used = 0;
  int left = 0;
  for (int i = 0; i < count; i++)
    left += !(names && is_keyword(expected[i]));
  buf[0] = '\0';
  for (int i = 0, told = 0; i < count && used < size; i++) {
    if (names && is_keyword(expected[i]))
      continue;
    const char *before = told == 0 ? "" : told == left - 1 ? " or " : ", ";
    used += (size_t)snprintf(buf + used, size - used, "%s%s", before, yysymbol_name(expected[i]));
    told++;
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
static const char *found_token(const struct directory_reader *reader, yysymbol_kind_t kind,
                               struct source_place at, char *buf, size_t size)
{
  char first = at.length ? *reader_text(&reader->in, at) : '\0';
  bool shown = kind == YYSYMBOL_WORD || kind == YYSYMBOL_NUMBER || kind == YYSYMBOL_LIKE_NUMBER ||
               (kind == YYSYMBOL_STRAY && first > ' ' && first < 0x7f);
  if (!shown)
    return yysymbol_name(kind);
  snprintf(buf, size, "'%.*s'", at.length < 100 ? (int)at.length : 100, reader_text(&reader->in, at));
  return buf;
}

static int yyreport_syntax_error(const yypcontext_t *context, yyscan_t scanner,
                                 struct directory_reader *reader)
{
  (void)scanner;
  enum { MOST = YYNTOKENS };
  yysymbol_kind_t expected[MOST], found = yypcontext_token(context);
  int count = yypcontext_expected_tokens(context, expected, MOST);
  struct source_place at = *yypcontext_location(context);
  reader->syntax_error = true;
  char word[128];
  const char *found_name = found_token(reader, found, at, word, sizeof word);

  if (found == YYSYMBOL_YYEOF)
    at = (struct source_place){reader->in.previous_end, 1};
  if (found == YYSYMBOL_UNTERMINATED) {
    directory_error(reader, at, "this string has no closing quote on its line");
    return 0;
  }
  if (found == YYSYMBOL_LIKE_NUMBER && expects(expected, count, YYSYMBOL_NUMBER)) {
    directory_error(reader, at, "%s is no number; write 64, 0x40, 64K, 2M or 1G", found_name);
    return 0;
  }
  if (expects(expected, count, YYSYMBOL_YYEOF)) { /* between blocks */
    directory_error(reader, at, "expected 'machine' or 'user', found %s", found_name);
    return 0;
  }
  bool statements = expects(expected, count, YYSYMBOL_CLOSE) && expects(expected, count, YYSYMBOL_TIMER);
  if (statements && (found == YYSYMBOL_USER || found == YYSYMBOL_MACHINE || found == YYSYMBOL_YYEOF)) {
    directory_error(reader, at, "expected a statement or '}', found %s", found_name);
    directory_note_block(reader, "this block is still open");
    reader->lost = true; /* whose statements follow is a guess */
    return 0;
  }
  if (statements) {
    directory_error(reader, at, "expected a statement or '}', found %s", found_name);
    return 0;
  }
  bool names = expects(expected, count, YYSYMBOL_WORD);
  if (expects(expected, count, YYSYMBOL_STRAY)) { /* in `pieces` */
    expected[0] = YYSYMBOL_SEMICOLON;
    count = 1;
  }
  char list[512];
  list_expected(expected, count, names, list, sizeof list);
  /* A forgotten semicolon is shown where it belongs, not at the next line. */
  if (expects(expected, count, YYSYMBOL_SEMICOLON) &&
      (found == YYSYMBOL_YYEOF || reader_new_line(&reader->in, reader->in.previous_end, at.offset)))
    at = (struct source_place){reader->in.previous_end, 1};
  directory_error(reader, at, "expected %s, found %s", list, found_name);
  return 0;
}
