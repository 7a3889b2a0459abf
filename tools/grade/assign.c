/* See assign.h. */
#include "tools/grade/assign.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/command.h"
#include "tools/common/file.h"
#include "tools/common/message.h"
#include "tools/grade/vary.h"

static int failed(const char *what)
{
  message_error("grade", "%s: %s", what, strerror(errno));
  return STATUS_OURS;
}

static int assign_one(const struct lab *lab, const char *from, const char *to)
{
  uint8_t *text = NULL;
  size_t len;
  struct file_out out = {0};
  char unknown[VARY_NAME_SIZE];
  int status = file_read("grade", from, ASSIGN_FILE_MAX, &text, &len);
  if (status == STATUS_DONE) {
    status = file_out_open(&out, "grade", to);
  }
  if (status == STATUS_DONE &&
      !vary_text((const char *)text, len, lab->drawn, out.stream, unknown)) {
    status = STATUS_OURS;
    if (*unknown) {
      fprintf(stderr, "%s: error: ${%s}: expected a name in \"draw\"\n", from, unknown);
      status = STATUS_USAGE;
    } else {
      failed(to);
    }
  }
  if (status == STATUS_DONE) {
    status = file_out_commit(&out);
  }
  file_out_abandon(&out);
  free(text);
  return status;
}

int assign_files(const struct lab *lab, const char *to)
{
  char *folder = NULL;
  if (asprintf(&folder, "%s/" ASSIGN_FOLDER, lab->folder) < 0) {
    return failed("grade");
  }
  DIR *dir = opendir(folder);
  int status = STATUS_DONE;
  for (struct dirent *e; dir && status == STATUS_DONE && (e = readdir(dir));) {
    char *from = NULL, *file = NULL;
    if (*e->d_name == '.') {
      continue;
    }
    status = asprintf(&from, "%s/%s", folder, e->d_name) < 0 ||
                     asprintf(&file, "%s/%s", to, e->d_name) < 0
                 ? failed("grade")
                 : assign_one(lab, from, file);
    free(from);
    free(file);
  }
  if (dir) {
    closedir(dir);
  }
  free(folder);
  return status;
}

static int write_lines(const struct lab *lab, const char *path)
{
  struct file_out out = {0};
  int status = file_out_open(&out, "grade", path);
  if (status != STATUS_DONE) {
    return status;
  }
  fprintf(out.stream, "Lab %u, %s\n\n", lab->number, lab->title);
  const json_t *lines = json_object_get(lab->root, "assignment");
  for (size_t i = 0; i < json_array_size(lines); i++) {
    const char *line = json_string_value(json_array_get(lines, i));
    fprintf(out.stream, "%s\n", line ? line : "");
  }
  if (json_array_size(lines) == 0) {
    fputs("The same for everybody: HANDOUT.md.\n", out.stream);
  }
  status = file_out_commit(&out);
  file_out_abandon(&out);
  return status;
}

int assign_write(const struct lab *lab, const char *to)
{
  char *path = NULL;
  if (mkdir(to, 0777) != 0 && errno != EEXIST) {
    return failed(to);
  }
  if (asprintf(&path, "%s/ASSIGNMENT.txt", to) < 0) {
    return failed("grade");
  }
  int status = write_lines(lab, path);
  free(path);
  return status == STATUS_DONE ? assign_files(lab, to) : status;
}
