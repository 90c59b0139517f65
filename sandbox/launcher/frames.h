/* The three frames of sandbox/PROTOCOL.md that the launcher knows: it reads OPEN, and writes END or LAUNCH_ERROR. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER_BYTES = 8, OPEN_BYTES = 76, END_BYTES = 48, FRAME_TEXT_BYTES = 256 };
enum { LAUNCH_ERROR_BYTES = FRAME_HEADER_BYTES + 4 + FRAME_TEXT_BYTES };

/* What one sandbox asks for. Every value is within the bounds of open.c. */
struct open_request {
  uint64_t memory_bytes;
  uint64_t box_bytes;
  uint64_t tmp_bytes;
  uint64_t shm_bytes;
  uint64_t program_bytes;
  uint32_t box_inodes;
  uint32_t processes;
  uint32_t cpu_milli;
  uint64_t deadline_ms;
};

/* The most that one OPEN may ask for, and how many places there may be at once. */
struct open_bounds {
  uint64_t memory_bytes;
  uint64_t processes;
  uint64_t cpu_milli;
  uint64_t places;
};

/* Sanity, far above what the product allows: keeps later arithmetic from overflowing, and is no policy. Places: one uid each. */
#define OPEN_BOUNDS_MOST {.memory_bytes = 1ull << 40, .processes = 32768, .cpu_milli = 1024 * 1000, .places = 64}

/* Who ended the sandbox, as END tells it. */
enum cause { CAUSE_ITSELF = 0, CAUSE_DEADLINE = 1, CAUSE_HANG_UP = 2, CAUSE_CLOSING = 3 };

struct end_report {
  uint32_t wait_status;
  uint64_t oom_kills;
  uint64_t memory_peak_bytes;
  uint64_t cpu_us;
  uint32_t pids_peak;
  uint32_t cause;
};

/* The policy of whoever runs the launcher; what is above OPEN_BOUNDS_MOST counts as that. */
void open_bound(const struct open_bounds *bounds);

uint64_t open_most_places(void);

/* NULL when `bytes` is a good OPEN, else what is wrong with it. */
const char *parse_open(const uint8_t bytes[OPEN_BYTES], struct open_request *request);

/* Both return the length of the frame. */
size_t encode_end(uint8_t bytes[END_BYTES], const struct end_report *report);
size_t encode_launch_error(uint8_t bytes[LAUNCH_ERROR_BYTES], uint32_t reason, const char *text);

#endif
