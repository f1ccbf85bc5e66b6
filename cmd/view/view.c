/*
 * view.c - `atlas view`: one HTML file to explore what a model does with some texts.
 */
#include "cmd/view/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "cmd/method_list.h"
#include "session/find.h"

/* --- what the analyses need --- */

void view_omit(struct view *v, const char *id, const char *what, const char *why)
{
    struct at_json *o = at_json_object();

    if (id && *id)
        at_json_set_string(o, "id", id);
    at_json_set_string(o, "what", what);
    at_json_set_string(o, "why", why);
    at_json_append(v->omitted, o);
    report_note("%s%s%s is left out: %s", id ? id : "", id && *id ? ": " : "", what, why);
}

static bool is_left_out(const struct view *v, enum view_part part)
{
    return v->left_out & part;
}

static int open_rules(struct view *v, struct at_error *err)
{
    char *path;
    int rc = at_data_path(&path, "data/sentences", err);

    if (rc)
        return rc;
    rc = at_sentence_rules_open(&v->rules, path, NULL, err);
    free(path);
    return rc;
}

static int open_detector(struct view *v, struct at_error *err)
{
    const struct at_session_options options = { .pool = v->x->pool,
                                                .prefix_space = at_bias_is_classifier };
    int rc = at_session_open(&v->bias, "atlas-bias", &options, err);

    return rc ? rc : at_detector_init(&v->detector, &v->bias, NULL, err);
}

/* What attributions explain of the model at hand. */
static void open_aim(struct view *v)
{
    static const struct at_aim_options aim = { .choice = AT_AIM_AUTO };
    struct at_error err;

    if (is_left_out(v, VIEW_ATTRIBUTIONS) || !v->session)
        return;
    v->has_aim = !at_aim_init(&v->aim, v->session, &aim, &v->arena, &err);
    if (!v->has_aim)
        view_omit(v, NULL, "attributions", err.text);
}

/* What is not there is left out of the page, with the reason. */
static void open_sources(struct view *v)
{
    struct at_error err;

    open_aim(v);

    if (!is_left_out(v, VIEW_ROLES)) {
        v->has_tags = !tag_source_open(&v->tags, v->x, &err);
        if (!v->has_tags)
            view_omit(v, NULL, "roles", err.text);
    }
    if (!is_left_out(v, VIEW_SENTENCES) && open_rules(v, &err))
        view_omit(v, NULL, "sentences", err.text);
    if (!is_left_out(v, VIEW_BIAS)) {
        v->has_detector = !open_detector(v, &err);
        if (!v->has_detector)
            view_omit(v, NULL, "bias", err.text);
    }
}

/* --- the page --- */

/* Groups of heads, over all texts. */
static struct at_json *clusters_json(struct view *v)
{
    struct at_cluster_options options = AT_CLUSTER_OPTIONS_INIT;
    struct at_head_groups groups;
    struct at_json *document;
    struct at_error err;

    if (!v->grouping.n_texts)
        return at_json_null();
    options.seed = (uint64_t)v->x->call->seed;
    options.has_summary_token = v->kind.has_summary_token;
    if (at_head_groups_finish(&groups, &v->grouping, &options, v->x->pool, &err)) {
        view_omit(v, NULL, "clusters", err.text);
        return at_json_null();
    }
    document = at_record_json(&at_head_groups_record, &groups);
    at_json_set_int(document, "n_texts", (long long)groups.n_texts);
    return document;
}

/* What --max-size left out, said once and written down. */
static void tell_left_out(struct view *v, const struct at_page *p)
{
    size_t L = 0;

    for (size_t i = 0; i < p->n_texts; i++)
        L = p->texts[i].maps ? AT_MAX(L, p->texts[i].L) : L;
    if (p->leaves_out_vectors)
        view_omit(v, NULL, "neurons", "queries and keys do not fit into --max-size");
    if (p->n_kept < L) {
        char why[200];
        snprintf(why, sizeof why,
                 "--max-size has room for the heads of %zu of %zu layers, evenly spread, the last "
                 "among them; means and rollouts of all are there",
                 p->n_kept, L);
        view_omit(v, NULL, "maps", why);
        report_warning("%s", why);
    }
}

static int write_page(struct view *v, struct at_error *err)
{
    const char *model = at_json_text(at_json_get(v->about, "model"), "");
    char *title = at_asprintf("atlas: %s", model);
    struct at_page page = {
        .title = title, .about = v->about, .texts = v->texts.items, .n_texts = v->texts.n
    };
    struct at_strbuf html = { 0 };
    int rc;

    at_json_set_string(v->about, "command_line", v->x->call->command_line);
    at_json_set(v->about, "help", view_help(at_json_truth(at_json_get(v->about, "causal"), false)));
    rc = at_page_fit(&page, v->max_size, err);
    if (!rc) {
        tell_left_out(v, &page);
        at_json_set(v->about, "omitted", at_json_share(v->omitted));
        at_page_write(&html, &page);
        rc = at_write_file(v->out, html.s, html.n, err);
    }
    if (!rc && !v->x->call->is_quiet)
        printf("%s: %zu text%s, %.1f MB\n", v->out, v->texts.n, at_plural(v->texts.n),
               (double)html.n / 1e6);
    at_strbuf_release(&html);
    free(title);
    return rc;
}

/* --- a second model --- */

/* The page has one choice of layers and heads, so both models have the same. */
static int open_other(struct view *v, struct at_error *err)
{
    const struct at_session_options options = { .precision =
                                                    (enum at_precision)v->x->call->precision,
                                                .pool = v->x->pool };
    const struct at_config *a = &v->x->session->model.config, *b = &v->other.model.config;
    int rc = at_session_open(&v->other, v->beside, &options, err);

    if (!rc &&
        (a->n_layers != b->n_layers || a->n_heads != b->n_heads || a->is_causal != b->is_causal))
        rc = at_fail(err, AT_EFORMAT,
                     "'%s' has %zu %slayers of %zu heads, '%s' %zu %sof %zu: one page shows models "
                     "of one shape",
                     v->other.name, b->n_layers, b->is_causal ? "causal " : "", b->n_heads,
                     v->x->session->name, a->n_layers, a->is_causal ? "causal " : "", a->n_heads);
    return rc;
}

/* The texts of the page once more, through the other model. */
static int add_beside(struct view *v)
{
    size_t n = v->texts.n;
    struct at_error err;
    int status = EXIT_DONE;

    if (!v->beside)
        return EXIT_DONE;
    v->session = &v->other;
    v->is_beside = true;
    open_aim(v);
    for (size_t i = 0; i < n; i++) {
        const struct at_json *about = v->texts.items[i].about;
        const char *text = at_json_text(at_json_get(about, "text"), "");
        if (at_pass_text(&v->other, text, at_json_text(at_json_get(about, "pair"), NULL),
                         &v->x->call->doc, &view_visitor, v, &err)) {
            view_omit(v, at_json_text(at_json_get(about, "id"), ""), v->beside, err.text);
            status = EXIT_SKIPPED;
        }
    }
    return status;
}

/* --- the command --- */

static int run(void *own, const struct context *x)
{
    struct view *v = own;
    struct at_error err;
    int status;

    v->x = x;
    v->session = x->session;
    v->omitted = at_json_array();
    if (v->beside && open_other(v, &err))
        return report_fault(&err);
    if (v->n_dirs) {
        status = view_gather(v);
    } else {
        open_sources(v);
        status = each_text(x, &view_visitor, v, "analysing");
    }
    if (status != EXIT_DONE && status != EXIT_SKIPPED)
        return status;
    if (add_beside(v) != EXIT_DONE)
        status = EXIT_SKIPPED;
    if (!v->documents)
        v->documents = at_json_object();
    if (!v->n_dirs)
        at_json_set(v->documents, "clusters", clusters_json(v));
    at_json_set(v->about, "documents", at_json_share(v->documents));
    return write_page(v, &err) ? report_fault(&err) : status;
}

static void release(void *own)
{
    struct view *v = own;

    for (size_t i = 0; i < v->texts.n; i++)
        at_page_text_release(&v->texts.items[i]);
    at_array_release(&v->texts);
    at_head_grouping_release(&v->grouping);
    at_arena_release(&v->arena);
    tag_source_close(&v->tags);
    at_sentence_rules_close(v->rules);
    at_detector_release(&v->detector);
    at_session_close(&v->bias);
    at_session_close(&v->other);
    at_json_free(v->about);
    at_json_free(v->omitted);
    at_json_free(v->documents);
}

/* --- the call --- */

/* "3M", "500k", "25000000": bytes. */
static int take_size(struct view *v)
{
    char *end;
    double size = strtod(v->max_size_text, &end);
    double unit = *end == 'k' || *end == 'K' ? 1e3 : *end == 'M' ? 1e6 : *end == 'G' ? 1e9 : 1.0;

    if (unit > 1.0)
        end++;
    if (end == v->max_size_text || *end || !(size * unit >= 1.0) || size * unit > 4e9)
        return report_usage("--max-size takes a number of bytes like 3M or 500k, not '%s'",
                            v->max_size_text);
    v->max_size = (size_t)(size * unit);
    return EXIT_DONE;
}

static int take_without(struct view *v)
{
    static const char *const words[] = { "inside",      "roles",   "sentences",    "bias",
                                         "predictions", "neurons", "attributions", NULL };
    const char *s = v->without;

    while (*s) {
        size_t n = strcspn(s, ","), i = 0;
        while (words[i] && (strlen(words[i]) != n || strncmp(words[i], s, n) != 0))
            i++;
        if (!words[i])
            return report_usage("--without takes a list of inside, roles, sentences, bias, "
                                "predictions, neurons, attributions, not '%.*s'",
                                at_shown(s, n), s);
        v->left_out |= 1u << i;
        s += n + (s[n] == ',');
    }
    return EXIT_DONE;
}

/* Operands that are directories are results to gather; texts and they do not mix. */
static int take_dirs(struct view *v, struct call *call)
{
    const void *const not_with_dirs[] = { &call->model,        &call->file,     &call->pair,
                                          &call->from,         &call->is_lines, &call->is_jsonl,
                                          &call->doc.by_words, &call->window };
    const char *given;
    size_t n = 0;

    for (int i = 0; i < call->n_operands; i++)
        n += at_path_is_dir(call->operands[i]);
    if (!n)
        return EXIT_DONE;
    if (n < (size_t)call->n_operands)
        return report_usage("texts or result directories, not both");
    given = call_first_given(call, not_with_dirs, AT_COUNTOF(not_with_dirs));
    if (given)
        return report_usage("a page of result directories shows what is in them; leave out --%s",
                            given);
    call->needs = 0;
    v->dirs = call->operands;
    v->n_dirs = n;
    return EXIT_DONE;
}

static int check(void *own, struct call *call)
{
    struct view *v = own;
    int status = v->max_size_text ? take_size(v) : EXIT_DONE;

    if (!status && v->without)
        status = take_without(v);
    if (!status && !*v->out)
        status = report_usage("-o takes the name of a file");
    if (!status)
        status = take_methods(&v->faith, v->methods, &v->arena);
    v->faith.seed = (uint64_t)call->seed;
    if (!status)
        status = take_dirs(v, call);
    if (!status && v->beside && (v->n_dirs || call->from))
        status = report_usage("--beside runs a second model on texts; leave it out");
    return status || v->n_dirs ? status : tag_source_check(&v->tags, call);
}

/* clang-format off */
static const struct opt *options(void *own, struct call *call)
{
    struct view *v = own;

    v->out = "view.html";
    v->methods = "attention,rollout,norm_residual_ln,gradient_x_input,relevance,ig";
    tag_source_init(&v->tags);
    const struct opt table[] = {
        OPT_INCLUDE(call->input_options),
        OPT_INCLUDE(call->window_options),
        OPT_FLAG(0, "words", &call->doc.by_words, "sum word pieces up to words, without special tokens"),
        OPT_INCLUDE(v->tags.options),
        OPT_GROUP("The page"),
        OPT_TEXT('o', "out", &v->out, "FILE", "the file to write"),
        OPT_FLAG(0, "exact", &v->is_exact, "keep weights as half floats instead of bytes; twice as large"),
        OPT_TEXT(0, "max-size", &v->max_size_text, "BYTES", "leave out vectors, then maps of layers, until the page is no larger; 3M, 500k"),
        OPT_TEXT(0, "without", &v->without, "LIST", "leave out inside, roles, sentences, bias, predictions, neurons, attributions"),
        OPT_TEXT(0, "beside", &v->beside, "NAME|DIR", "a second model of the same shape, whose view of each text is beside the first's"),
        OPT_TEXT(0, "methods", &v->methods, "LIST", "attributions of the decision of each text, see atlas faith"),
        OPT_INCLUDE(call->common_options),
        OPT_END,
    };

    return CALL_TABLE(call, table);
}
/* clang-format on */

const struct command view_command = {
    .name = "view",
    .brief = "one page to explore everything, as a file",
    .synopsis = "[options] [text ... | directory ...]",
    .about =
        "Run what there is to run on texts and write one HTML file that shows it: heads, maps, "
        "metrics, roles, sentences, predictions, bias. It needs no network and no server.",
    .needs = NEED_MODEL | NEED_TEXT,
    .size = sizeof(struct view),
    .options = options,
    .check = check,
    .run = run,
    .release = release,
};
