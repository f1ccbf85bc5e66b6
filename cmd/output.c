/*
 * output.c - documents, tables and pictures of one text, at the place atlas-output(5) gives them.
 */
#include "cmd/job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/guard.h"

char *job_rel(const struct doc *doc, const char *name)
{
    return at_path_join(doc ? doc->in.id : "", name);
}

char *job_title(const struct job *job, const char *what, long layer, long head)
{
    struct at_strbuf b = { 0 };

    at_strbuf_addf(&b, "%s, %s", what, job->shown_model);
    if (layer < 0)
        at_strbuf_adds(&b, ", mean of all layers and heads");
    else if (head < 0)
        at_strbuf_addf(&b, ", layer %ld, mean of its heads", layer);
    else
        at_strbuf_addf(&b, ", layer %ld, head %ld", layer, head);
    return at_strbuf_take(&b);
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
static void add_quotation(struct at_strbuf *b, const struct doc *doc)
{
    at_strbuf_adds(b, "\xe2\x80\x9c\xe2\x81\xa8");
    add_elided(b, doc->in.text, 70);
    if (doc->in.pair) {
        at_strbuf_adds(b, " | ");
        add_elided(b, doc->in.pair, 40);
    }
    at_strbuf_adds(b, "\xe2\x81\xa9\xe2\x80\x9d");
}

char *job_subtitle(const struct job *job, const struct doc *doc, const char *more)
{
    static const char *const modes[] = { "raw weights", "columns normalised", "rollout" };
    struct at_strbuf b = { 0 };

    add_quotation(&b, doc);
    at_strbuf_addf(&b, ", %s, %zu %s%s", modes[job->matrix], doc->n,
                   job->by_words ? "word" : "token", at_plural(doc->n));
    if (more && *more)
        at_strbuf_addf(&b, ", %s", more);
    return at_strbuf_take(&b);
}

char *job_text_subtitle(const struct job *job, const struct doc *doc)
{
    struct at_strbuf b = { 0 };

    add_quotation(&b, doc);
    at_strbuf_addf(&b, ", %zu %s%s", doc->n, job->by_words ? "word" : "token", at_plural(doc->n));
    return at_strbuf_take(&b);
}

const char *component_name(struct at_arena *arena, int number, double ratio, int decimals)
{
    return isnan(ratio)
               ? at_arena_printf(arena, "PC %d", number)
               : at_arena_printf(arena, "PC %d (%.*f %%)", number, decimals, 100.0 * ratio);
}

bool job_draws(const struct job *job)
{
    return job->manifest &&
           (job->dump_drawing || (job->formats & (FORMAT_PNG | FORMAT_SVG | FORMAT_PDF)));
}

static int write_canvas(struct job *job, const struct doc *doc, const char *name,
                        const char *suffix, const struct at_canvas *canvas, enum at_format format,
                        struct at_error *err)
{
    const struct at_canvas_meta meta[] = {
        { "Software", "atlas" },
        { "Model", job->shown_model },
        { "Text", doc ? doc->in.text : "" },
        { "Command", job->command_line },
    };
    char *file = at_asprintf("%s.%s", name, suffix), *rel = job_rel(doc, file), *path = NULL;
    int rc = manifest_path(&path, job->manifest, rel, err);

    if (!rc)
        rc = at_canvas_write(canvas, path, format, job->dpi, meta, AT_COUNTOF(meta), err);
    if (!rc)
        rc = manifest_output(job->manifest, rel, err);
    free(path);
    free(rel);
    free(file);
    return rc;
}

static int write_drawing_list(struct job *job, const struct doc *doc, const char *name,
                              const struct at_canvas *canvas, struct at_error *err)
{
    char *file = at_asprintf("%s.drawing.json", name), *rel = job_rel(doc, file), *path;
    struct at_strbuf text = { 0 };
    int rc = manifest_path(&path, job->manifest, rel, err);

    if (!rc) {
        at_canvas_dump(canvas, &text);
        rc = at_write_file(path, text.s, text.n, err);
        free(path);
    }
    if (!rc)
        rc = manifest_output(job->manifest, rel, err);
    at_strbuf_release(&text);
    free(rel);
    free(file);
    return rc;
}

int job_picture(struct job *job, const struct doc *doc, const char *name, struct at_canvas *canvas,
                struct at_error *err)
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
    int rc = 0;

    AT_BUG_IF(!job->manifest);
    for (size_t i = 0; !rc && i < AT_COUNTOF(formats); i++)
        if (job->formats & formats[i].bit)
            rc = write_canvas(job, doc, name, formats[i].suffix, canvas, formats[i].format, err);
    if (!rc && job->dump_drawing)
        rc = write_drawing_list(job, doc, name, canvas, err);
    if (!rc && *at_canvas_missing_glyphs(canvas))
        report_warning("%s: %s", name, at_canvas_missing_glyphs(canvas));
    at_canvas_free(canvas);
    return rc;
}

int job_document(struct job *job, const struct doc *doc, const char *name, struct at_json *json,
                 struct at_error *err)
{
    int rc = 0;

    if (job->is_json) {
        struct at_strbuf b = { 0 };
        bool is_line = job->is_lines || job->is_jsonl || (doc && *doc->in.id);
        at_json_dump(&b, json, is_line ? 0 : 1, (int)job->digits);
        at_strbuf_addc(&b, '\n');
        fwrite(b.s, 1, b.n, stdout);
        at_strbuf_release(&b);
        if (guard_fault())
            rc = at_fail(err, AT_EIO, "cannot write to standard output: %s",
                         strerror(guard_fault()));
    }
    if (!rc && job->manifest && (job->formats & FORMAT_JSON)) {
        char *rel = job_rel(doc, name);
        rc = manifest_json(job->manifest, rel, json, (int)job->digits, err);
        free(rel);
    }
    at_json_free(json);
    return rc;
}

int job_csv_open(struct at_csv *out, struct job *job, const struct doc *doc, const char *name,
                 const char *columns, struct at_error *err)
{
    char *rel = job_rel(doc, name);
    int rc = manifest_csv_open(out, job->manifest, rel, columns, err);

    free(rel);
    return rc;
}

int job_csv_commit(struct at_csv *csv, struct job *job, const struct doc *doc, const char *name,
                   const char *columns, struct at_error *err)
{
    char *rel = job_rel(doc, name);
    int rc = manifest_csv_commit(csv, job->manifest, rel, columns, err);

    free(rel);
    return rc;
}

void job_csv_place(struct at_csv *csv, long layer, long head)
{
    if (layer >= 0)
        at_csv_int(csv, layer);
    else
        at_csv_text(csv, "global");
    if (head >= 0)
        at_csv_int(csv, head);
    else
        at_csv_text(csv, layer >= 0 ? "layer" : "all");
}
