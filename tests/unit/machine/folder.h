/* A folder for a disk image, of each test its own. */
#ifndef TRAPEZE_TESTS_UNIT_MACHINE_FOLDER_H
#define TRAPEZE_TESTS_UNIT_MACHINE_FOLDER_H

#include "machine/disk_store.h"

struct folder {
  char dir[64];
  char image[96]; /* a path; no such file yet */
};

/* cmocka's: *state is the folder. What lies at `image` goes with it. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* An image whose sector i is filled with i + 1, and `extra` bytes. */
void make_image(const char *path, unsigned sectors, size_t extra);
/* Fails the test, with the reason, if it cannot. */
struct disk_store *open_image(const char *path, enum disk_store_mode mode);

#endif
