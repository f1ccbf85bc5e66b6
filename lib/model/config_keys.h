/*
 * config_keys.h - values of config.json of the type that they must have, and the parts of a config
 * that decoders have beside its sizes; private to model/config.c.
 */
#ifndef MODEL_CONFIG_KEYS_H
#define MODEL_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/json.h"
#include "model/config.h"

enum { AT_CONFIG_SHOWN = 60 /* bytes of a word in a message */ };

/* at_key_word, at_key_flag, at_key_real - a value that changes the numbers; the fallback when
   absent or null. AT_EFORMAT for another type. */
AT_MUST_USE int at_key_word(const char **out, const struct at_json *doc, const char *key,
                            const char *fallback, struct at_error *err);
AT_MUST_USE int at_key_flag(bool *out, const struct at_json *doc, const char *key, bool fallback,
                            struct at_error *err);
AT_MUST_USE int at_key_real(double *out, const struct at_json *doc, const char *key,
                            double fallback, struct at_error *err);
/* at_key_size - likewise a whole number from min to max; AT_ERANGE beyond. */
AT_MUST_USE int at_key_size(size_t *out, const struct at_json *doc, const char *key, size_t min,
                            size_t max, size_t fallback, struct at_error *err);

/*
 * at_config_read_rotary - the angles by which heads are turned, of a family that turns them.
 *
 * Source    transformers, modeling_rope_utils.py: default, linear, dynamic (which is the default up
 *           to max_positions, the longest text there is), llama3, yarn (Peng et al. 2023).
 * Errors    AT_EFORMAT for any other kind, by key and value.
 */
AT_MUST_USE int at_config_read_rotary(struct at_config *c, const struct at_json *doc,
                                      struct at_error *err);

/* at_config_read_windows - c->windows, as the family's keys have them. */
AT_MUST_USE int at_config_read_windows(struct at_config *c, const struct at_json *doc,
                                       struct at_error *err);

#endif
