/*
 * witness.h - a visitor and an observer that note in one log what they are asked and told, keep
 * what they are shown, and can be told to fail.
 */
#ifndef UNIT_WITNESS_H
#define UNIT_WITNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "session/pass.h"

/* A visitor that notes what it is asked, keeps what it is shown, and can be told to fail. */
struct witness {
    struct at_strbuf log; /* "begin 0;layer 0.0;..." with the doc's number */
    size_t n_alive;       /* states */
    const char *refused;  /* begin fails for this text, with this code */
    enum at_code refusal;
    const char *bad_call; /* this entry of the log is followed by AT_EFORMAT */
    const char *capture_dir;
    unsigned keep;           /* of the captures */
    struct at_strbuf floats; /* all that was shown, in order of input */
    char model_name[32];     /* of the last doc */
};

/* The state of one text. */
struct seen {
    struct witness *w;
    const struct at_doc *doc;
    struct at_strbuf floats;
    struct at_capture_writer *capture;
};

extern const struct at_visitor witness_visitor; /* its begin takes a struct witness */
/* witness_note - an entry of the log; fails when it is the bad call. */
int witness_note(struct witness *w, struct at_error *err, const char *entry);
void *witness_begin(void *arg, const struct at_doc *doc, struct at_error *err);
void witness_release(void *state);
/* witness_observer - tells everything to the same log. */
struct at_observer witness_observer(struct witness *w);

/* One pass of a session over lines of text; *w keeps what it saw. */
struct run {
    struct at_session s;
    struct at_texts texts;
    struct at_pass pass;
    struct witness w;
    struct at_error err;
    bool was_told;
};

/* run_open - lines of text, or of JSON, as the texts of a model in a directory. */
void run_open(struct run *r, const char *model, const char *lines);
/* run_close - every state must have been released. */
void run_close(struct run *r);
/* log_is - the whole log; count_in - how often part is in it. */
void log_is(const struct run *r, const char *want);
size_t count_in(const struct run *r, const char *part);

#endif
