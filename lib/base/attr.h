/*
 * attr.h - attributes, small macros and the bug check that every file may use.
 */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define AT_PI 3.14159265358979323846

#define AT_COUNTOF(a) (sizeof(a) / sizeof((a)[0]))
#define AT_MIN(a, b)  ((a) < (b) ? (a) : (b))
#define AT_MAX(a, b)  ((a) > (b) ? (a) : (b))

#if defined(__GNUC__)
#define AT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define AT_MUST_USE          __attribute__((warn_unused_result))
#define AT_NORETURN          __attribute__((noreturn))
#define AT_UNUSED            __attribute__((unused))
#else
#define AT_PRINTF(fmt, args)
#define AT_MUST_USE
#define AT_NORETURN
#define AT_UNUSED
#endif

/*
 * AT_CLONES - compile a function once per vector width; the loader picks what the processor has.
 *
 * For numeric loops written with fixed lanes (see stats/entropy.c), so that every copy does the
 * same operations in the same order and gives the same bits. Sanitizers get the plain copy: the
 * loader's choice runs before they are ready. The function must be static (clang wants the
 * attribute on the first declaration, and headers should not have it).
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AT_CLONES
#elif defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__GNUC__)
#define AT_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define AT_CLONES
#endif

/*
 * AT_BUG_IF - stop on a programmer's mistake: a wrong shape, a NULL, an enum out of range.
 *
 * Kept in release builds. Never used for what a file or a user can cause: that is an at_error.
 */
#define AT_BUG_IF(cond)                                                                            \
    do {                                                                                           \
        if (cond)                                                                                  \
            at_bug(__FILE__, __LINE__, #cond);                                                     \
    } while (0)

AT_NORETURN void at_bug(const char *file, int line, const char *cond);

#endif
