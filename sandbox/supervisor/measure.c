/*
 * Usage of a step. CPU time is that of the whole place minus our own, so that nothing a program leaves behind, forks or
 * orphans escapes, and relaying output costs the program nothing.
 */
#include "clock.h"
#include "session.h"

#include <sys/resource.h>

static uint64_t timeval_ns(const struct timeval *time) {
  return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_usec * NS_PER_US;
}

/* Without a cgroup: the dead and waited-for ones, and the main process while it lives. */
static uint64_t children_cpu_ns(const struct session *session) {
  struct rusage usage;
  if (getrusage(RUSAGE_CHILDREN, &usage) == -1) return 0;
  uint64_t cpu = timeval_ns(&usage.ru_utime) + timeval_ns(&usage.ru_stime);
  const struct run *run = &session->run;
  return run->has_process && !run->main_ended ? cpu + process_cpu_ns(run->process.pid) : cpu;
}

static uint64_t total_cpu_ns(const struct session *session) {
  if (session->cgroup.layout == NULL) return children_cpu_ns(session);
  uint64_t all = cgroup_cpu_ns(&session->cgroup);
  uint64_t own = own_cpu_ns();
  return all > own ? all - own : 0;
}

uint64_t measure_cpu_ns(const struct session *session) {
  uint64_t total = total_cpu_ns(session);
  return total > session->run.cpu_base_ns ? total - session->run.cpu_base_ns : 0;
}

void measure_start(struct session *session) {
  cgroup_read(&session->cgroup, &session->run.before);
  session->run.cpu_base_ns = total_cpu_ns(session);
}

/*
 * The peak without the clean pages of shared files that we happened to read first, unless memory ran out, when it is the
 * limit itself. A process larger than the result corrects it. Where peaks cannot be restarted (docker), the place's
 * peak is this step's only when the step raised it.
 */
static void measure_memory(const struct session *session, const struct cgroup_usage *after, struct exit_body *report) {
  const struct run *run = &session->run;
  bool is_peak_of_step = session->cgroup.restarts_peak || after->memory_peak_bytes > run->before.memory_peak_bytes;
  if (session->cgroup.layout == NULL || !is_peak_of_step) {
    report->memory_source = MEMORY_RSS;
    report->memory_peak_bytes = run->max_rss_bytes;
    return;
  }
  uint64_t peak = after->memory_peak_bytes;
  if (report->oom_kills == 0) peak -= after->file_cache_bytes < peak ? after->file_cache_bytes : peak;
  if (peak < run->max_rss_bytes) peak = run->max_rss_bytes;
  if (peak > after->memory_peak_bytes) peak = after->memory_peak_bytes;
  report->memory_source = MEMORY_CGROUP;
  report->memory_peak_bytes = peak;
}

void measure_end(struct session *session, struct exit_body *report) {
  const struct run *run = &session->run;
  struct cgroup_usage after;
  cgroup_read(&session->cgroup, &after);
  report->cpu_us = measure_cpu_ns(session) / NS_PER_US;
  report->oom_kills = after.oom_kills > run->before.oom_kills ? after.oom_kills - run->before.oom_kills : 0;
  /* PID 1 is one of them. The counter cannot be restarted: known is a new peak, and the least that a step can have. */
  bool is_peak_of_step = after.pids_peak > run->before.pids_peak || after.pids_peak == 2;
  report->processes_peak = run->has_process && is_peak_of_step ? (uint32_t)(after.pids_peak - 1) : 0;
  measure_memory(session, &after, report);
}
