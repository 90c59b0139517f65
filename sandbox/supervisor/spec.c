#include "spec.h"

#include <string.h>

/* Bounds of sanity, far above the limits that the host offers; they keep every later computation from overflowing. */
enum {
  TIME_MS_MAX = 3600 * 1000,
  PROCESSES_MAX = 30000,
  OPEN_FILES_MIN = 4,
  OPEN_FILES_MAX = 1 << 20,
  PATTERN_BYTES_MAX = 255,
};
static const uint64_t BYTES_MAX = UINT64_C(1) << 40;
static const uint64_t MEMORY_BYTES_MIN = UINT64_C(1) << 20;
static const uint64_t STACK_BYTES_MIN = UINT64_C(1) << 16;

static bool within(uint64_t value, uint64_t least, uint64_t most) { return value >= least && value <= most; }

static bool has_nul(const struct slice *text) { return text->length > 0 && memchr(text->at, 0, text->length) != NULL; }

static char *copy_text(struct spec *spec, size_t *used, const struct slice *text) {
  char *copy = spec->text + *used;
  if (text->length > 0) memcpy(copy, text->at, text->length);
  copy[text->length] = '\0';
  *used += text->length + 1;
  return copy;
}

static const char *check_numbers(const struct step_body *body) {
  if (!within(body->wall_ms, 1, TIME_MS_MAX)) return "STEP: wallTimeMs";
  if (!within(body->cpu_ms, 1, TIME_MS_MAX)) return "STEP: cpuTimeMs";
  if (!within(body->memory_bytes, MEMORY_BYTES_MIN, BYTES_MAX)) return "STEP: memoryBytes";
  if (body->output_bytes > BYTES_MAX) return "STEP: outputBytes";
  if (body->file_bytes > BYTES_MAX) return "STEP: fileBytes";
  if (!within(body->stack_bytes, STACK_BYTES_MIN, BYTES_MAX)) return "STEP: stackBytes";
  if (!within(body->processes, 1, PROCESSES_MAX)) return "STEP: processes";
  if (!within(body->open_files, OPEN_FILES_MIN, OPEN_FILES_MAX)) return "STEP: openFiles";
  return NULL;
}

static bool is_variable(const struct slice *text) {
  const uint8_t *equals = text->length == 0 ? NULL : memchr(text->at, '=', text->length);
  return equals != NULL && equals != text->at && !has_nul(text);
}

static bool is_pattern(const struct slice *text) {
  return within(text->length, 1, PATTERN_BYTES_MAX) && !has_nul(text) && memchr(text->at, '/', text->length) == NULL;
}

const char *spec_set(struct spec *spec, const struct message *step) {
  const struct step_body *body = &step->as.step;
  const char *wrong = check_numbers(body);
  if (wrong != NULL) return wrong;
  if (body->argc == 0 || body->argv[0].length == 0) return "STEP: argv";
  for (uint32_t i = 0; i < body->argc; i++)
    if (has_nul(&body->argv[i])) return "STEP: argv";
  for (uint32_t i = 0; i < body->envc; i++)
    if (!is_variable(&body->env[i])) return "STEP: env";
  for (uint32_t i = 0; i < body->pattern_count; i++)
    if (!is_pattern(&body->patterns[i])) return "STEP: patterns";

  size_t used = 0;
  for (uint32_t i = 0; i < body->argc; i++) spec->argv[i] = copy_text(spec, &used, &body->argv[i]);
  for (uint32_t i = 0; i < body->envc; i++) spec->env[i] = copy_text(spec, &used, &body->env[i]);
  for (uint32_t i = 0; i < body->pattern_count; i++) spec->patterns[i] = copy_text(spec, &used, &body->patterns[i]);
  spec->argv[body->argc] = NULL;
  spec->env[body->envc] = NULL;
  spec->compile = (step->flags & FLAG_STEP_COMPILE) != 0;
  spec->wall_ms = body->wall_ms;
  spec->cpu_ms = body->cpu_ms;
  spec->memory_bytes = body->memory_bytes;
  spec->output_bytes = body->output_bytes;
  spec->file_bytes = body->file_bytes;
  spec->stack_bytes = body->stack_bytes;
  spec->processes = body->processes;
  spec->open_files = body->open_files;
  spec->pattern_count = body->pattern_count;
  return NULL;
}

const char *spec_env(const struct spec *spec, const char *name) {
  size_t length = strlen(name);
  for (char *const *variable = spec->env; *variable != NULL; variable++)
    if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=') return *variable + length + 1;
  return NULL;
}
