/*
 * PID 1 cannot raise a hard limit (it has no CAP_SYS_RESOURCE), it can only lower what it is given for the steps. So the
 * daemon raises what steps may need and lowers what nobody needs. The bounding set is cut in the daemon as well: that
 * takes nothing from the daemon itself, and nothing that is executed later can get a capability back.
 */
#include "privilege.h"
#include "say.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEPT_CAPABILITIES ((1u << CAP_SETUID) | (1u << CAP_SETGID) | (1u << CAP_KILL))

static const struct {
  __rlimit_resource_t resource;
  const char *name;
  /* What is asked for, and the least that is enough where the host's own hard limit cannot be raised. */
  rlim_t wanted;
  rlim_t enough;
} limits[] = {
  {RLIMIT_NOFILE, "open files", 65536, 4096},
  {RLIMIT_CPU, "CPU time", RLIM_INFINITY, RLIM_INFINITY},
  {RLIMIT_FSIZE, "file size", RLIM_INFINITY, RLIM_INFINITY},
  {RLIMIT_STACK, "stack", RLIM_INFINITY, RLIM_INFINITY},
  {RLIMIT_DATA, "data", RLIM_INFINITY, RLIM_INFINITY},
  {RLIMIT_AS, "address space", RLIM_INFINITY, RLIM_INFINITY},
  /* Counted per uid over the whole host: the pids controller is the limit, not this. */
  {RLIMIT_NPROC, "processes", RLIM_INFINITY, 4096},
  /* 1 and not 0: with 0 the kernel still feeds a core_pattern that is a pipe, 1 is its word for none at all (core(5)). */
  {RLIMIT_CORE, "core files", 1, 0},
  /* Lowered: no POSIX queues, hardly a locked page, no real-time scheduling (kernel quotas shared by uid). */
  {RLIMIT_MSGQUEUE, "message queues", 0, 0},
  {RLIMIT_MEMLOCK, "locked memory", 65536, 0},
  {RLIMIT_RTPRIO, "real-time priority", 0, 0},
  {RLIMIT_NICE, "nice", 0, 0},
};

/* With an unlimited soft stack limit the kernel lays the address space out in the old, more predictable way. */
static rlim_t soft(__rlimit_resource_t resource, rlim_t hard) {
  const rlim_t usual_stack = 8u << 20;
  return resource == RLIMIT_STACK && hard > usual_stack ? usual_stack : hard;
}

static void set_limit(__rlimit_resource_t resource, const char *name, rlim_t wanted, rlim_t enough) {
  struct rlimit limit = {soft(resource, wanted), wanted};
  if (setrlimit(resource, &limit) == 0) return;
  if (errno != EPERM || getrlimit(resource, &limit) != 0) refuse("cannot set the limit of %s: %s", name, strerror(errno));
  if (limit.rlim_max != RLIM_INFINITY && (enough == RLIM_INFINITY || limit.rlim_max < enough))
    refuse("the hard limit of %s is too low on this host (ulimit -H) and cannot be raised", name);
  limit.rlim_cur = soft(resource, limit.rlim_max);
  if (setrlimit(resource, &limit) != 0) refuse("cannot set the limit of %s: %s", name, strerror(errno));
}

void privilege_prepare(void) {
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
    set_limit(limits[i].resource, limits[i].name, limits[i].wanted, limits[i].enough);
  if (setgroups(0, NULL) != 0) refuse("cannot drop the groups: %s", strerror(errno));
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
    if (capability < 32 && (KEPT_CAPABILITIES >> capability & 1u)) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      refuse("cannot drop capability %d: %s", capability, strerror(errno));
  }
}

int privilege_drop(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2] = {{.effective = KEPT_CAPABILITIES, .permitted = KEPT_CAPABILITIES}};
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return -1;
  if (syscall(SYS_capset, &header, data) != 0) return -1;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
