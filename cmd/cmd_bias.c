/*
 * cmd_bias.c - `atlas bias`: its subcommands, each in a file of its own, and what they share.
 */
#include "cmd/legacy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stereo_scoring.h"
#include "base/strbuf.h"
#include "cmd/bias_shared.h"

const char *const bias_pll_words[] = { "original", "word-l2r", "whole-word", NULL };
const char *const bias_bos_words[] = { "none", "prepend", "apart", NULL };

static const struct legacy_command subcommands[] = {
    { "detect", bias_detect, "flag generalisations, unfairness and stereotypes, token by token" },
    { "attention", bias_attention, "how much attention every head gives to flagged tokens" },
    { "calibrate", bias_calibrate, "thresholds of that attention for a model, from texts" },
    { "pairs", bias_pairs, "which sentence of minimal pairs a model prefers" },
    { "stereoset", bias_stereoset, "StereoSet scores: stereotype, language model, both" },
    { "swap", bias_swap, "the counterfactual of a text, and attention to both" },
    { "merge", bias_merge, "put the shards of a scoring run together" },
    { 0 },
};

static void print_subcommands(FILE *f)
{
    fprintf(f, "usage: atlas bias SUBCOMMAND [options] ...\n\n"
               "Detection of bias, attention to it, and scores of published data sets.\n\n");
    for (const struct legacy_command *c = subcommands; c->name; c++)
        fprintf(f, "  %-12s %s\n", c->name, c->brief);
    fprintf(f, "\n'atlas bias SUBCOMMAND -h' tells the options of each.\n");
}

static int unknown_subcommand(const char *name)
{
    const char *names[AT_COUNTOF(subcommands)], *near;
    size_t n = 0;

    for (const struct legacy_command *c = subcommands; c->name; c++)
        names[n++] = c->name;
    near = opt_nearest(name, names, n);
    if (near)
        return report_usage("no '%s'; did you mean '%s'?", name, near);
    return report_usage("no '%s'; 'atlas bias -h' lists what there is", name);
}

int cmd_bias(int argc, char **argv)
{
    static char name[64]; /* messages refer to it until the end */

    if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
        print_subcommands(stdout);
        return EXIT_DONE;
    }
    if (argc > 1 && !strcmp(argv[1], "--list-commands")) {
        for (const struct legacy_command *c = subcommands; c->name; c++)
            puts(c->name);
        return EXIT_DONE;
    }
    if (argc > 1 && !strcmp(argv[1], "--list-options"))
        return EXIT_DONE; /* all options belong to the subcommands */
    if (argc < 2)
        return report_usage("what to do? 'atlas bias -h' lists what there is");
    for (const struct legacy_command *c = subcommands; c->name; c++)
        if (!strcmp(c->name, argv[1])) {
            snprintf(name, sizeof name, "atlas bias %s", c->name);
            report_command(name);
            return c->run(argc, argv);
        }
    return unknown_subcommand(argv[1]);
}

struct at_json *json_interval(struct at_interval i)
{
    const double ends[2] = { i.low, i.high };

    return at_json_reals(ends, 2);
}

void print_interval(struct at_interval i, int width)
{
    char text[48] = "";

    if (!isnan(i.low))
        snprintf(text, sizeof text, "[%.1f, %.1f]", i.low, i.high);
    printf("%-*s", width, text);
}

void print_percent(double v, int width)
{
    if (isnan(v))
        printf("%*s", width, "n/a");
    else
        printf("%*.1f", width, v);
}

double score_text(char text[SCORE_TEXT], double score)
{
    text[0] = '\0';
    if (!isfinite(score))
        return NAN;
    snprintf(text, SCORE_TEXT, "%.15g", score);
    return strtod(text, NULL);
}

int note_part(struct job *job, const char *part, const char *why, int status)
{
    if (job->manifest)
        manifest_skipped(job->manifest, part, why);
    return status == EXIT_DONE ? EXIT_SKIPPED : status;
}

int note_excluded(struct job *job, const char *const *ids, char *const *excluded, size_t n,
                  int status)
{
    size_t count[2] = { 0 }, first[2] = { 0 }; /* excluded whole, in part */

    for (size_t i = 0; i < n; i++) {
        size_t in_part = excluded[i] && strstr(excluded[i], AT_STEREO_IN_PART);
        if (!excluded[i])
            continue;
        if (job->manifest)
            manifest_skipped(job->manifest, ids[i], excluded[i]);
        if (count[in_part]++ == 0)
            first[in_part] = i;
    }
    for (size_t k = 0; k < 2; k++)
        if (count[k])
            report_left_out("%zu of %zu item%s excluded%s; the first, '%s': %s", count[k], n,
                            at_plural(n), k ? " in part" : "", ids[first[k]], excluded[first[k]]);
    return count[0] + count[1] && status == EXIT_DONE ? EXIT_SKIPPED : status;
}
