#include "folder.h"

#include <stdio.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "machine/machine.h"

int folder_setup(void **state)
{
  struct folder *f = calloc(1, sizeof *f);
  assert_non_null(f);
  strcpy(f->dir, "/tmp/trapeze-store-XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  snprintf(f->image, sizeof f->image, "%s/disk", f->dir);
  *state = f;
  return 0;
}

int folder_teardown(void **state)
{
  struct folder *f = *state;
  unlink(f->image);
  rmdir(f->dir);
  free(f);
  return 0;
}

void make_image(const char *path, unsigned sectors, size_t extra)
{
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  for (size_t i = 0; i < sectors * MACHINE_SECTOR_SIZE + extra; i++) {
    fputc((int)(i / MACHINE_SECTOR_SIZE + 1), file);
  }
  assert_int_equal(fclose(file), 0);
}

struct disk_store *open_image(const char *path, enum disk_store_mode mode)
{
  const char *reason = NULL;
  struct disk_store *d = disk_store_open(path, mode, &reason);
  if (!d) {
    fail_msg("%s: %s", path, reason);
  }
  return d;
}
