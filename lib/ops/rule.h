/*
 * rule.h - what goes back through the parts of a model that are not linear.
 */
#ifndef OPS_RULE_H
#define OPS_RULE_H

/*
 * The gradient, or relevance over value: what arrives at a value is then its relevance divided by
 * it, so that the two multiplied are its share of the target.
 *
 * Source    Achtibat et al. 2024 (AttnLRP). Normalisation divides by a constant; an activation has
 *           its output over its input for a slope; a product of two values gives half to each.
 *           Softmax and what is linear have their gradient. What a bias adds is nobody's.
 */
enum at_rule { AT_RULE_GRADIENT, AT_RULE_ATTNLRP };

#endif
