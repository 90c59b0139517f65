#include "program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* 4 MiB; then the loop looks at its deadlines again. */
enum { READS_PER_TURN = 64 };

bool intake_start(struct intake *intake, int pipe) {
  *intake = (struct intake){.pipe = pipe, .folder = -1, .file = -1, .error = ARTIFACT_OK};
  intake->folder = open("/program", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return intake->folder != -1;
}

static void close_file(struct intake *intake) {
  if (intake->file != -1 && close(intake->file) == -1 && intake->error == ARTIFACT_OK) intake->error = ARTIFACT_NO_ROOM;
  intake->file = -1;
}

static void fail(struct intake *intake, uint8_t error) {
  if (intake->error == ARTIFACT_OK) intake->error = error;
}

static bool is_no_room(int error) { return error == ENOSPC || error == EDQUOT || error == ENOMEM; }

static void begin_file(struct intake *intake) {
  struct artifact_head *head = &intake->head;
  intake->head_bytes = 0;
  if (head->name[0] == '\0') {
    intake->is_whole = true;
    return;
  }
  bool is_name = memchr(head->name, '\0', sizeof head->name) != NULL && strchr(head->name, '/') == NULL;
  if (!is_name) return fail(intake, ARTIFACT_UNREADABLE);
  /* An artifact of an earlier step may be replaced. The mode counts once the descriptor that writes is closed. */
  unlinkat(intake->folder, head->name, 0);
  intake->file = openat(intake->folder, head->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0555);
  if (intake->file == -1) return fail(intake, is_no_room(errno) ? ARTIFACT_NO_ROOM : ARTIFACT_UNREADABLE);
  intake->left = head->size;
  intake->count++;
  intake->bytes += head->size;
  if (intake->left == 0) close_file(intake);
}

static void take_content(struct intake *intake, const char *from, size_t length) {
  while (length > 0) {
    ssize_t put = write(intake->file, from, length);
    if (put == -1 && errno == EINTR) continue;
    if (put == -1) return fail(intake, is_no_room(errno) ? ARTIFACT_NO_ROOM : ARTIFACT_UNREADABLE);
    from += put;
    length -= (size_t)put;
    intake->left -= (uint64_t)put;
  }
  if (intake->left == 0) close_file(intake);
}

static ssize_t read_some(struct intake *intake) {
  static char block[FRAME_PAYLOAD_MAX];
  if (intake->file == -1) {
    char *to = (char *)&intake->head + intake->head_bytes;
    ssize_t got = read(intake->pipe, to, sizeof intake->head - intake->head_bytes);
    if (got > 0) intake->head_bytes += (size_t)got;
    if (intake->head_bytes == sizeof intake->head) begin_file(intake);
    return got;
  }
  ssize_t got = read(intake->pipe, block, intake->left < sizeof block ? (size_t)intake->left : sizeof block);
  if (got > 0) take_content(intake, block, (size_t)got);
  return got;
}

static void close_pipe(struct intake *intake) {
  close(intake->pipe);
  intake->pipe = -1;
}

void intake_read(struct intake *intake) {
  for (int i = 0; i < READS_PER_TURN && intake->pipe != -1; i++) {
    ssize_t got = read_some(intake);
    if (got == -1 && errno == EAGAIN) return;
    if (got == -1 && errno == EINTR) continue;
    if (got <= 0 || intake->error != ARTIFACT_OK) close_pipe(intake);
  }
}

static void empty_program(int folder) {
  DIR *entries = fdopendir(folder);
  if (entries == NULL) {
    close(folder);
    return;
  }
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) unlinkat(folder, entry->d_name, 0);
  closedir(entries);
}

void intake_finish(struct intake *intake, bool sender_succeeded) {
  if (intake->pipe != -1) close_pipe(intake);
  close_file(intake);
  if (!sender_succeeded || !intake->is_whole) fail(intake, ARTIFACT_UNREADABLE);
  if (intake->count == 0) fail(intake, ARTIFACT_NONE);
  if (intake->error == ARTIFACT_OK) {
    close(intake->folder);
    return;
  }
  intake->count = 0;
  intake->bytes = 0;
  empty_program(intake->folder);
}
