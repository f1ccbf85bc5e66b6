/*
 * sink.h - where results go: documents, tables and pictures of one text or of all, into DIR with
 * -o, the document to standard output with --json. A sink computes nothing.
 */
#ifndef CMD_SINK_H
#define CMD_SINK_H

#include <stdbool.h>

#include "analysis/corpus.h"
#include "cmd/call.h"
#include "cmd/manifest.h"
#include "draw/canvas.h"
#include "io/record.h"
#include "session/doc.h"

struct sink {
    const struct call *call;
    struct manifest *manifest; /* NULL without -o */
    char run_id[13];           /* of the run, in tables and manifest.json; "" without -o */
    bool lists_texts;          /* the manifest has each text, not a file that holds them */
};

/* sink_open - the output directory, when there is one. Of an earlier run of the command and model
   its files stay as they are until the first of this run is written, which replaces them all; any
   other's are refused, AT_EFORMAT. */
AT_MUST_USE int sink_open(struct sink *out, const struct call *c, struct at_error *err);
/*
 * sink_identify - the model of a session, which may be NULL, and run_id, for tables of several runs
 * in one.
 * sink_take_model - the model of captures, by its name.
 * sink_take_run - both, of the manifest of a run whose parts are put together.
 *
 * Errors    AT_EFORMAT: the directory has files of another model; those of run_note().
 */
AT_MUST_USE int sink_identify(struct sink *s, const struct at_session *session,
                              struct at_error *err);
AT_MUST_USE int sink_take_model(struct sink *s, const char *name, struct at_error *err);
AT_MUST_USE int sink_take_run(struct sink *s, const struct at_json *manifest, struct at_error *err);
/* sink_close - write the manifest when status allows; answers status, or that of a failure. */
int sink_close(struct sink *s, int status);

/* sink_writes - are files of this format (FORMAT_ bits) written? */
bool sink_writes(const struct sink *s, unsigned format);
/* sink_draws - are pictures (or their drawing lists) written at all? */
bool sink_draws(const struct sink *s);
/* sink_prints - is it a person who reads standard output: neither --json nor -o? */
bool sink_prints(const struct sink *s);
/* sink_wants_document - is a document to be made: --json, or -o with JSON among its formats? */
bool sink_wants_document(const struct sink *s);

/* sink_keeps - has this text files of its own, and a summary: one of many has them with --each
   where many texts are one result. Tables and documents of others are not written by the functions
   below; whoever draws or prints asks first. */
bool sink_keeps(const struct sink *s, const struct at_doc *doc);

/* sink_text_head - what a row of a table of texts begins with; a string is the arena's. */
struct at_text_head sink_text_head(const struct sink *s, const struct at_doc *doc,
                                   struct at_arena *arena);

/* sink_rel - path of a file of this text (NULL: of all) inside the output directory. free(). */
char *sink_rel(const struct at_doc *doc, const char *name);

/*
 * sink_result - the document of a result: its record, and meta (taken, may be NULL).
 * sink_result_file - a document beside the command's own: never on standard output.
 * sink_document - as sink_result(), of an object that is there; taken.
 */
AT_MUST_USE int sink_result(struct sink *s, const struct at_doc *doc, const char *name,
                            const struct at_record *r, const void *result, struct at_json *meta,
                            struct at_error *err);
AT_MUST_USE int sink_result_file(struct sink *s, const struct at_doc *doc, const char *name,
                                 const struct at_record *r, const void *result,
                                 struct at_json *meta, struct at_error *err);
AT_MUST_USE int sink_document(struct sink *s, const struct at_doc *doc, const char *name,
                              struct at_json *document, struct at_error *err);

/* sink_table - n rows of a record; nothing unless CSV is written. */
AT_MUST_USE int sink_table(struct sink *s, const struct at_doc *doc, const char *name,
                           const struct at_record *r, const void *rows, size_t n,
                           struct at_error *err);

/* sink_corpus - corpus.csv of the heads, or of the model where there are none, and where they have
   values of their own corpus_layers.csv and corpus_global.csv; nothing when no text was added. */
AT_MUST_USE int sink_corpus(struct sink *s, const struct at_corpus *corpus,
                            struct at_corpus_source of, struct at_error *err);

/* A table that grows row by row, of one text or of all. A zeroed one is closed; adding to it, and
   finishing it, does nothing. */
struct table {
    struct at_csv csv;
    const struct at_record *record;
    char *rel;
    bool is_open;
};
/* table_open - stays closed unless CSV is written. table_add - a row. table_commit - put it in
   place. table_abort - forget it; accepts a zeroed or committed one. */
AT_MUST_USE int table_open(struct table *t, struct sink *s, const struct at_doc *doc,
                           const char *name, const struct at_record *r, struct at_error *err);
void table_add(struct table *t, const void *row);
AT_MUST_USE int table_commit(struct table *t, struct sink *s, struct at_error *err);
void table_abort(struct table *t);

/* sink_picture - write a canvas in every picture format asked for and free it. name: no suffix;
   model_name: of the file's own record of what it shows. */
AT_MUST_USE int sink_picture(struct sink *s, const struct at_doc *doc, const char *model_name,
                             const char *name, struct at_canvas *canvas, struct at_error *err);

/* What was read, for the manifest; nothing without one. */
AT_MUST_USE int sink_note_file(struct sink *s, const char *role, const char *path,
                               struct at_error *err);
AT_MUST_USE int sink_note_session(struct sink *s, const char *role,
                                  const struct at_session *session, struct at_error *err);
void sink_note_text(struct sink *s, const struct at_text *text);
void sink_note_skipped(struct sink *s, const char *id, const char *why);

#endif
