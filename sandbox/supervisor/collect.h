/*
 * Artifacts: from /box to /program.
 *
 * The sender is a child that is the user, because PID 1 may not look into /box; the receiver is PID 1, because the user
 * may not write /program. Between them a pipe carries, per file, one `artifact_head` and the bytes; a head with an empty
 * name ends it.
 */
#ifndef RUNYARD_COLLECT_H
#define RUNYARD_COLLECT_H

#include "spec.h"

enum { ARTIFACT_NAME_BYTES = 256 };

struct artifact_head {
  uint64_t size;
  char name[ARTIFACT_NAME_BYTES]; /* terminated, no slash */
};

/* `*` any run of bytes, `?` any one byte, everything else itself. */
bool glob_matches(const char *pattern, const char *name);

/*
 * Sends the regular files directly in `folder` whose name matches a pattern; links, devices, FIFOs and folders are
 * passed over. Blocking. Returns 0 or an errno.
 */
int collect_send(const char *folder, const struct spec *spec, int pipe);

#endif
