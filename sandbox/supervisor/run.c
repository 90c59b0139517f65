/* The life of a step, from GO to the last byte of its pipes. */
#include "clock.h"
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t GRACE_NS = 100 * NS_PER_MS;
static const uint64_t KILL_AGAIN_NS = 20 * NS_PER_MS;

static void not_started(struct session *session, int error) {
  struct run *run = &session->run;
  run->main_ended = true;
  run->failure = (struct step_failure){.error = error, .is_ours = false};
  session->phase = PHASE_DRAINING;
}

void run_start(struct session *session, uint64_t now) {
  struct run *run = &session->run;
  *run = (struct run){.started_ns = now, .main_ended_ns = now, .next_cpu_check_ns = now};
  session->relay.output[RELAY_STDOUT] = session->relay.output[RELAY_STDERR] = session->relay.input = -1;
  session->relay.forwarded[RELAY_STDOUT] = session->relay.forwarded[RELAY_STDERR] = 0;
  session->relay.is_over = false;
  /* The tasks of the place are PID 1 and the step; helpers run only when the step has none, so they find room. */
  int error = cgroup_limit(&session->cgroup, session->spec.memory_bytes, (uint64_t)session->spec.processes + 1);
  measure_start(session);
  if (error == EBUSY) return not_started(session, ENOMEM);
  if (error != 0) session_fail(session, ERROR_SYSTEM, "limits of the step", error);
  run->started_ns = now_ns();
  const struct step_owner owner = {.uid = session->uid, .has_own_kernel = session->has_own_kernel};
  error = step_start(&session->spec, &owner, &run->process);
  if (error != 0) session_fail(session, ERROR_SYSTEM, "start of the step", error);
  run->has_process = true;
  session->has_children = true;
  relay_start(&session->relay, &run->process, session->next_step, session->spec.output_bytes);
  session->phase = PHASE_RUNNING;
}

/* Sends SIGKILL to every process but PID 1; what is forked meanwhile dies of it too (the kernel holds its task list). */
static void kill_all(struct session *session, uint64_t now) {
  if (kill(-1, SIGKILL) == -1 && errno != ESRCH) session_fail(session, ERROR_SYSTEM, "kill", errno);
  session->run.next_kill_ns = now + KILL_AGAIN_NS;
}

void run_kill(struct session *session, uint8_t reason, uint64_t now) {
  if (session->run.kill_reason == KILL_NONE) session->run.kill_reason = reason;
  kill_all(session, now);
  session->phase = PHASE_KILLING;
}

void run_note_dead(struct session *session, pid_t pid, int status, uint64_t usage_rss_bytes, uint64_t now) {
  struct run *run = &session->run;
  if (pid == session->helper.pid) {
    session->helper.status = status;
    session->helper.ended = true;
    /* Numbers of processes come round again. */
    session->helper.pid = 0;
    return;
  }
  if (usage_rss_bytes > run->max_rss_bytes) run->max_rss_bytes = usage_rss_bytes;
  if (!run->has_process || run->main_ended || pid != run->process.pid) return;
  run->main_ended = true;
  run->main_status = status;
  run->main_ended_ns = now;
  run->main_cpu_ns = measure_cpu_ns(session);
  run->failure = step_failure(&run->process);
  if (run->failure.error != 0 && run->failure.is_ours)
    session_fail(session, ERROR_SYSTEM, "preparation of the step", run->failure.error);
}

static bool check_limits(struct session *session, uint64_t now) {
  struct run *run = &session->run;
  const struct spec *spec = &session->spec;
  if (now - run->started_ns >= spec->wall_ms * NS_PER_MS) {
    run_kill(session, KILL_WALL, now);
    return true;
  }
  if (now < run->next_cpu_check_ns) return false;
  uint64_t limit = spec->cpu_ms * NS_PER_MS;
  uint64_t used = measure_cpu_ns(session);
  if (used > limit) {
    run_kill(session, KILL_CPU, now);
    return true;
  }
  /* It cannot be over the limit before all processors have worked for the rest of it. */
  uint64_t soonest = (limit - used) / session->cpus;
  run->next_cpu_check_ns = now + (soonest < NS_PER_MS ? NS_PER_MS : soonest);
  return false;
}

static bool advance_running(struct session *session, uint64_t now) {
  if (session->relay.is_over) {
    run_kill(session, KILL_OUTPUT, now);
    return true;
  }
  if (!session->run.main_ended) return check_limits(session, now);
  session->phase = PHASE_GRACE;
  return true;
}

static bool advance_grace(struct session *session, uint64_t now) {
  bool nobody_prints = !session->has_children || relay_is_at_end(&session->relay);
  bool is_over = session->relay.is_over;
  if (!nobody_prints && !is_over && now - session->run.main_ended_ns < GRACE_NS) return false;
  run_kill(session, is_over ? KILL_OUTPUT : KILL_NONE, now);
  return true;
}

static bool advance_killing(struct session *session, uint64_t now) {
  if (!session->has_children) {
    session->phase = PHASE_DRAINING;
    return true;
  }
  if (now < session->run.next_kill_ns) return false;
  kill_all(session, now);
  /* Should a death ever go without SIGCHLD. */
  session_reap(session);
  return !session->has_children;
}

/* Nobody holds a writing end any more, so an empty pipe is at its end. */
static bool advance_draining(struct session *session, uint64_t now) {
  for (int stream = 0; stream < RELAY_STREAMS; stream++) {
    while (session->relay.output[stream] != -1 && !session->relay.is_over) {
      enum relay_read got = relay_read(&session->relay, stream, &session->wire, now);
      if (got == RELAY_NO_ROOM) return false;
      if (got == RELAY_EMPTY) break;
    }
  }
  if (session->relay.is_over && session->run.kill_reason == KILL_NONE) session->run.kill_reason = KILL_OUTPUT;
  finish_start(session);
  return true;
}

bool run_advance(struct session *session, uint64_t now) {
  switch (session->phase) {
    case PHASE_RUNNING:
      return advance_running(session, now);
    case PHASE_GRACE:
      return advance_grace(session, now);
    case PHASE_KILLING:
      return advance_killing(session, now);
    case PHASE_DRAINING:
      return advance_draining(session, now);
    case PHASE_FILES:
    case PHASE_COLLECTING:
    case PHASE_WIPING:
    case PHASE_REPORTING:
      return finish_advance(session);
    case PHASE_HELLO:
    case PHASE_IDLE:
      return false;
  }
  return false;
}

uint64_t run_next_ns(const struct session *session) {
  const struct run *run = &session->run;
  uint64_t wall_end = run->started_ns + session->spec.wall_ms * NS_PER_MS;
  switch (session->phase) {
    case PHASE_RUNNING:
      return wall_end < run->next_cpu_check_ns ? wall_end : run->next_cpu_check_ns;
    case PHASE_GRACE:
      return run->main_ended_ns + GRACE_NS;
    case PHASE_KILLING:
      return run->next_kill_ns;
    case PHASE_FILES:
    case PHASE_COLLECTING:
    case PHASE_WIPING:
      return session->helper.deadline_ns;
    default:
      return UINT64_MAX;
  }
}
