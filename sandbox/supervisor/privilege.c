#include "privilege.h"

#include "say.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void privilege_shield(void) {
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1) die("PR_SET_DUMPABLE");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) die("PR_SET_NO_NEW_PRIVS");
}

void privilege_reduce(void) {
  static const uint32_t wanted = 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_KILL;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{.effective = wanted, .permitted = wanted}};
  /* EINVAL: the kernel (gVisor's) has no ambient capabilities, so none can be left. */
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 && errno != EINVAL) die("PR_CAP_AMBIENT");
  if (syscall(SYS_capset, &header, data) == -1) die("SETUID, SETGID and KILL are needed");
}
