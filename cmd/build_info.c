/*
 * build_info.c - see build_info.h. version.h is made by scripts/gen-version.sh in the build folder.
 */
#include "cmd/build_info.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "ops/cpu.h"
#include "text/unicode.h"
#include "version.h"

const char *version_number(void)
{
    return AT_VERSION;
}

void version_print(FILE *f, bool is_build)
{
    char cpu[256], icu[16];

    fprintf(f, "atlas %s\n", AT_VERSION);
    if (!is_build)
        return;
    cpu[0] = 0;
    at_unicode_library(icu, sizeof icu);
    fprintf(f, "compiler  %s\nflags     %s\nprocessor %s\nlibraries Jansson %s, ICU %s\n",
            AT_BUILD_COMPILER, AT_BUILD_FLAGS, cpu, at_json_library(), icu);
}

/* Now, or the time SOURCE_DATE_EPOCH asks for, as ISO 8601. */
static void add_time(struct manifest *m)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t t = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm tm;
    char text[32];

    if (!gmtime_r(&t, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return;
    manifest_run(m, "ended", at_json_string(text));
}

void version_note_run(struct manifest *m, const char *command_line, double seconds)
{
    char cpu[256];

    cpu[0] = 0;
    add_time(m);
    manifest_run(m, "atlas", at_json_string(AT_VERSION));
    manifest_run(m, "command_line", at_json_string(command_line));
    manifest_run(m, "took_ms", at_json_int((long long)(seconds * 1e3 + 0.5)));
    manifest_run(m, "compiler", at_json_string(AT_BUILD_COMPILER));
    manifest_run(m, "processor", at_json_string(cpu));
}
