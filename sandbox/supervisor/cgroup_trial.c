/*
 * For tests: cgroup_trial <folder> limit <memory bytes> <tasks> | usage
 *
 * Does to a folder that looks like a cgroup of version 2 what PID 1 does to its own, and prints what came of it.
 */
#include "cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(char *list, int folder, const char *word, const char *name, int flags) {
  int fd = openat(folder, name, flags | O_CLOEXEC);
  if (fd != -1) sprintf(list + strlen(list), ",%s=%d", word, fd);
}

int main(int argc, char **argv) {
  struct cgroup cgroup;
  char list[256];
  int folder = argc < 3 ? -1 : open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder == -1) return 2;
  sprintf(list, "dir=%d", folder);
  add(list, folder, "memory", "memory.max", O_RDWR);
  add(list, folder, "swap", "memory.swap.max", O_RDWR);
  add(list, folder, "pids", "pids.max", O_RDWR);
  add(list, folder, "peak", "memory.peak", O_RDWR);
  add(list, folder, "reclaim", "memory.reclaim", O_WRONLY);
  if (!cgroup_use_given_2(&cgroup, list)) return 3;
  if (strcmp(argv[2], "limit") == 0 && argc == 5) {
    int error = cgroup_limit(&cgroup, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    printf("%s %s\n", error == 0 ? "set" : strerror(error), cgroup.restarts_peak ? "restarted" : "not restarted");
    return 0;
  }
  struct cgroup_usage usage;
  cgroup_read(&cgroup, &usage);
  printf("%llu %llu %llu %llu %llu\n", (unsigned long long)usage.cpu_ns, (unsigned long long)usage.memory_peak_bytes,
         (unsigned long long)usage.file_cache_bytes, (unsigned long long)usage.oom_kills, (unsigned long long)usage.pids_peak);
  return 0;
}
