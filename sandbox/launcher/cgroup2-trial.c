/*
 * For tests: cgroup2-trial <folder> runyard <own path> | <folder> limits <memory bytes> <processes> <cpu milli> | usage | kill
 *
 * Does to a folder that looks like a cgroup of version 2 what the launcher does, and prints what came of it.
 */
#include "cgroup2.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int share_out(const char *folder, const char *own_path) {
  const char *step = NULL;
  int runyard = cgroup2_open_runyard(folder, own_path, &step);
  if (runyard < 0) printf("%s: %s\n", step, strerror(errno));
  else printf("open\n");
  return 0;
}

int main(int count, char **values) {
  if (count < 3) return 2;
  if (count == 4 && strcmp(values[2], "runyard") == 0) return share_out(values[1], values[3]);
  int dir = open(values[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return 3;
  if (strcmp(values[2], "limits") == 0 && count == 6) {
    const struct open_request request = {.memory_bytes = strtoull(values[3], NULL, 10),
                                           .processes = (uint32_t)strtoul(values[4], NULL, 10),
                                           .cpu_milli = (uint32_t)strtoul(values[5], NULL, 10)};
    const char *failed = cgroup2_set_limits(dir, &request);
    printf("%s\n", failed == NULL ? "set" : failed);
  } else if (strcmp(values[2], "kill") == 0) {
    cgroup2_kill(dir);
  } else if (strcmp(values[2], "require") == 0) {
    cgroup2_require_files(dir);
    printf("enough\n");
  } else {
    struct end_report report = {0};
    cgroup2_usage(dir, &report);
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %u\n", report.oom_kills, report.memory_peak_bytes, report.cpu_us, report.pids_peak);
  }
  return 0;
}
