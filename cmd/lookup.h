/*
 * lookup.h - where models and data files lie.
 *
 * Data: $ATLAS_DATADIR, else ../share/atlas beside the executable's folder, else the source tree's
 * fixtures for an executable in its build folder. Models: see model_find().
 */
#ifndef CMD_LOOKUP_H
#define CMD_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/weights.h"
#include "text/tokenizer.h"

/* data_path - path of a data file or directory ("models/atlas-bert"); AT_ENOTFOUND. Free it. */
AT_MUST_USE int data_path(char **out, const char *rel, struct at_error *err);

/*
 * model_find - directory of a model: a directory of that name, $ATLAS_MODELS/NAME, the built-in
 * models, the caches of the Hugging Face hub (bare names also under openai-community and
 * google-bert), where the variables of huggingface_hub and transformers put them. A name that
 * begins with /, ./ or ../ is only ever the first.
 *
 * Errors    AT_ENOTFOUND: one line with every place looked at and the command that fetches it.
 * Memory    *dir_out is the caller's.
 */
AT_MUST_USE int model_find(char **dir_out, const char *name, struct at_error *err);

/*
 * model_load - find, open and match a model and its tokenizer.
 *
 * Errors    as model_find(), at_model_open(), at_tokenizer_open(); AT_EFORMAT when the vocabulary
 *           does not go with the embedding's rows (vocabulary_fits()).
 * Memory    close both, also after a failure.
 */
AT_MUST_USE int model_load(struct at_model *model, struct at_tokenizer **tokenizer,
                           const char *name, struct at_error *err);

/*
 * model_trim - a model's name without the slashes that completion puts behind a directory, so that
 * its last part is what it is called. The arena's, usually the opened model's own.
 */
const char *model_trim(struct at_arena *arena, const char *name);

/* vocabulary_fits - as many pieces as rows or a few more or less: tokens were added without the
   other side, or rows padded to a multiple of 8 (then any number). */
bool vocabulary_fits(size_t n_pieces, size_t n_rows);
/* vocabulary_note - what is to be said once of a difference that is no padding; NULL: nothing. */
const char *vocabulary_note(char *buf, size_t n, size_t n_pieces, size_t n_rows);

/* One model that is there. */
struct model_place {
    char *name, *dir;
    const char *where; /* "ATLAS_MODELS", "built in", "cache" */
};

/* model_places - every model that model_find() could find by a bare name; sorted, the caller's. */
size_t model_places(struct model_place **out);
void model_places_free(struct model_place *places, size_t n);

#endif
