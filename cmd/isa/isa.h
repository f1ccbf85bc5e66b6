/*
 * isa.h - the room of `atlas isa`: a call of it, and how its results are shown.
 */
#ifndef ISA_ISA_H
#define ISA_ISA_H

#include "analysis/isa_windows.h"
#include "cmd/cmd.h"
#include "cmd/many.h"

struct isa {
    int method; /* enum at_isa_method */
    const char *sentences_path;
    struct opt_list pairs_given;
    struct at_given_sentences given;
    const char *language; /* --language, or NULL: told from the text */
    struct at_sentence_rules *rules;
    struct at_isa_options options; /* of every text */
    const struct context *x;
    struct many many;
    struct at_isa_windows windows; /* of the text at hand */
};

/* isa_print - the summary of one text on standard output. */
void isa_print(const struct isa *isa, const struct at_doc *doc, const struct at_isa_result *r);
/* isa_pictures - the bubble matrix, and a token map for each pair. */
AT_MUST_USE int isa_pictures(const struct isa *isa, const struct at_doc *doc,
                             const struct at_isa_result *r, struct at_error *err);

#endif
