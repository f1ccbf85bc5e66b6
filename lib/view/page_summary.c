/*
 * page_summary.c - see page_summary.h.
 */
#include "view/page_summary.h"

#include <math.h>

#include "base/attr.h"
#include "view/page.h"

enum { MAX_ROWS = 40, MAX_LINKS = 10 };

static void cell(struct at_strbuf *out, const char *s)
{
    at_strbuf_adds(out, "<td><bdi>");
    at_html_add(out, s);
    at_strbuf_adds(out, "</bdi></td>");
}

static void number(struct at_strbuf *out, const struct at_json *v)
{
    double x = at_json_number(v, NAN);

    if (isnan(x))
        at_strbuf_adds(out, "<td>n/a</td>");
    else
        at_strbuf_addf(out, "<td>%.4g</td>", x);
}

static void begin(struct at_strbuf *out, const char *title, const char *const headings[])
{
    at_strbuf_addf(out, "<table><caption>%s</caption><thead><tr>", title);
    for (size_t i = 0; headings[i]; i++)
        at_strbuf_addf(out, "<th scope=\"col\">%s</th>", headings[i]);
    at_strbuf_adds(out, "</tr></thead><tbody>\n");
}

static void end(struct at_strbuf *out, size_t n, size_t max)
{
    at_strbuf_adds(out, "</tbody></table>\n");
    if (n > max)
        at_strbuf_addf(out, "<p>... and %zu more.</p>\n", n - max);
}

static void tokens(struct at_strbuf *out, const struct at_json *run)
{
    const struct at_json *list = at_json_get(run, "tokens");
    size_t n = at_json_count(list);

    if (!n)
        return;
    begin(out, "Tokens and the share of attention each receives, mean over layers and heads",
          (const char *const[]){ "Position", "Token", "Received", NULL });
    for (size_t i = 0; i < AT_MIN(n, (size_t)MAX_ROWS); i++) {
        const struct at_json *t = at_json_at(list, i);
        at_strbuf_addf(out, "<tr><td>%zu</td>", i);
        cell(out, at_json_text(at_json_get(t, "label"), at_json_text(at_json_get(t, "token"), "")));
        number(out, at_json_get(t, "received"));
        at_strbuf_adds(out, "</tr>\n");
    }
    end(out, n, MAX_ROWS);
}

static void predictions(struct at_strbuf *out, const struct at_json *run)
{
    const struct at_json *list = at_json_get(run, "predictions");
    size_t n = at_json_count(list);

    if (!n)
        return;
    begin(out, "Predictions",
          (const char *const[]){ "Position", "Token there", "Most probable", "Probability", NULL });
    for (size_t i = 0; i < AT_MIN(n, (size_t)MAX_ROWS); i++) {
        const struct at_json *p = at_json_at(list, i);
        const struct at_json *best = at_json_at(at_json_get(p, "top"), 0);
        at_strbuf_addf(out, "<tr><td>%lld</td>", at_json_integer(at_json_get(p, "index"), 0));
        cell(out, at_json_text(at_json_get(p, "token"), "n/a"));
        cell(out, at_json_text(at_json_get(best, "token"), "n/a"));
        number(out, at_json_get(best, "p"));
        at_strbuf_adds(out, "</tr>\n");
    }
    end(out, n, MAX_ROWS);
}

static void links(struct at_strbuf *out, const struct at_json *run)
{
    const struct at_json *list = at_json_get(at_json_get(run, "strongest"), "links");
    size_t n = AT_MIN(at_json_count(list), (size_t)MAX_LINKS);

    if (!n)
        return;
    begin(out, "Strongest links of the mean map",
          (const char *const[]){ "Query", "looks at", "Weight", NULL });
    for (size_t i = 0; i < n; i++) {
        const struct at_json *l = at_json_at(list, i);
        at_strbuf_adds(out, "<tr>");
        cell(out, at_json_text(at_json_get(l, "query_token"), ""));
        cell(out, at_json_text(at_json_get(l, "key_token"), ""));
        number(out, at_json_get(l, "weight"));
        at_strbuf_adds(out, "</tr>\n");
    }
    end(out, n, n);
}

static void metrics(struct at_strbuf *out, const struct at_json *global)
{
    const struct at_json *value;

    if (!at_json_count(global))
        return;
    begin(out, "Metrics of the mean map", (const char *const[]){ "Metric", "Value", NULL });
    for (const char *key = at_json_next(global, NULL, &value); key;
         key = at_json_next(global, key, &value)) {
        at_strbuf_adds(out, "<tr>");
        cell(out, key);
        number(out, value);
        at_strbuf_adds(out, "</tr>\n");
    }
    end(out, 0, 0);
}

void at_page_summary(struct at_strbuf *out, const struct at_json *text)
{
    const struct at_json *documents = at_json_get(text, "documents");
    const struct at_json *run = at_json_get(documents, "run"), *of_run = at_json_get(run, "global");
    const char *pair = at_json_text(at_json_get(text, "pair"), NULL);

    at_strbuf_adds(out, "<blockquote dir=\"auto\">");
    at_html_add(out, at_json_text(at_json_get(text, "text"), ""));
    if (pair) {
        at_strbuf_adds(out, "<br>");
        at_html_add(out, pair);
    }
    at_strbuf_adds(out, "</blockquote>\n<div class=\"columns\">\n");
    tokens(out, run);
    predictions(out, run);
    links(out, run);
    metrics(out, of_run ? of_run : at_json_get(at_json_get(documents, "metrics"), "global"));
    at_strbuf_adds(out, "</div>\n");
}
