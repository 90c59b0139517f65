#include "frame.h"

static void code_open(struct codec *codec, struct message *message) {
  struct open_body *body = &message->as.open;
  code_magic(codec, "RYL1");
  code_fixed_u16(codec, PROTOCOL_VERSION);
  code_fixed_u16(codec, 0);
  code_u64(codec, &body->memory_bytes);
  code_u64(codec, &body->box_bytes);
  code_u64(codec, &body->tmp_bytes);
  code_u64(codec, &body->shm_bytes);
  code_u64(codec, &body->program_bytes);
  code_u32(codec, &body->box_inodes);
  code_u32(codec, &body->processes);
  code_u32(codec, &body->cpu_milli);
  code_u64(codec, &body->deadline_ms);
}

static void code_greeting(struct codec *codec, struct message *message) {
  (void)message;
  code_magic(codec, "RYD1");
  code_fixed_u16(codec, PROTOCOL_VERSION);
  code_fixed_u16(codec, 0);
}

static void code_hello(struct codec *codec, struct message *message) {
  code_greeting(codec, message);
  code_u64(codec, &message->as.deadline_ms);
}

static void code_step(struct codec *codec, struct message *message) {
  struct step_body *body = &message->as.step;
  code_list(codec, &body->argc, body->argv, STEP_STRINGS_MAX);
  code_list(codec, &body->envc, body->env, STEP_STRINGS_MAX);
  code_u64(codec, &body->wall_ms);
  code_u64(codec, &body->cpu_ms);
  code_u64(codec, &body->memory_bytes);
  code_u64(codec, &body->output_bytes);
  code_u64(codec, &body->file_bytes);
  code_u64(codec, &body->stack_bytes);
  code_u32(codec, &body->processes);
  code_u32(codec, &body->open_files);
  code_list(codec, &body->pattern_count, body->patterns, STEP_PATTERNS_MAX);
}

static void code_file(struct codec *codec, struct message *message) {
  code_bytes(codec, &message->as.file.path);
  code_u32(codec, &message->as.file.mode);
  code_rest(codec, &message->as.file.data);
}

static void code_data(struct codec *codec, struct message *message) { code_rest(codec, &message->as.data); }

static void code_credit(struct codec *codec, struct message *message) { code_u32(codec, &message->as.credit); }

static void code_nothing(struct codec *codec, struct message *message) {
  (void)codec;
  (void)message;
}

static void code_step_exit(struct codec *codec, struct message *message) {
  struct exit_body *body = &message->as.exit;
  code_u8(codec, &body->kind);
  code_u8(codec, &body->kill_reason);
  code_u8(codec, &body->memory_source);
  code_u8(codec, &body->artifact_error);
  code_u32(codec, &body->value);
  code_u64(codec, &body->wall_us);
  code_u64(codec, &body->cpu_us);
  code_u64(codec, &body->memory_peak_bytes);
  code_u64(codec, &body->oom_kills);
  code_u64(codec, &body->stdout_bytes);
  code_u64(codec, &body->stderr_bytes);
  code_u32(codec, &body->processes_peak);
  code_u32(codec, &body->truncated);
  code_u32(codec, &body->artifact_count);
  code_fixed_u32(codec, 0);
  code_u64(codec, &body->artifact_bytes);
  code_fixed_u64(codec, 0);
}

static void code_error(struct codec *codec, struct message *message) {
  code_u32(codec, &message->as.error.code);
  code_rest(codec, &message->as.error.text);
}

static void code_end(struct codec *codec, struct message *message) {
  struct end_body *body = &message->as.end;
  code_magic(codec, "RYE1");
  code_u32(codec, &body->wait_status);
  code_u64(codec, &body->oom_kills);
  code_u64(codec, &body->memory_peak_bytes);
  code_u64(codec, &body->cpu_us);
  code_u32(codec, &body->pids_peak);
  code_u32(codec, &body->cause);
}

struct rule {
  uint8_t type;
  bool has_step; /* else `step` must be 0 */
  uint16_t flags;
  void (*code)(struct codec *, struct message *);
};

static const struct rule RULES[] = {
    {FRAME_HELLO, false, 0, code_hello},
    {FRAME_STEP, true, FLAG_STEP_COMPILE, code_step},
    {FRAME_FILE, true, FLAG_APPEND, code_file},
    {FRAME_GO, true, FLAG_GO_LAST, code_nothing},
    {FRAME_STDIN, true, 0, code_data},
    {FRAME_STDIN_END, true, 0, code_nothing},
    {FRAME_CANCEL, true, 0, code_nothing},
    {FRAME_GREETING, false, 0, code_greeting},
    {FRAME_READY, false, 0, code_nothing},
    {FRAME_STDOUT, true, 0, code_data},
    {FRAME_STDERR, true, 0, code_data},
    {FRAME_STDIN_CREDIT, true, FLAG_CREDIT_CLOSED, code_credit},
    {FRAME_STEP_EXIT, true, 0, code_step_exit},
    {FRAME_ARTIFACT, true, FLAG_APPEND, code_file},
    {FRAME_DONE, false, 0, code_nothing},
    {FRAME_ERROR, false, 0, code_error},
    {FRAME_OPEN, false, 0, code_open},
    {FRAME_END, false, 0, code_end},
    {FRAME_LAUNCH_ERROR, false, 0, code_error},
};

static const struct rule *rule_for(uint8_t type) {
  for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++)
    if (RULES[i].type == type) return &RULES[i];
  return NULL;
}

static bool is_header_allowed(const struct rule *rule, uint8_t step, uint16_t flags) {
  return rule != NULL && (rule->has_step || step == 0) && (flags & ~rule->flags) == 0;
}

bool frame_parse_header(const uint8_t *at, struct frame *frame) {
  struct codec codec = codec_reader(at, FRAME_HEADER_BYTES);
  code_u32(&codec, &frame->length);
  code_u8(&codec, &frame->type);
  code_u8(&codec, &frame->step);
  code_u16(&codec, &frame->flags);
  frame->payload = at + FRAME_HEADER_BYTES;
  return frame->length <= FRAME_PAYLOAD_MAX;
}

void frame_put_header(uint8_t *at, uint8_t type, uint8_t step, uint16_t flags, uint32_t length) {
  struct codec codec = codec_writer(at, FRAME_HEADER_BYTES);
  code_u32(&codec, &length);
  code_u8(&codec, &type);
  code_u8(&codec, &step);
  code_u16(&codec, &flags);
}

bool frame_decode(const struct frame *frame, struct message *message) {
  const struct rule *rule = rule_for(frame->type);
  if (!is_header_allowed(rule, frame->step, frame->flags)) return false;
  message->type = frame->type;
  message->step = frame->step;
  message->flags = frame->flags;
  struct codec codec = codec_reader(frame->payload, frame->length);
  rule->code(&codec, message);
  return !codec.bad && codec.left == 0;
}

size_t frame_encode(const struct message *message, uint8_t *to, size_t room) {
  const struct rule *rule = rule_for(message->type);
  if (!is_header_allowed(rule, message->step, message->flags) || room < FRAME_HEADER_BYTES) return 0;
  size_t space = room - FRAME_HEADER_BYTES;
  if (space > FRAME_PAYLOAD_MAX) space = FRAME_PAYLOAD_MAX;
  struct codec codec = codec_writer(to + FRAME_HEADER_BYTES, space);
  /* A writing codec changes no field; the table is shared with the reading one, hence the cast. */
  rule->code(&codec, (struct message *)message);
  if (codec.bad) return 0;
  size_t length = space - codec.left;
  frame_put_header(to, message->type, message->step, message->flags, (uint32_t)length);
  return FRAME_HEADER_BYTES + length;
}
