/*
 * unicode.c - see unicode.h. The only file that sees ICU (icu-uc alone).
 *
 * The character tables of Hugging Face's BERT normalizer are those of Unicode 8, so a character
 * that is younger counts as unassigned there: neither punctuation nor mark nor control. Compared
 * over all code points with ICU 72, that rule and the five characters of as_of_bert() give the
 * same answers as the tokenizers library.
 */
#include "text/unicode.h"

#include <stdio.h>
#include <stdlib.h>

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uclean.h>
#include <unicode/unorm2.h>
#include <unicode/utext.h>

#include "base/alloc.h"
#include "base/array.h"
#include "io/textfile.h"

/* u_charType as a bit of the U_GC_*_MASK constants. */
static uint32_t category(unsigned c)
{
    return U_GET_GC_MASK((UChar32)c);
}

static bool is_in_bert_tables(unsigned c)
{
    UVersionInfo age;

    u_charAge((UChar32)c, age);
    return age[0] <= 8;
}

/* General category in Unicode 8; U_GC_CN_MASK for what came later. */
static uint32_t bert_category(unsigned c)
{
    switch (c) { /* moved to another category since */
    case 0x166D:
        return U_GC_PO_MASK;
    case 0x1734:
        return U_GC_MN_MASK;
    case 0x1885:
    case 0x1886:
        return U_GC_LO_MASK;
    case 0xA9BD:
        return U_GC_MC_MASK;
    case 0x111C9:
        return U_GC_PO_MASK;
    }
    return is_in_bert_tables(c) ? category(c) : U_GC_CN_MASK;
}

bool at_unicode_is_letter(unsigned c)
{
    if (c < 0x80)
        return (c | 0x20) - 'a' < 26;
    return category(c) & U_GC_L_MASK;
}

bool at_unicode_is_number(unsigned c)
{
    if (c < 0x80)
        return c - '0' < 10;
    return category(c) & U_GC_N_MASK;
}

bool at_unicode_has_word(const char *text, size_t start, size_t end)
{
    while (start < end) {
        unsigned c = at_utf8_next(text, &start);
        if (at_unicode_is_letter(c) || at_unicode_is_number(c))
            return true;
    }
    return false;
}

bool at_unicode_is_space(unsigned c)
{
    if (c < 0x80)
        return c == ' ' || c - '\t' < 5;
    return u_isUWhiteSpace((UChar32)c);
}

bool at_unicode_is_word(unsigned c)
{
    return category(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK) ||
           u_hasBinaryProperty((UChar32)c, UCHAR_ALPHABETIC) ||
           u_hasBinaryProperty((UChar32)c, UCHAR_JOIN_CONTROL);
}

bool at_unicode_is_upper(unsigned c)
{
    return category(c) & (U_GC_LU_MASK | U_GC_LT_MASK);
}

bool at_unicode_is_lower(unsigned c)
{
    return category(c) & U_GC_LL_MASK;
}

bool at_unicode_is_bert_control(unsigned c)
{
    if (c < 0x80)
        return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    return bert_category(c) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK);
}

bool at_unicode_is_bert_punct(unsigned c)
{
    if (c < 0x80)
        return c > 0x20 && c < 0x7F && !at_unicode_is_letter(c) && !at_unicode_is_number(c);
    return bert_category(c) & U_GC_P_MASK;
}

bool at_unicode_is_bert_mark(unsigned c)
{
    return c >= 0x80 && bert_category(c) & U_GC_MN_MASK;
}

bool at_unicode_is_bert_cjk(unsigned c)
{
    /* 2B920 is the tokenizers library's own number; the block starts at 2B820 */
    static const unsigned blocks[][2] = {
        { 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xF900, 0xFAFF },   { 0x20000, 0x2A6DF },
        { 0x2A700, 0x2B73F }, { 0x2B740, 0x2B81F }, { 0x2B920, 0x2CEAF }, { 0x2F800, 0x2FA1F },
    };

    if (c < blocks[0][0])
        return false;
    for (size_t i = 0; i < AT_COUNTOF(blocks); i++)
        if (c >= blocks[i][0] && c <= blocks[i][1])
            return true;
    return false;
}

size_t at_unicode_lower(unsigned out[AT_MAX_LOWER], unsigned c)
{
    if (c == 0x130) { /* the only one that becomes two: i and a dot above */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    if (c < 0x80)
        out[0] = c - 'A' < 26 ? c + 32 : c;
    else
        out[0] = (unsigned)u_tolower((UChar32)c);
    return 1;
}

size_t at_unicode_bert_decompose(unsigned out[AT_MAX_DECOMPOSED], unsigned c)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfd;
    UChar units[2 * AT_MAX_DECOMPOSED];
    int32_t n_units = -1;
    size_t n = 0;

    if (c >= 0xC0 && is_in_bert_tables(c)) {
        nfd = unorm2_getNFDInstance(&status);
        n_units = unorm2_getDecomposition(nfd, (UChar32)c, units, AT_COUNTOF(units), &status);
    }
    if (n_units < 0 || U_FAILURE(status)) {
        out[0] = c;
        return 1;
    }
    for (int32_t i = 0; i < n_units;) {
        UChar32 part;

        U16_NEXT(units, i, n_units, part);
        AT_BUG_IF(n == AT_MAX_DECOMPOSED);
        out[n++] = (unsigned)part;
    }
    return n;
}

unsigned at_unicode_order(unsigned c)
{
    return c < 0x300 ? 0 : u_getCombiningClass((UChar32)c);
}

int at_unicode_sentences(size_t **ends_out, size_t *n_out, const char *text, size_t n,
                         struct at_error *err)
{
    struct AT_ARRAY(size_t) ends = { 0 };
    UErrorCode status = U_ZERO_ERROR;
    UText source = UTEXT_INITIALIZER;
    UBreakIterator *it;
    int32_t at;

    if (n > INT32_MAX)
        return at_fail(err, AT_ERANGE, "text of %zu bytes is too long to split, at most %d", n,
                       INT32_MAX);
    utext_openUTF8(&source, text, (int64_t)n, &status);
    it = ubrk_open(UBRK_SENTENCE, "en", NULL, 0, &status);
    if (U_SUCCESS(status)) /* else there is no iterator, and this would use it */
        ubrk_setUText(it, &source, &status);
    if (U_SUCCESS(status)) {
        ubrk_first(it);
        while ((at = ubrk_next(it)) != UBRK_DONE)
            *at_array_push(&ends) = (size_t)at;
    }
    ubrk_close(it);
    utext_close(&source);
    if (U_FAILURE(status)) {
        free(ends.items);
        return at_fail(err, AT_EFORMAT, "cannot split sentences: %s", u_errorName(status));
    }
    *ends_out = ends.items;
    *n_out = ends.n;
    return 0;
}

static void *U_CALLCONV checked_realloc(const void *context, void *p, size_t n)
{
    (void)context;
    return at_realloc(p, n, 1);
}

static void *U_CALLCONV checked_malloc(const void *context, size_t n)
{
    return checked_realloc(context, NULL, n);
}

static void U_CALLCONV checked_free(const void *context, void *p)
{
    (void)context;
    free(p);
}

void at_unicode_check_memory(void)
{
    UErrorCode status = U_ZERO_ERROR;

    u_setMemoryFunctions(NULL, checked_malloc, checked_realloc, checked_free, &status);
}

void at_unicode_library(char *buf, size_t n)
{
    UVersionInfo v;

    u_getVersion(v);
    snprintf(buf, n, "%d.%d", v[0], v[1]);
}
