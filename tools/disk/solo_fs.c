#include "tools/disk/solo_fs.h"

#include <stdio.h>
#include <string.h>

#define NO_SECTOR UINT64_MAX

static const char magic[8] = "SOLODISK";

/* The words of sector 0 behind the magic. */
enum { AT_VERSION = 8, AT_SECTORS = 12, AT_DIR_SECTORS = 16, HEAD_SIZE = 20 };
/* An entry of the directory. */
enum { AT_TYPE = 16, AT_SPARE = 17, AT_SIZE = 20, AT_FIRST = 24, AT_TICK = 28 };

static uint32_t get_word(const uint8_t *at)
{
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_word(uint8_t *at, uint32_t value)
{
  for (unsigned i = 0; i < 4; i++)
    at[i] = (uint8_t)(value >> 8 * i);
}

/* ------------------------------------------------------------------ sectors */

static enum solo_answer read_sector(struct solo_fs *fs, uint32_t sector, uint8_t *buf)
{
  if (sector < fs->length && disk_store_read(fs->store, fs->start + sector, buf))
    return SOLO_DONE;
  fs->lost = (uint64_t)fs->start + sector;
  return SOLO_HOST;
}

static enum solo_answer write_sector(struct solo_fs *fs, uint32_t sector, const uint8_t *buf)
{
  if (sector < fs->length && disk_store_write(fs->store, fs->start + sector, buf))
    return SOLO_DONE;
  fs->lost = (uint64_t)fs->start + sector;
  return SOLO_HOST;
}

void solo_extent(struct solo_fs *fs, struct disk_store *store, uint32_t start, uint32_t length)
{
  *fs = (struct solo_fs){.store = store, .start = start, .length = length, .lost = NO_SECTOR};
}

enum solo_answer solo_is_blank(struct solo_fs *fs, bool *blank)
{
  uint8_t buf[SOLO_SECTOR];
  enum solo_answer answer = read_sector(fs, 0, buf);
  *blank = answer == SOLO_DONE && buf[0] == 0 && memcmp(buf, buf + 1, sizeof buf - 1) == 0;
  return answer;
}

/* ------------------------------------------------------------------ entries */

static bool name_char(char c)
{
  return c > ' ' && c <= '~' && c != '/';
}

bool solo_name_good(const char *name)
{
  size_t len = 0;
  while (name_char(name[len]))
    len++;
  return name[len] == 0 && len > 0 && len <= SOLO_NAME_MAX;
}

const char *solo_type_name(unsigned type)
{
  static const char *const names[SOLO_TYPES] = {"free", "data", "program"};
  return type < SOLO_TYPES ? names[type] : "unknown";
}

size_t solo_capacity(const struct solo_fs *fs)
{
  return fs->dir_sectors * SOLO_PER_SECTOR;
}

uint32_t solo_data_first(const struct solo_fs *fs)
{
  return 1 + fs->dir_sectors;
}

uint32_t solo_sectors_of(uint32_t size)
{
  return size / SOLO_SECTOR + (size % SOLO_SECTOR != 0);
}

/* On the disk and not in front of the files. */
static bool extent_good(const struct solo_fs *fs, const struct solo_entry *e)
{
  uint32_t sectors = solo_sectors_of(e->size);
  if (sectors == 0)
    return e->first == 0;
  return e->first >= solo_data_first(fs) && e->first < fs->sectors &&
         sectors <= fs->sectors - e->first;
}

static void decode_entry(const struct solo_fs *fs, const uint8_t *at, struct solo_entry *e)
{
  *e = (struct solo_entry){.type = at[AT_TYPE],
                           .size = get_word(at + AT_SIZE),
                           .first = get_word(at + AT_FIRST),
                           .tick = get_word(at + AT_TICK)};
  memcpy(e->name, at, SOLO_NAME_MAX);
  memcpy(e->spare, at + AT_SPARE, sizeof e->spare);
  /* Or else one name could be written in two ways. */
  for (size_t i = strlen(e->name); i < SOLO_NAME_MAX; i++)
    e->ragged |= e->name[i] != 0;
  e->sound = (e->type == SOLO_DATA || e->type == SOLO_PROGRAM) && solo_name_good(e->name) &&
             !e->ragged && extent_good(fs, e);
}

static void encode_entry(const struct solo_entry *e, uint8_t *at)
{
  memset(at, 0, SOLO_ENTRY_SIZE);
  memcpy(at, e->name, strnlen(e->name, SOLO_NAME_MAX));
  at[AT_TYPE] = e->type;
  put_word(at + AT_SIZE, e->size);
  put_word(at + AT_FIRST, e->first);
  put_word(at + AT_TICK, e->tick);
}

/* The promise of the header: the one write that makes a change happen. */
static enum solo_answer write_entry(struct solo_fs *fs, size_t i, const struct solo_entry *e)
{
  uint8_t buf[SOLO_SECTOR];
  uint32_t sector = 1 + (uint32_t)(i / SOLO_PER_SECTOR);
  enum solo_answer answer = read_sector(fs, sector, buf);
  if (answer != SOLO_DONE)
    return answer;
  encode_entry(e, buf + i % SOLO_PER_SECTOR * SOLO_ENTRY_SIZE);
  answer = write_sector(fs, sector, buf);
  if (answer == SOLO_DONE)
    fs->entries[i] = *e;
  return answer;
}

size_t solo_find(const struct solo_fs *fs, const char *name)
{
  for (size_t i = 0; i < solo_capacity(fs); i++)
    if (fs->entries[i].sound && strcmp(fs->entries[i].name, name) == 0)
      return i;
  return SOLO_MAX_FILES;
}

/* ------------------------------------------------------- making and reading */

static uint32_t dir_sectors_for(uint32_t sectors)
{
  uint32_t n = sectors / 32;
  return n < 1 ? 1 : n > SOLO_MAX_DIR_SECTORS ? SOLO_MAX_DIR_SECTORS : n;
}

/* Cut short anywhere, this leaves a disk without a file system, never one whose
 * directory is half the old one. */
enum solo_answer solo_format(struct solo_fs *fs)
{
  uint8_t buf[SOLO_SECTOR] = {0};
  fs->sectors = fs->length;
  fs->dir_sectors = dir_sectors_for(fs->sectors);
  memset(fs->entries, 0, sizeof fs->entries);
  for (uint32_t i = 0; i <= fs->dir_sectors; i++)
    if (write_sector(fs, i, buf) != SOLO_DONE)
      return SOLO_HOST;
  memcpy(buf, magic, sizeof magic);
  put_word(buf + AT_VERSION, SOLO_VERSION);
  put_word(buf + AT_SECTORS, fs->sectors);
  put_word(buf + AT_DIR_SECTORS, fs->dir_sectors);
  return write_sector(fs, 0, buf);
}

/* What is wrong with sector 0, or NULL. */
static const char *read_head(struct solo_fs *fs, const uint8_t *head, char *buf, size_t size)
{
  if (memcmp(head, magic, sizeof magic) != 0)
    return "there is no file system of solo";
  uint32_t version = get_word(head + AT_VERSION);
  fs->sectors = get_word(head + AT_SECTORS);
  fs->dir_sectors = get_word(head + AT_DIR_SECTORS);
  if (version != SOLO_VERSION)
    snprintf(buf, size, "its file system is of version %u; this is made for version %u", version,
             SOLO_VERSION);
  else if (fs->sectors < SOLO_MIN_SECTORS || fs->sectors > SOLO_MAX_SECTORS)
    snprintf(buf, size, "its file system says that it has %u sectors; %u to %u are possible",
             fs->sectors, SOLO_MIN_SECTORS, SOLO_MAX_SECTORS);
  else if (fs->sectors > fs->length)
    snprintf(buf, size, "its file system says that it has %u sectors, but there are only %u",
             fs->sectors, fs->length);
  else if (fs->dir_sectors < 1 || fs->dir_sectors > SOLO_MAX_DIR_SECTORS ||
           fs->dir_sectors > fs->sectors - 2)
    snprintf(buf, size, "its file system says that its directory has %u sectors, of %u",
             fs->dir_sectors, fs->sectors);
  else
    return NULL;
  return buf;
}

enum solo_answer solo_open(struct solo_fs *fs, char *reason, size_t size)
{
  uint8_t buf[SOLO_SECTOR];
  char said[120];
  enum solo_answer answer = read_sector(fs, 0, buf);
  if (answer != SOLO_DONE)
    return answer;
  const char *wrong = read_head(fs, buf, said, sizeof said);
  if (wrong) {
    snprintf(reason, size, "%s", wrong);
    return SOLO_FOREIGN;
  }
  for (uint32_t s = 0; s < fs->dir_sectors; s++) {
    if (read_sector(fs, 1 + s, buf) != SOLO_DONE)
      return SOLO_HOST;
    for (uint32_t i = 0; i < SOLO_PER_SECTOR; i++)
      decode_entry(fs, buf + i * SOLO_ENTRY_SIZE, &fs->entries[s * SOLO_PER_SECTOR + i]);
  }
  return SOLO_DONE;
}

enum solo_answer solo_read(struct solo_fs *fs, size_t file, uint8_t *buf)
{
  const struct solo_entry *e = &fs->entries[file];
  uint8_t sector[SOLO_SECTOR];
  for (uint32_t at = 0; at < e->size; at += SOLO_SECTOR) {
    if (read_sector(fs, e->first + at / SOLO_SECTOR, sector) != SOLO_DONE)
      return SOLO_HOST;
    uint32_t left = e->size - at;
    memcpy(buf + at, sector, left < SOLO_SECTOR ? left : SOLO_SECTOR);
  }
  return SOLO_DONE;
}

/* --------------------------------------------------------------------- room */

/* The end of a file that has a sector of [first, first + sectors), or 0. */
static uint32_t in_the_way(const struct solo_fs *fs, uint32_t first, uint32_t sectors)
{
  for (size_t i = 0; i < solo_capacity(fs); i++) {
    const struct solo_entry *e = &fs->entries[i];
    uint32_t end = e->first + solo_sectors_of(e->size);
    if (e->sound && e->size > 0 && e->first < first + sectors && first < end)
      return end;
  }
  return 0;
}

uint32_t solo_place(const struct solo_fs *fs, uint32_t sectors)
{
  uint32_t first = solo_data_first(fs);
  while (sectors <= fs->sectors && first <= fs->sectors - sectors) {
    uint32_t end = in_the_way(fs, first, sectors);
    if (end == 0)
      return first;
    first = end;
  }
  return 0;
}

/* The next file at or behind `first`, or the end of the disk. */
static uint32_t next_file(const struct solo_fs *fs, uint32_t first)
{
  uint32_t next = fs->sectors;
  for (size_t i = 0; i < solo_capacity(fs); i++) {
    const struct solo_entry *e = &fs->entries[i];
    if (e->sound && e->size > 0 && e->first >= first && e->first < next)
      next = e->first;
  }
  return next;
}

struct solo_room solo_room(const struct solo_fs *fs)
{
  struct solo_room room = {0};
  for (size_t i = 0; i < solo_capacity(fs); i++)
    room.files += fs->entries[i].sound;
  for (uint32_t at = solo_data_first(fs); at < fs->sectors;) {
    uint32_t end = in_the_way(fs, at, 1);
    if (end) {
      at = end;
      continue;
    }
    uint32_t next = next_file(fs, at);
    room.free += next - at;
    room.longest = next - at > room.longest ? next - at : room.longest;
    at = next;
  }
  room.used = fs->sectors - room.free;
  return room;
}

/* ------------------------------------------------------------------ changes */

static enum solo_answer no_room(const struct solo_fs *fs, uint32_t need, char *reason, size_t size)
{
  struct solo_room room = solo_room(fs);
  snprintf(reason, size,
           "no room: it needs %u sector%s in one piece; %u are free, the longest piece has %u",
           need, need == 1 ? "" : "s", room.free, room.longest);
  return SOLO_FOREIGN;
}

static size_t free_entry(const struct solo_fs *fs)
{
  for (size_t i = 0; i < solo_capacity(fs); i++)
    if (fs->entries[i].type == SOLO_FREE)
      return i;
  return SOLO_MAX_FILES;
}

static enum solo_answer write_data(struct solo_fs *fs, uint32_t first, const uint8_t *bytes,
                                   uint32_t size)
{
  for (uint32_t at = 0; at < size; at += SOLO_SECTOR) {
    uint8_t buf[SOLO_SECTOR] = {0};
    uint32_t left = size - at;
    memcpy(buf, bytes + at, left < SOLO_SECTOR ? left : SOLO_SECTOR);
    if (write_sector(fs, first + at / SOLO_SECTOR, buf) != SOLO_DONE)
      return SOLO_HOST;
  }
  return SOLO_DONE;
}

enum solo_answer solo_write(struct solo_fs *fs, const char *name, enum solo_type type,
                            const uint8_t *bytes, uint32_t size, char *reason, size_t reason_size)
{
  uint32_t need = solo_sectors_of(size), first = 0;
  size_t i = solo_find(fs, name);
  if (i == SOLO_MAX_FILES)
    i = free_entry(fs);
  if (i == SOLO_MAX_FILES) {
    snprintf(reason, reason_size, "no room: the directory is full, with %zu files",
             solo_capacity(fs));
    return SOLO_FOREIGN;
  }
  if (need > 0 && (first = solo_place(fs, need)) == 0)
    return no_room(fs, need, reason, reason_size);
  if (write_data(fs, first, bytes, size) != SOLO_DONE)
    return SOLO_HOST;
  struct solo_entry e = {.type = (uint8_t)type, .size = size, .first = first, .sound = true};
  memcpy(e.name, name, strnlen(name, SOLO_NAME_MAX));
  return write_entry(fs, i, &e);
}

enum solo_answer solo_delete(struct solo_fs *fs, size_t file)
{
  return write_entry(fs, file, &(struct solo_entry){.type = SOLO_FREE});
}
