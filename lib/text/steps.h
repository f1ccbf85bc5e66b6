/*
 * steps.h - reading the steps of tokenizer.json: what they share.
 */
#ifndef TEXT_STEPS_H
#define TEXT_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/json.h"
#include "text/pattern.h"

enum { AT_MAX_STEPS = 100 /* of one kind */, AT_MAX_NESTED = 16 };

/* at_step_type - the "type" of a step, "" when it has none. */
const char *at_step_type(const struct at_json *v);
/* at_step_unknown - AT_EFORMAT, "normalizer 'X' is not known". */
int at_step_unknown(const char *what, const struct at_json *v, struct at_error *err);
/* at_step_check - all keys of the step are among the names (a list that ends with NULL) or "type".
   AT_EFORMAT, "normalizer 'Strip' has a key 'x', which is not known". */
AT_MUST_USE int at_step_check(const char *what, const struct at_json *v, const char *const *names,
                              struct at_error *err);
/* at_step_flag - a member that is true or false; fallback when it is null or not there. */
AT_MUST_USE int at_step_flag(bool *out, const struct at_json *v, const char *key, bool fallback,
                             struct at_error *err);
/* at_step_text - a member that is a string; fallback when it is null or not there, unless that is
   NULL: then it must be there. *out lies in v. */
AT_MUST_USE int at_step_text(const char **out, const struct at_json *v, const char *key,
                             const char *fallback, struct at_error *err);
/* at_step_character - a member that is a string of one character; 0 as fallback: it must be
   there. */
AT_MUST_USE int at_step_character(unsigned *out, const struct at_json *v, const char *key,
                                  unsigned fallback, struct at_error *err);
/* at_step_pattern - the member "pattern": {"String": "x"} or {"Regex": "x"}. */
AT_MUST_USE int at_step_pattern(struct at_pattern *out, const struct at_json *v,
                                struct at_error *err);

#endif
