/*
 * job.c - see job.h: the shared options, opening and closing. The loop over texts is in
 * each_text.c, files and titles in output.c.
 */
#include "cmd/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmd/build_info.h"
#include "session/find.h"

static const char *const matrix_words[] = { "raw", "col", "rollout", NULL };
static const char *const precision_words[] = { "auto", "float", "double", NULL };
static const char *const when_words[] = { "auto", "always", "never", NULL };

/* clang-format off */
static void fill_options(struct job *job)
{
    const struct opt input[] = {
        OPT_GROUP("Model and text"),
        OPT_TEXT('m', "model", &job->model_name, "NAME|DIR", "model to look into"),
        OPT_TEXT('f', "file", &job->file, "FILE", "read the text from FILE; - is standard input"),
        OPT_FLAG(0, "lines", &job->is_lines, "one text per line"),
        OPT_FLAG(0, "jsonl", &job->is_jsonl, "one JSON object per line, key text (and id, pair)"),
        OPT_TEXT(0, "pair", &job->pair, "TEXT", "second segment: [CLS] text [SEP] TEXT [SEP]"),
        OPT_FLAG(0, "split-pair", &job->split_pair, "split the text in two segments at the sentence end nearest its middle"),
        OPT_FLAG(0, "truncate", &job->is_truncated, "cut texts that are longer than the model allows, with a warning"),
        OPT_TEXT(0, "from", &job->from, "DIR", "reuse the capture that 'atlas run -o DIR' wrote"),
        OPT_END,
    };
    const struct opt select[] = {
        OPT_GROUP("What is shown"),
        OPT_TEXT(0, "layer", &job->layer_text, "N|all|mean", "layer of pictures and tables, from 0"),
        OPT_TEXT(0, "head", &job->head_text, "N|all|mean", "head of pictures and tables, from 0"),
        OPT_ENUM(0, "matrix", &job->matrix, matrix_words, "matrix mode: softmax rows, columns normalised, or attention rollout"),
        OPT_FLAG(0, "words", &job->by_words, "sum word pieces up to words, without special tokens"),
        OPT_END,
    };
    const struct opt output[] = {
        OPT_GROUP("Output"),
        OPT_TEXT('o', "out", &job->out, "DIR", "write files to DIR; without it the result goes to standard output"),
        OPT_FLAG(0, "json", &job->is_json, "print the JSON document (one line per text)"),
        OPT_TEXT(0, "format", &job->format_list, "LIST", "which of json,csv,png,svg,pdf to write"),
        OPT_REAL(0, "width-mm", &job->width_mm, "MM", 40, 2000, "width of pictures"),
        OPT_REAL(0, "dpi", &job->dpi, "N", 30, 1200, "resolution of PNG pictures"),
        OPT_INT(0, "digits", &job->digits, "N", 1, 17, "significant digits in JSON"),
        OPT_FLAG(0, "dump-drawing", &job->dump_drawing, "write each picture's drawing list as JSON too"),
        OPT_ENUM(0, "color", &job->color, when_words, "colours on standard output"),
        OPT_END,
    };
    const struct opt common[] = {
        OPT_GROUP("General"),
        OPT_INT(0, "threads", &job->n_threads, "N", 0, 1024, "threads; 0 is one per processor"),
        OPT_ENUM(0, "precision", &job->precision, precision_words, "arithmetic of the model; auto is float"),
        OPT_INT(0, "seed", &job->seed, "N", 0, 2147483647, "seed of everything random"),
        OPT_ENUM(0, "progress", &job->progress, when_words, "progress bar on standard error"),
        OPT_FLAG('q', "quiet", &job->is_quiet, "no warnings and no progress bar"),
        OPT_FLAG('v', "verbose", &job->is_verbose, "say what is being done"),
        OPT_END,
    };

    memcpy(job->input_options, input, sizeof input);
    memcpy(job->select_options, select, sizeof select);
    memcpy(job->output_options, output, sizeof output);
    memcpy(job->common_options, common, sizeof common);
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

void job_init(struct job *job, const char *command, int argc, char **argv)
{
    *job = (struct job){
        .command = command,
        .model_name = "atlas-bert",
        .format_list = "json,csv,png,svg",
        .digits = 9,
        .seed = 1,
        .width_mm = 170,
        .dpi = 200,
        .started = report_seconds(),
    };
    job->command_line = quote_command_line(argc, argv);
    job->argc = argc;
    job->argv = at_arena_alloc(&job->arena, (size_t)argc, sizeof *job->argv);
    memcpy(job->argv, argv, (size_t)argc * sizeof *argv); /* parsing moves the operands */
    fill_options(job);
}

static int parse_formats(struct job *job)
{
    static const char *const names[] = { "json", "csv", "png", "svg", "pdf" };
    const char *s = job->format_list;

    for (;;) {
        size_t n = strcspn(s, ","), i;
        for (i = 0; i < AT_COUNTOF(names); i++)
            if (strlen(names[i]) == n && !strncmp(names[i], s, n))
                break;
        if (i == AT_COUNTOF(names))
            return report_usage("--format takes a list of json,csv,png,svg,pdf, not '%s'",
                                job->format_list);
        job->formats |= 1u << i;
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
static int parse_selection(struct job *job)
{
    struct selection *s = &job->selection;
    int status = select_one(&s->layers, &s->layer, job->layer_text, "layer");

    if (!status)
        status = select_one(&s->heads, &s->head, job->head_text, "head");
    if (!status && s->heads == SELECT_ONE && s->layers != SELECT_ONE && s->layers != SELECT_ALL)
        status = report_usage("--head %s needs --layer N or --layer all", job->head_text);
    if (!status && s->heads == SELECT_ALL && s->layers == SELECT_MEAN)
        status =
            report_usage("--head all goes with --layer N or all; a mean of layers has no heads");
    return status;
}

static int check_options(struct job *job)
{
    int status;

    if (!*job->model_name)
        return report_usage("--model takes a name or a directory, not ''");
    if (job->from && !*job->from)
        return report_usage("--from takes a directory, not ''");
    if (job->is_lines && job->is_jsonl)
        return report_usage("--lines and --jsonl exclude each other");
    if (job->pair && job->split_pair)
        return report_usage("--pair and --split-pair exclude each other");
    if (job->out && !*job->out)
        return report_usage("--out takes a directory, not ''");
    if (job->is_quiet && job->is_verbose)
        return report_usage("--quiet and --verbose exclude each other");
    report_verbosity(job->is_quiet ? -1 : job->is_verbose ? 1 : 0);
    status = parse_selection(job);
    return status ? status : parse_formats(job);
}

static int open_model(struct job *job, struct at_error *err)
{
    int rc = at_model_load(&job->model, &job->tokenizer, job->model_name, err);
    const char *note;
    char buf[160];

    if (rc)
        return rc;
    note = at_vocabulary_note(buf, sizeof buf, at_tokenizer_vocab_size(job->tokenizer),
                              job->model.config.vocab);
    if (note)
        report_warning("'%s': %s", job->model_name, note);
    if (job->precision == PRECISION_AUTO)
        job->precision = PRECISION_FLOAT;
    job->model.is_double = job->precision == PRECISION_DOUBLE;
    job->shape = job->model.config;
    job->model_name = at_model_trim(&job->arena, job->model_name);
    job->shown_model = at_path_base(job->model_name);
    if (job->pair && job->shape.n_segments < 2)
        return at_fail(err, AT_ERANGE, "--pair needs a model with two segments; '%s' has none",
                       job->model_name);
    report_note("model '%s' (%zu layer%s, %zu head%s) from %s, in %s", job->shown_model,
                job->shape.n_layers, at_plural(job->shape.n_layers), job->shape.n_heads,
                at_plural(job->shape.n_heads), job->model.dir,
                job->model.is_double ? "double" : "float");
    return 0;
}

static int open_manifest(struct job *job, const struct opt *table, struct at_error *err)
{
    int rc;

    if (!job->out)
        return 0;
    rc = manifest_new(&job->manifest, job->out, job->command, err);
    if (rc)
        return rc;
    manifest_options(job->manifest, table);
    for (size_t i = 0; !rc && job->model.files && at_tensors_path(job->model.files, i); i++)
        rc = manifest_input_file(job->manifest, "model", at_tensors_path(job->model.files, i), err);
    job->lists_texts = !job->file || !strcmp(job->file, "-");
    if (!rc && !job->lists_texts)
        rc = manifest_input_file(job->manifest, "text", job->file, err);
    return rc;
}

static int start(struct job *job, const struct opt *table, bool needs_model,
                 const struct text_options *texts)
{
    struct at_error err;
    int status = check_options(job), rc = 0;

    if (status)
        return status;
    if (texts)
        rc = texts_open(&job->texts, texts, &err);
    if (rc)
        return rc == AT_ERANGE ? report_usage("%s", err.text) : report_fault(&err);
    if (needs_model)
        rc = open_model(job, &err);
    if (!rc)
        rc = open_manifest(job, table, &err);
    if (rc)
        return report_fault(&err);
    job->pool = at_pool_new((size_t)job->n_threads);
    if (needs_model)
        at_model_populate(&job->model, job->pool);
    return EXIT_DONE;
}

/* What of a call gives or shapes a text or the model's work on it, which captures bring with them;
   NULL for nothing. */
static const char *beside_captures(const struct job *job, int n_operands)
{
    const struct {
        bool is_given;
        const char *name;
    } all[] = {
        { n_operands > 0, "the text" },      { job->file != NULL, "--file" },
        { job->pair != NULL, "--pair" },     { job->split_pair, "--split-pair" },
        { job->is_lines, "--lines" },        { job->is_jsonl, "--jsonl" },
        { job->is_truncated, "--truncate" }, { job->precision != PRECISION_AUTO, "--precision" },
    };

    for (size_t i = 0; i < AT_COUNTOF(all); i++)
        if (all[i].is_given)
            return all[i].name;
    return NULL;
}

/* Which captures are the last run's is read before -o, into the same directory, replaces it. */
static void read_last_run(struct job *job)
{
    char *path = at_path_join(job->from, "manifest.json");

    if (at_json_read(&job->last_run, path, NULL))
        job->last_run = NULL;
    free(path);
}

int job_start(struct job *job, const struct opt *table, int argc, char **argv)
{
    struct text_options texts = { job->file,     job->pair,    job->is_lines,
                                  job->is_jsonl, (size_t)argc, argv };
    const char *beside = job->from ? beside_captures(job, argc) : NULL;

    if (beside)
        return report_usage("--from takes texts as they were captured; leave out %s", beside);
    if (job->from)
        read_last_run(job);
    return job->from ? start(job, table, false, NULL) : start(job, table, true, &texts);
}

int job_start_model(struct job *job, const struct opt *table)
{
    return start(job, table, true, NULL);
}

int job_start_bare(struct job *job, const struct opt *table)
{
    return start(job, table, false, NULL);
}

static void job_release(struct job *job)
{
    texts_close(&job->texts);
    manifest_free(job->manifest);
    at_json_free(job->last_run);
    at_pool_free(job->pool);
    at_tokenizer_close(job->tokenizer);
    at_model_close(&job->model);
    at_arena_release(&job->arena);
    free(job->command_line);
}

int job_finish(struct job *job, int status)
{
    struct at_error err;

    status = report_flush(status);
    if (job->manifest && (status == EXIT_DONE || status == EXIT_SKIPPED)) {
        version_note_run(job->manifest, job->argc, job->argv, report_seconds() - job->started);
        if (manifest_commit(job->manifest, &err))
            status = report_fault(&err);
    }
    job_release(job);
    return status;
}

struct at_map_kind job_map_kind(const struct job *job)
{
    return (struct at_map_kind){ job->shape.is_causal,
                                 job->shape.has_summary_token && !job->by_words };
}

static int check_range(size_t number, const char *text, const char *what, size_t n,
                       struct at_error *err)
{
    if (number < n)
        return 0;
    return at_fail(err, AT_ERANGE, "--%s %s is outside the model's %zu %ss (0 to %zu)", what, text,
                   n, what, n - 1);
}

int job_check_selection(const struct job *job, struct at_error *err)
{
    const struct selection *s = &job->selection;
    int rc = 0;

    if (s->layers == SELECT_ONE)
        rc = check_range(s->layer, job->layer_text, "layer", job->shape.n_layers, err);
    if (!rc && s->heads == SELECT_ONE)
        rc = check_range(s->head, job->head_text, "head", job->shape.n_heads, err);
    return rc;
}

static bool selects_layer(const struct selection *s, size_t layer)
{
    return s->layers == SELECT_ALL || (s->layers == SELECT_ONE && s->layer == layer);
}

bool job_selects_head(const struct selection *s, size_t layer, size_t head)
{
    bool any_layer = s->layers == SELECT_NONE && s->heads == SELECT_ALL;

    return (any_layer || selects_layer(s, layer)) &&
           (s->heads == SELECT_ALL || (s->heads == SELECT_ONE && s->head == head));
}

bool job_selects_layer_mean(const struct selection *s, size_t layer)
{
    return selects_layer(s, layer) && (s->heads == SELECT_NONE || s->heads == SELECT_MEAN);
}

bool job_selects_global(const struct selection *s)
{
    return (s->layers == SELECT_NONE || s->layers == SELECT_MEAN) && s->heads != SELECT_ONE &&
           s->heads != SELECT_ALL;
}

/* Share of the words' attention that lay on special tokens, over all maps. */
static double mean_dropped(const struct doc *doc)
{
    double sum = 0.0;

    for (size_t i = 0; i < doc->n; i++)
        sum += doc->dropped[i];
    return sum / (double)doc->n / (double)doc->n_dropped;
}

struct at_json *job_meta(const struct job *job, const struct doc *doc)
{
    struct at_json *m = at_json_object(), *versions = at_json_object();

    at_json_set_string(m, "model", job->shown_model);
    at_json_set_string(m, "architecture", job->shape.family->model_type);
    at_json_set_int(m, "layers", (long long)job->shape.n_layers);
    at_json_set_int(m, "heads", (long long)job->shape.n_heads);
    at_json_set_string(m, "tokenisation", doc && doc->in.pair ? "pair" : "plain");
    at_json_set_bool(m, "causal", job->shape.is_causal);
    at_json_set_bool(m, "words", job->by_words);
    at_json_set_string(m, "matrix", matrix_words[job->matrix]);
    at_json_set_string(versions, "atlas", version_number());
    at_json_set_int(versions, "schema", 1);
    at_json_set(m, "versions", versions);
    if (!doc)
        return m;
    if (*doc->in.id)
        at_json_set_string(m, "id", doc->in.id);
    at_json_set_string(m, "text", doc->in.text);
    if (doc->in.pair)
        at_json_set_string(m, "pair", doc->in.pair);
    at_json_set_int(m, "n_tokens", (long long)doc->tokens.n);
    if (doc->n_dropped)
        at_json_set_real(m, "dropped_mass", mean_dropped(doc));
    if (doc->n_tokens_given > doc->tokens.n)
        at_json_set_int(m, "truncated_from", (long long)doc->n_tokens_given);
    return m;
}
