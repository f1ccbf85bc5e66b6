load helper

TEXT="Barack Obama visited Paris because the French president had invited him."

@test "heads.json keeps its contract" {
    shape
    ok heads --json "$TEXT"
    holds - "(.heads | length) == $L * $H"
    holds - '.meta.tagger == "atlas-tagger"'
    holds - '[.heads[0].raw, .heads[0].scaled, .heads[0].z | keys] | unique == [["cls","entities","long_range","punct","self","semantics","syntax"]]'
    holds - '.heads[0].patterns | has("previous_token") and has("next_token") and has("duplicate") and has("induction")'
    # scaled within a layer: every layer has a 0 and a 1
    holds - '[.heads[] | {l: .layer, v: .scaled.self}] | group_by(.l) | all(.[]; ([.[].v] | min == 0 and max == 1))'
    # z over the model: mean 0, deviation 1
    holds - '[.heads[].z.syntax] | (add / length | fabs < 1e-6) and ((map(. * .) | add / length) - 1 | fabs < 1e-6)'
    holds - '.tokens | .[0].upos == null and .[-1].upos == null and all(.[1:-1][]; .upos != null)'
}

@test "columns of sum 1 have equal shares in every head, which rounding does not tell apart" {
    printf 'Barack\tPROPN\tB-PER\nObama\tPROPN\tI-PER\nvisited\tVERB\nParis\tPROPN\tB-LOC\n' >tags
    printf 'because\tSCONJ\nhe\tPRON\nwas\tAUX\ninvited\tVERB\n.\tPUNCT\n' >>tags
    ok heads --matrix col --json --tags tags "Barack Obama visited Paris because he was invited."
    holds - 'all(.heads[]; .z.semantics == 0 and .z.syntax == 0 and .z.cls == 0 and .scaled.semantics == 0.5)'
    holds - '[.heads[].z.self] | max > 1'
}

@test "tables have their columns" {
    shape
    ok heads -o out --format csv,json "$TEXT"
    has "$(head -n 1 out/heads.csv)" '^layer,head,syntax,semantics,cls,punct,entities,long_range,self,syntax_scaled,'
    [ "$(wc -l <out/heads.csv)" -eq $((L * H + 1)) ]
    [ "$(head -n 1 out/tags.csv)" = "index,token,upos,entity,start,end" ]
    [ "$(wc -l <out/tags.csv)" -eq $(($(json out/heads.json '.tokens | length') + 1)) ]
}

@test "tags from a file: a table or CoNLL-U, aligned by characters" {
    printf 'The\tDET\ncats\tNOUN\npurred\tVERB\tB-PER\n.\tPUNCT\n' >tags
    ok heads --json --tags tags "The cats purred."
    holds - '[.tokens[] | select(.upos == "NOUN") | .token] | length >= 1'
    holds - '[.tokens[] | select(.entity == "PER")] | length >= 1'
    printf '1\tThe\tthe\tDET\t_\t_\t2\tdet\t_\t_\n2\tcats\tcat\tNOUN\t_\t_\t0\troot\t_\tSpaceAfter=No\n\n' >trees
    ok heads --json --tags trees "The cats"
    holds - '[.tokens[].upos] | index("DET") != null'
    printf 'The\tDET\ndogs\tNOUN\n' >wrong
    fails 1 heads --tags wrong "The cats purred."
    has "$stderr" "line 2.*'dogs' after 'The'"
    printf 'The\tBLAH\n' >wrong
    fails 1 heads --tags wrong "The"
    has "$stderr" 'line 1'
    ok heads --json --tags - "The cats purred." <tags
    holds - '[.tokens[] | select(.entity == "PER")] | length >= 1'
    ok heads --json --tags <(cat tags) "The cats purred."
    holds - '[.tokens[] | select(.entity == "PER")] | length >= 1'
}

@test "a model that is no tagger is refused" {
    fails 1 heads --tagger atlas-gpt2 "$TEXT"
    has "$stderr" 'no token-classification head'
}

@test "what repeats: duplicate and induction are defined only then" {
    ok heads --json -m atlas-gpt2 "one two three"
    holds - 'all(.heads[]; .patterns.induction == null and .patterns.next_token == null)'
    ok heads --json -m atlas-gpt2 "red blue green red blue green red blue"
    holds - 'all(.heads[]; .patterns.induction >= 0 and .patterns.induction <= 1.0001)'
}

@test "what the vocabulary lacks does not repeat" {
    ok heads --json "$(printf '\u732b\u5750\u5728')"
    holds - '[.tokens[].token][1:4] == ["\u732b", "\u5750", "\u5728"]'
    holds - 'all(.heads[]; .patterns.duplicate == null and .patterns.induction == null)'
}

@test "the summary lists no heads where there is nothing to look at" {
    printf 'The\tDET\ncat\tNOUN\nsat\tVERB\n.\tPUNCT\n' >tags
    ok heads --tags tags "The cat sat."
    has "$output" 'Entities +none'
    has "$output" 'induction +n/a'
}

@test "--conllu: the best head for each relation, with its baseline" {
    cat >trees <<'E2'
# sent_id = a
# text = The cat saw a dog.
1	The	the	DET	_	_	2	det	_	_
2	cat	cat	NOUN	_	_	3	nsubj	_	_
3	saw	see	VERB	_	_	0	root	_	_
4	a	a	DET	_	_	5	det	_	_
5	dog	dog	NOUN	_	_	3	obj	_	SpaceAfter=No
6	.	.	PUNCT	_	_	3	punct	_	_

# sent_id = b
# text = He didn't see the old house.
1	He	he	PRON	_	_	4	nsubj	_	_
2-3	didn't	_	_	_	_	_	_	_	_
2	did	do	AUX	_	_	4	aux	_	_
3	n't	not	PART	_	_	4	advmod	_	_
4	see	see	VERB	_	_	0	root	_	_
4.1	x	x	X	_	_	_	_	_	_
5	the	the	DET	_	_	7	det	_	_
6	old	old	ADJ	_	_	7	amod	_	_
7	house	house	NOUN	_	_	4	obj	_	SpaceAfter=No
8	.	.	PUNCT	_	_	4	punct	_	_

E2
    ok heads --conllu trees --min-words 1 --json
    holds - '.n_sentences == 2'
    holds - '[.relations[] | select(.relation == "det") | .n] == [3, 3]'
    # two of three determiners stand right before their noun
    holds - '[.relations[] | select(.relation == "det" and .direction == "dependent_to_head") | .baseline_offset, (.baseline_accuracy * 3 | round)] == [1, 2]'
    holds - 'all(.relations[]; .ci[0] <= .accuracy and .accuracy <= .ci[1])'
    ok heads --conllu trees --min-words 2 -o out --format json,csv,svg --dump-drawing
    # every head of every row; the best of them is what syntax.csv tells
    [ "$(wc -l <out/syntax_heads.csv)" -eq $((1 + 10 * $(json out/syntax.json '.relations[0].heads | length * (.[0] | length)'))) ]
    holds out/syntax.json '.relations | length == 10'
    holds out/syntax.json 'all(.relations[]; .heads[.layer][.head] == .accuracy and .accuracy == ([.heads[][]] | max))'
    [ "$(awk -F, '$1 == "det" && $2 == "dependent_to_head" { if ($6 > max) max = $6 } END { print max }' out/syntax_heads.csv)" = \
        "$(awk -F, '$1 == "det" && $2 == "dependent_to_head" { print $6 }' out/syntax.csv)" ]
    grep -q 'nsubj: heads look at their dependents' out/syntax_nsubj_head_to_dependent.drawing.json
    grep -q 'n = 3, offset +1 0.67' out/syntax_best_dependent_to_head.drawing.json
    ls out | grep -c 'drawing.json$' >n_pictures
    [ "$(cat n_pictures)" = 12 ]
    printf '1\tThe\tthe\tDET\n' >bad
    fails 1 heads --conllu bad
    has "$stderr" 'line 1: 4 columns'
    [ "$stderr" = "atlas heads: 'bad': line 1: 4 columns, want 10" ]
    fails 2 heads --conllu trees "text too"
}

@test "a layer outside the model is an error, whatever is asked" {
    for form in "" --json "-o out"; do
        fails 1 heads $form --layer 9 "$TEXT"
        has "$stderr" 'layer.*9'
    done
}

@test "a rollout has no heads" {
    fails 2 heads --matrix rollout "$TEXT"
    has "$stderr" 'rollout has no heads'
}

@test "many texts: roles over all of them" {
    printf 'The cat sat.\nBirds fly over Paris in winter.\n' >texts
    ok heads --lines -f texts -o out --format csv
    [ "$(head -n 1 out/roles.csv)" = "model,role,rank,layer,head,mean,low,high,n,ratio,ratio_low,ratio_high,p,q,beyond,run_id" ]
    [ "$(awk -F, '$2 == "syntax"' out/roles.csv | wc -l)" -eq 10 ]
    # ranks go down
    awk -F, '$2 == "self" { if (p != "" && $6 > p) exit 1; p = $6 }' out/roles.csv
}

@test "pictures: a radar of a head, of a layer, of the model; a map per score" {
    ok heads -o one --format svg --layer 2 --head 3 "$TEXT"
    [ -s one/radar_L2_H3.svg ]
    [ ! -e one/radar_all.svg ]
    ok heads -o layer --format svg --layer 2 "$TEXT"
    [ -s layer/radar_L2.svg ]
    ok heads -o all --format svg "$TEXT"
    ok heads -o few --format png --dump-drawing --layer 2 --head 3 "A cat"
    grep -q 'not defined' few/radar_L2_H3.drawing.json
    grep -q 'raw 0.000, all heads the same' few/radar_L2_H3.drawing.json
    [ -s all/radar_all.svg ]
    [ -s all/heads_syntax.svg ]
    [ -s all/heads_previous_token.svg ]
}

@test "words and captures give heads too" {
    ok heads --json --words "$TEXT"
    holds - '.meta.words and (.tokens | map(.token) | index("obama") != null)'
    ok run -o first --mask none "$TEXT"
    ok heads --json "$TEXT"
    want=$(jq -c '[.heads[].raw.syntax]' <<<"$output")
    ok heads --json --from first
    [ "$want" = "$(jq -c '[.heads[].raw.syntax]' <<<"$output")" ]
    [ -z "$stderr" ]
    LC_ALL=C sed -i 's/"text":/"texx":/' first/capture.safetensors
    for c in heads cluster; do
        ok $c --json --from first
        [ "$stderr" = "atlas $c: warning: the capture has no text with its tokens, so they have no tags" ]
    done
}

@test "words that spell their multi-word token have places of their own" {
    printf '%s\n' '# sent_id = 1' "# text = John's dog didn't bark." "1-2	John's	_	_	_	_	_	_	_	_" \
        '1	John	John	PROPN	NNP	_	3	nmod:poss	_	_' "2	's	's	PART	POS	_	1	case	_	_" \
        '3	dog	dog	NOUN	NN	_	6	nsubj	_	_' "4-5	didn't	_	_	_	_	_	_	_	_" \
        '4	did	do	AUX	VBD	_	6	aux	_	_' "5	n't	not	PART	RB	_	6	advmod	_	_" \
        '6	bark	bark	VERB	VB	_	0	root	_	SpaceAfter=No' '7	.	.	PUNCT	.	_	6	punct	_	_' '' >t.conllu
    ok heads --conllu t.conllu
    has "$output" 'all +dependent_to_head +6 '
    ok heads --tags t.conllu "John's dog didn't bark."
    has "$output" "john/PROPN '/PART s/PART dog/NOUN didn/AUX '/PART t/PART"
}
