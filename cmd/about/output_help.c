/*
 * output_help.c - see output_help.h.
 *
 * Commands may write files of the same name. Those that declare the same, record and words, are
 * told once; a record that is in a document twice is told where it is first.
 */
#include "cmd/about/output_help.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/strbuf.h"
#include "cmd/opt.h"
#include "cmd/report.h"

/* --- files --- */

struct file {
    const char *command;
    const struct output *output;
};
struct files AT_ARRAY(struct file);

/* Is it a name of the declared file, in which "<a>" stands for any text? */
static bool is_named(const char *declared, const char *name)
{
    const char *rest;

    while (*declared && *declared == *name) {
        declared++;
        name++;
    }
    if (*declared != '<')
        return !*declared && !*name;
    rest = strchr(declared, '>') + 1;
    while (*name)
        if (is_named(rest, ++name))
            return true;
    return false;
}

static struct files files_of(const struct output_list *lists, size_t n, const char *name)
{
    struct files files = { 0 };

    for (size_t i = 0; i < n; i++)
        for (const struct output *o = lists[i].outputs; o && o->file; o++)
            if (!name || !strcmp(o->file, name) || is_named(o->file, name))
                *at_array_push(&files) = (struct file){ lists[i].command, o };
    return files;
}

static bool is_same_name(const struct file *a, const struct file *b)
{
    return !strcmp(a->output->file, b->output->file);
}

static bool is_same(const struct file *a, const struct file *b)
{
    return is_same_name(a, b) && a->output->record == b->output->record &&
           !strcmp(a->output->about, b->output->about);
}

/* Is there one like it before the i-th? */
static bool is_repeat(const struct files *files, size_t i,
                      bool (*is_like)(const struct file *, const struct file *))
{
    for (size_t k = 0; k < i; k++)
        if (is_like(&files->items[k], &files->items[i]))
            return true;
    return false;
}

/* "metrics, heads and cluster": the commands that declare the same as the i-th. */
static char *commands_of(const struct files *files, size_t i)
{
    struct at_strbuf b = { 0 };
    size_t n = 0, left = 0;

    for (size_t k = i; k < files->n; k++)
        left += is_same(&files->items[i], &files->items[k]);
    for (size_t k = i; k < files->n; k++)
        if (is_same(&files->items[i], &files->items[k])) {
            left--;
            at_strbuf_addf(&b, "%s%s",
                           n++ == 0 ? ""
                           : left   ? ", "
                                    : " and ",
                           files->items[k].command);
        }
    return at_strbuf_take(&b);
}

/* --- what is in a file --- */

/* A column or the path of a key, or several of them that were told before. */
struct entry {
    char *name, *help;
    const char *type, *unit; /* "" for none */
    const struct at_field *field, *of;
};

struct entries {
    struct AT_ARRAY(struct entry) list;
    bool is_full;  /* a record that was told is told again */
    size_t hidden; /* else: length of the last name, if the keys within it are left out, or 0 */
};

static const struct entry *find_entry(const struct entries *e, const struct at_field *f)
{
    for (size_t i = 0; i < e->list.n; i++)
        if (e->list.items[i].field == f)
            return &e->list.items[i];
    return NULL;
}

/* Append "in heads[]", where the key of that name is; "above" for the document itself. */
static void add_place(struct at_strbuf *b, const char *name)
{
    const char *dot = strrchr(name, '.');

    if (dot)
        at_strbuf_addf(b, "in %.*s", (int)(dot - name), name);
    else
        at_strbuf_adds(b, "above");
}

static const struct at_field *last_field(const struct at_record *r)
{
    const struct at_field *f = r->fields;

    while (f[1].kind)
        f++;
    return f;
}

/* Append "keys as in heads[].raw" when the keys of a record were told before, there or as a part of
   an object. */
static bool add_told(struct at_strbuf *b, const struct entries *e, const struct at_record *r)
{
    const struct entry *first = find_entry(e, r->fields);

    if (!first || !find_entry(e, last_field(r)))
        return false;
    at_strbuf_addf(b, "%skeys as ", b->n ? "; " : "");
    add_place(b, first->name);
    if (first == e->list.items || first[-1].field->record != r)
        at_strbuf_addf(b, ", %s to %s", r->fields->key, last_field(r)->key);
    return true;
}

static void add_entry(void *arg, const char *name, const struct at_field *f,
                      const struct at_field *of)
{
    struct entries *e = arg;
    const char *last = e->list.n ? e->list.items[e->list.n - 1].name : "";
    struct at_strbuf help = { 0 };

    if (e->hidden && !strncmp(name, last, e->hidden) && name[e->hidden] == '.')
        return;
    at_strbuf_adds(&help, f->help ? f->help : "");
    if (of && of->help)
        at_strbuf_addf(&help, "%s%s", help.n ? "; " : "", of->help);
    e->hidden = f->record && !e->is_full && add_told(&help, e, f->record) ? strlen(name) : 0;
    *at_array_push(&e->list) = (struct entry){
        .name = at_strdup(name),
        .help = at_strbuf_take(&help),
        .type = at_field_type(f),
        .unit = f->unit ? f->unit : "",
        .field = f,
        .of = of,
    };
}

static void release_entry(struct entry *e)
{
    free(e->name);
    free(e->help);
}

/* How many keys from the i-th on were told one after the other from `told` on. */
static size_t run_length(const struct entries *e, size_t i, const struct entries *kept,
                         const struct entry *told)
{
    size_t most = AT_MIN(e->list.n - i, (size_t)(kept->list.items + kept->list.n - told)), n = 0;

    while (n < most && e->list.items[i + n].field == told[n].field && !told[n].field->record)
        n++;
    return n;
}

/* The key of the last of several in an object, without what is before it in the first one's name;
   "means.<category>" of a keyed list of values. */
static const char *last_key(const struct entry *first, const struct entry *last)
{
    const char *dot = strrchr(first->name, '.');
    size_t place = dot ? (size_t)(dot + 1 - first->name) : 0;

    if (last->field->key)
        return last->field->key;
    return strncmp(first->name, last->name, place) ? last->name : last->name + place;
}

/* "layers[].confidence_max to balance", as in heads[] */
static struct entry joined(const struct entry *x, size_t n, const struct entry *told)
{
    struct at_strbuf help = { 0 };

    at_strbuf_adds(&help, "as ");
    add_place(&help, told->name);
    return (struct entry){
        .name = at_asprintf("%s to %s", x[0].name, last_key(&x[0], &x[n - 1])),
        .help = at_strbuf_take(&help),
        .type = "",
        .unit = "",
        .field = x[0].field,
    };
}

/* A record in place of several objects is told in the first; in the others it is one entry. */
static void join_repeats(struct entries *e)
{
    struct entries kept = { 0 };

    for (size_t i = 0, n; i < e->list.n; i += n) {
        struct entry *x = &e->list.items[i], one = *x;
        const struct entry *told = find_entry(&kept, x->field);
        n = told ? run_length(e, i, &kept, told) : 0;
        if (n > 1) {
            one = joined(x, n, told);
            for (size_t k = 0; k < n; k++)
                release_entry(&x[k]);
        } else {
            n = 1;
        }
        *at_array_push(&kept.list) = one;
    }
    at_array_release(&e->list);
    *e = kept;
}

static bool is_document(const struct output *o)
{
    const char *dot = strrchr(o->file, '.');

    return dot && !strcmp(dot, ".json");
}

static struct entries entries_of(const struct output *o, bool is_full)
{
    struct entries e = { .is_full = is_full };

    if (o->record && is_document(o))
        at_record_walk_keys(o->record, add_entry, &e);
    else if (o->record)
        at_record_walk_columns(o->record, add_entry, &e);
    if (is_document(o) && !is_full)
        join_repeats(&e);
    return e;
}

static void release_entries(struct entries *e)
{
    for (size_t i = 0; i < e->list.n; i++)
        release_entry(&e->list.items[i]);
    at_array_release(&e->list);
}

/* --- for people --- */

static void print_overview(FILE *f, const struct files *files)
{
    const char *command = "";
    int width = 0;

    for (size_t i = 0; i < files->n; i++)
        width = AT_MAX(width, (int)strlen(files->items[i].output->file));
    fprintf(f, "Files that commands write; 'atlas help output FILE' tells what is in one.\n");
    for (size_t i = 0; i < files->n; i++) {
        const struct file *file = &files->items[i];
        if (strcmp(command, file->command) != 0)
            fprintf(f, "\n%s\n", file->command);
        command = file->command;
        fprintf(f, "  %-*s  %s\n", width, file->output->file, file->output->about);
    }
}

static void print_entries(FILE *f, const struct entries *e, const char *what)
{
    int name = (int)strlen(what), type = 4, unit = 4;

    for (size_t i = 0; i < e->list.n; i++) {
        const struct entry *x = &e->list.items[i];
        name = AT_MAX(name, (int)strlen(x->name));
        type = AT_MAX(type, (int)strlen(x->type));
        unit = AT_MAX(unit, (int)strlen(x->unit));
    }
    fprintf(f, "\n  %-*s  %-*s  %-*s  meaning\n", name, what, type, "type", unit, "unit");
    for (size_t i = 0; i < e->list.n; i++) {
        const struct entry *x = &e->list.items[i];
        fprintf(f, "  %-*s  %-*s  %-*s  %s\n", name, x->name, type, x->type, unit, x->unit,
                x->help);
    }
}

static void print_files(FILE *f, const struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        const struct output *o = files->items[i].output;
        struct entries e;
        char *commands;
        if (is_repeat(files, i, is_same))
            continue;
        e = entries_of(o, false);
        commands = commands_of(files, i);
        fprintf(f, "%s%s of %s: %s\n", i ? "\n" : "", o->file, commands, o->about);
        if (e.list.n)
            print_entries(f, &e, is_document(o) ? "key" : "column");
        free(commands);
        release_entries(&e);
    }
}

/* --- for tests --- */

static const char *or_dash(const char *s)
{
    return *s ? s : "-";
}

static void print_lines(FILE *f, const struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        const struct file *file = &files->items[i];
        const struct output *o = file->output;
        struct entries e = entries_of(o, true);
        if (!e.list.n)
            fprintf(f, "%s\t-\t-\t-\t%s\t%s\n", o->file, file->command, o->about);
        for (size_t k = 0; k < e.list.n; k++) {
            const struct entry *x = &e.list.items[k];
            fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\n", o->file, x->name, x->type, or_dash(x->unit),
                    file->command, or_dash(x->help));
        }
        release_entries(&e);
    }
}

/* --- for the manual --- */

/* A paragraph in lines of at most 79 bytes, none of which looks like a request. */
static void print_mdoc_text(FILE *f, const char *text)
{
    size_t at = 0;

    while (*text) {
        size_t n = strcspn(text, " ");
        if (at && at + n > 77) {
            fputc('\n', f);
            at = 0;
        }
        if (at)
            fputc(' ', f);
        else if (*text == '.' || *text == '\'')
            fputs("\\&", f);
        at += n + 1;
        for (; n; n--, text++)
            if (*text == '\\')
                fputs("\\e", f);
            else
                fputc(*text, f);
        text += *text == ' ';
    }
    fputc('\n', f);
}

/* "entropy of the whole map (nats)": what is not told to be something else is a number. */
static void print_mdoc_help(FILE *f, const struct entry *e)
{
    bool has_type = !e->field->record && *e->type && strcmp(e->type, "number") != 0;
    char *text = at_asprintf("%s%s%s%s%s%s", e->help, has_type || *e->unit ? " (" : "",
                             has_type ? e->type : "", has_type && *e->unit ? ", " : "", e->unit,
                             has_type || *e->unit ? ")" : "");

    print_mdoc_text(f, text);
    free(text);
}

static void print_mdoc_entries(FILE *f, const struct entries *e)
{
    enum { LONGEST = 20, NARROW = 6 }; /* long names have a line of their own */
    int width = 1;

    for (size_t i = 0; i < e->list.n; i++)
        width = AT_MAX(width, (int)strlen(e->list.items[i].name));
    fprintf(f, ".Bl -tag -width %dn -compact\n", width <= LONGEST ? width : NARROW);
    for (size_t i = 0; i < e->list.n; i++) {
        const struct entry *x = &e->list.items[i];
        /* An interval has two columns, one after the other. */
        bool has_high = i + 1 < e->list.n && x[1].field == x->field && x[1].of == x->of;
        fprintf(f, ".It %s%s%s\n", x->name, has_high ? " , " : "", has_high ? x[1].name : "");
        print_mdoc_help(f, x);
        i += has_high;
    }
    fprintf(f, ".El\n");
}

static void print_mdoc_file(FILE *f, const struct files *files, size_t i)
{
    const struct output *o = files->items[i].output;
    struct entries e = entries_of(o, false);
    char *commands = commands_of(files, i), *text;

    text = at_asprintf("Of %s: %s.", commands, o->about);
    print_mdoc_text(f, text);
    if (e.list.n)
        print_mdoc_entries(f, &e);
    free(text);
    free(commands);
    release_entries(&e);
}

static void print_mdoc(FILE *f, const struct files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        const char *name = files->items[i].output->file;
        if (is_repeat(files, i, is_same_name))
            continue;
        fprintf(f, ".\\\" begin %s\n", name);
        for (size_t k = i; k < files->n; k++) {
            if (!is_same_name(&files->items[i], &files->items[k]) || is_repeat(files, k, is_same))
                continue;
            if (k > i)
                fprintf(f, ".Pp\n");
            print_mdoc_file(f, files, k);
        }
        fprintf(f, ".\\\" end %s\n", name);
    }
}

/* --- */

static int unknown_file(const struct files *all, const char *name)
{
    const char **names = at_malloc(all->n + 1, sizeof *names), *near;
    int status;

    for (size_t i = 0; i < all->n; i++)
        names[i] = all->items[i].output->file;
    near = opt_nearest(name, names, all->n);
    if (near)
        status = report_usage("no command writes '%s'; did you mean '%s'?", name, near);
    else
        status =
            report_usage("no command writes '%s'; 'atlas help output' lists what they write", name);
    free(names);
    return status;
}

int output_help(FILE *f, const struct output_list *lists, size_t n, const char *name,
                enum output_form form)
{
    struct files files = files_of(lists, n, name);
    int status = EXIT_DONE;

    if (name && !files.n) {
        struct files all = files_of(lists, n, NULL);
        status = unknown_file(&all, name);
        at_array_release(&all);
    } else if (form == OUTPUT_LINES) {
        print_lines(f, &files);
    } else if (form == OUTPUT_MDOC) {
        print_mdoc(f, &files);
    } else if (name) {
        print_files(f, &files);
    } else {
        print_overview(f, &files);
    }
    at_array_release(&files);
    return status;
}
