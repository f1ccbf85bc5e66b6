# data.bats - `atlas data`: the example data is named, and copied to where one is.
load helper

@test "without a name it is listed, with one copied" {
    ok data
    [ "$(wc -l <<<"$output")" -eq 6 ]
    has "$output" 'crows_pairs.csv +CrowS-Pairs, CC BY-SA 4.0'
    ok data pairs.csv texts.jsonl
    [ "$output" = $'pairs.csv\ntexts.jsonl' ]
    cmp pairs.csv "$FIXTURES/data/examples/pairs.csv"
    ok data all -o new/folder
    [ "$(find new/folder -type f | wc -l)" -eq 6 ]
    cmp new/folder/stereoset_dev_en.json "$FIXTURES/data/stereoset/stereoset_dev_en.json"
    ok data pairs.csv # once more changes nothing
    [ "$(atlas data --list-commands)" = "all
$(atlas data | cut -d' ' -f1)" ]
}

@test "what is there with other bytes stays" {
    echo mine >pairs.csv
    fails 1 data pairs.csv
    [ "$stderr" = "atlas data: 'pairs.csv' is there already, and is another file" ]
    [ "$(cat pairs.csv)" = mine ]
    fails 2 data nothing
    [ "$stderr" = "atlas data: no example 'nothing'; 'atlas data' lists what there is" ]
    mkdir text.txt
    fails 1 data text.txt
}

@test "the small examples are what commands read" {
    ok data text.txt texts.jsonl pairs.csv
    tiny="-m $FIXTURES/small/models/atlas-bert"
    ok metrics $tiny -q -o metrics --format csv --jsonl -f texts.jsonl
    [ "$(wc -l <metrics/texts.csv)" -eq 5 ]
    ok bias pairs $tiny -q -o pairs --format csv pairs.csv
    [ "$(wc -l <pairs/items.csv)" -eq 7 ]
    ok compare $tiny --pairs pairs.csv
}
