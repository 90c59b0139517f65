/* The state of PID 1, shared by the loop (loop.c), the host's frames (control.c) and the life of a step (run.c). */
#ifndef RUNYARD_SESSION_H
#define RUNYARD_SESSION_H

#include "cgroup.h"
#include "helper.h"
#include "program.h"
#include "relay.h"
#include "step.h"
#include "wire.h"

/* Frames of the host are taken in HELLO, IDLE, RUNNING and GRACE; in between the host waits. */
enum phase {
  PHASE_HELLO,      /* until the host's HELLO */
  PHASE_IDLE,       /* between steps */
  PHASE_FILES,      /* a helper writes sources */
  PHASE_RUNNING,    /* the main process is alive */
  PHASE_GRACE,      /* it is dead, others may still print */
  PHASE_KILLING,    /* until nobody is left */
  PHASE_DRAINING,   /* what the pipes still hold */
  PHASE_COLLECTING, /* artifacts */
  PHASE_WIPING,
  PHASE_REPORTING, /* STEP_EXIT waits for room */
};

struct run {
  struct step_process process;
  bool has_process;
  bool main_ended;
  int main_status;
  struct step_failure failure;
  uint64_t started_ns, main_ended_ns, next_cpu_check_ns, next_kill_ns;
  uint64_t cpu_base_ns, main_cpu_ns;
  struct cgroup_usage before;
  uint64_t max_rss_bytes;
  uint8_t kill_reason;
  struct message report;
};

struct session {
  uid_t uid;
  unsigned cpus;
  bool has_own_kernel; /* gVisor: no other place has processes there */
  int signals; /* signalfd for SIGCHLD */
  enum phase phase;
  uint64_t deadline_ns; /* UINT64_MAX until HELLO */
  uint8_t next_step;    /* number of the step that is running, or else of the next one */
  bool is_defined;      /* STEP came */
  bool is_last;
  bool has_children; /* as of the last reaping */
  bool has_unreaped; /* the last reaping stopped for the sake of other work */
  struct wire wire;
  struct message message; /* the frame in hand */
  struct file_batch batch;
  struct spec spec;
  struct relay relay;
  struct helper helper;
  struct intake intake;
  struct cgroup cgroup;
  struct run run;
};

/* loop.c: serves the host until the end of the sandbox. */
_Noreturn void session_serve(struct session *session);
/* Takes the status of the children that are dead, of so many at a time. */
void session_reap(struct session *session);
/* DONE, flush, exit 0. */
_Noreturn void session_leave(struct session *session);
/* ERROR, flush, exit 1. Kills everybody first. */
_Noreturn void session_fail(struct session *session, uint32_t code, const char *what, int error);

/* control.c: takes the host's next frame, or its hang-up. False when there is nothing to do. */
bool control_advance(struct session *session, uint64_t now);

/* run.c */
void run_start(struct session *session, uint64_t now);
/* Ends the running step for `reason`, unless there is an earlier reason. */
void run_kill(struct session *session, uint8_t reason, uint64_t now);
/* Notes a reaped child. `usage_rss_bytes` is its largest resident set. */
void run_note_dead(struct session *session, pid_t pid, int status, uint64_t usage_rss_bytes, uint64_t now);
/* Moves the step on where time or events allow. False when nothing changed. */
bool run_advance(struct session *session, uint64_t now);
/* When `run_advance` wants to be called again although nothing happens. */
uint64_t run_next_ns(const struct session *session);

/* measure.c: CPU of the running step so far, and the fields of STEP_EXIT that are usage. */
uint64_t measure_cpu_ns(const struct session *session);
void measure_start(struct session *session);
void measure_end(struct session *session, struct exit_body *report);

/* finish.c: artifacts, wipe, STEP_EXIT. */
void finish_start(struct session *session);
bool finish_advance(struct session *session);

#endif
