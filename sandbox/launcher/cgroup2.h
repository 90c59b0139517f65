/* Control groups, version 2: what differs from version 1. One group holds all controllers. */
#ifndef CGROUP2_H
#define CGROUP2_H

#include "cgroup.h"

/* Files that PID 1 writes through, opened before it gets a cgroup namespace: from inside one, the kernel refuses to open them. */
enum { CGROUP2_FILES = 6 };
extern const char *const cgroup2_words[CGROUP2_FILES];
/* Descriptors in the order of the words; -1 where this kernel has no such file. */
void cgroup2_open_files(int dir, int files[CGROUP2_FILES]);

/*
 * Below which group the launcher's own stand: its own where systemd delegates one, else the root of what it sees. Makes the
 * controllers available to `<base>/runyard`, moving the processes of the base into `<base>/launcher` where the kernel wants that.
 * A descriptor of `<base>/runyard`, or -1 with errno; `*step` then names what failed.
 */
int cgroup2_open_runyard(const char *mount_point, const char *own_path, const char **step);

const char *cgroup2_set_limits(int dir, const struct open_request *request);
void cgroup2_usage(int dir, struct end_report *report);
void cgroup2_require_files(int dir);
/* Ends every process of the group, whatever it does. */
void cgroup2_kill(int dir);

#endif
