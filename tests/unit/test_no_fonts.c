/*
 * test_no_fonts.c - a machine without fonts: pictures fail with one line, they do not crash.
 *
 * A program of its own, because fontconfig reads its configuration once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "draw/draw_heatmap.h"

static void test_no_fonts(void **state)
{
    static const char config[] = "<fontconfig></fontconfig>";
    static const float values[] = { 1, 0, 0, 1 };
    const struct at_label labels[] = { { .text = "a" }, { .text = "b" } };
    struct at_heatmap h = { .title = "Attention",
                            .unit = "weight",
                            .rows = 2,
                            .cols = 2,
                            .values = values,
                            .row_labels = labels,
                            .col_labels = labels,
                            .scale = { .kind = AT_SEQUENTIAL, .lo = 0, .hi = 1 },
                            .width_mm = 100 };
    char fonts[64], picture[64];
    struct at_error err = { 0 };
    (void)state;

    snprintf(fonts, sizeof fonts, "/tmp/atlas-fonts-%ld.conf", (long)getpid());
    snprintf(picture, sizeof picture, "/tmp/atlas-no-fonts-%ld.png", (long)getpid());
    assert_int_equal(at_write_file(fonts, config, strlen(config), &err), 0);
    setenv("FONTCONFIG_FILE", fonts, 1);
    struct at_canvas *c = at_draw_heatmap(&h);
    for (int format = AT_PNG; format <= AT_PDF; format++) {
        assert_int_equal(at_canvas_write(c, picture, (enum at_format)format, 200, NULL, 0, &err),
                         AT_ENOTFOUND);
        assert_non_null(strstr(err.text, "no font is installed"));
        assert_int_not_equal(access(picture, F_OK), 0);
    }
    at_canvas_free(c);
    unlink(fonts);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_fonts) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
