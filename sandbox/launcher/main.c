/*
 * The native launcher: the only privileged part of the product.
 *
 * Theory of operation
 *
 * One launcher belongs to one server, its owner, and to a keeper that starts it again when it dies (keeper.c). It listens on
 * a Unix socket, which one user may connect to; one connection is one sandbox:
 *
 *   Node ──connect──► launcher            reads one OPEN (76 bytes, bounds checked in open.c) and nothing after it
 *                        │ lease a uid, make the control groups, set the limits and read them back
 *                        │ clone3: new pid, mount, ipc, uts, net namespaces
 *                        ▼
 *                     child               enters the groups, own cgroup namespace, mounts, loopback, drops privileges
 *                        │ exec
 *                        ▼
 *   Node ◄──stream──► supervisor          PID 1, uid 0 with SETUID, SETGID, KILL; the stream is its fd 0 and 1
 *                        │ dies
 *                        ▼
 *   Node ◄──END────── launcher            counters read from the groups; then groups removed, uid free again
 *
 * What can be written, locked or watched is the place's own: root view, /dev with its devices, /proc, the tmpfs. Two places
 * have no inode in common, save in the root where the kernel gives no overlay (said once on stderr, template.c).
 *
 * What user code printed never goes through the launcher, so there is nothing of it to parse here.
 *
 * Who kills whom. The launcher kills PID 1 (by pidfd; the kernel then kills everything in its pid namespace, and the
 * death is only seen when all of it is gone) when the host hangs up, at the deadline of OPEN, and when it closes itself.
 * It closes when its stdin, the lifeline, ends: on purpose or because Node or the keeper died in whatever way. When the launcher itself
 * is killed, PDEATHSIG kills every PID 1; mounts and namespaces die with the processes; control groups stay, and the next
 * launcher removes those whose owner's lock is free (sweep.c). Ctrl-C of a terminal does not reach it: own session.
 *
 * The order at the start matters: whatever needs host paths or proves that this host can hold a promise comes before
 * `ready`. A limit that cannot be enforced is a `refused` line that names it, and exit 78. After template_enter the
 * process cannot see the host's files any more, only what it holds open.
 */
#include "cgroup.h"
#include "facts.h"
#include "lease.h"
#include "place.h"
#include "privilege.h"
#include "say.h"
#include "serve.h"
#include "template.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBE_PATIENCE_MS = 10000, BACKLOG = 512 };

struct arguments {
  const char *socket;
  const char *root;
  const char *supervisor;
  const char *state_dir;
  const char *owner;
  const char *facts;
  /* Who may connect; root when nobody is named. */
  uid_t uid;
  gid_t gid;
  /* The most that whoever connects may ask for. */
  struct open_bounds bounds;
};

static unsigned parse_id(const char *text) {
  char *end = NULL;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > INT32_MAX)
    refuse("--uid and --gid must be numbers");
  return (unsigned)value;
}

static uint64_t parse_bound(const char *text) {
  char *end = NULL;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '1' || text[0] > '9' || *end != '\0' || errno != 0)
    refuse("--max-memory, --max-processes, --max-cpu-milli and --max-places must be numbers above 0");
  return value;
}

static struct arguments parse_arguments(int count, char **values) {
  static const struct option options[] = {{"socket", required_argument, NULL, 's'},
                      {"root", required_argument, NULL, 'r'},
                      {"supervisor", required_argument, NULL, 'v'},
                      {"state-dir", required_argument, NULL, 'd'},
                      {"owner", required_argument, NULL, 'o'},
                      {"facts", required_argument, NULL, 'f'},
                      {"uid", required_argument, NULL, 'u'},
                      {"gid", required_argument, NULL, 'g'},
                      {"max-memory", required_argument, NULL, 'm'},
                      {"max-processes", required_argument, NULL, 'p'},
                      {"max-cpu-milli", required_argument, NULL, 'c'},
                      {"max-places", required_argument, NULL, 'n'},
                      {NULL, 0, NULL, 0}};
  struct arguments arguments = {.bounds = OPEN_BOUNDS_MOST};
  for (int option; (option = getopt_long(count, values, "", options, NULL)) != -1;) {
    if (option == 's') arguments.socket = optarg;
    else if (option == 'r') arguments.root = optarg;
    else if (option == 'v') arguments.supervisor = optarg;
    else if (option == 'd') arguments.state_dir = optarg;
    else if (option == 'o') arguments.owner = optarg;
    else if (option == 'f') arguments.facts = optarg;
    else if (option == 'u') arguments.uid = parse_id(optarg);
    else if (option == 'g') arguments.gid = parse_id(optarg);
    else if (option == 'm') arguments.bounds.memory_bytes = parse_bound(optarg);
    else if (option == 'p') arguments.bounds.processes = parse_bound(optarg);
    else if (option == 'c') arguments.bounds.cpu_milli = parse_bound(optarg);
    else if (option == 'n') arguments.bounds.places = parse_bound(optarg);
    else refuse("unknown argument");
  }
  if (optind != count || !arguments.socket || !arguments.root || !arguments.supervisor || !arguments.state_dir)
    refuse("usage: launcher --socket <path> --root <dir> --supervisor <path> --state-dir <dir> --owner <id>"
           " [--uid <id> --gid <id>] [--facts <json>] [--max-memory <bytes>] [--max-processes <n>] [--max-cpu-milli <n>]"
           " [--max-places <n>]");
  const char *owner = arguments.owner != NULL ? arguments.owner : "";
  if (strlen(owner) != OWNER_CHARS || strspn(owner, "0123456789abcdef") != OWNER_CHARS)
    refuse("--owner must be 8 lower-case hex digits");
  return arguments;
}

static void check_host(void) {
  if (geteuid() != 0) refuse("the native launcher must run as root");
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0) refuse("descriptor %d must be open", fd);
}

static void settle_process(void) {
  static const int ignored[] = {SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGTTOU, SIGTTIN, SIGTSTP};
  for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) signal(ignored[i], SIG_IGN);
  /* Fails when the caller has made the session already, which is as good. */
  if (setsid() < 0 && errno != EPERM) refuse("setsid: %s", strerror(errno));
  umask(077);
}

/* The socket's folder is kept open: its path means nothing after template_enter. */
struct socket_place {
  int dir;
  char name[sizeof((struct sockaddr_un *)0)->sun_path];
};

static struct socket_place find_socket_place(const char *path) {
  struct socket_place place;
  const char *slash = strrchr(path, '/');
  if (slash == NULL || slash == path || slash[1] == '\0' || strlen(slash + 1) >= sizeof place.name)
    refuse("--socket must be an absolute path of a file in a folder");
  snprintf(place.name, sizeof place.name, "%s", slash + 1);
  char *folder = strndup(path, (size_t)(slash - path));
  place.dir = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (place.dir < 0) refuse("cannot open the folder of the socket %s: %s", path, strerror(errno));
  free(folder);
  return place;
}

/*
 * The folder is root's, so whoever may connect can neither replace the socket nor put another beside it. The mode comes with
 * the socket, by the umask: there is no moment in which others could connect.
 */
static int listen_at(const struct socket_place *place, uid_t uid, gid_t gid) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, place->name, sizeof place->name);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) refuse("socket: %s", strerror(errno));
  if (unlinkat(place->dir, place->name, 0) != 0 && errno != ENOENT)
    refuse("cannot remove the old socket: %s", strerror(errno));
  /* A relative name: the folder cannot be reached by path here. The umask makes it 0600. */
  if (fchdir(place->dir) != 0) refuse("fchdir: %s", strerror(errno));
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) refuse("cannot bind the socket: %s", strerror(errno));
  if (fchownat(place->dir, place->name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
    refuse("cannot give the socket to %u:%u: %s", (unsigned)uid, (unsigned)gid, strerror(errno));
  if (chdir("/") != 0) refuse("chdir /: %s", strerror(errno));
  if (listen(fd, BACKLOG) != 0) refuse("listen: %s", strerror(errno));
  return fd;
}

/* One whole sandbox, short of the supervisor: what this kernel or container does not allow shows here, by name. */
static void probe(void) {
  const struct open_request request = {.memory_bytes = 64ull << 20, .box_bytes = 1 << 20, .tmp_bytes = 1 << 20,
                                         .shm_bytes = 1 << 20, .program_bytes = 1 << 20, .box_inodes = 64,
                                         .processes = 8, .cpu_milli = 1000, .deadline_ms = PROBE_PATIENCE_MS};
  struct cgroup cgroup;
  struct place place;
  char step[FRAME_TEXT_BYTES];
  const char *limit;
  int status = 0;
  if (cgroup_make(&request, &cgroup, &limit) != 0) refuse("cannot enforce limits: %s: %s", limit, strerror(errno));
  const struct place_request place_request = {
    .open = &request, .cgroup = &cgroup, .uid = lease_first_uid(), .connection = -1};
  if (place_start(&place_request, &place) != 0) refuse("cannot make a sandbox: clone3: %s", strerror(errno));
  struct pollfd process = {.fd = place.pidfd, .events = POLLIN};
  if (poll(&process, 1, PROBE_PATIENCE_MS) != 1) place_kill(&place);
  if (waitpid(place.pid, &status, 0) != place.pid) refuse("waitpid: %s", strerror(errno));
  int failure = place_failure(&place, step);
  cgroup_drop(&cgroup);
  close(place.failure_pipe);
  close(place.pidfd);
  if (failure != 0) refuse("cannot make a sandbox: %s: %s", step, strerror(failure));
  if (status != 0) refuse("cannot make a sandbox: the trial ended with wait status %d", status);
}

static void say_ready(void) {
  printf("ready %s\n", facts_of_launcher());
  fflush(stdout);
}

int main(int count, char **values) {
  struct arguments arguments = parse_arguments(count, values);
  check_host();
  settle_process();
  lease_start(arguments.state_dir, arguments.owner);
  struct socket_place socket_place = find_socket_place(arguments.socket);
  privilege_prepare();
  cgroup_start(arguments.owner);
  place_prepare(arguments.supervisor);
  template_enter(arguments.root);
  probe();
  facts_start(arguments.owner, arguments.facts);
  open_bound(&arguments.bounds);
  sweep_sockets(socket_place.dir);
  int listener = listen_at(&socket_place, arguments.uid, arguments.gid);
  say_ready();
  bool is_clean = serve(listener);
  if (unlinkat(socket_place.dir, socket_place.name, 0) != 0) say("the socket stays: %s", strerror(errno));
  /* The lock's name is what tells the next launcher to look for remains. */
  if (is_clean) lease_end();
  else say("control groups of %s stay until the next start", arguments.owner);
  return 0;
}
