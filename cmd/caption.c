/*
 * caption.c - see caption.h.
 */
#include "cmd/caption.h"

#include <math.h>

#include "base/alloc.h"
#include "base/strbuf.h"

char *caption_title(const char *what, const char *model_name, long layer, long head)
{
    struct at_strbuf b = { 0 };

    at_strbuf_addf(&b, "%s, %s", what, model_name);
    if (layer < 0)
        at_strbuf_adds(&b, ", mean of all layers and heads");
    else if (head < 0)
        at_strbuf_addf(&b, ", layer %ld, mean of its heads", layer);
    else
        at_strbuf_addf(&b, ", L%ldH%ld", layer, head);
    return at_strbuf_take(&b);
}

char *map_file_name(const char *kind, struct map_name name)
{
    if (name.layer < 0)
        return at_asprintf("%s_mean", kind);
    if (name.head < 0)
        return at_asprintf("%s_L%ld_mean", kind, name.layer);
    return at_asprintf("%s_L%ld_H%ld", kind, name.layer, name.head);
}

/* The text on one line, at most about max characters of it. */
static void add_elided(struct at_strbuf *b, const char *text, size_t max)
{
    size_t n = 0;

    for (const char *s = text; *s; s++) {
        bool starts = ((unsigned char)*s & 0xC0) != 0x80;
        if (starts && ++n > max) {
            at_strbuf_adds(b, "\xe2\x80\xa6");
            return;
        }
        at_strbuf_addc(b, (unsigned char)*s < 0x20 ? ' ' : *s);
    }
}

/* The text in quotes. Isolates (U+2068, U+2069) keep a text that runs from the right together, and
   what follows on its own side. */
static void add_quotation(struct at_strbuf *b, const struct at_doc *doc)
{
    at_strbuf_adds(b, "\xe2\x80\x9c\xe2\x81\xa8");
    add_elided(b, doc->in.text, 70);
    if (doc->in.pair) {
        at_strbuf_adds(b, " | ");
        add_elided(b, doc->in.pair, 40);
    }
    at_strbuf_adds(b, "\xe2\x81\xa9\xe2\x80\x9d");
}

char *caption_text(const struct call *c, const struct at_doc *doc, const char *more)
{
    static const char *const modes[] = { "raw weights", "columns normalised", "rollout" };
    struct at_strbuf b = { 0 };

    add_quotation(&b, doc);
    at_strbuf_addf(&b, ", %s, %zu %s%s", modes[c->matrix], doc->n,
                   c->doc.by_words ? "word" : "token", at_plural(doc->n));
    if (more && *more)
        at_strbuf_addf(&b, ", %s", more);
    return at_strbuf_take(&b);
}

char *caption_plain_text(const struct at_doc *doc)
{
    struct at_strbuf b = { 0 };

    add_quotation(&b, doc);
    at_strbuf_addf(&b, ", %zu %s%s", doc->n, doc->words.n ? "word" : "token", at_plural(doc->n));
    return at_strbuf_take(&b);
}

const char *caption_component(struct at_arena *arena, int number, double ratio, int decimals)
{
    return isnan(ratio)
               ? at_arena_printf(arena, "PC %d", number)
               : at_arena_printf(arena, "PC %d (%.*f %%)", number, decimals, 100.0 * ratio);
}
