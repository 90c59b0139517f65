#include "cgroup.h"
#include "cgroup2.h"
#include "files.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const controller_names[CONTROLLERS] = {"memory", "pids", "cpu", "cpuacct"};

struct mount_line {
  char *point;
  char *type;
  char *options;
};

/* `36 35 98:0 /root /point rw,relatime shared:1 - type source options`, see proc_pid_mountinfo(5). */
static bool parse_line(char *text, struct mount_line *line) {
  char *rest = NULL;
  char *field = strtok_r(text, " \n", &rest);
  for (int i = 0; field != NULL && i < 4; i++) field = strtok_r(NULL, " \n", &rest);
  line->point = field;
  while (field != NULL && strcmp(field, "-") != 0) field = strtok_r(NULL, " \n", &rest);
  line->type = strtok_r(NULL, " \n", &rest);
  if (strtok_r(NULL, " \n", &rest) == NULL) return false;
  line->options = strtok_r(NULL, " \n", &rest);
  return line->options != NULL;
}

/* Spaces and the like stand as \ooo in mountinfo. */
static void unescape(char *text) {
  char *to = text;
  for (char *from = text; *from != '\0'; from++) {
    if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] != '\0' && from[3] != '\0') {
      *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
      from += 3;
    } else {
      *to++ = *from;
    }
  }
  *to = '\0';
}

static bool has_word(const char *list, const char *word, char separator) {
  size_t length = strlen(word);
  for (const char *at = list; (at = strstr(at, word)) != NULL; at += length) {
    bool starts = at == list || at[-1] == separator;
    bool ends = at[length] == '\0' || at[length] == separator || at[length] == '\n';
    if (starts && ends) return true;
  }
  return false;
}

static int open_runyard(const char *point) {
  int mount = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (mount < 0) refuse("cannot open the control groups at %s: %s", point, strerror(errno));
  if (mkdirat(mount, "runyard", 0755) != 0 && errno != EEXIST)
    refuse("cannot make the control group %s/runyard: %s", point, strerror(errno));
  int runyard = openat(mount, "runyard", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (runyard < 0) refuse("cannot open the control group %s/runyard: %s", point, strerror(errno));
  close(mount);
  return runyard;
}

static void take_hierarchy(struct cgroup_mounts *mounts, struct mount_line *line) {
  bool wanted = false;
  for (int i = 0; i < CONTROLLERS; i++) {
    if (mounts->of[i] >= 0 || !has_word(line->options, controller_names[i], ',')) continue;
    mounts->of[i] = mounts->count;
    wanted = true;
  }
  if (!wanted) return;
  unescape(line->point);
  mounts->runyard[mounts->count++] = open_runyard(line->point);
}

static bool version_2_has_memory(const char *point) {
  char path[PATH_MAX];
  char controllers[512] = "";
  snprintf(path, sizeof path, "%s/cgroup.controllers", point);
  FILE *file = fopen(path, "re");
  if (file == NULL) return false;
  bool has = fgets(controllers, sizeof controllers, file) != NULL && has_word(controllers, "memory", ' ');
  fclose(file);
  return has;
}

static void refuse_missing(const struct cgroup_mounts *mounts) {
  char missing[64] = "";
  for (int i = 0; i < CONTROLLERS; i++) {
    if (mounts->of[i] >= 0) continue;
    if (missing[0] != '\0') strcat(missing, ", ");
    strcat(missing, controller_names[i]);
  }
  if (missing[0] != '\0') refuse("cannot enforce limits: no cgroup hierarchy is mounted for %s", missing);
}

/* The path of our own group in version 2, as seen from here: the line `0::/path` of /proc/self/cgroup. */
static void read_own_path(char *path, size_t size) {
  char *text = NULL;
  size_t room = 0;
  path[0] = '\0';
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (file == NULL) return;
  while (getline(&text, &room, file) > 0)
    if (strncmp(text, "0::/", 4) == 0 && strchr(text, '\n') != NULL && strncmp(text, "0::/..", 6) != 0)
      snprintf(path, size, "%.*s", (int)strcspn(text + 3, "\n"), text + 3);
  free(text);
  fclose(file);
}

static void take_version_2(struct cgroup_mounts *mounts, const char *point) {
  char own_path[PATH_MAX / 2];
  const char *step;
  read_own_path(own_path, sizeof own_path);
  for (int i = 0; i < mounts->count; i++) close(mounts->runyard[i]);
  *mounts = (struct cgroup_mounts){.is_version_2 = true, .count = 1};
  mounts->runyard[0] = cgroup2_open_runyard(point, own_path, &step);
  if (mounts->runyard[0] < 0) refuse("cannot enforce limits: cgroup v2 at %s: %s: %s", point, step, strerror(errno));
}

void cgroup_find_mounts(struct cgroup_mounts *mounts) {
  char version_2[PATH_MAX / 2] = "";
  char *text = NULL;
  size_t size = 0;
  *mounts = (struct cgroup_mounts){.count = 0};
  for (int i = 0; i < CONTROLLERS; i++) mounts->of[i] = -1;
  FILE *file = fopen("/proc/self/mountinfo", "re");
  if (file == NULL) refuse("cannot read /proc/self/mountinfo: %s", strerror(errno));
  while (getline(&text, &size, file) > 0) {
    struct mount_line line;
    if (!parse_line(text, &line)) continue;
    if (strcmp(line.type, "cgroup") == 0) take_hierarchy(mounts, &line);
    if (strcmp(line.type, "cgroup2") != 0) continue;
    unescape(line.point);
    if (version_2_has_memory(line.point)) snprintf(version_2, sizeof version_2, "%s", line.point);
  }
  free(text);
  fclose(file);
  /* A host is of one version as far as memory goes: no controller is in both. */
  if (mounts->of[MEMORY] < 0 && version_2[0] != '\0') take_version_2(mounts, version_2);
  refuse_missing(mounts);
}
