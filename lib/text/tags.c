/*
 * tags.c - see tags.h.
 */
#include "text/tags.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

static const char *const upos_names[AT_N_UPOS] = {
    [AT_UPOS_NONE] = "",       [AT_UPOS_ADJ] = "ADJ",     [AT_UPOS_ADP] = "ADP",
    [AT_UPOS_ADV] = "ADV",     [AT_UPOS_AUX] = "AUX",     [AT_UPOS_CCONJ] = "CCONJ",
    [AT_UPOS_DET] = "DET",     [AT_UPOS_INTJ] = "INTJ",   [AT_UPOS_NOUN] = "NOUN",
    [AT_UPOS_NUM] = "NUM",     [AT_UPOS_PART] = "PART",   [AT_UPOS_PRON] = "PRON",
    [AT_UPOS_PROPN] = "PROPN", [AT_UPOS_PUNCT] = "PUNCT", [AT_UPOS_SCONJ] = "SCONJ",
    [AT_UPOS_SYM] = "SYM",     [AT_UPOS_VERB] = "VERB",   [AT_UPOS_X] = "X",
};

/* Penn Treebank tags, as Universal Dependencies converts them where the tag alone decides. */
static const struct {
    const char *name;
    enum at_upos upos;
} penn[] = {
    { "JJ", AT_UPOS_ADJ },      { "JJR", AT_UPOS_ADJ },     { "JJS", AT_UPOS_ADJ },
    { "AFX", AT_UPOS_ADJ },     { "IN", AT_UPOS_ADP },      { "RP", AT_UPOS_ADP },
    { "RB", AT_UPOS_ADV },      { "RBR", AT_UPOS_ADV },     { "RBS", AT_UPOS_ADV },
    { "WRB", AT_UPOS_ADV },     { "MD", AT_UPOS_AUX },      { "CC", AT_UPOS_CCONJ },
    { "DT", AT_UPOS_DET },      { "PDT", AT_UPOS_DET },     { "WDT", AT_UPOS_DET },
    { "UH", AT_UPOS_INTJ },     { "NN", AT_UPOS_NOUN },     { "NNS", AT_UPOS_NOUN },
    { "CD", AT_UPOS_NUM },      { "TO", AT_UPOS_PART },     { "POS", AT_UPOS_PART },
    { "PRP", AT_UPOS_PRON },    { "PRP$", AT_UPOS_PRON },   { "WP", AT_UPOS_PRON },
    { "WP$", AT_UPOS_PRON },    { "EX", AT_UPOS_PRON },     { "NNP", AT_UPOS_PROPN },
    { "NNPS", AT_UPOS_PROPN },  { "$", AT_UPOS_SYM },       { "#", AT_UPOS_SYM },
    { "VB", AT_UPOS_VERB },     { "VBD", AT_UPOS_VERB },    { "VBG", AT_UPOS_VERB },
    { "VBN", AT_UPOS_VERB },    { "VBP", AT_UPOS_VERB },    { "VBZ", AT_UPOS_VERB },
    { "FW", AT_UPOS_X },        { "LS", AT_UPOS_X },        { "ADD", AT_UPOS_X },
    { "GW", AT_UPOS_X },        { ".", AT_UPOS_PUNCT },     { ",", AT_UPOS_PUNCT },
    { ":", AT_UPOS_PUNCT },     { "``", AT_UPOS_PUNCT },    { "''", AT_UPOS_PUNCT },
    { "-LRB-", AT_UPOS_PUNCT }, { "-RRB-", AT_UPOS_PUNCT }, { "HYPH", AT_UPOS_PUNCT },
    { "NFP", AT_UPOS_PUNCT },
};

const char *at_upos_name(enum at_upos tag)
{
    AT_BUG_IF(tag < 0 || tag >= AT_N_UPOS);
    return upos_names[tag];
}

enum at_upos at_upos_of(const char *name)
{
    for (size_t i = 1; i < AT_N_UPOS; i++)
        if (strcmp(upos_names[i], name) == 0)
            return (enum at_upos)i;
    for (size_t i = 0; i < AT_COUNTOF(penn); i++)
        if (strcmp(penn[i].name, name) == 0)
            return penn[i].upos;
    return AT_UPOS_NONE;
}

void at_entity_set(char out[AT_ENTITY_SIZE], const char *label)
{
    if (strcmp(label, "O") == 0 || strcmp(label, "_") == 0)
        label = "";
    if ((label[0] == 'B' || label[0] == 'I') && (label[1] == '-' || label[1] == '_'))
        label += 2;
    snprintf(out, AT_ENTITY_SIZE, "%s", label);
}

/* Where a label's own name starts: behind "group:". */
static size_t group_length(const char *label)
{
    const char *colon = strchr(label, ':');

    return colon && colon != label && colon[1] ? (size_t)(colon - label) + 1 : 0;
}

static bool is_same_group(const char *a, const char *b)
{
    size_t n = group_length(a);

    return n == group_length(b) && strncmp(a, b, n) == 0;
}

/* The likeliest label of the group that begins at label first; is_upos_out: a name of one there is
   a part of speech. */
static size_t best_of_group(const float *p, const char *const *label, size_t n, size_t first,
                            bool *is_upos_out)
{
    size_t best = first;

    *is_upos_out = false;
    for (size_t k = first; k < n; k++) {
        if (!is_same_group(label[first], label[k]))
            continue;
        best = p[k] > p[best] ? k : best;
        *is_upos_out |= at_upos_of(label[k] + group_length(label[k])) != AT_UPOS_NONE;
    }
    return best;
}

static void decide(struct at_tag_span *span, const float *p, const char *const *label, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        size_t j = 0, best;
        const char *name;
        bool is_upos;
        while (j < k && !is_same_group(label[j], label[k]))
            j++;
        if (j < k)
            continue; /* not the first of its group */
        best = best_of_group(p, label, n, k, &is_upos);
        name = label[best] + group_length(label[best]);
        if (is_upos)
            span->upos = at_upos_of(name);
        else
            at_entity_set(span->entity, name);
    }
}

void at_tags_from_probabilities(struct at_tag_spans *out, const float *p, const char *const *label,
                                size_t n_labels, const struct at_tokens *tokens, int source)
{
    int word = -1; /* of the token before */

    for (size_t i = 0; i < tokens->n; i++) {
        const struct at_token *t = &tokens->items[i];
        if (t->is_special || t->start == AT_NO_OFFSET || t->source != source) {
            word = -1;
            continue;
        }
        if (t->word == word) {
            out->items[out->n - 1].end = t->end;
            continue;
        }
        struct at_tag_span *span = at_array_push(out);
        *span = (struct at_tag_span){ .start = t->start, .end = t->end };
        decide(span, p + i * n_labels, label, n_labels);
        word = t->word;
    }
}

static size_t shared(const struct at_tag_span *s, const struct at_token *t)
{
    size_t start = AT_MAX(s->start, t->start), end = AT_MIN(s->end, t->end);

    return end > start ? end - start : 0;
}

void at_tags_align(struct at_token_tag *out, const struct at_tag_spans *spans,
                   const struct at_tokens *tokens, int source)
{
    size_t first = 0; /* spans before it end before the token starts */

    for (size_t i = 0; i < tokens->n; i++) {
        const struct at_token *t = &tokens->items[i];
        const struct at_tag_span *best = NULL;
        if (t->is_special || t->start == AT_NO_OFFSET || t->source != source)
            continue;
        while (first < spans->n && spans->items[first].end <= t->start)
            first++;
        for (size_t k = first; k < spans->n && spans->items[k].start < t->end; k++)
            if (shared(&spans->items[k], t) > (best ? shared(best, t) : 0))
                best = &spans->items[k];
        if (best) {
            out[i].upos = best->upos;
            memcpy(out[i].entity, best->entity, sizeof out[i].entity);
        }
    }
}
