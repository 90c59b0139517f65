/*
 * Children that are the user and do what PID 1 may not: write sources, send artifacts, wipe. One at a time, only while
 * no process of the step is alive, and never for longer than its deadline.
 */
#ifndef RUNYARD_HELPER_H
#define RUNYARD_HELPER_H

#include "place_file.h"
#include "spec.h"

#include <sys/types.h>

enum { HELPER_FILES_MAX = 64, HELPER_DEADLINE_MS = 10000 };

struct helper {
  pid_t pid; /* 0: none */
  uint64_t deadline_ns;
  bool ended;
  int status; /* wait status, once ended */
};

/* Consecutive FILE frames that lie whole in the input buffer: one child writes them all from its copy of the buffer. */
struct file_batch {
  int count;
  struct {
    struct file_body file;
    bool append;
  } files[HELPER_FILES_MAX];
};

/* All three return 0 or the errno of the failed start. */
int helper_write_files(struct helper *helper, uid_t uid, const struct file_batch *batch);
/* `*pipe` gets the non-blocking reading end. */
int helper_send_artifacts(struct helper *helper, uid_t uid, const struct spec *spec, int *pipe);
int helper_wipe(struct helper *helper, uid_t uid);

/* Once ended: 0, or what it failed with (EINTR when it was killed). */
int helper_error(const struct helper *helper);

#endif
