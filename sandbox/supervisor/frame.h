/* The frames of `../PROTOCOL.md`: types, payloads, and the two directions between bytes and structs. */
#ifndef RUNYARD_FRAME_H
#define RUNYARD_FRAME_H

#include "codec.h"

enum {
  FRAME_HEADER_BYTES = 8,
  FRAME_PAYLOAD_MAX = 65536,
  PROTOCOL_VERSION = 1,
  STEP_STRINGS_MAX = 1024, /* arguments, and as many variables */
  STEP_PATTERNS_MAX = 64,
  STDIN_WINDOW_BYTES = 65536,
};

enum frame_type {
  FRAME_HELLO = 0x01,
  FRAME_STEP = 0x02,
  FRAME_FILE = 0x03,
  FRAME_GO = 0x04,
  FRAME_STDIN = 0x05,
  FRAME_STDIN_END = 0x06,
  FRAME_CANCEL = 0x07,
  FRAME_GREETING = 0x81, /* HELLO of PID 1 */
  FRAME_READY = 0x82,
  FRAME_STDOUT = 0x83,
  FRAME_STDERR = 0x84,
  FRAME_STDIN_CREDIT = 0x85,
  FRAME_STEP_EXIT = 0x86,
  FRAME_ARTIFACT = 0x87,
  FRAME_DONE = 0x88,
  FRAME_ERROR = 0x89,
  FRAME_OPEN = 0xA0,
  FRAME_END = 0xC0,
  FRAME_LAUNCH_ERROR = 0xC1,
};

enum {
  FLAG_STEP_COMPILE = 1,
  FLAG_APPEND = 1,
  FLAG_GO_LAST = 1,
  FLAG_CREDIT_CLOSED = 1,
};

enum exit_kind { EXIT_EXITED = 1, EXIT_SIGNALLED = 2, EXIT_NOT_STARTED = 3 };
enum kill_reason { KILL_NONE = 0, KILL_OUTPUT = 1, KILL_WALL = 2, KILL_CPU = 3, KILL_CANCEL = 4 };
enum memory_source { MEMORY_CGROUP = 1, MEMORY_RSS = 2 };
enum artifact_error { ARTIFACT_OK = 0, ARTIFACT_NONE = 1, ARTIFACT_NO_ROOM = 2, ARTIFACT_UNREADABLE = 3 };
/* Codes of the ERROR frame. */
enum error_code { ERROR_PROTOCOL = 1, ERROR_SYSTEM = 2, ERROR_FILES = 3, ERROR_WIPE = 4, ERROR_DEADLINE = 5 };

struct open_body {
  uint64_t memory_bytes, box_bytes, tmp_bytes, shm_bytes, program_bytes, deadline_ms;
  uint32_t box_inodes, processes, cpu_milli;
};

struct step_body {
  uint32_t argc, envc, pattern_count, processes, open_files;
  uint64_t wall_ms, cpu_ms, memory_bytes, output_bytes, file_bytes, stack_bytes;
  struct slice argv[STEP_STRINGS_MAX], env[STEP_STRINGS_MAX], patterns[STEP_PATTERNS_MAX];
};

/* FILE and ARTIFACT. */
struct file_body {
  struct slice path;
  uint32_t mode;
  struct slice data;
};

struct exit_body {
  uint8_t kind, kill_reason, memory_source, artifact_error;
  uint32_t value, processes_peak, truncated, artifact_count;
  uint64_t wall_us, cpu_us, memory_peak_bytes, oom_kills, stdout_bytes, stderr_bytes, artifact_bytes;
};

/* ERROR and LAUNCH_ERROR. */
struct error_body {
  uint32_t code;
  struct slice text;
};

struct end_body {
  uint32_t wait_status, pids_peak, cause;
  uint64_t oom_kills, memory_peak_bytes, cpu_us;
};

/* A decoded frame. Slices point into the payload it was decoded from. */
struct message {
  uint8_t type, step;
  uint16_t flags;
  union {
    struct open_body open;
    uint64_t deadline_ms; /* HELLO */
    struct step_body step;
    struct file_body file;
    struct slice data; /* STDIN, STDOUT, STDERR */
    uint32_t credit;
    struct exit_body exit;
    struct error_body error;
    struct end_body end;
  } as;
};

/* A frame as it lies in a buffer. */
struct frame {
  uint8_t type, step;
  uint16_t flags;
  uint32_t length;
  const uint8_t *payload;
};

/* Reads the 8 bytes of a header; false when `length` is above the bound. `payload` is set to the byte after it. */
bool frame_parse_header(const uint8_t *at, struct frame *frame);
void frame_put_header(uint8_t *at, uint8_t type, uint8_t step, uint16_t flags, uint32_t length);

/* Structure only: known type, known flags, every field present, nothing left over. Meanings are checked by their user. */
bool frame_decode(const struct frame *frame, struct message *message);
/* Header and payload. Returns the bytes written, 0 when they do not fit or the message breaks a bound. */
size_t frame_encode(const struct message *message, uint8_t *to, size_t room);

#endif
