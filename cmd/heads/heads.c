/*
 * heads.c - `atlas heads`: what each head looks at. Seven specialisation scores, scores of position
 * and repetition, and with --conllu (head_syntax.c) the syntactic relations heads find.
 */
#include "cmd/heads/heads.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/head_syntax.h"
#include "base/alloc.h"
#include "session/doc_window.h"

/* --- one text --- */

struct state {
    struct heads *h;
    const struct at_doc *doc;
    struct at_head_features features;
    struct at_arena arena; /* the result */
};

static void release_text(void *state)
{
    struct state *s = state;

    at_head_features_release(&s->features);
    at_arena_release(&s->arena);
    free(s);
}

static int init_features(struct state *s, struct at_error *err)
{
    struct heads *h = s->h;
    const struct at_doc *whole = s->doc->window.whole;
    enum at_matrix_mode mode = (enum at_matrix_mode)h->x->call->matrix;
    int rc = tag_source_check_doc(&h->tags, s->doc, err);

    if (!rc && !whole)
        rc = at_head_features_init(&s->features, s->doc, &h->tags.tagger, mode, err);
    if (!rc && whole && at_doc_is_first_window(s->doc))
        rc = at_head_windows_begin(&h->windows, whole, &h->tags.tagger, err);
    if (rc)
        return rc;
    if (whole)
        at_head_windows_init(&s->features, &h->windows, s->doc, mode);
    if (!whole)
        tag_source_warn(s->doc, &s->features.tagged);
    else if (at_doc_is_first_window(s->doc))
        tag_source_warn(whole, &h->windows.whole.tagged);
    return 0;
}

static void *begin_text(void *arg, const struct at_doc *doc, struct at_error *err)
{
    struct heads *h = arg;
    struct state *s = at_calloc(1, sizeof *s);

    *s = (struct state){ .h = h, .doc = doc };
    if (init_features(s, err)) {
        release_text(s);
        return NULL;
    }
    return s;
}

static int add_layer(void *state, const struct at_doc_layer *layer, struct at_error *err)
{
    struct state *s = state;

    (void)err;
    at_head_features_add(&s->features, layer, s->h->x->pool);
    return 0;
}

const char *head_score_title(const struct at_doc *doc, size_t score)
{
    const struct at_head_score_info *info = &at_head_score_table[score];

    return doc->shape->has_summary_token || !info->title_no_cls ? info->title : info->title_no_cls;
}

static void print_strongest(const struct at_heads *r, const char *title, size_t number)
{
    const struct at_strongest *s = &r->strongest[number];

    printf("  %-26s", title);
    if (s->n == 0)
        printf("%s", s->is_defined ? "  none" : "  n/a");
    for (size_t i = 0; i < s->n; i++)
        printf("  L%zuH%-2zu %.4f", s->head[i] / r->H, s->head[i] % r->H, s->value[i]);
    printf("\n");
}

static void print_summary(const struct heads *h, const struct at_doc *doc, const struct at_heads *r)
{
    if (*doc->in.id)
        printf("%s%s: ", doc->number ? "\n" : "", doc->in.id);
    printf("%s, %zu layer%s x %zu head%s, tags by %s\n", doc->model_name, r->L, at_plural(r->L),
           r->H, at_plural(r->H), at_tagger_name(&h->tags.tagger));
    for (size_t i = 0; i < r->n; i++) {
        const struct at_tag_row *t = &r->tokens[i];
        printf("%s%s%s%s%s%s", i ? " " : "", t->token, t->upos ? "/" : "", t->upos ? t->upos : "",
               t->entity ? "/" : "", t->entity ? t->entity : "");
    }
    printf("\n\nstrongest heads (layer-head, raw score)\n");
    for (size_t i = 0; i < AT_N_HEAD_NUMBERS; i++)
        print_strongest(r, i < AT_N_HEAD_SCORES ? head_score_title(doc, i) : at_head_number_key(i),
                        i);
}

static int add_to_corpus(struct heads *h, const struct at_head_features *f, struct at_error *err)
{
    struct at_corpus *corpus = many_corpus(&h->many, f->doc);
    struct at_heads_text_row row;

    if (!corpus)
        return 0;
    at_head_features_corpus_add(corpus, f);
    row = at_heads_text_row(f);
    return many_add(&h->many, f->doc, &row, err);
}

static int tell(struct heads *h, const struct at_head_features *f, struct at_arena *arena,
                struct at_error *err)
{
    struct sink *sink = h->x->sink;
    const struct at_doc *doc = f->doc;
    struct at_heads r = at_head_features_finish(f, arena);
    struct at_json *meta = doc_meta(h->x->call, doc);
    int rc;

    tag_source_meta(&h->tags, meta);
    rc = add_to_corpus(h, f, err);
    if (!rc)
        rc = sink_table(sink, doc, "heads.csv", &at_head_row_record, r.heads, r.n_heads, err);
    if (!rc)
        rc = sink_table(sink, doc, "tags.csv", &at_tag_row_record, r.tokens, r.n, err);
    if (!rc && sink_draws(sink) && sink_keeps(sink, doc))
        rc = heads_pictures(sink, doc, &r, err);
    if (rc) {
        at_json_free(meta);
        return rc;
    }
    rc = sink_result(sink, doc, "heads.json", &at_heads_record, &r, meta, err);
    if (!rc && sink_prints(sink) && sink_keeps(sink, doc))
        print_summary(h, doc, &r);
    return rc;
}

static int finish_text(void *state, const float *final_hidden, struct at_error *err)
{
    struct state *s = state;
    struct heads *h = s->h;

    (void)final_hidden;
    if (!s->doc->window.whole)
        return tell(h, &s->features, &s->arena, err);
    at_head_windows_add(&h->windows, &s->features);
    if (!at_doc_is_last_window(s->doc))
        return 0;
    at_head_windows_finish(&h->windows);
    return tell(h, &h->windows.whole, &s->arena, err);
}

static const struct at_visitor visitor = {
    .begin = begin_text,
    .layer = add_layer,
    .finish = finish_text,
    .release = release_text,
};

/* --- all texts --- */

static void look_of(struct value_look *out, size_t value)
{
    bool is_score = value < AT_N_HEAD_SCORES;

    *out = (struct value_look){
        .title = is_score ? at_head_score_table[value].title
                          : head_pattern_titles[value - AT_N_HEAD_SCORES],
        .details = "",
        .unit = is_score ? "raw score" : "mean weight",
    };
}

static const struct corpus_way corpus_way = {
    .texts = &at_heads_text_row_record,
    .n_values = AT_N_HEAD_NUMBERS,
    .key = at_head_number_key,
    .look = look_of,
    .has_heads = true,
    .has_ratios = true,
    .file = "heads",
    .overall = "mean of all heads",
};

static int run(void *own, const struct context *x)
{
    struct heads *h = own;
    struct at_error err;

    h->x = x;
    if (h->conllu)
        return head_syntax(h);
    if (tag_source_open(&h->tags, x, &err))
        return report_fault(&err);
    if (many_begin(&h->many, &corpus_way, x, &err))
        return report_fault(&err);
    return many_end(&h->many, each_text(x, &visitor, h, "scoring heads"));
}

static void release(void *own)
{
    struct heads *h = own;

    many_release(&h->many);
    at_head_windows_release(&h->windows);
    tag_source_close(&h->tags);
}

/* --- the call --- */

/* What says nothing about the sentences of a treebank; NULL when none of it is given. */
static const char *beside_conllu(const struct call *c)
{
    const void *const values[] = { &c->pair,       &c->doc.split_pair,   &c->is_lines,
                                   &c->is_jsonl,   &c->doc.is_truncated, &c->doc.by_words,
                                   &c->layer_text, &c->head_text,        &c->matrix,
                                   &c->is_each,    &c->shard_text,       &c->is_resumed,
                                   &c->window };

    return call_first_given(c, values, AT_COUNTOF(values));
}

static int check(void *own, struct call *c)
{
    const struct heads *h = own;
    const char *beside = h->conllu ? beside_conllu(c) : NULL;
    int status;

    if (h->conllu && (c->n_operands || c->file || c->from))
        return report_usage("--conllu brings its own sentences; give no text beside it");
    if (h->conllu && h->tags.file)
        return report_usage("--conllu and --tags exclude each other");
    if (beside)
        return report_usage("--conllu counts whole sentences over all heads; leave out --%s",
                            beside);
    if (!h->conllu && (h->subtypes || call_gives(c, &h->min_words)))
        return report_usage("--%s goes with --conllu", h->subtypes ? "subtypes" : "min-words");
    if (h->conllu)
        c->needs = NEED_MODEL;
    status = call_refuse_rollout(c);
    return status ? status : tag_source_check(&h->tags, c);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct heads *h = own;

    h->min_words = 10;
    call->makes_corpus = true;
    tag_source_init(&h->tags);
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_INCLUDE(call->window_options),
        OPT_GROUP("Tags"),
        OPT_INCLUDE(h->tags.options),
        OPT_TEXT(0, "conllu", &h->conllu, "FILE", "sentences with dependency trees: the best head for every relation, against the best fixed offset"),
        OPT_INT(0, "min-words", &h->min_words, "N", 1, 1000000, "--conllu: leave out relations with fewer words"),
        OPT_FLAG(0, "subtypes", &h->subtypes, "--conllu: keep nmod:poss apart from nmod"),
        OPT_INCLUDE(call->select_options),
        OPT_INCLUDE(call->corpus_options),
        OPT_INCLUDE(call->output_options),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

static const struct output outputs[] = {
    { "heads.json", "every head, and the tags of the text", &at_heads_record },
    { "heads.csv", "a row for each head", &at_head_row_record },
    { "tags.csv", "a row for each token or, with --words, word", &at_tag_row_record },
    MANY_OUTPUTS(&at_heads_text_row_record),
    { "corpus.csv", "a row for each head and score over several texts", &at_corpus_role_record },
    MANY_OUTPUTS_OF_HEADS,
    { "roles.csv", "over several texts the ten heads with the greatest mean of each score",
      &at_role_record },
    { "syntax.json", "with --conllu the best head of each relation", &at_head_syntax_record },
    { "syntax.csv", "a row for each relation and direction", &at_head_syntax_row_record },
    { "syntax_heads.csv", "a row for each relation, direction and head",
      &at_head_syntax_cell_record },
    { 0 },
};

const struct command heads_command = {
    .name = "heads",
    .brief = "what each head looks at: words, positions, syntax",
    .synopsis = "[options] [text ...]",
    .about = "Score what each head looks at: function words, content words, the first token, "
             "punctuation, entities, far away, itself; the token before or after, earlier copies "
             "and what followed them. Scaled scores compare heads of one layer only.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct heads),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
    .outputs = outputs,
    .corpus = &corpus_way,
};
