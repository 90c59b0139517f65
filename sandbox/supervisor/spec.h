/* A step as PID 1 keeps it: the STEP frame, checked, with its strings copied and terminated. */
#ifndef RUNYARD_SPEC_H
#define RUNYARD_SPEC_H

#include "frame.h"

struct spec {
  bool compile;
  uint64_t wall_ms, cpu_ms, memory_bytes, output_bytes, file_bytes, stack_bytes;
  uint32_t processes, open_files, pattern_count;
  char *argv[STEP_STRINGS_MAX + 1];
  char *env[STEP_STRINGS_MAX + 1];
  char *patterns[STEP_PATTERNS_MAX];
  /* Every string has a 4-byte length in the frame, so its copy with a NUL never needs more room than the frame had. */
  char text[FRAME_PAYLOAD_MAX];
};

/* NULL, or what is wrong with it (then `spec` is of no use). */
const char *spec_set(struct spec *spec, const struct message *step);
/* The value of `name` in the environment of the step, or NULL. */
const char *spec_env(const struct spec *spec, const char *name);

#endif
