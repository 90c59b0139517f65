#include "place_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 1024, PART_BYTES_MAX = 255, DEPTH_MAX = 32, MODE_MAX = 0777 };

/* Takes the next part off `path`; false at its end. */
static bool next_part(struct slice *path, struct slice *part) {
  if (path->at == NULL) return false;
  const uint8_t *slash = path->length == 0 ? NULL : memchr(path->at, '/', path->length);
  part->at = path->at;
  part->length = slash == NULL ? path->length : (size_t)(slash - path->at);
  path->length -= slash == NULL ? path->length : part->length + 1;
  path->at = slash == NULL ? NULL : slash + 1;
  return true;
}

static bool is_dots(const struct slice *part) {
  return (part->length == 1 && part->at[0] == '.') || (part->length == 2 && part->at[0] == '.' && part->at[1] == '.');
}

const char *place_file_check(const struct file_body *file) {
  struct slice path = file->path;
  struct slice part;
  if (path.length == 0 || path.length > PATH_BYTES_MAX || memchr(path.at, 0, path.length) != NULL) return "FILE: path";
  int depth = 0;
  while (next_part(&path, &part)) {
    if (part.length == 0 || part.length > PART_BYTES_MAX || is_dots(&part)) return "FILE: part of path";
    if (++depth > DEPTH_MAX) return "FILE: depth of path";
  }
  return file->mode > MODE_MAX ? "FILE: mode" : NULL;
}

static int write_all(int fd, const struct slice *data) {
  for (size_t done = 0; done < data->length;) {
    ssize_t put = write(fd, data->at + done, data->length - done);
    if (put == -1 && errno != EINTR) return errno;
    if (put > 0) done += (size_t)put;
  }
  return 0;
}

static int write_leaf(int folder, const char *name, const struct file_body *file, bool append) {
  /* The mode of the last frame stands; in between the owner must be able to write. */
  if (append && fchmodat(folder, name, 0600, 0) == -1) return errno;
  int flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC | (append ? O_APPEND : O_CREAT | O_TRUNC);
  int fd = openat(folder, name, flags, 0600);
  if (fd == -1) return errno;
  int error = write_all(fd, &file->data);
  if (error == 0 && fchmod(fd, file->mode) == -1) error = errno;
  if (close(fd) == -1 && error == 0) error = errno;
  return error;
}

int place_file_write(int box, const struct file_body *file, bool append) {
  struct slice path = file->path;
  struct slice part;
  int folder = fcntl(box, F_DUPFD_CLOEXEC, 3);
  int error = folder == -1 ? errno : 0;
  while (error == 0 && next_part(&path, &part)) {
    char name[PART_BYTES_MAX + 1];
    memcpy(name, part.at, part.length);
    name[part.length] = '\0';
    if (path.at == NULL) {
      error = write_leaf(folder, name, file, append);
      break;
    }
    if (mkdirat(folder, name, 0755) == -1 && errno != EEXIST) error = errno;
    int below = error == 0 ? openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (below == -1 && error == 0) error = errno;
    close(folder);
    folder = below;
  }
  if (folder != -1) close(folder);
  return error;
}
