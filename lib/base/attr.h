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
