/*
 * rand_index.c - see rand_index.h. Counts of pairs, so that no table of groups is needed.
 */
#include "stats/rand_index.h"

#include <math.h>

double at_adjusted_rand(const int *a, const int *b, size_t n)
{
    double both = 0, only_a = 0, only_b = 0, none = 0;

    if (n < 2)
        return NAN;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            if (a[i] == a[j] && b[i] == b[j])
                both++;
            else if (a[i] == a[j])
                only_a++;
            else if (b[i] == b[j])
                only_b++;
            else
                none++;
        }
    if (only_a + only_b <= 0)
        return 1.0;
    return 2.0 * (both * none - only_a * only_b) /
           ((both + only_a) * (only_a + none) + (both + only_b) * (only_b + none));
}
