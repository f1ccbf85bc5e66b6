/*
 * swap_possessive.c - see swap_possessive.h. The lists are of English words.
 */
#include "analysis/swap_possessive.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

enum { MAX_WORD = 16 };

/* A word in small letters, and where it stands; empty when there is none or it is longer. */
struct word {
    char s[MAX_WORD];
    size_t start, end;
};

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static struct word take(const char *text, size_t start, size_t end)
{
    struct word w = { .start = start, .end = end };

    for (size_t i = start; i < end && end - start < MAX_WORD; i++)
        w.s[i - start] = (char)(is_letter(text[i]) ? text[i] | 0x20 : text[i]);
    return w;
}

/* The word behind a byte, spaces and opening quotes apart; empty when punctuation stands there. */
static struct word word_behind(const char *text, size_t at)
{
    size_t end;

    at += strspn(text + at, " ");
    at += strspn(text + at, "\"'(");
    for (end = at; is_letter(text[end]) || (text[end] >= '0' && text[end] <= '9') ||
                   (unsigned char)text[end] >= 0x80;
         end++)
        ;
    return take(text, at, end);
}

static struct word word_before(const char *text, size_t at)
{
    size_t start;

    while (at > 0 && text[at - 1] == ' ')
        at--;
    for (start = at; start > 0 && is_letter(text[start - 1]); start--)
        ;
    return take(text, start, at);
}

static int by_word(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

#define IS_IN(w, list) (bsearch((w).s, list, AT_COUNTOF(list), sizeof *(list), by_word) != NULL)

/* Sorted, as all lists here: nothing of these is owned. */
static const char *const alone[] = {
    "a",       "about",     "across",   "after",      "again",   "against",   "all",     "alone",
    "along",   "also",      "always",   "among",      "an",      "and",       "another", "any",
    "anymore", "anything",  "are",      "around",     "as",      "at",        "away",    "back",
    "because", "before",    "behind",   "but",        "by",      "can",       "could",   "despite",
    "did",     "do",        "does",     "down",       "during",  "each",      "either",  "enough",
    "even",    "ever",      "every",    "everything", "for",     "from",      "had",     "has",
    "have",    "he",        "here",     "how",        "i",       "if",        "in",      "inside",
    "instead", "into",      "is",       "it",         "just",    "like",      "may",     "might",
    "must",    "near",      "never",    "no",         "nor",     "not",       "nothing", "now",
    "of",      "off",       "often",    "on",         "once",    "onto",      "or",      "out",
    "outside", "over",      "please",   "quickly",    "she",     "should",    "since",   "so",
    "some",    "something", "soon",     "still",      "such",    "than",      "that",    "the",
    "then",    "there",     "these",    "they",       "this",    "those",     "though",  "through",
    "to",      "today",     "together", "tomorrow",   "tonight", "too",       "toward",  "towards",
    "twice",   "under",     "unless",   "until",      "up",      "upon",      "was",     "we",
    "were",    "what",      "when",     "where",      "whether", "which",     "while",   "who",
    "why",     "will",      "with",     "without",    "would",   "yesterday", "yet",     "you"
};
static const char *const times[] = {
    "april",    "august",   "autumn",  "december",  "evening",   "fall",    "february", "friday",
    "january",  "july",     "june",    "march",     "may",       "monday",  "month",    "morning",
    "night",    "november", "october", "saturday",  "september", "spring",  "summer",   "sunday",
    "thursday", "time",     "tuesday", "wednesday", "week",      "weekend", "winter",   "year"
};
static const char *const days[] = { "friday",   "monday",  "saturday", "sunday",
                                    "thursday", "tuesday", "wednesday" };
/* Verbs of giving and telling: whom, then what. */
static const char *const giving[] = {
    "ask",     "asked",   "bought",   "bring",  "brought", "buy",    "call",   "called",  "calls",
    "cost",    "fed",     "feed",     "gave",   "get",     "give",   "given",  "gives",   "giving",
    "got",     "grant",   "granted",  "hand",   "handed",  "left",   "lend",   "lent",    "made",
    "make",    "offer",   "offered",  "offers", "owe",     "owed",   "paid",   "pass",    "passed",
    "pay",     "promise", "promised", "read",   "sell",    "send",   "sends",  "sent",    "serve",
    "served",  "show",    "showed",   "shows",  "sold",    "taught", "teach",  "teaches", "tell",
    "telling", "tells",   "threw",    "throw",  "told",    "wish",   "wished", "write",   "wrote"
};
static const char *const given[] = {
    "advice",      "candy",        "cash",     "chocolate", "coffee",     "credit",   "dinner",
    "directions",  "flowers",      "food",     "french",    "gifts",      "help",     "hope",
    "information", "instructions", "lies",     "lunch",     "medicine",   "money",    "more",
    "music",       "names",        "news",     "orders",    "permission", "presents", "questions",
    "roses",       "stories",      "strength", "support",   "tea",        "time",     "trouble",
    "water",       "words"
};
static const char *const numbers[] = { "eight", "five",  "four",  "hundreds", "many",
                                       "nine",  "one",   "seven", "several",  "six",
                                       "ten",   "three", "two" };
/* Verbs of making somebody do something, of seeing somebody do it, and what is done: words that are
   nouns, too. */
static const char *const making[] = { "let", "lets", "letting", "made", "make", "makes", "making" };
static const char *const seeing[] = { "catch", "caught", "feel",   "felt",    "find",
                                      "found", "hear",   "heard",  "keep",    "kept",
                                      "leave", "left",   "notice", "noticed", "saw",
                                      "see",   "seen",   "watch",  "watched" };
static const char *const done[] = { "answer", "call",   "cry",   "dance", "drink",  "fall", "feel",
                                    "help",   "jump",   "laugh", "look",  "move",   "play", "rest",
                                    "run",    "scream", "sigh",  "sleep", "smile",  "stay", "talk",
                                    "think",  "turn",   "wait",  "walk",  "wonder", "work" };
static const char *const being[] = { "am", "are", "be", "been", "being", "is", "was", "were" };

static enum at_upos tag_at(const struct at_tag_spans *tags, size_t at)
{
    for (size_t i = 0; tags && i < tags->n; i++)
        if (tags->items[i].end > at)
            return tags->items[i].start <= at ? tags->items[i].upos : AT_UPOS_NONE;
    return AT_UPOS_NONE;
}

static bool is_nominal(enum at_upos tag)
{
    return tag == AT_UPOS_NOUN || tag == AT_UPOS_PROPN || tag == AT_UPOS_ADJ || tag == AT_UPOS_NUM;
}

/* "last week", "next Monday", "Monday", "two days ago": when, not what. */
static bool is_time(const char *text, const struct word *next)
{
    struct word second = word_behind(text, next->end);

    if (!strcmp(next->s, "last") || !strcmp(next->s, "next"))
        return IS_IN(second, times);
    if (IS_IN(*next, numbers))
        return !strcmp(word_behind(text, second.end).s, "ago");
    return IS_IN(*next, days);
}

/* "made her cry", "saw her crying": what she does, not what she has. */
static bool is_act(const char *text, const struct word *before, const struct word *next,
                   const struct at_tag_spans *tags)
{
    size_t n = strlen(next->s);
    enum at_upos second = tag_at(tags, word_behind(text, next->end).start);

    if (IS_IN(*before, making))
        return IS_IN(*next, done);
    return IS_IN(*before, seeing) && n > 4 && !strcmp(next->s + n - 3, "ing") &&
           !is_nominal(second);
}

/* By the tags of what follows: a noun phrase, behind adverbs or participles too. */
static bool owns(const char *text, const struct word *before, const struct word *next,
                 const struct at_tag_spans *tags)
{
    enum at_upos tag = tag_at(tags, next->start);
    enum at_upos second = tag_at(tags, word_behind(text, next->end).start);
    bool follows_verb = before->s[0] && tag_at(tags, before->start) == AT_UPOS_VERB;

    if (is_nominal(tag))
        return true;
    if (tag == AT_UPOS_ADV) /* "her very old book" */
        return second == AT_UPOS_ADJ;
    return tag == AT_UPOS_VERB && !follows_verb && is_nominal(second); /* "with her broken heart" */
}

bool at_swap_is_possessive(const char *text, size_t start, size_t end,
                           const struct at_tag_spans *tags)
{
    struct word next = word_behind(text, end), before = word_before(text, start);
    bool is_verb = before.s[0] && !IS_IN(before, being) &&
                   (!tags || tag_at(tags, before.start) == AT_UPOS_VERB);

    if (next.end == next.start || IS_IN(next, alone))
        return false;
    if (!strcmp(next.s, "own"))
        return true;
    if ((is_verb && is_time(text, &next)) || is_act(text, &before, &next, tags))
        return false;
    if (IS_IN(before, giving) &&
        (IS_IN(next, given) || IS_IN(next, numbers) || text[next.start] <= '9'))
        return false;
    return !tags || owns(text, &before, &next, tags);
}
