/*
 * session.c - see session.h.
 */
#include "session/session.h"

#include "base/path.h"
#include "model/lm_head.h"
#include "session/find.h"

int at_session_open(struct at_session *out, const char *spec,
                    const struct at_session_options *options, struct at_error *err)
{
    static const struct at_session_options defaults = { 0 };
    struct at_session s = { 0 };
    int rc = at_model_load_with(&s.model, &s.tokenizer, &s.pooling, &s.arena, spec, err);

    if (rc) {
        at_session_close(&s);
        return rc;
    }
    if (!options)
        options = &defaults;
    s.model.is_double = options->precision == AT_PRECISION_DOUBLE;
    if (options->prefix_space && options->prefix_space(&s.model.config))
        at_tokenizer_set_prefix_space(s.tokenizer, true);
    s.spec = at_model_trim(&s.arena, spec);
    s.name = at_path_base(s.spec);
    s.owns_pool = !options->pool;
    s.pool = options->pool ? options->pool : at_pool_new(options->n_threads);
    at_model_populate(&s.model, s.pool);
    *out = s;
    return 0;
}

void at_session_close(struct at_session *s)
{
    if (s->owns_pool)
        at_pool_free(s->pool);
    at_tokenizer_close(s->tokenizer);
    at_model_close(&s->model);
    at_arena_release(&s->arena);
    *s = (struct at_session){ 0 };
}

bool at_session_takes_masks(const struct at_session *s)
{
    return !s->model.config.is_causal && at_lm_head_present(&s->model) &&
           at_tokenizer_role(s->tokenizer, AT_ROLE_MASK) >= 0;
}
