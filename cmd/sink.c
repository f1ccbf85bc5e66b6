/*
 * sink.c - see sink.h.
 */
#include "cmd/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/build_info.h"
#include "cmd/guard.h"
#include "cmd/report.h"
#include "cmd/run_note.h"

/* Commands have a --resume of their own, or that of a corpus. */
static bool is_resumed(const struct call *c)
{
    struct opt_walk w = { 0 };
    const struct opt *o;

    while ((o = opt_next(&w, c->table)))
        if (o->type == OPT_TYPE_FLAG && !strcmp(o->name, "resume"))
            return *(const bool *)o->value;
    return false;
}

int sink_open(struct sink *out, const struct call *c, struct at_error *err)
{
    int rc;

    *out = (struct sink){ .call = c, .lists_texts = !c->file || !strcmp(c->file, "-") };
    if (!c->out)
        return 0;
    rc = manifest_new(&out->manifest, c->out, c->command, is_resumed(c), err);
    if (!rc)
        manifest_options(out->manifest, c->table);
    return rc;
}

static void take_run_id(struct sink *s, const char *run_id)
{
    snprintf(s->run_id, sizeof s->run_id, "%.12s", run_id);
    manifest_set(s->manifest, "run_id", s->run_id);
}

int sink_take_run(struct sink *s, const struct at_json *manifest, struct at_error *err)
{
    const struct at_json *model = at_json_get(manifest, "model");
    const char *name = at_json_text(at_json_get(model, "name"), NULL);

    take_run_id(s, at_json_text(at_json_get(manifest, "run_id"), ""));
    return name ? manifest_model(s->manifest, name,
                                 at_json_text(at_json_get(model, "sha256"), NULL), err)
                : 0;
}

int sink_take_model(struct sink *s, const char *name, struct at_error *err)
{
    return s->manifest ? manifest_model(s->manifest, name, NULL, err) : 0;
}

int sink_identify(struct sink *s, const struct at_session *session, struct at_error *err)
{
    struct at_strbuf text = { 0 };
    struct at_json *note = NULL;
    int rc = s->manifest ? run_note(&note, s->call, session, err) : 0;

    if (rc || !note)
        return rc;
    if (session)
        rc = manifest_model(s->manifest, session->name,
                            at_json_text(at_json_get(note, "model"), NULL), err);
    at_json_dump(&text, note, 0, 0);
    take_run_id(s, at_digest_bytes(text.s, text.n).hex);
    at_strbuf_release(&text);
    at_json_free(note);
    return rc;
}

int sink_close(struct sink *s, int status)
{
    struct at_error err;

    status = report_flush(status);
    if (s->manifest && (status == EXIT_DONE || status == EXIT_SKIPPED)) {
        version_note_run(s->manifest, s->call->argc, s->call->argv,
                         report_seconds() - s->call->started);
        if (manifest_commit(s->manifest, &err))
            status = report_fault(&err);
    }
    manifest_free(s->manifest);
    *s = (struct sink){ 0 };
    return status;
}

bool sink_writes(const struct sink *s, unsigned format)
{
    return s->manifest && (s->call->formats & format);
}

bool sink_draws(const struct sink *s)
{
    return s->manifest &&
           (s->call->dump_drawing || (s->call->formats & (FORMAT_PNG | FORMAT_SVG | FORMAT_PDF)));
}

bool sink_prints(const struct sink *s)
{
    return !s->call->is_json && !s->manifest;
}

bool sink_wants_document(const struct sink *s)
{
    return s->call->is_json || sink_writes(s, FORMAT_JSON);
}

bool sink_keeps(const struct sink *s, const struct at_doc *doc)
{
    return !doc || !*doc->in.id || !s->call->makes_corpus || s->call->is_each;
}

struct at_text_head sink_text_head(const struct sink *s, const struct at_doc *doc,
                                   struct at_arena *arena)
{
    char *folder = at_text_folder(doc->in.id);
    const char *kept = at_arena_strdup(arena, folder);

    free(folder);
    return (struct at_text_head){ doc->model_name, doc->in.id, doc->tokens.n, kept,
                                  doc->number + 1, s->run_id };
}

char *sink_rel(const struct at_doc *doc, const char *name)
{
    char *folder = doc ? at_text_folder(doc->in.id) : NULL;
    char *rel = at_path_join(folder, name);

    free(folder);
    return rel;
}

/* --- documents --- */

int sink_result(struct sink *s, const struct at_doc *doc, const char *name,
                const struct at_record *r, const void *result, struct at_json *meta,
                struct at_error *err)
{
    struct at_json *document;

    if (!s->call->is_json && !(sink_writes(s, FORMAT_JSON) && sink_keeps(s, doc))) {
        at_json_free(meta);
        return 0;
    }
    document = at_record_json(r, result);
    if (meta)
        at_json_set(document, "meta", meta);
    return sink_document(s, doc, name, document, err);
}

int sink_result_file(struct sink *s, const struct at_doc *doc, const char *name,
                     const struct at_record *r, const void *result, struct at_json *meta,
                     struct at_error *err)
{
    struct at_json *document;
    char *rel;
    int rc;

    if (!sink_writes(s, FORMAT_JSON) || !sink_keeps(s, doc)) {
        at_json_free(meta);
        return 0;
    }
    document = at_record_json(r, result);
    if (meta)
        at_json_set(document, "meta", meta);
    rel = sink_rel(doc, name);
    rc = manifest_json(s->manifest, rel, document, (int)s->call->digits, err);
    free(rel);
    at_json_free(document);
    return rc;
}

/* Texts among many have a line each. */
static int print_document(const struct call *c, const struct at_doc *doc,
                          const struct at_json *document, struct at_error *err)
{
    bool is_line = c->is_lines || c->is_jsonl || (doc && *doc->in.id);
    struct at_strbuf b = { 0 };

    at_json_dump(&b, document, is_line ? 0 : 1, (int)c->digits);
    at_strbuf_addc(&b, '\n');
    fwrite(b.s, 1, b.n, stdout);
    at_strbuf_release(&b);
    if (guard_fault())
        return at_fail(err, AT_EIO, "cannot write to standard output: %s", strerror(guard_fault()));
    return 0;
}

int sink_document(struct sink *s, const struct at_doc *doc, const char *name,
                  struct at_json *document, struct at_error *err)
{
    int rc = s->call->is_json ? print_document(s->call, doc, document, err) : 0;

    if (!rc && sink_writes(s, FORMAT_JSON) && sink_keeps(s, doc)) {
        char *rel = sink_rel(doc, name);
        rc = manifest_json(s->manifest, rel, document, (int)s->call->digits, err);
        free(rel);
    }
    at_json_free(document);
    return rc;
}

/* --- tables --- */

int sink_table(struct sink *s, const struct at_doc *doc, const char *name,
               const struct at_record *r, const void *rows, size_t n, struct at_error *err)
{
    struct table t = { 0 };
    int rc = table_open(&t, s, doc, name, r, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++)
        table_add(&t, (const char *)rows + i * r->size);
    return table_commit(&t, s, err);
}

int sink_corpus(struct sink *s, const struct at_corpus *corpus, struct at_corpus_source of,
                struct at_error *err)
{
    const struct {
        const char *name;
        const struct at_record *record;
    } tables[] = {
        [AT_CORPUS_HEADS] = { "corpus.csv",
                              corpus->ratios ? &at_corpus_role_record : &at_corpus_head_record },
        [AT_CORPUS_LAYERS] = { "corpus_layers.csv", &at_corpus_layer_record },
        [AT_CORPUS_MODEL] = { corpus->L ? "corpus_global.csv" : "corpus.csv",
                              &at_corpus_model_record },
    };
    struct at_arena arena = { 0 };
    int rc = 0;

    for (size_t i = 0; i < AT_COUNTOF(tables) && !rc && corpus->cells; i++) {
        size_t n;
        const struct at_corpus_row *rows =
            at_corpus_rows(&n, corpus, (enum at_corpus_part)i, of, &arena);
        if (n)
            rc = sink_table(s, NULL, tables[i].name, tables[i].record, rows, n, err);
    }
    at_arena_release(&arena);
    return rc;
}

int table_open(struct table *t, struct sink *s, const struct at_doc *doc, const char *name,
               const struct at_record *r, struct at_error *err)
{
    struct at_strbuf columns = { 0 };
    int rc;

    *t = (struct table){ .record = r };
    if (!sink_writes(s, FORMAT_CSV) || !sink_keeps(s, doc))
        return 0;
    t->rel = sink_rel(doc, name);
    at_record_columns(&columns, r);
    rc = manifest_csv_open(&t->csv, s->manifest, t->rel, at_strbuf_str(&columns), err);
    at_strbuf_release(&columns);
    t->is_open = !rc;
    if (rc)
        table_abort(t);
    return rc;
}

void table_add(struct table *t, const void *row)
{
    if (!t->is_open)
        return;
    at_record_cells(&t->csv, t->record, row);
    at_csv_end(&t->csv);
}

int table_commit(struct table *t, struct sink *s, struct at_error *err)
{
    struct at_strbuf columns = { 0 };
    int rc = 0;

    if (t->is_open) {
        at_record_columns(&columns, t->record);
        t->is_open = false;
        rc = manifest_csv_commit(&t->csv, s->manifest, t->rel, at_strbuf_str(&columns), err);
        at_strbuf_release(&columns);
    }
    table_abort(t);
    return rc;
}

void table_abort(struct table *t)
{
    if (t->is_open)
        at_csv_abort(&t->csv);
    free(t->rel);
    *t = (struct table){ 0 };
}

/* --- pictures --- */

/* A picture says what it is of, but is no copy of a book. */
enum { MAX_META_TEXT = 1 << 16 };

static int write_canvas(struct sink *s, const struct at_doc *doc, const char *model_name,
                        const char *file, const struct at_canvas *canvas, enum at_format format,
                        struct at_error *err)
{
    const char *whole = doc ? doc->in.text : "";
    char *text = at_strndup(whole, (size_t)at_shown(whole, MAX_META_TEXT));
    const struct at_canvas_meta meta[] = {
        { "Software", "atlas" },
        { "Model", model_name },
        { "Text", text },
        { "Command", s->call->command_line },
    };
    char *rel = sink_rel(doc, file), *path = NULL;
    int rc = manifest_path(&path, s->manifest, rel, err);

    if (!rc)
        rc = at_canvas_write(canvas, path, format, s->call->dpi, meta, AT_COUNTOF(meta), err);
    if (!rc)
        rc = manifest_output(s->manifest, rel, err);
    free(text);
    free(path);
    free(rel);
    return rc;
}

static int write_drawing_list(struct sink *s, const struct at_doc *doc, const char *file,
                              const struct at_canvas *canvas, struct at_error *err)
{
    char *rel = sink_rel(doc, file), *path = NULL;
    struct at_strbuf text = { 0 };
    int rc = manifest_path(&path, s->manifest, rel, err);

    if (!rc) {
        at_canvas_dump(canvas, &text);
        rc = at_write_file(path, text.s, text.n, err);
    }
    if (!rc)
        rc = manifest_output(s->manifest, rel, err);
    at_strbuf_release(&text);
    free(path);
    free(rel);
    return rc;
}

int sink_picture(struct sink *s, const struct at_doc *doc, const char *model_name, const char *name,
                 struct at_canvas *canvas, struct at_error *err)
{
    static const struct {
        unsigned bit;
        const char *suffix;
        enum at_format format;
    } formats[] = {
        { FORMAT_PNG, "png", AT_PNG },
        { FORMAT_SVG, "svg", AT_SVG },
        { FORMAT_PDF, "pdf", AT_PDF },
    };
    enum at_format format;
    char *file;
    int rc = 0;

    AT_BUG_IF(!s->manifest);
    for (size_t i = 0; !rc && i < AT_COUNTOF(formats); i++) {
        if (!(s->call->formats & formats[i].bit))
            continue;
        format = formats[i].format;
        if (format == AT_SVG && s->call->svg_text == SVG_TEXT)
            format = AT_SVG_TEXT;
        file = at_asprintf("%s.%s", name, formats[i].suffix);
        rc = write_canvas(s, doc, model_name, file, canvas, format, err);
        free(file);
    }
    if (!rc && s->call->dump_drawing) {
        file = at_asprintf("%s.drawing.json", name);
        rc = write_drawing_list(s, doc, file, canvas, err);
        free(file);
    }
    if (!rc && *at_canvas_missing_glyphs(canvas))
        report_warning("%s: %s", name, at_canvas_missing_glyphs(canvas));
    at_canvas_free(canvas);
    return rc;
}

/* --- what was read --- */

int sink_note_file(struct sink *s, const char *role, const char *path, struct at_error *err)
{
    return s->manifest ? manifest_input_file(s->manifest, role, path, err) : 0;
}

int sink_note_session(struct sink *s, const char *role, const struct at_session *session,
                      struct at_error *err)
{
    const struct at_tensors *files = session->model.files;
    int rc = 0;

    for (size_t i = 0; !rc && files && at_tensors_path(files, i); i++)
        rc = sink_note_file(s, role, at_tensors_path(files, i), err);
    return rc;
}

void sink_note_text(struct sink *s, const struct at_text *text)
{
    if (!s->manifest || !s->lists_texts)
        return;
    manifest_input_text(s->manifest, "text", text->id, text->text);
    if (text->pair)
        manifest_input_text(s->manifest, "pair", text->id, text->pair);
}

void sink_note_skipped(struct sink *s, const char *id, const char *why)
{
    if (s->manifest)
        manifest_skipped(s->manifest, id, why);
}
