/*
 * page.c - see page.h.
 */
#include "view/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "page_parts.h"
#include "view/page_maps.h"
#include "view/page_summary.h"

void at_page_text_release(struct at_page_text *t)
{
    for (size_t l = 0; l < t->L; l++) {
        if (t->maps)
            free(t->maps[l]);
        if (t->vectors)
            free(t->vectors[l]);
    }
    free(t->maps);
    free(t->vectors);
    free(t->means);
    free(t->rollouts);
    at_json_free(t->about);
    *t = (struct at_page_text){ 0 };
}

size_t at_page_layer(size_t i, size_t n_kept, size_t L)
{
    return n_kept < 2 ? L - 1 : (i * (L - 1) + (n_kept - 1) / 2) / (n_kept - 1);
}

void at_html_add(struct at_strbuf *out, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '<':
            at_strbuf_adds(out, "&lt;");
            break;
        case '>':
            at_strbuf_adds(out, "&gt;");
            break;
        case '&':
            at_strbuf_adds(out, "&amp;");
            break;
        case '"':
            at_strbuf_adds(out, "&quot;");
            break;
        case '\'':
            at_strbuf_adds(out, "&#39;");
            break;
        default:
            at_strbuf_addc(out, *s);
        }
    }
}

/* --- the data --- */

/* JSON inside <script>: nothing in it may end the element or a line of it. All of this is within
   strings, where an escape means the same. */
static void add_safe(struct at_strbuf *out, const struct at_strbuf *json)
{
    const char *s = at_strbuf_str(json);

    for (size_t i = 0; i < json->n; i++) {
        if (s[i] == '<' || s[i] == '>' || s[i] == '&')
            at_strbuf_addf(out, "\\u%04x", (unsigned)(unsigned char)s[i]);
        else if (!strncmp(s + i, "\xe2\x80\xa8", 3) || !strncmp(s + i, "\xe2\x80\xa9", 3)) {
            at_strbuf_addf(out, "\\u20%02x", s[i + 2] == '\xa8' ? 0x28u : 0x29u);
            i += 2;
        } else
            at_strbuf_addc(out, s[i]);
    }
}

static struct at_json *layers_json(const struct at_page *p, const struct at_page_text *t,
                                   char *const *data)
{
    struct at_json *list = at_json_array();

    for (size_t i = 0; i < p->n_kept && i < t->L; i++) {
        size_t layer = at_page_layer(i, p->n_kept, t->L);
        struct at_json *o = at_json_object();
        at_json_set_int(o, "layer", (long long)layer);
        at_json_set_string(o, "data", data[layer]);
        at_json_append(list, o);
    }
    return list;
}

static struct at_json *maps_json(const struct at_page *p, const struct at_page_text *t)
{
    struct at_json *o = at_json_object();

    at_json_set_string(o, "encoding", t->is_exact ? "half" : "sqrt8");
    at_json_set_int(o, "n", (long long)t->n);
    at_json_set_int(o, "heads", (long long)t->H);
    at_json_set_int(o, "strongest", t->is_exact ? 0 : (long long)at_page_top_k(t->n));
    at_json_set_real(o, "error_at_1", at_page_map_error(1.0, t->is_exact));
    at_json_set_real(o, "error_at_0.01", at_page_map_error(0.01, t->is_exact));
    at_json_set(o, "layers", layers_json(p, t, t->maps));
    at_json_set_string(o, "means", t->means);
    at_json_set_string(o, "rollouts", t->rollouts);
    return o;
}

static struct at_json *vectors_json(const struct at_page *p, const struct at_page_text *t)
{
    struct at_json *o = at_json_object();

    at_json_set_string(o, "encoding", "half");
    at_json_set_int(o, "size", (long long)t->D);
    at_json_set(o, "layers", layers_json(p, t, t->vectors));
    return o;
}

static void set_data(const struct at_page *p)
{
    struct at_json *texts = at_json_array();

    for (size_t i = 0; i < p->n_texts; i++) {
        const struct at_page_text *t = &p->texts[i];
        at_json_set(t->about, "maps", t->maps ? maps_json(p, t) : at_json_null());
        at_json_set(t->about, "vectors",
                    t->vectors && !p->leaves_out_vectors ? vectors_json(p, t) : at_json_null());
        at_json_append(texts, at_json_share(t->about));
    }
    at_json_set(p->about, "texts", texts);
}

/* --- what fits --- */

/* Bytes of one layer in all texts. */
static size_t layer_size(const struct at_page *p, size_t layer)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_texts; i++) {
        const struct at_page_text *t = &p->texts[i];
        if (t->maps && layer < t->L)
            n += strlen(t->maps[layer]);
        if (t->vectors && layer < t->L && !p->leaves_out_vectors)
            n += strlen(t->vectors[layer]);
    }
    return n;
}

static size_t n_layers(const struct at_page *p)
{
    size_t L = 0;

    for (size_t i = 0; i < p->n_texts; i++)
        L = p->texts[i].maps && p->texts[i].L > L ? p->texts[i].L : L;
    return L;
}

static size_t kept_size(const struct at_page *p, size_t n_kept, size_t L)
{
    size_t n = 0;

    for (size_t i = 0; i < n_kept; i++)
        n += layer_size(p, at_page_layer(i, n_kept, L));
    return n;
}

int at_page_fit(struct at_page *p, size_t max, struct at_error *err)
{
    size_t L = n_layers(p), bare;
    struct at_strbuf page = { 0 };

    p->n_kept = L;
    p->leaves_out_vectors = false;
    if (!max)
        return 0;
    at_page_write(&page, p);
    bare = page.n - kept_size(p, L, L);
    at_strbuf_release(&page);
    p->leaves_out_vectors = bare + kept_size(p, L, L) > max;
    while (p->n_kept && bare + kept_size(p, p->n_kept, L) > max)
        p->n_kept--;
    if (bare > max)
        return at_fail(err, AT_ERANGE,
                       "--max-size: the page has %zu bytes without any head's map, wanted are %zu",
                       bare, max);
    return 0;
}

/* --- the file --- */

/* 'sha256-...' of a part, as the policy names it. */
static void add_hash(struct at_strbuf *out, const unsigned char *part, size_t n)
{
    struct at_digest digest = at_digest_bytes(part, n);
    unsigned char raw[32];

    for (size_t i = 0; i < sizeof raw; i++) {
        const char two[3] = { digest.hex[2 * i], digest.hex[2 * i + 1], '\0' };
        raw[i] = (unsigned char)strtoul(two, NULL, 16);
    }
    at_strbuf_adds(out, "'sha256-");
    at_base64_add(out, raw, sizeof raw);
    at_strbuf_adds(out, "'");
}

static void add_policy(struct at_strbuf *out)
{
    at_strbuf_adds(out, "default-src 'none'; script-src ");
    add_hash(out, page_script, sizeof page_script);
    at_strbuf_adds(out, "; style-src ");
    add_hash(out, page_style, sizeof page_style);
    at_strbuf_adds(out, "; base-uri 'none'; form-action 'none'");
}

static void add_data(struct at_strbuf *out, const struct at_page *p)
{
    enum { DIGITS = 5 };
    struct at_strbuf json = { 0 };

    set_data(p);
    at_json_dump(&json, p->about, 0, DIGITS);
    at_json_set(p->about, "texts", at_json_null());
    add_safe(out, &json);
    at_strbuf_release(&json);
}

static void add_slot(struct at_strbuf *out, const struct at_page *p, const char *name, size_t n)
{
    static const char *const names[] = { "title", "policy", "style", "summary", "data", "script" };
    size_t i = 0;

    while (i < AT_COUNTOF(names) && (strlen(names[i]) != n || memcmp(names[i], name, n) != 0))
        i++;
    AT_BUG_IF(i == AT_COUNTOF(names));
    switch (i) {
    case 0:
        at_html_add(out, p->title);
        break;
    case 1:
        add_policy(out);
        break;
    case 2:
        at_strbuf_add(out, page_style, sizeof page_style);
        break;
    case 3:
        for (size_t t = 0; t < p->n_texts; t++)
            at_page_summary(out, p->texts[t].about);
        break;
    case 4:
        add_data(out, p);
        break;
    case 5:
        at_strbuf_add(out, page_script, sizeof page_script);
        break;
    }
}

void at_page_write(struct at_strbuf *out, const struct at_page *p)
{
    /* The frame has slots: {{name}}. */
    const char *s = (const char *)page_frame, *end = s + sizeof page_frame;

    while (s < end) {
        const char *slot = s;
        while (slot < end && !(end - slot > 2 && slot[0] == '{' && slot[1] == '{'))
            slot++;
        at_strbuf_add(out, s, (size_t)(slot - s));
        if (slot == end)
            return;
        s = slot + 2;
        while (s[0] != '}')
            s++;
        add_slot(out, p, slot + 2, (size_t)(s - slot - 2));
        s += 2;
    }
}
