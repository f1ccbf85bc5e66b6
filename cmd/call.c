/*
 * call.c - see call.h.
 */
#include "cmd/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/rollout.h"
#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cmd/build_info.h"
#include "cmd/cmd.h"
#include "session/doc_window.h"

static const char *const matrix_words[] = { "raw", "col", "rollout", NULL };
static const char *const precision_words[] = { "auto", "float", "double", NULL };
static const char *const svg_text_words[] = { "paths", "text", NULL };
static const char *const when_words[] = { "auto", "always", "never", NULL };

/* clang-format off */
static void fill_options(struct call *c)
{
    const struct opt input[] = {
        OPT_GROUP("Model and text"),
        OPT_TEXT('m', "model", &c->model, "NAME|DIR", "model to look into"),
        OPT_TEXT('f', "file", &c->file, "FILE", "read the text from FILE; - is standard input"),
        OPT_FLAG(0, "lines", &c->is_lines, "one text per line"),
        OPT_FLAG(0, "jsonl", &c->is_jsonl, "one JSON object per line, key text (and id, pair)"),
        OPT_TEXT(0, "pair", &c->pair, "TEXT", "second segment: [CLS] text [SEP] TEXT [SEP]"),
        OPT_FLAG(0, "split-pair", &c->doc.split_pair, "split the text in two segments at the sentence end nearest its middle"),
        OPT_FLAG(0, "truncate", &c->doc.is_truncated, "cut texts that are longer than the model allows, with a warning"),
        OPT_TEXT(0, "from", &c->from, "DIR", "reuse the capture that 'atlas run -o DIR' wrote"),
        OPT_END,
    };
    const struct opt select[] = {
        OPT_GROUP("What is shown"),
        OPT_TEXT(0, "layer", &c->layer_text, "N|all|mean", "layer of pictures and tables, from 0"),
        OPT_TEXT(0, "head", &c->head_text, "N|all|mean", "head of pictures and tables, from 0"),
        OPT_ENUM(0, "matrix", &c->matrix, matrix_words, "matrix mode: softmax rows, columns normalised, or attention rollout"),
        OPT_FLAG(0, "words", &c->doc.by_words, "sum word pieces up to words, without special tokens"),
        OPT_END,
    };
    const struct opt output[] = {
        OPT_GROUP("Output"),
        OPT_TEXT('o', "out", &c->out, "DIR", "write files to DIR; without it the result goes to standard output"),
        OPT_FLAG(0, "json", &c->is_json, "print the JSON document (one line per text)"),
        OPT_TEXT(0, "format", &c->format_list, "LIST", "which of json,csv,png,svg,pdf to write"),
        OPT_REAL(0, "width-mm", &c->width_mm, "MM", 40, 2000, "width of pictures"),
        OPT_REAL(0, "dpi", &c->dpi, "N", 30, 1200, "resolution of PNG pictures"),
        OPT_ENUM(0, "svg-text", &c->svg_text, svg_text_words, "letters in SVG pictures: outlines, or text that can be found and edited"),
        OPT_INT(0, "digits", &c->digits, "N", 1, 17, "significant digits in JSON"),
        OPT_FLAG(0, "dump-drawing", &c->dump_drawing, "write each picture's drawing list as JSON too"),
        OPT_ENUM(0, "color", &c->color, when_words, "colours on standard output"),
        OPT_END,
    };
    const struct opt common[] = {
        OPT_GROUP("General"),
        OPT_INT(0, "threads", &c->n_threads, "N", 0, 1024, "threads; 0 is one per processor"),
        OPT_ENUM(0, "precision", &c->precision, precision_words, "arithmetic of the model; auto is float"),
        OPT_INT(0, "seed", &c->seed, "N", 0, 2147483647, "seed of everything random"),
        OPT_ENUM(0, "progress", &c->progress, when_words, "progress bar on standard error"),
        OPT_FLAG('q', "quiet", &c->is_quiet, "no warnings and no progress bar"),
        OPT_FLAG('v', "verbose", &c->is_verbose, "say what is being done"),
        OPT_END,
    };

    const struct opt window[] = {
        OPT_INT(0, "window", &c->window, "N", 1, 1000000, "read longer texts in overlapping windows of N positions, special tokens included"),
        OPT_INT(0, "stride", &c->stride, "M", 1, 1000000, "tokens from one window's start to the next; by default half of N"),
        OPT_END,
    };
    const struct opt corpus[] = {
        OPT_GROUP("Many texts"),
        OPT_FLAG(0, "each", &c->is_each, "files of every text too, in DIR/<id>, not only those of all together"),
        OPT_TEXT(0, "shard", &c->shard_text, "K/N", "do part K of N; 'atlas merge' puts parts together"),
        OPT_FLAG(0, "resume", &c->is_resumed, "go on where an interrupted run into the same DIR stopped"),
        OPT_END,
    };

    memcpy(c->input_options, input, sizeof input);
    memcpy(c->corpus_options, corpus, sizeof corpus);
    memcpy(c->window_options, window, sizeof window);
    memcpy(c->select_options, select, sizeof select);
    memcpy(c->output_options, output, sizeof output);
    memcpy(c->common_options, common, sizeof common);
}
/* clang-format on */

static void add_quoted(struct at_strbuf *b, const char *a)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./,:@%";

    if (*a && !a[strspn(a, plain)]) {
        at_strbuf_adds(b, a);
        return;
    }
    at_strbuf_addc(b, '\'');
    for (; *a; a++)
        if (*a == '\'')
            at_strbuf_adds(b, "'\\''");
        else
            at_strbuf_addc(b, *a);
    at_strbuf_addc(b, '\'');
}

/* Bytes of an argument before the output directory: "-o", "-qo", "--out", "--out="; 0 of others. */
static size_t up_to_out(const char *arg)
{
    size_t n = strcspn(arg, "=");

    if (!strncmp(arg, "--o", 3) && n <= strlen("--out") && !strncmp(arg, "--out", n))
        return n + (arg[n] == '=');
    n = 1 + strspn(arg + (*arg == '-'), "qv");
    return *arg == '-' && arg[n] == 'o' ? n + 1 : 0;
}

/*
 * The call as it could be typed again. Pictures carry it too, so the output directory, which
 * changes nothing in them, is written as DIR: equal calls into two directories make equal files.
 * Behind "--" there are texts alone.
 */
static char *quote_command_line(int argc, char **argv)
{
    struct at_strbuf b = { 0 };
    bool is_text = false;

    at_strbuf_adds(&b, "atlas");
    for (int i = 0; i < argc; i++) {
        size_t n = is_text ? 0 : up_to_out(argv[i]);
        char *option = at_strndup(argv[i], n);
        bool is_next = n && !argv[i][n] && i + 1 < argc;
        is_text = is_text || !strcmp(argv[i], "--");
        at_strbuf_addc(&b, ' ');
        add_quoted(&b, n ? option : argv[i]);
        if (is_next)
            at_strbuf_addc(&b, ' ');
        if (n)
            at_strbuf_adds(&b, "DIR");
        i += is_next;
        free(option);
    }
    return at_strbuf_take(&b);
}

void call_init(struct call *c, const char *command, int argc, char **argv)
{
    char *line = quote_command_line(argc, argv);

    *c = (struct call){
        .command = command,
        .model = "atlas-bert",
        .format_list = "json,csv,png,svg",
        .digits = 9,
        .seed = 1,
        .width_mm = 170,
        .dpi = 200,
        .svg_text = SVG_TEXT,
        .started = report_seconds(),
    };
    c->command_line = at_arena_strdup(&c->arena, line);
    free(line);
    c->argc = argc;
    c->argv = at_arena_alloc(&c->arena, (size_t)argc, sizeof *c->argv);
    memcpy(c->argv, argv, (size_t)argc * sizeof *argv); /* parsing moves the operands */
    fill_options(c);
}

void call_release(struct call *c)
{
    at_texts_close(&c->texts);
    at_arena_release(&c->arena);
}

const struct opt *call_table(struct call *c, const struct opt *table, size_t n)
{
    struct opt *kept = at_arena_alloc(&c->arena, n, sizeof *kept);

    memcpy(kept, table, n * sizeof *kept);
    c->table = kept;
    return kept;
}

bool call_gives(const struct call *c, const void *value)
{
    return opt_is_given(&c->given, value);
}

const char *call_first_given(const struct call *c, const void *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct opt_walk w = { 0 };
        const struct opt *o;
        while ((o = opt_next(&w, c->table)))
            if (o->value == values[i] && call_gives(c, values[i]))
                return o->name;
    }
    return NULL;
}

bool call_number_list(struct call *c, size_t **out, size_t *n, const char *text)
{
    size_t *list;

    if (!opt_number_list(&list, n, text, 1000000))
        return false;
    *out = at_arena_alloc(&c->arena, *n, sizeof **out);
    memcpy(*out, list, *n * sizeof **out);
    free(list);
    return true;
}

int call_refuse_rollout(const struct call *c)
{
    if (c->matrix == AT_ROLLOUT)
        return report_usage("a rollout has no heads; --matrix is raw or col here");
    return EXIT_DONE;
}

void call_progress(const struct call *c, struct progress *p, const char *what, const char *unit,
                   size_t total)
{
    progress_start(p, (enum progress_mode)(c->is_quiet ? PROGRESS_NEVER : c->progress), what, unit,
                   total);
}

static int parse_formats(struct call *c)
{
    static const char *const names[] = { "json", "csv", "png", "svg", "pdf" };
    const char *s = c->format_list;

    for (;;) {
        size_t n = strcspn(s, ","), i;
        for (i = 0; i < AT_COUNTOF(names); i++)
            if (strlen(names[i]) == n && !strncmp(names[i], s, n))
                break;
        if (i == AT_COUNTOF(names))
            return report_usage("--format takes a list of json,csv,png,svg,pdf, not '%s'",
                                c->format_list);
        c->formats |= 1u << i;
        if (!s[n])
            return EXIT_DONE;
        s += n + 1;
    }
}

static int select_one(int *kind, size_t *number, const char *text, const char *what)
{
    char *end;

    if (!text) {
        *kind = SELECT_NONE;
    } else if (!strcmp(text, "all")) {
        *kind = SELECT_ALL;
    } else if (!strcmp(text, "mean")) {
        *kind = SELECT_MEAN;
    } else {
        *kind = SELECT_ONE;
        *number = strtoul(text, &end, 10);
        if (*text < '0' || *text > '9' || *end)
            return report_usage("--%s takes a number, all or mean, not '%s'", what, text);
    }
    return EXIT_DONE;
}

/* --layer and --head, before it is known how many there are. */
static int parse_selection(struct call *c)
{
    struct selection *s = &c->selection;
    int status = select_one(&s->layers, &s->layer, c->layer_text, "layer");

    if (!status)
        status = select_one(&s->heads, &s->head, c->head_text, "head");
    if (!status && s->heads == SELECT_ONE && s->layers != SELECT_ONE && s->layers != SELECT_ALL)
        status = report_usage("--head %s needs --layer N or --layer all", c->head_text);
    if (!status && s->heads == SELECT_ALL && s->layers == SELECT_MEAN)
        status =
            report_usage("--head all goes with --layer N or all; a mean of layers has no heads");
    return status;
}

/* --shard and --resume: parts of a table that is written text by text. */
static int check_parts(struct call *c)
{
    const char *name = c->is_resumed ? "resume" : "shard";

    if (!shard_parse(&c->shard, c->shard_text))
        return report_usage("--shard takes K/N with 1 <= K <= N, not '%s'", c->shard_text);
    if (!c->shard_text && !c->is_resumed)
        return EXIT_DONE;
    if (!c->out || !(c->formats & FORMAT_CSV))
        return report_usage("--%s needs -o DIR, and csv among --format", name);
    if (c->from || !(c->is_lines || c->is_jsonl))
        return report_usage("--%s goes with --lines or --jsonl", name);
    if (c->is_resumed && (!c->file || !strcmp(c->file, "-")))
        return report_usage("--resume reads the texts again: -f FILE");
    return EXIT_DONE;
}

/* --window and --stride, before the model's length is known. */
static int check_window(struct call *c)
{
    if (c->stride && !c->window)
        return report_usage("--stride goes with --window");
    if (c->window && (c->pair || c->doc.split_pair))
        return report_usage("--window reads plain texts; leave out --%s",
                            c->pair ? "pair" : "split-pair");
    if (c->window && c->doc.is_truncated)
        return report_usage("--window and --truncate exclude each other");
    c->doc.window = (size_t)c->window;
    c->doc.stride = (size_t)c->stride;
    return EXIT_DONE;
}

int call_check(struct call *c)
{
    int status;

    if (!*c->model)
        return report_usage("--model takes a name or a directory, not ''");
    if (c->from && !*c->from)
        return report_usage("--from takes a directory, not ''");
    if (c->is_lines && c->is_jsonl)
        return report_usage("--lines and --jsonl exclude each other");
    if (c->pair && c->doc.split_pair)
        return report_usage("--pair and --split-pair exclude each other");
    if (c->out && !*c->out)
        return report_usage("--out takes a directory, not ''");
    if (c->from && c->out && at_path_is_same(c->from, c->out))
        return report_usage("--from and -o are one directory; write into another");
    if (c->is_quiet && c->is_verbose)
        return report_usage("--quiet and --verbose exclude each other");
    report_verbosity(c->is_quiet ? -1 : c->is_verbose ? 1 : 0);
    status = parse_selection(c);
    if (!status)
        status = check_window(c);
    if (!status)
        status = parse_formats(c);
    return status ? status : check_parts(c);
}

/* What of a call gives or shapes a text or the model's work on it, which captures bring with them;
   NULL for nothing. */
static const char *beside_captures(const struct call *c)
{
    const struct {
        bool is_given;
        const char *name;
    } all[] = {
        { c->n_operands > 0, "the text" },
        { c->file != NULL, "--file" },
        { c->pair != NULL, "--pair" },
        { c->doc.split_pair, "--split-pair" },
        { c->is_lines, "--lines" },
        { c->is_jsonl, "--jsonl" },
        { c->doc.is_truncated, "--truncate" },
        { c->window > 0, "--window" },
        { c->precision != AT_PRECISION_AUTO, "--precision" },
    };

    for (size_t i = 0; i < AT_COUNTOF(all); i++)
        if (all[i].is_given)
            return all[i].name;
    return NULL;
}

int call_open_texts(struct call *c)
{
    const struct at_texts_options options = {
        .file = c->file,
        .pair = c->pair,
        .is_lines = c->is_lines,
        .is_jsonl = c->is_jsonl,
        .n_given = (size_t)c->n_operands,
        .given = c->operands,
        .part = c->shard.k,
        .n_parts = c->shard.n > 1 ? c->shard.n : 0,
    };
    const char *beside = c->from ? beside_captures(c) : NULL;
    struct at_error err;
    int rc;

    if (!(c->needs & NEED_TEXT))
        return EXIT_DONE;
    if (beside)
        return report_usage("--from takes texts as they were captured; leave out %s", beside);
    if (c->from)
        return EXIT_DONE;
    rc = at_texts_open(&c->texts, &options, &err);
    if (rc)
        return rc == AT_ERANGE ? report_usage("%s", err.text) : report_fault(&err);
    return EXIT_DONE;
}

static int check_range(size_t number, const char *text, const char *what, size_t n,
                       struct at_error *err)
{
    if (number < n)
        return 0;
    return at_fail(err, AT_ERANGE, "--%s %s is outside the model's %zu %ss (0 to %zu)", what, text,
                   n, what, n - 1);
}

int call_check_selection(const struct call *c, const struct at_config *shape, struct at_error *err)
{
    const struct selection *s = &c->selection;
    int rc = 0;

    if (s->layers == SELECT_ONE)
        rc = check_range(s->layer, c->layer_text, "layer", shape->n_layers, err);
    if (!rc && s->heads == SELECT_ONE)
        rc = check_range(s->head, c->head_text, "head", shape->n_heads, err);
    return rc;
}

static bool selects_layer(const struct selection *s, size_t layer)
{
    return s->layers == SELECT_ALL || (s->layers == SELECT_ONE && s->layer == layer);
}

bool selects_head(const struct selection *s, size_t layer, size_t head)
{
    bool any_layer = s->layers == SELECT_NONE && s->heads == SELECT_ALL;

    return (any_layer || selects_layer(s, layer)) &&
           (s->heads == SELECT_ALL || (s->heads == SELECT_ONE && s->head == head));
}

bool selects_layer_mean(const struct selection *s, size_t layer)
{
    return selects_layer(s, layer) && (s->heads == SELECT_NONE || s->heads == SELECT_MEAN);
}

bool selects_global(const struct selection *s)
{
    return (s->layers == SELECT_NONE || s->layers == SELECT_MEAN) && s->heads != SELECT_ONE &&
           s->heads != SELECT_ALL;
}

size_t call_one_layer(const struct call *c)
{
    return c->selection.layers == SELECT_ONE ? c->selection.layer : AT_NONE;
}

size_t call_one_head(const struct call *c)
{
    return c->selection.heads == SELECT_ONE ? c->selection.head : AT_NONE;
}

/* Share of the words' attention that lay on special tokens, over all maps. */
static double mean_dropped(const struct at_doc *doc)
{
    double sum = 0.0;

    for (size_t i = 0; i < doc->n; i++)
        sum += doc->dropped[i];
    return sum / (double)doc->n / (double)doc->n_dropped;
}

struct at_json *call_meta(const struct call *c, const char *model_name,
                          const struct at_config *shape)
{
    struct at_json *m = at_json_object(), *versions = at_json_object();

    at_json_set_string(m, "model", model_name);
    at_json_set_string(m, "architecture", shape->family->model_type);
    at_json_set_int(m, "layers", (long long)shape->n_layers);
    at_json_set_int(m, "heads", (long long)shape->n_heads);
    at_json_set_string(m, "tokenisation", "plain");
    at_json_set_bool(m, "causal", shape->is_causal);
    at_json_set_bool(m, "words", c->doc.by_words);
    at_json_set_string(m, "matrix", matrix_words[c->matrix]);
    at_json_set_string(versions, "atlas", version_number());
    at_json_set_int(versions, "schema", 1);
    at_json_set(m, "versions", versions);
    ablate_meta(c->ablate, m);
    return m;
}

/* How a text was cut. */
static struct at_json *windows_meta(const struct at_windows *w)
{
    struct at_json *o = at_json_object();

    at_json_set_int(o, "n", (long long)w->n);
    at_json_set_int(o, "positions", (long long)at_windows_length(w));
    at_json_set_int(o, "stride", (long long)w->stride);
    return o;
}

/* Where a window is in its text. */
static struct at_json *window_meta(const struct at_doc *doc)
{
    struct at_json *o = at_json_object();

    at_json_set_int(o, "number", (long long)doc->window.number);
    at_json_set_int(o, "of", (long long)doc->window.plan->n);
    at_json_set_int(o, "first_byte", (long long)doc->window.first_byte);
    at_json_set_int(o, "first_token",
                    (long long)at_doc_whole_token(doc, doc->window.plan->n_before));
    return o;
}

struct at_json *doc_meta(const struct call *c, const struct at_doc *doc)
{
    struct at_json *m = call_meta(c, doc->model_name, doc->shape);

    if (*doc->in.id)
        at_json_set_string(m, "id", doc->in.id);
    at_json_set_string(m, "text", doc->in.text);
    if (doc->in.pair) {
        at_json_set_string(m, "tokenisation", "pair");
        at_json_set_string(m, "pair", doc->in.pair);
    }
    at_json_set_int(m, "n_tokens", (long long)doc->tokens.n);
    if (doc->n_dropped)
        at_json_set_real(m, "dropped_mass", mean_dropped(doc));
    if (doc->n_tokens_given > doc->tokens.n)
        at_json_set_int(m, "truncated_from", (long long)doc->n_tokens_given);
    if (doc->window.whole)
        at_json_set(m, "window", window_meta(doc));
    else if (doc->window.plan)
        at_json_set(m, "windows", windows_meta(doc->window.plan));
    return m;
}
