#include "collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool glob_matches(const char *pattern, const char *name) {
  /* On a mismatch the last star takes one byte more; earlier stars never need to change. */
  const char *star = NULL;
  const char *star_name = NULL;
  while (*name != '\0') {
    if (*pattern == '*') {
      star = pattern++;
      star_name = name;
    } else if (*pattern == '?' || *pattern == *name) {
      pattern++;
      name++;
    } else if (star != NULL) {
      pattern = star + 1;
      name = ++star_name;
    } else {
      return false;
    }
  }
  while (*pattern == '*') pattern++;
  return *pattern == '\0';
}

static bool is_wanted(const struct spec *spec, const char *name) {
  for (uint32_t i = 0; i < spec->pattern_count; i++)
    if (glob_matches(spec->patterns[i], name)) return true;
  return false;
}

static int put_all(int pipe, const void *from, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t put = write(pipe, (const char *)from + done, length - done);
    if (put == -1 && errno != EINTR) return errno;
    if (put > 0) done += (size_t)put;
  }
  return 0;
}

static int send_content(int file, uint64_t size, int pipe) {
  static char block[FRAME_PAYLOAD_MAX];
  while (size > 0) {
    ssize_t got = read(file, block, size < sizeof block ? (size_t)size : sizeof block);
    if (got == -1 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? EIO : errno;
    int error = put_all(pipe, block, (size_t)got);
    if (error != 0) return error;
    size -= (uint64_t)got;
  }
  return 0;
}

/* O_NONBLOCK: a FIFO must not make us wait. Nobody can swap the file between the calls: the step is dead. */
static int send_file(int folder, const char *name, int pipe) {
  int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file == -1) return errno;
  struct artifact_head head = {.size = 0, .name = ""};
  struct stat status;
  int error = fstat(file, &status) == -1 ? errno : 0;
  if (error == 0 && !S_ISREG(status.st_mode)) error = EINVAL;
  if (error == 0) {
    head.size = (uint64_t)status.st_size;
    strncpy(head.name, name, sizeof head.name - 1);
    error = put_all(pipe, &head, sizeof head);
  }
  if (error == 0) error = send_content(file, head.size, pipe);
  close(file);
  return error;
}

static bool is_regular(int folder, const char *name) {
  struct stat status;
  return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

int collect_send(const char *folder, const struct spec *spec, int pipe) {
  /* A compiler may leave its folder or its output without the owner's read bit; the user may give it back. */
  if (chmod(folder, 0700) == -1) return errno;
  DIR *entries = opendir(folder);
  if (entries == NULL) return errno;
  int error = 0;
  while (error == 0) {
    errno = 0;
    struct dirent *entry = readdir(entries);
    if (entry == NULL) {
      error = errno;
      break;
    }
    if (!is_wanted(spec, entry->d_name) || !is_regular(dirfd(entries), entry->d_name)) continue;
    if (fchmodat(dirfd(entries), entry->d_name, 0700, 0) == -1) error = errno;
    if (error == 0) error = send_file(dirfd(entries), entry->d_name, pipe);
  }
  closedir(entries);
  static const struct artifact_head last = {.size = 0, .name = ""};
  return error == 0 ? put_all(pipe, &last, sizeof last) : error;
}
