/*
 * unicode_old.c - see unicode.h: characters as the tables of Unicode 8 and 9 have them.
 *
 * The libraries that we follow carry such tables. A character that is younger counts as unassigned
 * there: neither punctuation nor mark nor control, and nothing comes of it or becomes it. Compared
 * over all code points with ICU 72, that rule and the few characters whose category or script has
 * changed since, which are listed here, give the same answers as those libraries.
 */
#include "text/unicode.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>

#include "base/attr.h"

static bool is_in_tables(unsigned c, unsigned version)
{
    UVersionInfo age;

    u_charAge((UChar32)c, age);
    return age[0] > 0 && (age[0] < version || (age[0] == version && age[1] == 0));
}

static uint32_t mask_of(unsigned c)
{
    return U_GET_GC_MASK((UChar32)c);
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
    return is_in_tables(c, 8) ? mask_of(c) : U_GC_CN_MASK;
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

bool at_unicode_old_is_mark(unsigned c)
{
    if (c < 0x300)
        return false;
    if (c == 0x1CF2 || c == 0x1CF3)
        return true;
    return c != 0x111C9 && mask_of(c) & U_GC_M_MASK && is_in_tables(c, 9);
}

size_t at_unicode_old_decompose(unsigned out[AT_MAX_DECOMPOSED], unsigned c, bool is_compatible)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *form;
    UChar units[2 * AT_MAX_DECOMPOSED];
    int32_t n_units = -1;
    size_t n = 0;

    if (c >= 0xA0 && is_in_tables(c, 9)) {
        form = is_compatible ? unorm2_getNFKDInstance(&status) : unorm2_getNFDInstance(&status);
        if (U_SUCCESS(status))
            n_units = unorm2_getDecomposition(form, (UChar32)c, units, AT_COUNTOF(units), &status);
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

unsigned at_unicode_old_compose(unsigned a, unsigned b)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *form;
    UChar32 c;

    if (b < 0x300)
        return 0;
    form = unorm2_getNFCInstance(&status);
    c = U_SUCCESS(status) ? unorm2_composePair(form, (UChar32)a, (UChar32)b) : -1;
    return c > 0 && is_in_tables((unsigned)c, 9) ? (unsigned)c : 0;
}

unsigned at_unicode_order(unsigned c)
{
    return c < 0x300 || !is_in_tables(c, 9) ? 0 : u_getCombiningClass((UChar32)c);
}

int at_unicode_old_script(unsigned c)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script;

    switch (c) { /* moved to another script since */
    case 0x589:
    case 0x61C:
        return USCRIPT_COMMON;
    case 0x953:
    case 0x954:
        return USCRIPT_DEVANAGARI;
    }
    script = uscript_getScript((UChar32)c, &status);
    return U_FAILURE(status) || script == USCRIPT_UNKNOWN || !is_in_tables(c, 9) ? -1 : (int)script;
}
