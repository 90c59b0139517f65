#include "codec.h"

#include <string.h>

struct codec codec_reader(const uint8_t *from, size_t length) {
  return (struct codec){.from = from, .to = NULL, .left = length, .bad = false};
}

struct codec codec_writer(uint8_t *to, size_t room) {
  return (struct codec){.from = NULL, .to = to, .left = room, .bad = false};
}

static bool claim(struct codec *codec, size_t length) {
  if (codec->bad || length > codec->left) {
    codec->bad = true;
    return false;
  }
  codec->left -= length;
  return true;
}

static void code_number(struct codec *codec, uint64_t *value, size_t width) {
  if (!claim(codec, width)) return;
  if (codec->to != NULL) {
    for (size_t i = 0; i < width; i++) *codec->to++ = (uint8_t)(*value >> (8 * i));
    return;
  }
  *value = 0;
  for (size_t i = 0; i < width; i++) *value |= (uint64_t)*codec->from++ << (8 * i);
}

void code_u8(struct codec *codec, uint8_t *value) {
  uint64_t wide = *value;
  code_number(codec, &wide, 1);
  *value = (uint8_t)wide;
}

void code_u16(struct codec *codec, uint16_t *value) {
  uint64_t wide = *value;
  code_number(codec, &wide, 2);
  *value = (uint16_t)wide;
}

void code_u32(struct codec *codec, uint32_t *value) {
  uint64_t wide = *value;
  code_number(codec, &wide, 4);
  *value = (uint32_t)wide;
}

void code_u64(struct codec *codec, uint64_t *value) { code_number(codec, value, 8); }

static void code_raw(struct codec *codec, struct slice *value) {
  if (!claim(codec, value->length)) {
    *value = (struct slice){.at = NULL, .length = 0};
    return;
  }
  if (codec->to != NULL) {
    if (value->length > 0) memcpy(codec->to, value->at, value->length);
    codec->to += value->length;
    return;
  }
  value->at = codec->from;
  codec->from += value->length;
}

void code_bytes(struct codec *codec, struct slice *value) {
  uint32_t length = (uint32_t)value->length;
  code_u32(codec, &length);
  if (codec->to == NULL) value->length = codec->bad ? 0 : length;
  code_raw(codec, value);
}

void code_rest(struct codec *codec, struct slice *value) {
  if (codec->to == NULL) value->length = codec->bad ? 0 : codec->left;
  code_raw(codec, value);
}

void code_magic(struct codec *codec, const char *magic) {
  struct slice four = {.at = (const uint8_t *)magic, .length = 4};
  code_raw(codec, &four);
  if (codec->to == NULL && !codec->bad && memcmp(four.at, magic, 4) != 0) codec->bad = true;
}

void code_fixed_u16(struct codec *codec, uint16_t value) {
  uint16_t seen = value;
  code_u16(codec, &seen);
  if (seen != value) codec->bad = true;
}

void code_fixed_u32(struct codec *codec, uint32_t value) {
  uint32_t seen = value;
  code_u32(codec, &seen);
  if (seen != value) codec->bad = true;
}

void code_fixed_u64(struct codec *codec, uint64_t value) {
  uint64_t seen = value;
  code_u64(codec, &seen);
  if (seen != value) codec->bad = true;
}

void code_list(struct codec *codec, uint32_t *count, struct slice *items, uint32_t most) {
  code_u32(codec, count);
  if (codec->bad || *count > most) {
    codec->bad = true;
    *count = 0;
    return;
  }
  for (uint32_t i = 0; i < *count && !codec->bad; i++) code_bytes(codec, &items[i]);
}
