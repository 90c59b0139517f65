/*
 * Each sandbox gets its own /dev and /proc and its own bounded tmpfs for everything that can be written. All flags are limits of
 * ours: noexec where nothing is run, nosuid and nodev everywhere, sizes and inode counts because a tmpfs without them
 * takes half of the host's memory.
 */
#include "place-child.h"
#include "template.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SMALL_TMPFS_INODES = 4096 };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Read as empty: facts about the host and its other tenants, and switches that uid 0 could use without a capability. */
static const char *const masked_files[] = {
  "/proc/kcore",        "/proc/keys",        "/proc/key-users",    "/proc/timer_list",   "/proc/sched_debug",
  "/proc/kmsg",         "/proc/latency_stats", "/proc/sysrq-trigger", "/proc/kallsyms",  "/proc/config.gz",
  "/proc/interrupts",   "/proc/softirqs",    "/proc/cmdline",      "/proc/kpagecount",   "/proc/kpageflags",
  "/proc/kpagecgroup",  "/proc/locks",       "/proc/diskstats",    "/proc/partitions",   "/proc/vmstat",
  "/proc/schedstat",    "/proc/buddyinfo",   "/proc/zoneinfo",     "/proc/pagetypeinfo", "/proc/slabinfo",
  "/proc/vmallocinfo",  "/proc/iomem",       "/proc/ioports",      "/proc/modules",      "/proc/mdstat",
  "/proc/sys/kernel/random/boot_id",
};

/* Covered by the root's own empty, read-only /sys. */
static const char *const masked_folders[] = {
  "/proc/irq",      "/proc/bus",    "/proc/fs",    "/proc/acpi", "/proc/scsi",
  "/proc/pressure", "/proc/driver", "/proc/asound", "/proc/dynamic_debug",
};

static int mask(const char *with, const char *path) {
  if (mount(with, path, NULL, MS_BIND, NULL) == 0 || errno == ENOENT || errno == ENOTDIR) return 0;
  return -1;
}

static const char *mount_proc(void) {
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (mount("proc", "/proc", "proc", flags, "hidepid=2") != 0) return "mount /proc";
  if (mount("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL) != 0) return "bind /proc/sys";
  if (mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) != 0)
    return "remount /proc/sys read-only";
  /* Last, because what is bound later would uncover what is below it. */
  for (size_t i = 0; i < COUNT(masked_files); i++)
    if (mask("/dev/null", masked_files[i]) != 0) return masked_files[i];
  for (size_t i = 0; i < COUNT(masked_folders); i++)
    if (mask("/sys", masked_folders[i]) != 0) return masked_folders[i];
  return NULL;
}

struct tmpfs {
  const char *path;
  unsigned long flags;
  uint64_t bytes;
  uint32_t inodes;
  uid_t uid;
  unsigned mode;
};

static int mount_tmpfs(const struct tmpfs *tmpfs) {
  char options[160];
  snprintf(options, sizeof options, "size=%" PRIu64 ",nr_inodes=%" PRIu32 ",uid=%u,gid=%u,mode=%04o", tmpfs->bytes,
             tmpfs->inodes, (unsigned)tmpfs->uid, (unsigned)tmpfs->uid, tmpfs->mode);
  return mount("tmpfs", tmpfs->path, "tmpfs", tmpfs->flags | MS_NOSUID | MS_NODEV, options);
}

/*
 * The root as a file system of the place's own over the tree that all share: its inodes are nobody else's, so a neighbour does
 * not see a lock or a lease on a file of the tree, and the table of mounts tells no path of the host.
 */
static const char *mount_root(void) {
  static const char staging[] = "/proc";
  if (template_layer(staging) != 0) return "mount the root";
  const char *failed = place_dev("/proc/dev");
  if (failed != NULL) return failed;
  if (chdir(staging) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return "pivot_root";
  /* The shared root now lies over the new one: the path means the upper of the two. */
  if (umount2(".", MNT_DETACH) != 0) return "unmount the shared root";
  return chdir("/") == 0 ? NULL : "chdir /";
}

/* Without a root of its own the place has the launcher's mount point: freed first, so that there is one /dev and not two. */
static const char *replace_dev(void) {
  return umount2("/dev", MNT_DETACH) == 0 ? place_dev("/dev") : "unmount the shared /dev";
}

const char *place_mount(const struct open_request *request, uid_t uid) {
  const char *failed = template_has_layers() ? mount_root() : replace_dev();
  if (failed != NULL) return failed;
  const struct tmpfs all[] = {
    {"/box", 0, request->box_bytes, request->box_inodes, uid, 0700},
    {"/tmp", MS_NOEXEC, request->tmp_bytes, SMALL_TMPFS_INODES, 0, 01777},
    {"/dev/shm", MS_NOEXEC, request->shm_bytes, SMALL_TMPFS_INODES, 0, 01777},
    {"/program", 0, request->program_bytes, SMALL_TMPFS_INODES, 0, 0755},
  };
  for (size_t i = 0; i < COUNT(all); i++)
    if (mount_tmpfs(&all[i]) != 0) return all[i].path;
  return mount_proc();
}
