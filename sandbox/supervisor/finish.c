/* After a step: its report, its artifacts, the wipe. Also the waiting for helpers. */
#include "clock.h"
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a helper and the copies in /program may need when the program filled the place to its limit with files. */
static const uint64_t MEMORY_SLACK_BYTES = UINT64_C(16) << 20;

static void set_outcome(const struct run *run, struct exit_body *report) {
  if (run->failure.error != 0) {
    report->kind = EXIT_NOT_STARTED;
    report->value = (uint32_t)run->failure.error;
  } else if (WIFEXITED(run->main_status)) {
    report->kind = EXIT_EXITED;
    report->value = (uint32_t)WEXITSTATUS(run->main_status);
  } else {
    report->kind = EXIT_SIGNALLED;
    report->value = (uint32_t)WTERMSIG(run->main_status);
  }
}

static void make_report(struct session *session) {
  struct run *run = &session->run;
  const struct relay *relay = &session->relay;
  run->report = (struct message){.type = FRAME_STEP_EXIT, .step = session->next_step};
  struct exit_body *report = &run->report.as.exit;
  *report = (struct exit_body){.artifact_error = ARTIFACT_OK};
  set_outcome(run, report);
  measure_end(session, report);
  /* It may end by itself, or at the kernel's per-process limit, between two looks at the clock: it was over its limit all the same. */
  uint64_t wall_ns = run->main_ended_ns - run->started_ns;
  bool is_over_cpu = run->main_cpu_ns > session->spec.cpu_ms * NS_PER_MS;
  bool is_over_wall = wall_ns >= session->spec.wall_ms * NS_PER_MS;
  if (run->kill_reason == KILL_NONE && is_over_cpu) run->kill_reason = KILL_CPU;
  if (run->kill_reason == KILL_NONE && is_over_wall) run->kill_reason = KILL_WALL;
  report->kill_reason = run->kill_reason;
  report->wall_us = wall_ns / NS_PER_US;
  report->stdout_bytes = relay->forwarded[RELAY_STDOUT];
  report->stderr_bytes = relay->forwarded[RELAY_STDERR];
  report->truncated = relay->is_over ? 1 : 0;
}

static bool is_end_of_plan(const struct session *session) {
  return session->is_last || session->run.kill_reason == KILL_CANCEL;
}

/* After the last step the place goes away as a whole, so nothing needs wiping. */
static void start_wipe(struct session *session) {
  session->phase = PHASE_REPORTING;
  if (is_end_of_plan(session)) return;
  int error = helper_wipe(&session->helper, session->uid);
  if (error != 0) session_fail(session, ERROR_WIPE, "wipe", error);
  session->phase = PHASE_WIPING;
}

static void start_collecting(struct session *session) {
  int pipe;
  int error = helper_send_artifacts(&session->helper, session->uid, &session->spec, &pipe);
  if (error == 0 && !intake_start(&session->intake, pipe)) error = errno;
  if (error != 0) session_fail(session, ERROR_SYSTEM, "artifacts", error);
  session->phase = PHASE_COLLECTING;
}

void finish_start(struct session *session) {
  struct run *run = &session->run;
  relay_close(&session->relay);
  if (run->has_process) close(run->process.failure_read);
  make_report(session);
  const struct exit_body *report = &run->report.as.exit;
  bool is_success = report->kind == EXIT_EXITED && report->value == 0 && report->kill_reason == KILL_NONE;
  bool has_artifacts = session->spec.compile && is_success;
  if (!has_artifacts && is_end_of_plan(session)) {
    session->phase = PHASE_REPORTING;
    return;
  }
  uint64_t memory_bytes = session->spec.memory_bytes + MEMORY_SLACK_BYTES;
  int error = cgroup_limit(&session->cgroup, memory_bytes, (uint64_t)session->spec.processes + 1);
  if (error != 0 && error != EBUSY) session_fail(session, ERROR_SYSTEM, "limits", error);
  if (has_artifacts) start_collecting(session);
  else start_wipe(session);
}

static bool finish_collecting(struct session *session) {
  /* The sender is dead, so the pipe ends; reading it to the end may take several turns. */
  if (session->intake.pipe != -1) {
    intake_read(&session->intake);
    if (session->intake.pipe != -1) return true;
  }
  intake_finish(&session->intake, helper_error(&session->helper) == 0);
  struct exit_body *report = &session->run.report.as.exit;
  report->artifact_error = session->intake.error;
  report->artifact_count = session->intake.count;
  report->artifact_bytes = session->intake.bytes;
  start_wipe(session);
  return true;
}

static bool finish_helper(struct session *session) {
  int error = helper_error(&session->helper);
  switch (session->phase) {
    case PHASE_COLLECTING:
      return finish_collecting(session);
    case PHASE_WIPING:
      if (error != 0) session_fail(session, ERROR_WIPE, "wipe", error);
      session->phase = PHASE_REPORTING;
      return true;
    default:
      if (error != 0) session_fail(session, ERROR_FILES, "files of the step", error);
      session->phase = PHASE_IDLE;
      return true;
  }
}

static bool send_report(struct session *session) {
  if (!wire_send(&session->wire, &session->run.report)) return false;
  if (is_end_of_plan(session)) session_leave(session);
  if (session->next_step == UINT8_MAX) session_fail(session, ERROR_PROTOCOL, "more than 256 steps", 0);
  session->next_step++;
  session->is_defined = false;
  session->phase = PHASE_IDLE;
  return true;
}

bool finish_advance(struct session *session) {
  if (session->phase == PHASE_REPORTING) return send_report(session);
  if (session->phase == PHASE_COLLECTING && session->intake.pipe != -1) intake_read(&session->intake);
  if (session->helper.ended) return finish_helper(session);
  if (now_ns() >= session->helper.deadline_ns) session_fail(session, ERROR_SYSTEM, "a helper took too long", 0);
  return false;
}
