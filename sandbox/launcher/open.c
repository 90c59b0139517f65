/* The only parser of the launcher: one frame of fixed length, each field with bounds of its own. */
#include "frames.h"

#include <string.h>

enum { TYPE_OPEN = 0xA0, OPEN_VERSION = 1 };

#define MIB (1024ull * 1024ull)

static const struct open_bounds sane = OPEN_BOUNDS_MOST;
static struct open_bounds bounds = OPEN_BOUNDS_MOST;

static uint64_t lesser(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

void open_bound(const struct open_bounds *wanted) {
  bounds = (struct open_bounds){.memory_bytes = lesser(wanted->memory_bytes, sane.memory_bytes),
                                .processes = lesser(wanted->processes, sane.processes),
                                .cpu_milli = lesser(wanted->cpu_milli, sane.cpu_milli),
                                .places = lesser(wanted->places, sane.places)};
}

uint64_t open_most_places(void) {
  return bounds.places;
}

struct reader {
  const uint8_t *at;
};

static uint64_t take(struct reader *reader, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; i++) value |= (uint64_t)reader->at[i] << (8 * i);
  reader->at += bytes;
  return value;
}

static int outside(uint64_t value, uint64_t least, uint64_t most) {
  return value < least || value > most;
}

/*
 * A size of 0 would mean "no limit" to tmpfs and to the cgroup, so each has a least value as well. File systems count as
 * memory: their most values are sanity bounds, which keep later arithmetic from overflowing.
 */
static const char *check(const struct open_request *request) {
  const uint64_t most_bytes = sane.memory_bytes;
  if (outside(request->memory_bytes, 4 * MIB, bounds.memory_bytes)) return "OPEN: memoryBytes is out of bounds";
  if (outside(request->box_bytes, 4096, most_bytes)) return "OPEN: boxBytes is out of bounds";
  if (outside(request->tmp_bytes, 4096, most_bytes)) return "OPEN: tmpBytes is out of bounds";
  if (outside(request->shm_bytes, 4096, most_bytes)) return "OPEN: shmBytes is out of bounds";
  if (outside(request->program_bytes, 4096, most_bytes)) return "OPEN: programBytes is out of bounds";
  if (outside(request->box_inodes, 16, 1u << 20)) return "OPEN: boxInodes is out of bounds";
  if (outside(request->processes, 1, bounds.processes)) return "OPEN: processes is out of bounds";
  /* 10 = 1 ms per period, the least quota that the kernel takes. */
  if (outside(request->cpu_milli, 10, bounds.cpu_milli)) return "OPEN: cpuMilli is out of bounds";
  if (outside(request->deadline_ms, 1, 24ull * 3600 * 1000)) return "OPEN: deadlineMs is out of bounds";
  return NULL;
}

const char *parse_open(const uint8_t bytes[OPEN_BYTES], struct open_request *request) {
  struct reader reader = {bytes};
  if (take(&reader, 4) != OPEN_BYTES - FRAME_HEADER_BYTES) return "OPEN: wrong length";
  if (take(&reader, 1) != TYPE_OPEN) return "OPEN: wrong frame type";
  if (take(&reader, 3) != 0) return "OPEN: step and flags must be 0";
  if (memcmp(reader.at, "RYL1", 4) != 0) return "OPEN: wrong magic";
  reader.at += 4;
  if (take(&reader, 2) != OPEN_VERSION) return "OPEN: unknown version";
  if (take(&reader, 2) != 0) return "OPEN: reserved field must be 0";
  request->memory_bytes = take(&reader, 8);
  request->box_bytes = take(&reader, 8);
  request->tmp_bytes = take(&reader, 8);
  request->shm_bytes = take(&reader, 8);
  request->program_bytes = take(&reader, 8);
  request->box_inodes = (uint32_t)take(&reader, 4);
  request->processes = (uint32_t)take(&reader, 4);
  request->cpu_milli = (uint32_t)take(&reader, 4);
  request->deadline_ms = take(&reader, 8);
  return check(request);
}
