/*
 * run_note.c - see run_note.h.
 */
#include "cmd/run_note.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/file_digest.h"
#include "cmd/manifest.h"

static bool is_among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

bool option_is_free(const char *name)
{
    static const char *const names[] = { "shard",    "resume",  "each",         "threads",
                                         "quiet",    "verbose", "progress",     "json",
                                         "format",   "color",   "digits",       "dpi",
                                         "width-mm", "out",     "dump-drawing", "svg-text" };

    return is_among(name, names, AT_COUNTOF(names));
}

static void note_options(struct at_json *note, const struct opt *table)
{
    static const char *const as_digests[] = { "model", "file" };
    struct opt_walk w = { 0 };
    const struct opt *o;

    while ((o = opt_next(&w, table))) {
        struct at_strbuf text = { 0 };
        struct at_json *value;
        if (o->type == OPT_TYPE_GROUP || option_is_free(o->name) ||
            is_among(o->name, as_digests, AT_COUNTOF(as_digests)))
            continue;
        value = manifest_value(o);
        at_json_dump(&text, value, 0, 0);
        at_json_set_string(note, o->name, at_strbuf_str(&text));
        at_json_free(value);
        at_strbuf_release(&text);
    }
}

/* Of a file of texts, or of the texts themselves; a pipe has none. */
static int note_texts(struct at_json *note, const struct call *c, struct at_error *err)
{
    struct at_strbuf all = { 0 };
    struct at_digest d;
    struct stat st;
    int rc;

    if (c->file && stat(c->file, &st) == 0 && S_ISREG(st.st_mode)) {
        rc = file_digest(&d, c->file, err);
        if (!rc)
            at_json_set_string(note, "texts", d.hex);
        return rc;
    }
    for (int i = 0; i < c->n_operands; i++)
        at_strbuf_addf(&all, "%s\n", c->operands[i]);
    d = at_digest_bytes(at_strbuf_str(&all), all.n);
    at_json_set_string(note, "texts", d.hex);
    at_strbuf_release(&all);
    return 0;
}

int run_note(struct at_json **out, const struct call *c, const struct at_session *session,
             struct at_error *err)
{
    struct at_json *note = at_json_object();
    struct at_digest d;
    int rc = note_texts(note, c, err);

    if (!rc && session)
        rc = weights_digest(&d, session->model.files, err);
    if (rc) {
        at_json_free(note);
        return rc;
    }
    at_json_set_string(note, "command", c->command);
    at_json_set_string(note, "model", session ? d.hex : c->model);
    note_options(note, c->table);
    *out = note;
    return 0;
}
