/*
 * unicode.c - see unicode.h: the current tables, as ICU has them.
 *
 * An ICU of before Unicode 16 does not know the letters and numbers of that version and the next,
 * which the libraries we follow know: they are listed here.
 */
#include "text/unicode.h"

#include <stdio.h>
#include <stdlib.h>

#include <unicode/uchar.h>
#include <unicode/uclean.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/utf8.h"

/* Ranges that Unicode 16 made letters (L), digits (Nd), and marks and letter-like symbols; as
   numbers (Nl) those of Unicode 17, which patterns do not know yet. */
static const struct at_young young[] = {
    { 0x897, 0x897, AT_YOUNG_MARK },       { 0x1C89, 0x1C8A, AT_YOUNG_LETTER },
    { 0xA7CB, 0xA7CD, AT_YOUNG_LETTER },   { 0xA7DA, 0xA7DC, AT_YOUNG_LETTER },
    { 0x105C0, 0x105F3, AT_YOUNG_LETTER }, { 0x10D40, 0x10D49, AT_YOUNG_DIGIT },
    { 0x10D4A, 0x10D65, AT_YOUNG_LETTER }, { 0x10D69, 0x10D6D, AT_YOUNG_MARK },
    { 0x10D6F, 0x10D85, AT_YOUNG_LETTER }, { 0x10EC2, 0x10EC4, AT_YOUNG_LETTER },
    { 0x10EFC, 0x10EFC, AT_YOUNG_MARK },   { 0x11380, 0x11389, AT_YOUNG_LETTER },
    { 0x1138B, 0x1138B, AT_YOUNG_LETTER }, { 0x1138E, 0x1138E, AT_YOUNG_LETTER },
    { 0x11390, 0x113B5, AT_YOUNG_LETTER }, { 0x113B7, 0x113B7, AT_YOUNG_LETTER },
    { 0x113B8, 0x113C0, AT_YOUNG_MARK },   { 0x113C2, 0x113C2, AT_YOUNG_MARK },
    { 0x113C5, 0x113C5, AT_YOUNG_MARK },   { 0x113C7, 0x113CA, AT_YOUNG_MARK },
    { 0x113CC, 0x113D0, AT_YOUNG_MARK },   { 0x113D1, 0x113D1, AT_YOUNG_LETTER },
    { 0x113D2, 0x113D2, AT_YOUNG_MARK },   { 0x113D3, 0x113D3, AT_YOUNG_LETTER },
    { 0x113E1, 0x113E2, AT_YOUNG_MARK },   { 0x116D0, 0x116E3, AT_YOUNG_DIGIT },
    { 0x11BC0, 0x11BE0, AT_YOUNG_LETTER }, { 0x11BF0, 0x11BF9, AT_YOUNG_DIGIT },
    { 0x11DE0, 0x11DE9, AT_YOUNG_NUMBER }, { 0x11F5A, 0x11F5A, AT_YOUNG_MARK },
    { 0x13460, 0x143FA, AT_YOUNG_LETTER }, { 0x16100, 0x1611D, AT_YOUNG_LETTER },
    { 0x1611E, 0x1612F, AT_YOUNG_MARK },   { 0x16130, 0x16139, AT_YOUNG_DIGIT },
    { 0x16D40, 0x16D6C, AT_YOUNG_LETTER }, { 0x16D70, 0x16D79, AT_YOUNG_DIGIT },
    { 0x16FF4, 0x16FF6, AT_YOUNG_NUMBER }, { 0x18CFF, 0x18CFF, AT_YOUNG_LETTER },
    { 0x1CCF0, 0x1CCF9, AT_YOUNG_DIGIT },  { 0x1E5D0, 0x1E5ED, AT_YOUNG_LETTER },
    { 0x1E5EE, 0x1E5EF, AT_YOUNG_MARK },   { 0x1E5F0, 0x1E5F0, AT_YOUNG_LETTER },
    { 0x1E5F1, 0x1E5FA, AT_YOUNG_DIGIT },  { 0x2EBF0, 0x2EE5D, AT_YOUNG_LETTER },
};

/* Capital letters of Unicode 16 and 17, every step-th of a range; how far their small ones are. */
static const struct {
    unsigned first, last;
    int step, shift;
} young_capitals[] = {
    { 0x1C89, 0x1C89, 1, 1 },      { 0xA7CB, 0xA7CB, 1, 0x264 - 0xA7CB },
    { 0xA7CC, 0xA7CE, 2, 1 },      { 0xA7D2, 0xA7D4, 2, 1 },
    { 0xA7DA, 0xA7DA, 1, 1 },      { 0xA7DC, 0xA7DC, 1, 0x19B - 0xA7DC },
    { 0x10D50, 0x10D65, 1, 0x20 }, { 0x16EA0, 0x16EB8, 1, 0x1B },
};

bool at_unicode_young(struct at_young *out, size_t i)
{
    if (i >= AT_COUNTOF(young))
        return false;
    *out = young[i];
    return true;
}

static const struct at_young *find_young(unsigned c)
{
    if (c >= young[0].first)
        for (size_t i = 0; i < AT_COUNTOF(young) && young[i].first <= c; i++)
            if (c <= young[i].last)
                return &young[i];
    return NULL;
}

/* u_charType as a bit of the U_GC_*_MASK constants. */
static uint32_t category(unsigned c)
{
    uint32_t mask = U_GET_GC_MASK((UChar32)c);
    const struct at_young *y = mask & U_GC_CN_MASK ? find_young(c) : NULL;

    if (!y)
        return mask;
    return y->kind == AT_YOUNG_LETTER  ? U_GC_LO_MASK
           : y->kind == AT_YOUNG_DIGIT ? U_GC_ND_MASK
           : y->kind == AT_YOUNG_MARK  ? U_GC_MN_MASK
                                       : mask;
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

bool at_unicode_is_numeric(unsigned c)
{
    const struct at_young *y;

    if (at_unicode_is_number(c))
        return true;
    y = c < 0x80 ? NULL : find_young(c);
    return y && y->kind == AT_YOUNG_NUMBER;
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
    if (c < 0x80)
        return (c | 0x20) - 'a' < 26 || c - '0' < 10 || c == '_';
    return category(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK) ||
           u_hasBinaryProperty((UChar32)c, UCHAR_ALPHABETIC) ||
           u_hasBinaryProperty((UChar32)c, UCHAR_JOIN_CONTROL) || category(c) & U_GC_LO_MASK;
}

bool at_unicode_is_upper(unsigned c)
{
    return category(c) & (U_GC_LU_MASK | U_GC_LT_MASK);
}

bool at_unicode_is_lower(unsigned c)
{
    return category(c) & U_GC_LL_MASK;
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
    for (size_t i = 0; out[0] == c && i < AT_COUNTOF(young_capitals); i++) {
        const unsigned first = young_capitals[i].first;
        if (c >= first && c <= young_capitals[i].last &&
            (c - first) % (unsigned)young_capitals[i].step == 0)
            out[0] = (unsigned)((int)c + young_capitals[i].shift);
    }
    return 1;
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
