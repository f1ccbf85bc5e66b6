/*
 * ablate.h - heads that a call removes from the model: --ablate, --ablation, --reference.
 *
 * A command that takes them hands its struct ablate to ablate_options() and puts the table into its
 * own; the dispatcher does the rest: every pass of the command's model then leaves the heads out,
 * its name says so in results and pictures, and "meta" names them.
 */
#ifndef CMD_ABLATE_H
#define CMD_ABLATE_H

#include "analysis/head_removal.h"
#include "cmd/opt.h"
#include "io/json.h"
#include "session/session.h"

struct call;
struct sink;

struct ablate {
    const char *heads_text, *reference_path; /* as given */
    int mode;                                /* enum at_removal_mode */
    bool is_search; /* the command finds heads itself: mode and reference without a list, which is
                       then refused */
    struct opt options[5];     /* to include */
    struct at_head_list heads; /* none: nothing is removed */
    struct at_head_reference reference;
    struct at_removal_rule rule;
    float *gates; /* (L,H) */
    struct at_head_edit edit;
};

/* ablate_options - a->options, and c->ablate. */
void ablate_options(struct ablate *a, struct call *c);
/* ablate_check - what is wrong with the call as given; answers an exit status. */
int ablate_check(struct ablate *a, const struct call *c);
/* ablate_check_mode - is --reference there for a mode that can use it? Answers an exit status. */
int ablate_check_mode(const struct ablate *a);
/*
 * ablate_read - the reference, when there is one, and the rule.
 * ablate_open - the same, and the heads are removed from the session's model, which must not
 * outlive *a.
 *
 * Errors    AT_ERANGE, a head that the model does not have; those of at_head_reference_read().
 */
AT_MUST_USE int ablate_read(struct ablate *a, const struct at_session *s, struct sink *sink,
                            struct at_error *err);
AT_MUST_USE int ablate_open(struct ablate *a, struct at_session *s, struct sink *sink,
                            struct at_error *err);
/* ablate_meta - the key "ablation" of "meta"; nothing when no head is removed. a may be NULL. */
void ablate_meta(const struct ablate *a, struct at_json *meta);
void ablate_release(struct ablate *a);

#endif
