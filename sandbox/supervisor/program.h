/* The receiver of artifacts in PID 1: fills /program, root-owned, from the pipe of `collect_send`. Never blocks. */
#ifndef RUNYARD_PROGRAM_H
#define RUNYARD_PROGRAM_H

#include "collect.h"

struct intake {
  int pipe; /* non-blocking; -1: not running */
  int folder;
  int file; /* being written, else -1 */
  struct artifact_head head;
  size_t head_bytes;
  uint64_t left;
  bool is_whole; /* the ending head was seen */
  uint8_t error; /* enum artifact_error */
  uint32_t count;
  uint64_t bytes;
};

/* False with errno when /program cannot be opened. */
bool intake_start(struct intake *intake, int pipe);
/* Reads what the pipe holds; closes it at its end or on an error. */
void intake_read(struct intake *intake);
/* When the sender is dead and read to the end: sets the final `error`; on one, /program is emptied. */
void intake_finish(struct intake *intake, bool sender_succeeded);

#endif
