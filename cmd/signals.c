/*
 * signals.c - see signals.h. Handlers call nothing but what signal-safety(7) allows.
 */
#define _XOPEN_SOURCE 700 /* BUS_ADRERR */
#include "cmd/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mapfile.h"
#include "base/path.h"
#include "base/utf8.h"
#include "cmd/report.h"

static pthread_t main_thread;
static const char *_Atomic hint;

void signals_hint(const char *text)
{
    hint = text;
}

/*
 * The main thread is the one that writes files: in its own handler it cannot begin another.
 */
static void on_end(int sig)
{
    if (!pthread_equal(pthread_self(), main_thread)) {
        pthread_kill(main_thread, sig);
        return;
    }
    at_outfile_abort_all();
    if (hint && sig != SIGPIPE)
        report_dying((const char *const[]){ hint, NULL });
    signal(sig, SIG_DFL);
    raise(sig);
}

/* The thread that read the lost part of a file cannot go on, nor wait for another. */
static void on_lost_page(int sig, siginfo_t *info, void *context)
{
    const char *path = info->si_code == BUS_ADRERR ? at_mapfile_path_at(info->si_addr) : NULL;
    char shown[1024];

    (void)context;
    at_outfile_abort_all();
    if (path) {
        at_visible(shown, sizeof shown, path, strlen(path), "");
        report_dying(
            (const char *const[]){ "'", shown, "' became shorter while it was read", NULL });
        _exit(EXIT_FAILED);
    }
    signal(sig, SIG_DFL);
    raise(sig);
}

void signals_handle(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
    struct sigaction before, end = { .sa_handler = on_end };
    struct sigaction lost = { .sa_sigaction = on_lost_page, .sa_flags = SA_SIGINFO };

    main_thread = pthread_self();
    for (size_t i = 0; i < AT_COUNTOF(ends); i++)
        if (!sigaction(ends[i], NULL, &before) && before.sa_handler != SIG_IGN) /* nohup */
            sigaction(ends[i], &end, NULL);
    sigaction(SIGBUS, &lost, NULL);
    signal(SIGXFSZ, SIG_IGN);
}
