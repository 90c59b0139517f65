#include "helper.h"

#include "clock.h"
#include "collect.h"
#include "identity.h"
#include "wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child 0 is returned, in PID 1 the pid or -1. */
static pid_t start(struct helper *helper, uid_t uid) {
  pid_t pid = fork();
  if (pid == 0) {
    umask(022);
    int error = identity_prefer_for_oom();
    if (error == 0) error = identity_drop(uid);
    if (error != 0) _exit(error);
    return 0;
  }
  *helper = (struct helper){
      .pid = pid == -1 ? 0 : pid,
      .deadline_ns = now_ns() + HELPER_DEADLINE_MS * NS_PER_MS,
  };
  return pid;
}

static int write_files(const struct file_batch *batch) {
  int box = open("/box", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (box == -1) return errno;
  for (int i = 0; i < batch->count; i++) {
    int error = place_file_write(box, &batch->files[i].file, batch->files[i].append);
    if (error != 0) return error;
  }
  return 0;
}

static int wipe_all(void) {
  static const char *const folders[] = {"/box", "/tmp", "/dev/shm"};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    int error = wipe_directory(folders[i]);
    if (error != 0) return error;
  }
  return 0;
}

int helper_write_files(struct helper *helper, uid_t uid, const struct file_batch *batch) {
  pid_t pid = start(helper, uid);
  if (pid == 0) _exit(write_files(batch));
  return pid == -1 ? errno : 0;
}

int helper_wipe(struct helper *helper, uid_t uid) {
  pid_t pid = start(helper, uid);
  if (pid == 0) _exit(wipe_all());
  return pid == -1 ? errno : 0;
}

int helper_send_artifacts(struct helper *helper, uid_t uid, const struct spec *spec, int *pipe) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) == -1) return errno;
  int error = fcntl(ends[0], F_SETFL, O_NONBLOCK) == -1 ? errno : 0;
  pid_t pid = error == 0 ? start(helper, uid) : -1;
  if (pid == 0) {
    /* Else it would never see that PID 1 stopped reading. */
    close(ends[0]);
    _exit(collect_send("/box", spec, ends[1]));
  }
  if (pid == -1 && error == 0) error = errno;
  close(ends[1]);
  if (error != 0) close(ends[0]);
  else *pipe = ends[0];
  return error;
}

int helper_error(const struct helper *helper) {
  return WIFEXITED(helper->status) ? WEXITSTATUS(helper->status) : EINTR;
}
