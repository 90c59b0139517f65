/*
 * Which system calls PID 1, its helpers and every step may make: a list of permissions (docs/adr/0009), whose table
 * filter-table.h is made from src/seccomp/policy.ts. What the table does not name fails with EPERM where the call is known,
 * with ENOSYS where it is not, so that libraries take the older way; an errno too for foreign architectures, whose
 * numbers mean other calls.
 *
 * PID 1 installs it once, for itself too: a step costs nothing, and a fault in PID 1 has the smaller kernel before it as
 * well. The kernel finds out at the installation which numbers are allowed whatever the arguments, and does not run the
 * program for them, so its length matters only for what is refused or looked into.
 *
 * Arguments are looked at where the kernel itself takes 32 bits, so the lower halves say all. Pointers cannot be followed:
 * hence no clone3, whose flags lie in memory; libraries then use clone.
 */
#include "filter.h"

#include "say.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "filter-table.h"

void filter_install(void) {
  /* The kernel copies it; its type is not const for no reason. */
  const struct sock_fprog whole = {.len = sizeof program / sizeof program[0], .filter = (struct sock_filter *)program};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == -1) die("system call filter");
}
