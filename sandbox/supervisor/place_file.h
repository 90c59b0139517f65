/* FILE frames: what is a sound path, and writing one below /box. */
#ifndef RUNYARD_PLACE_FILE_H
#define RUNYARD_PLACE_FILE_H

#include "frame.h"

/* NULL, or what is wrong with path or mode. */
const char *place_file_check(const struct file_body *file);

/* Creates (or, with `append`, adds to) the file, with the folders above it. As the user. Returns 0 or an errno. */
int place_file_write(int box, const struct file_body *file, bool append);

#endif
