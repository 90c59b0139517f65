/* Monotonic time in nanoseconds, and the CPU time of this process. */
#ifndef RUNYARD_CLOCK_H
#define RUNYARD_CLOCK_H

#include <stdint.h>
#include <sys/types.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

uint64_t now_ns(void);
uint64_t own_cpu_ns(void);
/* CPU time of a live process, 0 when it is gone. */
uint64_t process_cpu_ns(pid_t pid);

#endif
