#include "cgroup.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A number in a file: the whole content, or the number after `key` at the start of a line. */
struct counter {
  const char *file, *key;
  uint64_t scale;
};

struct cgroup_layout {
  struct counter cpu, memory_peak, oom_kills, pids_peak, inactive_file, active_file;
};

static const struct cgroup_layout V1 = {
    .cpu = {"cpuacct.usage", NULL, 1},
    .memory_peak = {"memory.max_usage_in_bytes", NULL, 1},
    .oom_kills = {"memory.oom_control", "oom_kill", 1},
    .pids_peak = {"pids.peak", NULL, 1},
    .inactive_file = {"memory.stat", "inactive_file", 1},
    .active_file = {"memory.stat", "active_file", 1},
};

static const struct cgroup_layout V2 = {
    .cpu = {"cpu.stat", "usage_usec", NS_PER_US},
    .memory_peak = {"memory.peak", NULL, 1},
    .oom_kills = {"memory.events", "oom_kill", 1},
    .pids_peak = {"pids.peak", NULL, 1},
    .inactive_file = {"memory.stat", "inactive_file", 1},
    .active_file = {"memory.stat", "active_file", 1},
};

static bool read_file(int directory, const char *name, char *text, size_t room) {
  int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (fd == -1) return false;
  size_t used = 0;
  ssize_t got = 0;
  while (used < room - 1 && (got = read(fd, text + used, room - 1 - used)) > 0) used += (size_t)got;
  close(fd);
  text[used] = '\0';
  return got >= 0 && used > 0;
}

static const char *line_of(const char *text, const char *key) {
  size_t length = strlen(key);
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, key, length) == 0 && line[length] == ' ') return line + length + 1;
  }
  return NULL;
}

static uint64_t number_in(const char *text, const struct counter *counter) {
  const char *at = counter->key == NULL ? text : line_of(text, counter->key);
  return at == NULL ? 0 : strtoull(at, NULL, 10) * counter->scale;
}

static bool read_counter(int directory, const struct counter *counter, uint64_t *value) {
  char text[1024];
  *value = 0;
  if (!read_file(directory, counter->file, text, sizeof text)) return false;
  *value = number_in(text, counter);
  return true;
}

static bool parse_fd(const char **list, const char *name, int *fd) {
  size_t length = strlen(name);
  if (strncmp(*list, name, length) != 0 || (*list)[length] != '=') return false;
  char *end;
  errno = 0;
  long value = strtol(*list + length + 1, &end, 10);
  if (errno != 0 || end == *list + length + 1 || value <= STDERR_FILENO || value > 1 << 20) return false;
  if (fcntl((int)value, F_SETFD, FD_CLOEXEC) == -1) return false;
  *fd = (int)value;
  *list = *end == ',' ? end + 1 : end;
  return *end == ',' || *end == '\0';
}

static bool is_readable(const struct cgroup *cgroup) {
  uint64_t value;
  return read_counter(cgroup->cpu, &cgroup->layout->cpu, &value) &&
         read_counter(cgroup->memory, &cgroup->layout->memory_peak, &value) &&
         read_counter(cgroup->memory, &cgroup->layout->oom_kills, &value);
}

/*
 * The launcher has just set them: whoever talks to this process may choose a step's limits, and not the place's. What cannot
 * be read stays 0, and no step fits.
 */
static void read_most(struct cgroup *cgroup, const char *memory_file) {
  const struct counter memory = {memory_file, NULL, 1};
  static const struct counter tasks = {"pids.max", NULL, 1};
  read_counter(cgroup->memory, &memory, &cgroup->most.memory_bytes);
  read_counter(cgroup->pids, &tasks, &cgroup->most.tasks);
}

bool cgroup_use_given(struct cgroup *cgroup, const char *list) {
  *cgroup = (struct cgroup){.layout = &V1, .memory = -1, .pids = -1, .cpu = -1, .is_writable = true, .restarts_peak = true};
  while (*list != '\0') {
    if (parse_fd(&list, "memory", &cgroup->memory)) continue;
    if (parse_fd(&list, "pids", &cgroup->pids)) continue;
    if (!parse_fd(&list, "cpuacct", &cgroup->cpu)) return false;
  }
  if (cgroup->memory == -1 || cgroup->pids == -1 || cgroup->cpu == -1) return false;
  read_most(cgroup, "memory.limit_in_bytes");
  return is_readable(cgroup);
}

bool cgroup_use_given_2(struct cgroup *cgroup, const char *list) {
  struct cgroup2_files *files = &cgroup->files;
  *cgroup = (struct cgroup){.layout = &V2, .memory = -1, .pids = -1, .cpu = -1, .is_writable = true};
  *files = (struct cgroup2_files){-1, -1, -1, -1, -1};
  while (*list != '\0') {
    if (parse_fd(&list, "dir", &cgroup->memory) || parse_fd(&list, "memory", &files->memory)) continue;
    if (parse_fd(&list, "swap", &files->swap) || parse_fd(&list, "pids", &files->pids)) continue;
    if (parse_fd(&list, "peak", &files->peak) || parse_fd(&list, "reclaim", &files->reclaim)) continue;
    return false;
  }
  cgroup->pids = cgroup->cpu = cgroup->memory;
  if (cgroup->memory == -1 || files->memory == -1 || files->pids == -1) return false;
  uint64_t value;
  read_most(cgroup, "memory.max");
  return read_counter(cgroup->cpu, &V2.cpu, &value) && read_counter(cgroup->memory, &V2.oom_kills, &value);
}

static bool try_own(struct cgroup *cgroup, const struct cgroup_layout *layout, const char *memory, const char *pids,
                    const char *cpu) {
  *cgroup = (struct cgroup){
      .layout = layout,
      .memory = open(memory, O_PATH | O_DIRECTORY | O_CLOEXEC),
      .pids = open(pids, O_PATH | O_DIRECTORY | O_CLOEXEC),
      .cpu = open(cpu, O_PATH | O_DIRECTORY | O_CLOEXEC),
      .is_writable = false,
  };
  if (cgroup->memory != -1 && cgroup->cpu != -1 && is_readable(cgroup)) return true;
  if (cgroup->memory != -1) close(cgroup->memory);
  if (cgroup->pids != -1) close(cgroup->pids);
  if (cgroup->cpu != -1) close(cgroup->cpu);
  return false;
}

void cgroup_use_own(struct cgroup *cgroup) {
  static const char root[] = "/sys/fs/cgroup";
  if (try_own(cgroup, &V2, root, root, root)) return;
  if (try_own(cgroup, &V1, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/cpuacct")) return;
  *cgroup = (struct cgroup){.layout = NULL, .memory = -1, .pids = -1, .cpu = -1, .is_writable = false};
}

static int write_number(int directory, const char *name, uint64_t value) {
  char text[24];
  int length = snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);
  if (fd == -1) return errno;
  int error = write(fd, text, (size_t)length) == length ? 0 : errno;
  close(fd);
  return error;
}

/*
 * memory ≤ memory+swap must hold after each write: raising sets the sum first, lowering last. ENOENT: no swap accounting;
 * EBUSY: more is in use, and lowering the sum alone would fail for another reason.
 */
static int limit_memory(int directory, uint64_t bytes) {
  int error = write_number(directory, "memory.limit_in_bytes", bytes);
  if (error == EBUSY) return error;
  int sum_error = write_number(directory, "memory.memsw.limit_in_bytes", bytes);
  if (sum_error == ENOENT) return error;
  if (sum_error != 0) return sum_error;
  return error == EINVAL ? write_number(directory, "memory.limit_in_bytes", bytes) : error;
}

static int write_open(int fd, uint64_t value) {
  char text[24];
  int length = snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  return pwrite(fd, text, (size_t)length, 0) == length ? 0 : errno;
}

/* A v2 limit below what is in use kills where v1 says EBUSY. So: ask the kernel to take back the difference, and look again. */
static int make_room(const struct cgroup *cgroup, uint64_t bytes) {
  static const struct counter current = {"memory.current", NULL, 1};
  uint64_t used;
  if (!read_counter(cgroup->memory, &current, &used) || used <= bytes) return 0;
  if (cgroup->files.reclaim != -1) write_open(cgroup->files.reclaim, used - bytes);
  return read_counter(cgroup->memory, &current, &used) && used > bytes ? EBUSY : 0;
}

static int limit_2(struct cgroup *cgroup, uint64_t memory_bytes, uint64_t tasks) {
  const struct cgroup2_files *files = &cgroup->files;
  int error = make_room(cgroup, memory_bytes);
  if (error == 0) error = write_open(files->memory, memory_bytes);
  if (error == 0 && files->swap != -1) error = write_open(files->swap, 0);
  if (error == 0) error = write_open(files->pids, tasks);
  /* Before Linux 6.12 the peak cannot be restarted; then only a new peak is known to be the step's. */
  cgroup->restarts_peak = error == 0 && files->peak != -1 && write_open(files->peak, 0) == 0;
  return error;
}

/* After a restart the file tells through the descriptor that restarted it, and through no other, the peak since then. */
static void read_peak(const struct cgroup *cgroup, uint64_t *peak) {
  char text[32];
  ssize_t got = cgroup->layout == &V2 && cgroup->restarts_peak ? pread(cgroup->files.peak, text, sizeof text - 1, 0) : -1;
  if (got <= 0) {
    read_counter(cgroup->memory, &cgroup->layout->memory_peak, peak);
    return;
  }
  text[got] = '\0';
  *peak = strtoull(text, NULL, 10);
}

int cgroup_limit(struct cgroup *cgroup, uint64_t memory_bytes, uint64_t tasks) {
  if (!cgroup->is_writable) return 0;
  if (cgroup->layout == &V2) return limit_2(cgroup, memory_bytes, tasks);
  int error = limit_memory(cgroup->memory, memory_bytes);
  if (error == 0) error = write_number(cgroup->pids, "pids.max", tasks);
  if (error == 0) error = write_number(cgroup->memory, "memory.max_usage_in_bytes", 0);
  return error;
}

bool cgroup_has_room(const struct cgroup *cgroup, uint64_t memory_bytes, uint64_t tasks) {
  /* The kernel counts in pages, so the place's own limit may be a part of one below what was asked for. */
  uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
  if (!cgroup->is_writable) return true;
  return memory_bytes / page_bytes * page_bytes <= cgroup->most.memory_bytes && tasks <= cgroup->most.tasks;
}

uint64_t cgroup_cpu_ns(const struct cgroup *cgroup) {
  uint64_t value = 0;
  if (cgroup->layout != NULL) read_counter(cgroup->cpu, &cgroup->layout->cpu, &value);
  return value;
}

void cgroup_read(const struct cgroup *cgroup, struct cgroup_usage *usage) {
  *usage = (struct cgroup_usage){0};
  const struct cgroup_layout *layout = cgroup->layout;
  if (layout == NULL) return;
  read_counter(cgroup->cpu, &layout->cpu, &usage->cpu_ns);
  read_peak(cgroup, &usage->memory_peak_bytes);
  read_counter(cgroup->memory, &layout->oom_kills, &usage->oom_kills);
  if (cgroup->pids != -1) read_counter(cgroup->pids, &layout->pids_peak, &usage->pids_peak);
  char stat[4096];
  if (!read_file(cgroup->memory, layout->active_file.file, stat, sizeof stat)) return;
  usage->file_cache_bytes = number_in(stat, &layout->inactive_file) + number_in(stat, &layout->active_file);
}
