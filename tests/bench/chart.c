/* The kernels as bars: for each way its time over that of the bare machine with pages, the mean
 * over the kernels as a bar and each kernel as a dot. */
#include <math.h>
#include <stdio.h>

#include "bench.h"

#define LEFT  225.0
#define WIDTH 620.0 /* of the scale */
#define TOP   72.0
#define ROW   24.0
#define LEAST 0.05 /* of the scale, which is logarithmic */
#define MOST  4.0

static double place(double ratio)
{
  double r = ratio < LEAST ? LEAST : ratio > MOST ? MOST : ratio;
  return LEFT + WIDTH * log(r / LEAST) / log(MOST / LEAST);
}

static void draw_scale(FILE *out, double bottom)
{
  static const double marks[] = {0.05, 0.1, 0.2, 0.5, 1, 2, 4};
  for (unsigned i = 0; i < sizeof marks / sizeof *marks; i++) {
    double x = place(marks[i]);
    fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x,
            TOP - 6, x, bottom, marks[i] == 1 ? "#333" : "#ddd");
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" fill=\"#555\">%g</text>\n", x,
            TOP - 12, marks[i]);
  }
}

static const char *color_of(const struct bench *way)
{
  return way->command[0] ? "#b0b0b0" : way->depth ? "#5b8bc9" : "#e2a24a";
}

static void draw_way(FILE *out, const struct bench_set *set, const struct bench *way, double y)
{
  double mean = bench_mean(set, way->id, "bare-paged"), end = place(mean);
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 8, y + 13,
          way->name);
  fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"16\" fill=\"%s\"/>\n", LEFT, y,
          end - LEFT, color_of(way));
  double right = end;
  for (unsigned k = 0; k < BENCH_KERNELS && set->kernel_names[k][0]; k++) {
    const char *name = set->kernel_names[k];
    const struct bench *b = bench_find(set, BENCH_KERNEL, name, way->id);
    const struct bench *base = bench_find(set, BENCH_KERNEL, name, "bare-paged");
    if (b && base) {
      double ratio = bench_ratio(b, base), x = place(ratio);
      right = x > right ? x : right;
      fprintf(out,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"#222\" fill-opacity=\"0.55\">"
              "<title>%s %.2f</title></circle>\n",
              x, y + 8, name, ratio);
    }
  }
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\">%.2f</text>\n", right + 8, y + 13,
          mean);
}

bool bench_report_chart(const struct bench_set *set, const char *file)
{
  FILE *out = fopen(file, "w");
  if (!out) {
    fprintf(stderr, "bench: %s cannot be written\n", file);
    return false;
  }
  double y = TOP;
  unsigned rows = 0;
  for (unsigned i = 0; i < set->count; i++) {
    rows += bench_is(&set->bench[i], BENCH_KERNEL) && set->bench[i].family == set->kernel_names[0];
  }
  double height = TOP + rows * ROW + 14;
  fprintf(
      out,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"920\" height=\"%.0f\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"920\" height=\"%.0f\" fill=\"white\"/>\n"
      "<text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"bold\">Time of the C kernels, as a "
      "multiple of the bare machine's with page tables</text>\n"
      "<text x=\"12\" y=\"39\" fill=\"#555\">bar and figure: mean of seven; dots: each kernel; "
      "logarithmic, less is better</text>\n",
      height, height);
  draw_scale(out, height - 8);
  for (unsigned i = 0; i < set->count; i++) {
    const struct bench *b = &set->bench[i];
    if (bench_is(b, BENCH_KERNEL) && b->family == set->kernel_names[0]) {
      draw_way(out, set, b, y);
      y += ROW;
    }
  }
  fprintf(out, "</svg>\n");
  return fclose(out) == 0;
}
