/*
 * The walk keeps the one directory it stands in. Whatever is removable goes at once; a directory that is not empty is
 * entered, and left again by "..", which is safe because nobody else can move anything. Its parent is then read from the
 * start, where only what could not be removed before is left, so every entry is looked at a bounded number of times.
 */
#include "wipe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static bool is_self_or_parent(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

/* 0: gone. ENOTEMPTY: a directory that must be emptied first. Else what stands in the way. */
static int remove_entry(int directory, const char *name) {
  if (unlinkat(directory, name, 0) == 0) return 0;
  if (errno != EISDIR && errno != EPERM) return errno;
  if (unlinkat(directory, name, AT_REMOVEDIR) == 0) return 0;
  return errno == EEXIST ? ENOTEMPTY : errno;
}

/* Removes entries until one must be entered: *below is then its descriptor, else -1 and the directory is empty. */
static int clear_until_full(int directory, int *below) {
  *below = -1;
  int copy = openat(directory, ".", OPEN_DIRECTORY);
  if (copy == -1) return errno;
  DIR *entries = fdopendir(copy);
  if (entries == NULL) {
    int error = errno;
    close(copy);
    return error;
  }
  int error = 0;
  while (error == 0) {
    errno = 0;
    struct dirent *entry = readdir(entries);
    if (entry == NULL) {
      error = errno;
      break;
    }
    if (is_self_or_parent(entry->d_name)) continue;
    error = remove_entry(directory, entry->d_name);
    if (error != ENOTEMPTY) continue;
    error = fchmodat(directory, entry->d_name, 0700, 0) == -1 ? errno : 0;
    if (error == 0 && (*below = openat(directory, entry->d_name, OPEN_DIRECTORY)) == -1) error = errno;
    break;
  }
  closedir(entries);
  return error;
}

/* Those that a user can set; a security module may have put others there. */
static int remove_attributes(int directory) {
  static char names[XATTR_LIST_MAX];
  ssize_t length = flistxattr(directory, names, sizeof names);
  if (length == -1) return errno == ENOTSUP ? 0 : errno;
  for (const char *name = names; name < names + length; name += strlen(name) + 1) {
    if (strncmp(name, "user.", 5) != 0 && strncmp(name, "system.posix_acl_", 17) != 0) continue;
    if (fremovexattr(directory, name) == -1) return errno;
  }
  return 0;
}

/* A directory that is the user's own can carry a message itself, and a default ACL that changes the modes of new files. */
static int reset_directory(int directory) {
  struct stat status;
  if (fstat(directory, &status) == -1) return errno;
  if (status.st_uid != geteuid()) return 0;
  int flags = 0;
  if (ioctl(directory, FS_IOC_SETFLAGS, &flags) == -1 && errno != ENOTTY && errno != EOPNOTSUPP) return errno;
  int error = remove_attributes(directory);
  return error == 0 && futimens(directory, NULL) == -1 ? errno : error;
}

int wipe_directory(const char *path) {
  /* The user may have taken the bits from its own directory; for one that is not the user's this fails, and may. */
  struct stat status;
  if (lstat(path, &status) == -1) return errno == ENOENT ? 0 : errno;
  if (status.st_uid == geteuid() && chmod(path, 0700) == -1) return errno;
  int here = open(path, OPEN_DIRECTORY);
  if (here == -1) return errno;
  long depth = 0;
  int error = 0;
  for (;;) {
    int next;
    error = clear_until_full(here, &next);
    if (error != 0) break;
    if (next != -1) depth++;
    else if (depth == 0) {
      error = reset_directory(here);
      break;
    } else {
      depth--;
      if ((next = openat(here, "..", OPEN_DIRECTORY)) == -1) {
        error = errno;
        break;
      }
    }
    close(here);
    here = next;
  }
  close(here);
  return error;
}
