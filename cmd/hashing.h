/*
 * hashing.h - sizes and digests of the files in a manifest. Large ones are hashed by threads of
 * their own while the work goes on.
 */
#ifndef CMD_HASHING_H
#define CMD_HASHING_H

#include <stdbool.h>

#include "base/error.h"
#include "io/json.h"

struct hashing; /* a list, NULL when it is empty */

/*
 * hash_into - "bytes" and "sha256" of a file into its entry, now or, for a large file, by a thread;
 * the entry is not the caller's to free before hashing_finish(). A pipe and standard input ("-")
 * have neither: their bytes are for the one that reads the input. Digests of inputs are remembered
 * between runs, outputs are new.
 *
 * Errors    AT_EIO.
 */
AT_MUST_USE int hash_into(struct hashing **list, struct at_json *entry, const char *path,
                          bool is_input, struct at_error *err);
/* hashing_finish - wait for all; AT_EIO of the first that could not be read. */
AT_MUST_USE int hashing_finish(struct hashing **list, struct at_error *err);
void hashing_drop(struct hashing **list); /* wait, and leave the entries as they are */

#endif
