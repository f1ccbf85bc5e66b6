/*
 * find.h - where models and data files lie.
 *
 * Data: $ATLAS_DATADIR, else ../share/atlas beside the folder of the executable or of the shared
 * library, else the source tree's fixtures for an executable in its build folder. Models: see
 * at_model_find().
 */
#ifndef SESSION_FIND_H
#define SESSION_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "model/weights.h"
#include "session/pooling.h"
#include "text/tokenizer.h"

/* at_data_path - path of a data file or directory ("models/atlas-bert"); AT_ENOTFOUND. Free it. */
AT_MUST_USE int at_data_path(char **out, const char *rel, struct at_error *err);

/*
 * at_model_find - directory of a model: a directory of that name, $ATLAS_MODELS/NAME, the built-in
 * models, the caches of the Hugging Face hub (bare names also under openai-community and
 * google-bert), where the variables of huggingface_hub and transformers put them. A name that
 * begins with /, ./ or ../ is only ever the first.
 *
 * Errors    AT_ENOTFOUND: one line with every place looked at and the command that fetches it.
 * Memory    *dir_out is the caller's.
 */
AT_MUST_USE int at_model_find(char **dir_out, const char *name, struct at_error *err);

/*
 * at_model_load - find, open and match a model and its tokenizer.
 *
 * Errors    as at_model_find(), at_model_open(), at_tokenizer_open(); AT_EFORMAT when the
 *           vocabulary does not go with the embedding's rows (at_vocabulary_fits()).
 * Memory    close both, also after a failure.
 */
AT_MUST_USE int at_model_load(struct at_model *model, struct at_tokenizer **tokenizer,
                              const char *name, struct at_error *err);

/* at_model_load_with - and what a sentence-transformer does with its states; strings are the
   arena's. Errors also those of at_pooling_read(). */
AT_MUST_USE int at_model_load_with(struct at_model *model, struct at_tokenizer **tokenizer,
                                   struct at_pooling *pooling, struct at_arena *arena,
                                   const char *name, struct at_error *err);

/*
 * at_model_trim - a model's name without the slashes that completion puts behind a directory, so
 * that its last part is what it is called. The arena's, usually the opened model's own.
 */
const char *at_model_trim(struct at_arena *arena, const char *name);

/* at_vocabulary_fits - as many pieces as rows or a few more or less: tokens were added without the
   other side, or rows padded to a multiple of 8 (then any number). */
bool at_vocabulary_fits(size_t n_pieces, size_t n_rows);
/* at_vocabulary_note - what is to be said once of a difference that is no padding; or NULL. */
const char *at_vocabulary_note(char *buf, size_t n, size_t n_pieces, size_t n_rows);

/* at_vocabulary_check - AT_ERANGE when a token has no row. */
AT_MUST_USE int at_vocabulary_check(const struct at_tokens *tokens,
                                    const struct at_tokenizer *tokenizer, size_t n_rows,
                                    struct at_error *err);

/* One model that is there. */
struct at_model_place {
    char *name, *dir;
    const char *where; /* "ATLAS_MODELS", "built in", "cache" */
};

/* at_model_places - every model that at_model_find() could find by a bare name; sorted, the
   caller's. */
size_t at_model_places(struct at_model_place **out);
void at_model_places_free(struct at_model_place *places, size_t n);

#endif
