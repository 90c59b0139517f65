#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int close_keeping_errno(int fd, int result) {
  int reason = errno;
  close(fd);
  errno = reason;
  return result;
}

static ssize_t pread_text(int fd, char *text, size_t size) {
  ssize_t length = pread(fd, text, size - 1, 0);
  if (length >= 0) text[length] = '\0';
  return length;
}

static int parse_number(const char *text, uint64_t *value) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (end == text || (*end != '\n' && *end != '\0') || errno != 0) {
    errno = EINVAL;
    return -1;
  }
  *value = number;
  return 0;
}

ssize_t read_text(int dir, const char *name, char *text, size_t size) {
  int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  ssize_t length = pread_text(fd, text, size);
  return close_keeping_errno(fd, (int)length);
}

int read_number(int dir, const char *name, uint64_t *value) {
  char text[64];
  if (read_text(dir, name, text, sizeof text) < 0) return -1;
  return parse_number(text, value);
}

static int write_whole(int fd, const char *text) {
  size_t length = strlen(text);
  ssize_t written = write(fd, text, length);
  if (written < 0) return -1;
  if ((size_t)written == length) return 0;
  errno = EIO;
  return -1;
}

int write_text(int dir, const char *name, const char *text) {
  int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  return close_keeping_errno(fd, write_whole(fd, text));
}

int write_limit(int dir, const char *name, uint64_t value) {
  char text[64];
  snprintf(text, sizeof text, "%" PRIu64, value);
  int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  uint64_t held = 0;
  int result = -1;
  if (write_whole(fd, text) == 0 && pread_text(fd, text, sizeof text) >= 0 && parse_number(text, &held) == 0) {
    result = held == value ? 0 : -1;
    if (result != 0) errno = ERANGE;
  }
  return close_keeping_errno(fd, result);
}
