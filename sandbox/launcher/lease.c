/*
 * Locks are flock(2) on files that stay open: they end with the process, whatever ends it. A file whose lock is free is
 * therefore the sign of a dead launcher, and its name says which control groups it left. Names without a file are not
 * ours to judge: they may belong to a launcher with another state directory.
 */
#include "lease.h"
#include "say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The lower half of the product's range: the docker launcher leases from the upper half of the same host. */
enum { FIRST_UID = 200000, LAST_UID = 204999, BLOCKS = (LAST_UID - FIRST_UID + 1) / UIDS_PER_LAUNCHER };
enum { LOCK_NAME_BYTES = 32 };

static int state_dir;
static int owners_dir;
static int own_lock;
static char own_lock_name[LOCK_NAME_BYTES];
static uid_t first_uid;
static bool busy[UIDS_PER_LAUNCHER];
static int last_taken = UIDS_PER_LAUNCHER - 1;

static int open_dir(int at, const char *path) {
  if (mkdirat(at, path, 0700) != 0 && errno != EEXIST) refuse("cannot make the folder %s: %s", path, strerror(errno));
  int dir = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) refuse("cannot open the folder %s: %s", path, strerror(errno));
  return dir;
}

/* The lock, or -1 when another process holds it. A file that was removed between open and lock does not count. */
static int lock_file(int dir, const char *name, int flags) {
  for (int i = 0; i < 8; i++) {
    struct stat status;
    int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd < 0) return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      close(fd);
      return -1;
    }
    if (fstat(fd, &status) == 0 && status.st_nlink > 0) return fd;
    close(fd);
  }
  return -1;
}

static void lock_name(const char *owner, char name[LOCK_NAME_BYTES]) {
  snprintf(name, LOCK_NAME_BYTES, "%.*s.lock", OWNER_CHARS, owner);
}

static void lock_block(int uids_dir) {
  char name[LOCK_NAME_BYTES];
  for (int block = 0; block < BLOCKS; block++) {
    snprintf(name, sizeof name, "%d", block);
    if (lock_file(uids_dir, name, O_CREAT) < 0) continue;
    /* The descriptor stays open for the life of the process, on purpose. */
    first_uid = (uid_t)(FIRST_UID + block * UIDS_PER_LAUNCHER);
    return;
  }
  refuse("no uids are free: all %d blocks of %d are leased", BLOCKS, UIDS_PER_LAUNCHER);
}

void lease_start(const char *state_path, const char *owner) {
  state_dir = open_dir(AT_FDCWD, state_path);
  int uids_dir = open_dir(state_dir, "uids");
  owners_dir = open_dir(state_dir, "owners");
  lock_name(owner, own_lock_name);
  own_lock = lock_file(owners_dir, own_lock_name, O_CREAT);
  if (own_lock < 0) refuse("the owner %s is in use by another launcher (or %s is not writable)", owner, state_path);
  lock_block(uids_dir);
  close(uids_dir);
}

void lease_end(void) {
  if (unlinkat(owners_dir, own_lock_name, 0) != 0) say("the lock of the owner stays: %s", strerror(errno));
  close(own_lock);
}

int lease_owners_dir(void) {
  return owners_dir;
}

uid_t lease_first_uid(void) {
  return first_uid;
}

uid_t lease_take(void) {
  for (int i = 1; i <= UIDS_PER_LAUNCHER; i++) {
    int slot = (last_taken + i) % UIDS_PER_LAUNCHER;
    if (busy[slot]) continue;
    busy[slot] = true;
    last_taken = slot;
    return first_uid + (uid_t)slot;
  }
  return (uid_t)-1;
}

void lease_give(uid_t uid) {
  busy[uid - first_uid] = false;
}

int lease_claim_dead(const char *owner) {
  char name[LOCK_NAME_BYTES];
  lock_name(owner, name);
  return lock_file(owners_dir, name, 0);
}

void sweep_sockets(int dir) {
  int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = copy < 0 ? NULL : fdopendir(copy);
  if (entries == NULL) refuse("cannot list the folder of the socket: %s", strerror(errno));
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    char name[LOCK_NAME_BYTES];
    if (strspn(entry->d_name, "0123456789abcdef") != OWNER_CHARS) continue;
    if (strcmp(entry->d_name + OWNER_CHARS, ".sock") != 0) continue;
    lock_name(entry->d_name, name);
    if (faccessat(owners_dir, name, F_OK, 0) == 0 || errno != ENOENT) continue;
    if (unlinkat(dir, entry->d_name, 0) != 0 && errno != ENOENT) say("the socket %s stays", entry->d_name);
  }
  closedir(entries);
}

void lease_release_dead(const char *owner, int lock, bool nothing_left) {
  char name[LOCK_NAME_BYTES];
  if (nothing_left) {
    snprintf(name, sizeof name, "%.*s.sock", OWNER_CHARS, owner);
    if (unlinkat(state_dir, name, 0) != 0 && errno != ENOENT) say("the socket of dead launcher %s stays", owner);
    lock_name(owner, name);
    if (unlinkat(owners_dir, name, 0) != 0) say("the lock of dead launcher %s stays", owner);
  }
  close(lock);
}
