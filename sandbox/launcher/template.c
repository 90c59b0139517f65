/*
 * The daemon itself moves into the runtime root once, so a sandbox starts with a copy of two mounts (the root and a bare /dev)
 * instead of the host's whole table, has no moment in which a host path can be reached, and needs no pivot_root of its
 * own. Nothing is ever mounted where the host can see it.
 *
 * The bare /dev is a read-only tmpfs with one empty folder. No sandbox sees it: each makes its own (place-dev.c), and where the
 * devices cannot be made, the trial before `ready` says so.
 */
#include "template.h"
#include "say.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const mount_points[] = {"box", "program", "tmp", "dev", "proc", "sys"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void must(int result, const char *what) {
  if (result < 0) refuse("cannot prepare the runtime root: %s: %s", what, strerror(errno));
}

static void check_root(const char *root) {
  struct statvfs flags;
  must(chdir(root), root);
  for (size_t i = 0; i < COUNT(mount_points); i++) {
    struct stat status;
    if (lstat(mount_points[i], &status) != 0 || !S_ISDIR(status.st_mode))
      refuse("the runtime root %s has no folder /%s", root, mount_points[i]);
  }
  must(statvfs(".", &flags), "statvfs");
  if (flags.f_flag & ST_NOEXEC) refuse("the runtime root %s is on a file system mounted noexec", root);
}

static void mount_dev(void) {
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  must(mount("tmpfs", "dev", "tmpfs", flags, "size=4k,nr_inodes=2,mode=0755"), "mount /dev");
  must(mkdir("dev/none", 0755), "mkdir dev/none");
  must(mount(NULL, "dev", NULL, MS_REMOUNT | MS_RDONLY | flags, NULL), "remount /dev read-only");
}

static bool has_layers;

bool template_has_layers(void) {
  return has_layers;
}

/* Without a layer that can be written the kernel wants two: the second is an empty folder of another file system. */
int template_layer(const char *path) {
  return mount("overlay", path, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, "lowerdir=/:/dev/none");
}

static void try_layer(void) {
  has_layers = template_layer("/proc") == 0;
  if (has_layers) must(umount2("/proc", 0), "unmount the trial");
  else say("all sandboxes share the inodes of the runtime root, and with them locks: overlayfs: %s", strerror(errno));
}

void template_enter(const char *root) {
  check_root(root);
  must(unshare(CLONE_NEWNS | CLONE_NEWUTS), "unshare");
  must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make mounts private");
  must(mount(root, root, NULL, MS_BIND, NULL), "bind the root");
  must(chdir(root), root);
  must(mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL), "remount read-only");
  mount_dev();
  must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
  /* The old root now lies over the new one: the path means the upper of the two. */
  must(umount2(".", MNT_DETACH), "unmount the host's root");
  must(chdir("/"), "chdir /");
  try_layer();
  must(sethostname("runyard", strlen("runyard")), "sethostname");
}
