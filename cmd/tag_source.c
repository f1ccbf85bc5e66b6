/*
 * tag_source.c - see tag_source.h.
 */
#include "cmd/tag_source.h"

#include <string.h>

#include "base/path.h"
#include "cmd/spool.h"

void tag_source_init(struct tag_source *t)
{
    const struct opt options[] = {
        OPT_TEXT(0, "tagger", &t->model, "NAME|DIR",
                 "token classifier for parts of speech and entities"),
        OPT_TEXT(0, "tags", &t->file, "FILE",
                 "tags from a file instead: token TAB tag TAB entity, or CoNLL-U"),
        OPT_END,
    };

    *t = (struct tag_source){ .model = "atlas-tagger" };
    memcpy(t->options, options, sizeof options);
}

int tag_source_check(const struct tag_source *t, const struct call *c)
{
    if (t->file && call_gives(c, &t->model))
        return report_usage("--tags and --tagger exclude each other");
    if (t->file && (c->is_lines || c->is_jsonl || c->n_operands > 1))
        return report_usage("--tags goes with one text");
    if (t->file && c->pair)
        return report_usage("--tags goes with one text, not with a pair");
    return EXIT_DONE;
}

int tag_source_open(struct tag_source *t, const struct context *x, struct at_error *err)
{
    const struct at_session_options options = { .pool = x->pool };
    int rc = t->file ? 0 : at_session_open(&t->session, t->model, &options, err);

    t->tagger = (struct at_tagger){ t->file ? NULL : &t->session, t->file, x->call->window > 0 };
    if (!rc)
        rc = at_tagger_check(&t->tagger, err);
    if (rc)
        return rc;
    return t->file ? sink_note_file(x->sink, "tags", t->file, err)
                   : sink_note_session(x->sink, "tagger", &t->session, err);
}

int tag_source_check_doc(const struct tag_source *t, const struct at_doc *doc, struct at_error *err)
{
    if (t->file && doc->in.pair)
        return at_fail(err, AT_ERANGE, "--tags goes with one text, not with a pair");
    return 0;
}

void tag_source_close(struct tag_source *t)
{
    at_session_close(&t->session);
}

void tag_source_meta(const struct tag_source *t, struct at_json *meta)
{
    at_json_set_string(meta, t->file ? "tags" : "tagger",
                       t->file ? at_path_base(spool_name(t->file)) : at_tagger_name(&t->tagger));
}

void tag_source_warn(const struct at_doc *doc, const struct at_tagged *tagged)
{
    if (tagged->has_no_text)
        report_warning("%s%sthe capture has no text with its tokens, so they have no tags",
                       doc->in.id, *doc->in.id ? ": " : "");
    for (size_t segment = 0; segment < 2; segment++)
        if (tagged->n_read[segment] < tagged->n_tokens[segment])
            report_warning("the tagger reads %zu of the text's %zu tokens; the rest has no tags",
                           tagged->n_read[segment], tagged->n_tokens[segment]);
}
