/*
 * capture_names.h - the directories in which a run over many texts left its captures.
 */
#ifndef SESSION_CAPTURE_NAMES_H
#define SESSION_CAPTURE_NAMES_H

#include "base/array.h"

struct at_capture_names AT_ARRAY(char *);

/*
 * at_capture_names_list - append the names of the directories in dir that hold a
 * capture.safetensors: those that are numbers by value (2 before 10), the others by bytes.
 *
 * A dir that cannot be read has none; hidden directories are passed over.
 * Memory    at_capture_names_release().
 */
void at_capture_names_list(struct at_capture_names *out, const char *dir);
void at_capture_names_release(struct at_capture_names *names);

#endif
