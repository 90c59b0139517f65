/*
 * Bounded little-endian fields. One `struct codec` either reads or writes, so that the layout of a payload is written
 * down once and the two directions cannot differ. Any step past the end sets `bad`, and every later step does nothing.
 */
#ifndef RUNYARD_CODEC_H
#define RUNYARD_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that belong to somebody else (usually the input buffer). */
struct slice {
  const uint8_t *at;
  size_t length;
};

struct codec {
  const uint8_t *from; /* reading: next byte */
  uint8_t *to;         /* writing: next byte, NULL when reading */
  size_t left;         /* bytes still to read, or room to write */
  bool bad;
};

struct codec codec_reader(const uint8_t *from, size_t length);
struct codec codec_writer(uint8_t *to, size_t room);

void code_u8(struct codec *codec, uint8_t *value);
void code_u16(struct codec *codec, uint16_t *value);
void code_u32(struct codec *codec, uint32_t *value);
void code_u64(struct codec *codec, uint64_t *value);
/* A u32 length and that many bytes. */
void code_bytes(struct codec *codec, struct slice *value);
/* The rest of the payload. */
void code_rest(struct codec *codec, struct slice *value);
/* Exactly these four characters; anything else is bad. */
void code_magic(struct codec *codec, const char *magic);
/* A field whose only allowed value is `value`. */
void code_fixed_u16(struct codec *codec, uint16_t value);
void code_fixed_u32(struct codec *codec, uint32_t value);
void code_fixed_u64(struct codec *codec, uint64_t value);
/* A u32 count of at most `most`, then that many `bytes`. */
void code_list(struct codec *codec, uint32_t *count, struct slice *items, uint32_t most);

#endif
