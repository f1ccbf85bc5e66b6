/*
 * build_info.c - see build_info.h. version.h is made by scripts/gen-version.sh in the build folder.
 */
#include "cmd/build_info.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/report.h"
#include "draw/canvas.h"
#include "ops/cpu.h"
#include "text/unicode.h"
#include "version.h"

const char *version_number(void)
{
    return AT_VERSION;
}

void version_print(FILE *f, bool is_build)
{
    char cpu[256], blas[128], icu[16], drawing[128];

    fprintf(f, "atlas %s\n", AT_VERSION);
    if (!is_build)
        return;
    at_cpu_describe(cpu, sizeof cpu);
    at_cpu_describe_openblas(blas, sizeof blas);
    at_unicode_library(icu, sizeof icu);
    at_canvas_libraries(drawing, sizeof drawing);
    fprintf(f, "compiler  %s\nflags     %s\nprocessor %s\nlibraries %s, Jansson %s, ICU %s, %s\n",
            AT_BUILD_COMPILER, AT_BUILD_FLAGS, cpu, blas, at_json_library(), icu, drawing);
}

/* Whole seconds since 1970, up to the year 9999. */
static bool parse_epoch(time_t *out, const char *text)
{
    enum { MAX_DIGITS = 12 };
    size_t n = strspn(text, "0123456789");

    if (n == 0 || n > MAX_DIGITS || text[n] || strtoll(text, NULL, 10) > 253402300799)
        return false;
    *out = (time_t)strtoll(text, NULL, 10);
    return true;
}

/* When the run began, or what SOURCE_DATE_EPOCH says, as ISO 8601. */
static void note_start(struct manifest *m, double seconds_ago)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t t = time(NULL) - (time_t)(seconds_ago + 0.5);
    struct tm tm;
    char text[32];

    if (epoch && *epoch && !parse_epoch(&t, epoch))
        report_warning("SOURCE_DATE_EPOCH: '%s' is no number of seconds; the present time is used",
                       epoch);
    if (gmtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        manifest_run(m, "started", at_json_string(text));
}

void version_note_run(struct manifest *m, int argc, char **argv, double seconds)
{
    struct at_json *call = at_json_array();
    char cpu[256];

    at_cpu_describe(cpu, sizeof cpu);
    at_json_append(call, at_json_string("atlas"));
    for (int i = 0; i < argc; i++)
        at_json_append(call, at_json_string(argv[i]));
    note_start(m, seconds);
    manifest_run(m, "argv", call);
    manifest_run(m, "atlas", at_json_string(AT_VERSION));
    manifest_run(m, "took_ms", at_json_int((long long)(seconds * 1e3 + 0.5)));
    manifest_run(m, "processor", at_json_string(cpu));
    manifest_run(m, "compiler", at_json_string(AT_BUILD_COMPILER));
}
