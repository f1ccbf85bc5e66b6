/*
 * windows.c - see windows.h.
 */
#include "text/windows.h"

#include "base/attr.h"

int at_windows_plan(struct at_windows *out, size_t n_before, size_t n_text, size_t n_after,
                    size_t positions, size_t stride, bool is_causal, struct at_error *err)
{
    size_t around = n_before + n_after, size;

    if (positions <= around)
        return at_fail(err, AT_ERANGE,
                       "a window of %zu positions has no room beside its %zu special tokens",
                       positions, around);
    size = AT_MIN(positions - around, n_text);
    if (!stride)
        stride = AT_MAX(AT_MIN(positions / 2, size), (size_t)1);
    if (stride > size && n_text > size)
        return at_fail(
            err, AT_ERANGE,
            "a stride of %zu leaves tokens out: a window of %zu positions has %zu tokens "
            "of the text",
            stride, positions, size);
    *out = (struct at_windows){
        .n = 1 + (n_text > size ? (n_text - size + stride - 1) / stride : 0),
        .n_before = n_before,
        .n_text = n_text,
        .n_after = n_after,
        .size = size,
        .stride = stride,
        .is_causal = is_causal,
    };
    return 0;
}

static bool is_around(const struct at_token *t)
{
    return t->is_special && t->start == AT_NO_OFFSET;
}

int at_windows_of_tokens(struct at_windows *out, const struct at_tokens *t, size_t positions,
                         size_t stride, bool is_causal, struct at_error *err)
{
    size_t before = 0, after = 0;

    while (before < t->n && is_around(&t->items[before]))
        before++;
    while (after < t->n - before && is_around(&t->items[t->n - 1 - after]))
        after++;
    return at_windows_plan(out, before, t->n - before - after, after, positions, stride, is_causal,
                           err);
}

size_t at_windows_first(const struct at_windows *w, size_t k)
{
    AT_BUG_IF(k >= w->n);
    return AT_MIN(k * w->stride, w->n_text - w->size);
}

static size_t causal_owner(const struct at_windows *w, size_t t)
{
    if (t < w->size)
        return 0;
    return AT_MIN((t - w->size) / w->stride + 1, w->n - 1);
}

size_t at_windows_owner(const struct at_windows *w, size_t i)
{
    size_t t = i - w->n_before, best = 0, most = 0;
    bool has_any = false;

    AT_BUG_IF(i >= w->n_before + w->n_text + w->n_after);
    if (i < w->n_before)
        return 0;
    if (t >= w->n_text)
        return w->n - 1;
    if (w->is_causal)
        return causal_owner(w, t);
    for (size_t k = causal_owner(w, t); k < w->n && at_windows_first(w, k) <= t; k++) {
        size_t before = t - at_windows_first(w, k), shorter = AT_MIN(before, w->size - 1 - before);
        if (has_any && shorter <= most)
            continue;
        has_any = true;
        most = shorter;
        best = k;
    }
    return best;
}

size_t at_windows_length(const struct at_windows *w)
{
    return w->n_before + w->size + w->n_after;
}

size_t at_windows_token(const struct at_windows *w, size_t k, size_t position)
{
    AT_BUG_IF(position >= at_windows_length(w));
    if (position < w->n_before)
        return position;
    if (position < w->n_before + w->size)
        return position + at_windows_first(w, k);
    return position - w->size + w->n_text;
}
