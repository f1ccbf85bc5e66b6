/*
 * compare_syntax.h - the syntactic relations that the heads of two models find in one treebank.
 */
#ifndef ANALYSIS_COMPARE_SYNTAX_H
#define ANALYSIS_COMPARE_SYNTAX_H

#include "analysis/compare_tables.h"
#include "analysis/head_syntax.h"

/*
 * at_compare_syntax - number by number: of the best head for each relation and direction as
 * syntax.csv, of every head as syntax_heads.csv, with layers of the deeper model.
 */
void at_compare_syntax(struct at_compared_tables *out, const struct at_head_syntax *a,
                       const struct at_head_syntax *b);

#endif
