#include "frames.h"

#include <string.h>

enum { TYPE_END = 0xC0, TYPE_LAUNCH_ERROR = 0xC1 };

static uint8_t *put(uint8_t *to, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> (8 * i));
  return to + bytes;
}

static uint8_t *put_header(uint8_t *to, size_t payload_bytes, uint8_t type) {
  to = put(to, payload_bytes, 4);
  to = put(to, type, 1);
  return put(to, 0, 3);
}

size_t encode_end(uint8_t bytes[END_BYTES], const struct end_report *report) {
  uint8_t *to = put_header(bytes, END_BYTES - FRAME_HEADER_BYTES, TYPE_END);
  memcpy(to, "RYE1", 4);
  to = put(to + 4, report->wait_status, 4);
  to = put(to, report->oom_kills, 8);
  to = put(to, report->memory_peak_bytes, 8);
  to = put(to, report->cpu_us, 8);
  to = put(to, report->pids_peak, 4);
  to = put(to, report->cause, 4);
  return (size_t)(to - bytes);
}

size_t encode_launch_error(uint8_t bytes[LAUNCH_ERROR_BYTES], uint32_t reason, const char *text) {
  size_t length = strnlen(text, FRAME_TEXT_BYTES);
  uint8_t *to = put_header(bytes, 4 + length, TYPE_LAUNCH_ERROR);
  to = put(to, reason, 4);
  memcpy(to, text, length);
  return (size_t)(to - bytes) + length;
}
