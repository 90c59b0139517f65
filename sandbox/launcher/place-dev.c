/*
 * Each place makes its devices itself, on a tmpfs of its own: a node is an inode, and locks are on inodes. With one /dev for all,
 * a lock on /dev/null, or on a file of /proc that it covers, told the neighbour something or kept it out. Afterwards nothing
 * can be written or filled: what a program writes to a device goes to its driver, not to this file system.
 */
#include "place-child.h"

#include <stddef.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct {
  const char *name;
  unsigned minor;
} devices[] = {{"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}};

static const struct {
  const char *name;
  const char *target;
} links[] = {{"fd", "/proc/self/fd"}, {"stdin", "fd/0"}, {"stdout", "fd/1"}, {"stderr", "fd/2"}};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *fill(void) {
  for (size_t i = 0; i < COUNT(devices); i++)
    if (mknod(devices[i].name, S_IFCHR | 0666, makedev(1, devices[i].minor)) != 0) return "make a device";
  for (size_t i = 0; i < COUNT(links); i++)
    if (symlink(links[i].target, links[i].name) != 0) return "make the links of /dev";
  return mkdir("shm", 0755) == 0 ? NULL : "make /dev/shm";
}

const char *place_dev(const char *path) {
  const unsigned long flags = MS_NOSUID | MS_NOEXEC;
  if (mount("tmpfs", path, "tmpfs", flags, "size=64k,nr_inodes=32,mode=0755") != 0) return "mount /dev";
  if (chdir(path) != 0) return "chdir /dev";
  /* Devices are for everybody: the mask of the process would take bits from mknod's mode. */
  mode_t mask = umask(0);
  const char *failed = fill();
  umask(mask);
  if (failed != NULL) return failed;
  if (mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY | flags, NULL) != 0) return "remount /dev read-only";
  return chdir("/") == 0 ? NULL : "chdir /";
}
