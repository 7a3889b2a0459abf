/* The adapters: results as each consumer wants them. The formats' owners and where they are
 * described: docs/grading.md.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/common/json.h"
#include "tools/grade/results.h"

static bool failed(const struct result *t)
{
  return t->state != RESULT_PASSED;
}

/* ------------------------------------------------------------------------ text */

static void indent(FILE *out, const char *text, const char *by)
{
  for (const char *line = text; *line;) {
    size_t len = strcspn(line, "\n");
    fprintf(out, "%s%.*s\n", by, (int)len, line);
    line += len + (line[len] == '\n');
  }
}

static bool write_text(const struct results *r, FILE *out)
{
  fprintf(out, "Lab %u, %s\n", r->lab->number, r->lab->title);
  if (json_object_size(r->lab->drawn) > 0) {
    fprintf(out, "The variant of seed %llu; another student's: --student=NAME\n",
            (unsigned long long)r->seed);
  }
  if (r->problem) {
    fprintf(out, "\nThe submission cannot be graded:\n");
    indent(out, r->problem, "  ");
  }
  const char *category = "";
  for (size_t i = 0; i < r->count; i++) {
    const struct result *t = &r->result[i];
    char *title = result_shown_title(r, t), *text = result_shown_text(r, t);
    if (strcmp(category, t->test->category) != 0) {
      category = t->test->category;
      fprintf(out, "\n%s\n", category);
    }
    fprintf(out, "  %s %3u of %-3u  %s\n",
            t->state == RESULT_PASSED   ? "passed"
            : t->state == RESULT_FAILED ? "FAILED"
                                        : "      ",
            t->score, t->test->points, title ? title : t->test->id);
    if (text) {
      indent(out, text, "      ");
    }
    free(title);
    free(text);
  }
  fprintf(out, "\nScore: %u of %u", results_score(r), results_points(r));
  fprintf(out, "   (sandbox: %s)\n", sandbox_rung_name(r->rung));
  return true;
}

/* ------------------------------------------------------------------------ JSON */

static json_t *test_json(const struct results *r, const struct result *t)
{
  static const char *const states[] = {"not run", "passed", "failed"};
  char *title = result_shown_title(r, t), *text = result_shown_text(r, t);
  json_t *object = json_pack("{s:s, s:o, s:s, s:b, s:s, s:i, s:i, s:o}", "id", t->test->id, "title",
                             json_text(title), "category", t->test->category, "hidden",
                             t->test->hidden, "status", states[t->state], "score", (int)t->score,
                             "points", (int)t->test->points, "text", json_text(text));
  free(title);
  free(text);
  return object;
}

json_t *results_json(const struct results *r)
{
  json_t *tests = json_array(), *timings = json_object();
  for (size_t i = 0; i < r->count; i++) {
    json_array_append_new(tests, test_json(r, &r->result[i]));
    json_object_set_new(timings, r->result[i].test->id, json_real(r->result[i].cpu));
  }
  json_t *root =
      json_pack("{s:s, s:i, s:s, s:I, s:s, s:i, s:i, s:o, s:o}", "schema", "trapeze-grade/1", "lab",
                (int)r->lab->number, "name", r->lab->name, "seed", (json_int_t)r->seed, "sandbox",
                sandbox_rung_name(r->rung), "score", (int)results_score(r), "points",
                (int)results_points(r), "problem", json_text(r->problem), "tests", tests);
  if (root && r->timings) {
    json_object_set_new(root, "timings", timings);
  } else {
    json_decref(timings);
  }
  return root;
}

static bool dump(json_t *root, FILE *out)
{
  bool done = root && json_dumpf(root, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
  json_decref(root);
  return done;
}

static bool write_json(const struct results *r, FILE *out)
{
  return dump(results_json(r), out);
}

/* ------------------------------------------------------------------ Gradescope */

static json_t *gradescope_test(const struct results *r, const struct result *t, size_t number)
{
  char *title = result_shown_title(r, t), *text = result_shown_text(r, t);
  char n[24];
  snprintf(n, sizeof n, "%u.%zu", r->lab->number, number);
  json_t *object = json_pack("{s:i, s:i, s:s, s:o, s:s, s:o, s:s, s:[s], s:s}", "score",
                             (int)t->score, "max_score", (int)t->test->points, "status",
                             failed(t) ? "failed" : "passed", "name", json_text(title), "number", n,
                             "output", text ? json_text(text) : json_string(""), "output_format",
                             "text", "tags", t->test->category, "visibility", "visible");
  free(title);
  free(text);
  return object;
}

static bool write_gradescope(const struct results *r, FILE *out)
{
  json_t *tests = json_array();
  double cpu = 0;
  for (size_t i = 0; i < r->count; i++) {
    json_array_append_new(tests, gradescope_test(r, &r->result[i], i + 1));
    cpu += r->result[i].cpu;
  }
  json_t *root =
      json_pack("{s:i, s:s, s:s, s:s, s:o, s:o}", "score", (int)results_score(r), "output_format",
                "text", "visibility", "visible", "stdout_visibility", "hidden", "output",
                json_text(r->problem ? r->problem : ""), "tests", tests);
  if (root && r->timings) {
    json_object_set_new(root, "execution_time", json_integer((json_int_t)(cpu + 0.5)));
  }
  return dump(root, out);
}

/* --------------------------------------------------- Autolab, PrairieLearn, … */

/* Autolab reads the last line of standard output. */
static bool write_autolab(const struct results *r, FILE *out)
{
  if (!write_text(r, out)) {
    return false;
  }
  json_t *root = json_pack("{s:{s:i}}", "scores", r->lab->name, (int)results_score(r));
  bool done = root && json_dumpf(root, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF;
  json_decref(root);
  return done;
}

static bool write_prairielearn(const struct results *r, FILE *out)
{
  json_t *tests = json_array();
  for (size_t i = 0; i < r->count; i++) {
    const struct result *t = &r->result[i];
    char *title = result_shown_title(r, t), *text = result_shown_text(r, t);
    json_array_append_new(tests,
                          json_pack("{s:o, s:i, s:i, s:o}", "name", json_text(title), "points",
                                    (int)t->score, "max_points", (int)t->test->points, "output",
                                    text ? json_text(text) : json_string("")));
    free(title);
    free(text);
  }
  unsigned points = results_points(r);
  double score = points ? (double)results_score(r) / points : 0;
  return dump(json_pack("{s:b, s:f, s:o, s:o}", "gradable", r->problem == NULL, "score", score,
                        "output", json_text(r->problem ? r->problem : ""), "tests", tests),
              out);
}

/* What its runner tells an autograder of the submission, which the result must repeat. It adds
 * owner and time itself. */
static void set_from_environment(json_t *root)
{
  static const struct {
    const char *key, *variable;
  } said[] = {{"classroom", "CLASSROOM"},       {"assignment", "ASSIGNMENT"},
              {"submission", "SUBMISSION_TAG"}, {"commit", "COMMIT_URL"},
              {"release", "RELEASE_URL"},       {"review", "REVIEW_URL"}};
  for (size_t i = 0; root && i < sizeof said / sizeof *said; i++) {
    const char *value = getenv(said[i].variable);
    if (value && *value) {
      json_object_set_new(root, said[i].key, json_text(value));
    }
  }
}

static bool write_classroom50(const struct results *r, FILE *out)
{
  json_t *tests = json_array();
  for (size_t i = 0; i < r->count; i++) {
    const struct result *t = &r->result[i];
    char *title = result_shown_title(r, t);
    json_array_append_new(tests, json_pack("{s:o, s:b, s:i, s:i}", "test-name", json_text(title),
                                           "passed", !failed(t), "score", (int)t->score,
                                           "max-score", (int)t->test->points));
    free(title);
  }
  json_t *root =
      json_pack("{s:s, s:i, s:i, s:o}", "schema", "classroom50/result/v1", "score",
                (int)results_score(r), "max-score", (int)results_points(r), "tests", tests);
  set_from_environment(root);
  return dump(root, out);
}

/* ----------------------------------------------------------------------- JUnit */

/* XML 1.0 has no control characters but these three, not even escaped. */
static void xml(FILE *out, const char *text)
{
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '&' || c == '<' || c == '>' || c == '"') {
      fputs(c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&quot;", out);
    } else if (c >= 0x20 || c == '\n' || c == '\t') {
      fputc(c, out);
    } else {
      fputc('?', out);
    }
  }
}

/* json_text() knows how to make UTF-8 of bytes that are none. */
static void xml_text(FILE *out, const char *text)
{
  json_t *clean = json_text(text ? text : "");
  xml(out, clean ? json_string_value(clean) : "");
  json_decref(clean);
}

static void junit_case(const struct results *r, const struct result *t, FILE *out)
{
  char *title = result_shown_title(r, t), *text = result_shown_text(r, t);
  fputs("    <testcase name=\"", out);
  xml_text(out, title);
  fputs("\" classname=\"", out);
  xml_text(out, t->test->category);
  fprintf(out, "\" time=\"%.3f\">", r->timings ? t->cpu : 0.0);
  if (t->state == RESULT_NOT_RUN) {
    fputs("<skipped/>", out);
  } else if (t->state == RESULT_FAILED) {
    fprintf(out, "<failure message=\"%u of %u points\">", t->score, t->test->points);
    xml_text(out, text);
    fputs("</failure>", out);
  }
  fputs("</testcase>\n", out);
  free(title);
  free(text);
}

static bool write_junit(const struct results *r, FILE *out)
{
  size_t bad = 0, skipped = 0;
  double cpu = 0;
  for (size_t i = 0; i < r->count; i++) {
    bad += r->result[i].state == RESULT_FAILED;
    skipped += r->result[i].state == RESULT_NOT_RUN;
    cpu += r->timings ? r->result[i].cpu : 0;
  }
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", out);
  xml_text(out, r->lab->title);
  fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"%zu\" time=\"%.3f\">\n",
          r->count, bad, r->problem != NULL, skipped, cpu);
  for (size_t i = 0; i < r->count; i++) {
    junit_case(r, &r->result[i], out);
  }
  if (r->problem) {
    fputs("    <system-out>", out);
    xml_text(out, r->problem);
    fputs("</system-out>\n", out);
  }
  fputs("  </testsuite>\n</testsuites>\n", out);
  return true;
}

/* ------------------------------------------------------------------------- TAP */

static bool write_tap(const struct results *r, FILE *out)
{
  fprintf(out, "TAP version 13\n1..%zu\n", r->count);
  for (size_t i = 0; i < r->count; i++) {
    const struct result *t = &r->result[i];
    char *title = result_shown_title(r, t), *text = result_shown_text(r, t);
    fprintf(out, "%sok %zu - %s\n", failed(t) ? "not " : "", i + 1, title ? title : t->test->id);
    fprintf(out, "  ---\n  id: %s\n  score: %u\n  points: %u\n", t->test->id, t->score,
            t->test->points);
    if (text) {
      fputs("  text: |\n", out);
      indent(out, text, "    ");
    }
    fputs("  ...\n", out);
    free(title);
    free(text);
  }
  return true;
}

const struct format formats[] = {
    {"text", write_text},
    {"json", write_json},
    {"gradescope", write_gradescope},
    {"autolab", write_autolab},
    {"prairielearn", write_prairielearn},
    {"classroom50", write_classroom50},
    {"junit", write_junit},
    {"tap", write_tap},
    {NULL, NULL},
};
