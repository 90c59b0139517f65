#include "identity.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int identity_prefer_for_oom(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd == -1) return errno;
  int error = write(fd, "1000", 4) == 4 ? 0 : errno;
  close(fd);
  return error;
}

int identity_drop(uid_t uid) {
  if (setgroups(0, NULL) == -1) return errno;
  if (setresgid(uid, uid, uid) == -1) return errno;
  if (setresuid(uid, uid, uid) == -1) return errno;
  return setresuid(0, 0, 0) == 0 ? EPERM : 0;
}

int identity_pipes(uid_t uid, int pipes[][2], int count) {
  /* The kernel forgets the parent-death signal when the effective uid changes. */
  int death_signal = 0;
  if (prctl(PR_GET_PDEATHSIG, &death_signal) == -1) return errno;
  if (setresuid(uid, uid, 0) == -1) return errno;
  int error = 0;
  int made = 0;
  while (made < count && error == 0) {
    if (pipe2(pipes[made], O_CLOEXEC) == -1) error = errno;
    else made++;
  }
  if (setresuid(0, 0, 0) == -1) die("could not become PID 1's own user again");
  if (death_signal != 0 && prctl(PR_SET_PDEATHSIG, death_signal) == -1) die("parent-death signal");
  for (int i = 0; error != 0 && i < made; i++) {
    close(pipes[i][0]);
    close(pipes[i][1]);
  }
  return error;
}
