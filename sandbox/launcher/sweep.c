/*
 * What a launcher that was killed leaves: its sandboxes die with it (PDEATHSIG), mounts and namespaces die with them, so
 * only control groups stay. A process is looked for all the same: one may be stuck in the kernel until now.
 */
#include "cgroup.h"
#include "cgroup2.h"
#include "files.h"
#include "lease.h"
#include "say.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

static bool has_owner_prefix(const char *name) {
  for (int i = 0; i < OWNER_CHARS; i++)
    if (!isxdigit((unsigned char)name[i])) return false;
  return true;
}

/* `<owner>.<digits>`: anything else under /runyard is not ours. */
static bool is_group_name(const char *name) {
  if (!has_owner_prefix(name)) return false;
  if (name[OWNER_CHARS] != '.' || name[OWNER_CHARS + 1] == '\0') return false;
  return strspn(name + OWNER_CHARS + 1, "0123456789") == strlen(name + OWNER_CHARS + 1);
}

static DIR *list(int dir) {
  int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = copy < 0 ? NULL : fdopendir(copy);
  if (entries == NULL) refuse("cannot list a folder: %s", strerror(errno));
  return entries;
}

static void kill_members(int runyard, const char *name) {
  char text[4096];
  int dir = openat(runyard, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) return;
  if (cgroup_is_version_2()) {
    cgroup2_kill(dir);
    close(dir);
    return;
  }
  ssize_t length = read_text(dir, "cgroup.procs", text, sizeof text);
  close(dir);
  /* A list that fills the buffer may end inside a number: that one waits for the next round. */
  char *end = length == (ssize_t)sizeof text - 1 ? strrchr(text, '\n') : NULL;
  if (end != NULL) *end = '\0';
  if (length <= 0) return;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    pid_t pid = (pid_t)strtol(line, NULL, 10);
    if (pid > 1 && kill(pid, SIGKILL) == 0) say("killed process %d of a dead launcher (%s)", (int)pid, name);
  }
}

/* One round over one hierarchy; the number of groups of this owner that are still there. */
static int clear_hierarchy(int runyard, const char *owner) {
  int left = 0;
  DIR *entries = list(runyard);
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    if (!is_group_name(entry->d_name) || strncmp(entry->d_name, owner, OWNER_CHARS) != 0) continue;
    if (unlinkat(runyard, entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT) continue;
    kill_members(runyard, entry->d_name);
    left++;
  }
  closedir(entries);
  return left;
}

static bool clear_owner(const char *owner) {
  const struct cgroup_mounts *mounts = cgroup_mounts();
  uint64_t until_ms = now_ms() + PATIENCE_MS;
  for (;;) {
    int left = 0;
    for (int i = 0; i < mounts->count; i++) left += clear_hierarchy(mounts->runyard[i], owner);
    if (left == 0) return true;
    if (now_ms() > until_ms) return false;
    poll(NULL, 0, 5);
  }
}

static void sweep_owner(const char *owner) {
  int lock = lease_claim_dead(owner);
  if (lock < 0) return;
  bool clear = clear_owner(owner);
  if (!clear) say("control groups of dead launcher %s stay: still busy", owner);
  lease_release_dead(owner, lock, clear);
}

void sweep_dead_owners(const char *own_owner) {
  DIR *entries = list(lease_owners_dir());
  if (!clear_owner(own_owner)) refuse("control groups of a former launcher %s are still busy", own_owner);
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    char owner[OWNER_CHARS + 1];
    if (!has_owner_prefix(entry->d_name) || strcmp(entry->d_name + OWNER_CHARS, ".lock") != 0) continue;
    memcpy(owner, entry->d_name, OWNER_CHARS);
    owner[OWNER_CHARS] = '\0';
    if (strcmp(owner, own_owner) != 0) sweep_owner(owner);
  }
  closedir(entries);
}
