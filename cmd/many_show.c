/*
 * many_show.c - a corpus as tables, pictures of the means and a summary: see many.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmd/head_map.h"
#include "cmd/many.h"
#include "draw/draw_bars.h"

enum { BEST_HEADS = 10, BEST_SHOWN = 3 };

static const char BEYOND[] = "beyond chance: q at most .05, interval of the ratio outside 0.8 to "
                             "1.25";

/* A corpus whose rows are at hand. */
struct shown {
    const struct many *m;
    struct sink *sink;
    struct at_corpus_row *heads, *model; /* (n_heads), (n_model) */
    size_t n_heads, n_model;
    struct at_role *roles; /* (n_roles) */
    size_t n_roles;
    struct at_arena arena;
};

/* --- pictures --- */

/* Where the heads' rows of one value are drawn. */
struct map {
    double *mean, *half; /* (L*H) */
    size_t *beyond, n_beyond;
    double widest; /* half interval */
};

static struct map map_of(struct shown *s, size_t value, bool is_ratio)
{
    const struct at_corpus *c = &s->m->corpus;
    size_t n = c->L * c->H;
    struct map map = {
        .mean = at_arena_alloc(&s->arena, n, sizeof *map.mean),
        .half = at_arena_alloc(&s->arena, n, sizeof *map.half),
        .beyond = at_arena_alloc(&s->arena, n, sizeof *map.beyond),
        .widest = NAN,
    };

    for (size_t k = 0; k < n; k++)
        map.mean[k] = map.half[k] = NAN;
    for (size_t i = 0; i < s->n_heads; i++) {
        const struct at_corpus_row *r = &s->heads[i];
        size_t k = r->layer * c->H + r->head;
        if (strcmp(r->metric, c->keys[value]) != 0)
            continue;
        map.mean[k] = is_ratio ? r->chance.ratio : r->mean;
        map.half[k] = (is_ratio ? r->chance.ci[1] - r->chance.ci[0] : r->high - r->low) / 2.0;
        map.widest = fmax(map.widest, map.half[k]);
        if (r->chance.is_beyond)
            map.beyond[map.n_beyond++] = k;
    }
    return map;
}

/* "mean of 300 texts; 95 % intervals are at most ±0.012" */
static const char *note_of(struct shown *s, const struct map *map)
{
    size_t n = s->m->corpus.lengths.n;

    if (isnan(map->widest))
        return at_arena_printf(&s->arena, "mean of %zu text%s", n, at_plural(n));
    return at_arena_printf(&s->arena,
                           "mean of %zu text%s; 95 %% intervals reach at most %.2g to either side",
                           n, at_plural(n), map->widest);
}

static int picture_value(struct shown *s, size_t value, struct at_error *err)
{
    const struct at_corpus *c = &s->m->corpus;
    const struct at_scale around_one = {
        .kind = AT_DIVERGING, .lo = 0.0, .hi = 2.0, .neutral = 1.0
    };
    struct value_look look = { 0 };
    struct map map;
    struct head_map p;

    s->m->way->look(&look, value);
    map = map_of(s, value, look.is_ratio);
    p = (struct head_map){
        .file = at_arena_printf(&s->arena, "%s_%s", s->m->way->file, c->keys[value]),
        .title = look.title,
        .details = look.details,
        .unit = look.unit,
        .model_name = s->m->model_name,
        .L = c->L,
        .H = c->H,
        .values = map.mean,
        .stride = 1,
        .covers = { NAN, NAN },
        .scale = look.is_ratio ? &around_one : NULL,
        .half = map.half,
        .outlined = map.beyond,
        .n_outlined = map.n_beyond,
        .outline_name = BEYOND,
        .note = note_of(s, &map),
    };
    return picture_head_map(s->sink, NULL, &p, err);
}

/* Shares of the model's own, where there are no heads: a bar each. */
static int picture_model(struct shown *s, struct at_error *err)
{
    struct at_bar *bars = at_arena_calloc(&s->arena, s->n_model + 1, sizeof *bars);
    struct at_bars b = {
        .title = at_arena_printf(&s->arena, "Attention between sentences, %s", s->m->model_name),
        .subtitle = at_arena_printf(&s->arena, "mean of %zu texts", s->m->corpus.lengths.n),
        .value_name = "share of attention",
        .bars = bars,
        .axis_lo = NAN,
        .axis_hi = NAN,
        .reference = NAN,
        .interval_name = "95 % interval over texts",
        .width_mm = s->sink->call->width_mm,
    };

    for (size_t i = 0; i < s->n_model; i++) {
        const struct at_corpus_row *r = &s->model[i];
        struct value_look look = { 0 };
        for (size_t v = 0; v < s->m->corpus.n_values; v++)
            if (!strcmp(r->metric, s->m->corpus.keys[v]))
                s->m->way->look(&look, v);
        if (look.unit && !strcmp(look.unit, "fraction"))
            bars[b.n++] = (struct at_bar){ .label = look.title,
                                           .value = r->mean,
                                           .lo = r->low,
                                           .hi = r->high,
                                           .detail = at_arena_printf(&s->arena, "n = %zu", r->n) };
    }
    return b.n ? sink_picture(s->sink, NULL, s->m->model_name, s->m->way->file, at_draw_bars(&b),
                              err)
               : 0;
}

static int draw(struct shown *s, struct at_error *err)
{
    int rc = 0;

    if (!s->m->way->has_heads)
        return picture_model(s, err);
    for (size_t v = 0; v < s->m->corpus.n_values && !rc; v++)
        rc = picture_value(s, v, err);
    return rc;
}

/* --- on screen --- */

static void print_number(double v, int width)
{
    if (isnan(v))
        printf("%*s", width, "n/a");
    else
        printf("%*.4f", width, v);
}

static void print_interval(double low, double high)
{
    char text[64];

    if (isnan(low))
        printf("  %-16s", "");
    else {
        snprintf(text, sizeof text, "%.4f..%.4f", low, high);
        printf("  %-16s", text);
    }
}

static void print_head_of(const struct at_corpus_row *r)
{
    char name[48];

    snprintf(name, sizeof name, "L%zuH%zu", r->layer, r->head);
    printf("  %-7s", name);
}

/* The heads of a value with the least and the greatest mean; NULL when none has it. */
static void find_ends(const struct at_corpus_row **least, const struct at_corpus_row **greatest,
                      const struct shown *s, const char *metric)
{
    *least = *greatest = NULL;
    for (size_t i = 0; i < s->n_heads; i++) {
        const struct at_corpus_row *r = &s->heads[i];
        if (strcmp(r->metric, metric) != 0)
            continue;
        if (!*least || r->mean < (*least)->mean)
            *least = r;
        if (!*greatest || r->mean > (*greatest)->mean)
            *greatest = r;
    }
}

static void print_values(const struct shown *s)
{
    printf("  %-20s%9s  %-16s", "metric", s->m->way->overall, "95 % interval");
    printf(s->m->corpus.L ? "%16s%18s\n" : "%6s\n", s->m->corpus.L ? "least head" : "texts",
           "greatest head");
    for (size_t i = 0; i < s->n_model; i++) {
        const struct at_corpus_row *r = &s->model[i], *least, *greatest;
        if (!strcmp(r->metric, "n_tokens"))
            continue;
        printf("  %-20s", r->metric);
        print_number(r->mean, 9);
        print_interval(r->low, r->high);
        find_ends(&least, &greatest, s, r->metric);
        if (least) {
            print_head_of(least);
            print_number(least->mean, 9);
            print_head_of(greatest);
            print_number(greatest->mean, 9);
        } else if (!s->m->corpus.L) {
            printf("%6zu", r->n);
        }
        printf("\n");
    }
}

/* The best heads for each role. */
static void print_roles(const struct shown *s)
{
    size_t n_beyond = 0;

    if (!s->n_roles && s->m->way->nothing) {
        printf("  %s\n", s->m->way->nothing);
        return;
    }
    printf("  %-16s  %-7s%8s  %-16s%8s  %-16s\n", "best heads for", "head", "mean", "95 % interval",
           "x even", "95 % interval");
    for (size_t i = 0; i < s->n_roles; i++) {
        const struct at_role *role = &s->roles[i];
        const struct at_corpus_row *r = &role->of;
        if (role->rank > BEST_SHOWN)
            continue;
        printf("  %-16s", role->rank == 1 ? role->role : "");
        print_head_of(r);
        print_number(r->mean, 8);
        print_interval(r->low, r->high);
        if (!isnan(r->chance.ratio)) {
            printf("%8.2f", r->chance.ratio);
            print_interval(r->chance.ci[0], r->chance.ci[1]);
            printf("%s", r->chance.is_beyond ? "  *" : "");
        }
        printf("\n");
    }
    for (size_t i = 0; i < s->n_heads; i++)
        n_beyond += s->heads[i].chance.is_beyond;
    printf("  x even: times what even attention over the same tokens gives\n  * %s (%zu of %zu)\n",
           BEYOND, n_beyond, s->n_heads);
}

static void print_summary(const struct shown *s)
{
    const struct at_corpus *c = &s->m->corpus;
    struct at_moments t = at_sums_moments(&c->lengths);

    printf("%s, ", s->m->model_name);
    if (c->L)
        printf("%zu layer%s x %zu head%s, ", c->L, at_plural(c->L), c->H, at_plural(c->H));
    printf("%zu text%s of %.0f to %.0f tokens, %.1f on average\n", t.n, at_plural(t.n), t.min,
           t.max, t.mean);
    if (s->m->way->has_ratios)
        print_roles(s);
    else
        print_values(s);
}

/* --- all of it --- */

/* A person may look: without -o, and with it unless the call is quiet. */
static bool is_told(const struct call *c)
{
    return !c->is_json && (!c->out || !c->is_quiet);
}

int many_show(const struct many *m, struct at_error *err)
{
    struct sink *sink = m->x->sink;
    const struct at_corpus_source of = { m->model_name, sink->run_id };
    struct shown s = { .m = m, .sink = sink };
    int rc;

    s.heads = at_corpus_rows(&s.n_heads, &m->corpus, AT_CORPUS_HEADS, of, &s.arena);
    s.model = at_corpus_rows(&s.n_model, &m->corpus, AT_CORPUS_MODEL, of, &s.arena);
    s.roles = at_corpus_roles(&s.n_roles, s.heads, s.n_heads, m->keys, m->way->n_values, BEST_HEADS,
                              &s.arena);
    rc = sink_corpus(sink, &m->corpus, of, err);
    if (!rc && m->way->has_ratios)
        rc = sink_table(sink, NULL, "roles.csv", &at_role_record, s.roles, s.n_roles, err);
    if (!rc && sink_draws(sink))
        rc = draw(&s, err);
    if (!rc && is_told(m->x->call))
        print_summary(&s);
    at_arena_release(&s.arena);
    return rc;
}
