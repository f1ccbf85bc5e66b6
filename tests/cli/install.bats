# install.bats - what make install leaves, moved to another place, and the library as others use it.
load helper

setup_file() {
    export PREFIX=/opt/atlas STAGE=$BATS_FILE_TMPDIR/stage
    make -C "$ROOT" -s O="${ATLAS_BUILD#"$ROOT"/}" install \
        DESTDIR="$STAGE" PREFIX="$PREFIX" >"$BATS_FILE_TMPDIR/install.log" 2>&1 ||
        { cat "$BATS_FILE_TMPDIR/install.log" >&2; return 1; }
    # As if the folder had been moved: nothing may depend on where it was installed.
    export INSTALLED=$BATS_FILE_TMPDIR/moved
    mv "$STAGE$PREFIX" "$INSTALLED"
}

# compile OUTPUT SOURCE FLAG... - as a user of the library would, with the sanitizers the build has.
compile() {
    local out=$1 source=$2 sanitize=
    shift 2
    case $ATLAS_BUILD in
    *asan) sanitize='-fsanitize=address,undefined' ;;
    *tsan) sanitize='-fsanitize=thread' ;;
    esac
    ${CC:-cc} -std=c17 -Wall -Wextra -Wpedantic -Werror $sanitize -o "$out" "$source" "$@"
}

pkg_config() {
    PKG_CONFIG_PATH=$INSTALLED/lib/pkgconfig pkg-config --define-variable=prefix="$INSTALLED" "$@" atlas
}

# The README is the only place where the example stands: its one block of C.
readme_example() {
    sed -n '/^```c$/,/^```$/p' "$ROOT/README.md" | sed '/^```/d' >example.c
    [ -s example.c ]
}

@test "an installed program finds its models wherever it was moved" {
    run --separate-stderr env -u ATLAS_DATADIR ${ATLAS_PREFIX:-} "$INSTALLED/bin/atlas" model list --json
    ended 0 model list
    [ "$(realpath "$(json - '.[] | select(.name == "atlas-bert").path')")" = \
        "$(realpath "$INSTALLED/share/atlas/models/atlas-bert")" ]
}

@test "manual, completions and data are where Debian's tools look for them" {
    for f in man/man1/atlas.1 man/man1/atlas-run.1 man/man5/atlas-output.5 \
        man/man7/atlas-formulas.7 bash-completion/completions/atlas \
        zsh/site-functions/_atlas atlas/models/README.md atlas/models/atlas-bert/config.json; do
        [ -s "$INSTALLED/share/$f" ] || fail "no $f"
    done
    [ -x "$INSTALLED/bin/atlas" ]
    run "$INSTALLED/bin/fetch-model" --help
    has "$output" '^fetch-model '
    run --separate-stderr env -u ATLAS_DATADIR ${ATLAS_PREFIX:-} "$INSTALLED/bin/atlas" data all
    ended 0 data all
    [ -s en_ewt-ud-dev-300.conllu ]
    run --separate-stderr env -u ATLAS_DATADIR ${ATLAS_PREFIX:-} "$INSTALLED/bin/atlas" model info -m none
    has "$stderr" 'to fetch it: fetch-model none'
}

@test "models that share a trunk are stored and installed once, and found wherever both are moved" {
    for models in "$MODELS" "$INSTALLED/share/atlas/models"; do
        trunk=$(realpath "$models"/atlas-bert/model-00001-of-*.safetensors)
        for m in atlas-bias atlas-tagger; do
            for f in $(basename "$trunk") vocab.txt; do
                [ -h "$models/$m/$f" ] || fail "$models/$m/$f is no link"
                lacks "$(readlink "$models/$m/$f")" '^/'
                [ "$(realpath "$models/$m/$f")" = "$(realpath "$models/atlas-bert/$f")" ]
            done
        done
        [ "$(find "$models" -type f -size "+$(($(stat -c %s "$trunk") / 2048))k" | wc -l)" -eq 1 ]
    done
    for m in atlas-bert atlas-bias atlas-tagger; do
        run --separate-stderr env -u ATLAS_DATADIR ${ATLAS_PREFIX:-} "$INSTALLED/bin/atlas" model info --json $m
        ended 0 model info $m
        has "$(json - .path)" "share/atlas/models/$m\$"
    done
}

@test "a model's folder has nothing left of an older version" {
    models=$PWD/usr/share/atlas/models
    mkdir -p "$models/atlas-bias" "$models/mine"
    : >"$models/atlas-bias/model.safetensors" # would be read instead of the shards
    cp "$MODELS/atlas-bias/vocab.txt" "$models/atlas-bias/vocab.txt"
    : >"$models/mine/config.json"
    for time in first second; do
        make -C "$ROOT" -s O="${ATLAS_BUILD#"$ROOT"/}" install DESTDIR="$PWD" PREFIX=/usr >/dev/null
        diff <(ls "$MODELS/atlas-bias") <(ls "$models/atlas-bias")
        [ -h "$models/atlas-bias/vocab.txt" ]
        [ -e "$models/mine/config.json" ]
    done
}

@test "the library has a versioned soname and one link for the linker" {
    version=$(cat "$ROOT/lib/base/VERSION")
    [ -f "$INSTALLED/lib/libatlas.so.$version" ]
    [ "$(readlink "$INSTALLED/lib/libatlas.so.${version%%.*}")" = "libatlas.so.$version" ]
    [ "$(readlink "$INSTALLED/lib/libatlas.so")" = "libatlas.so.${version%%.*}" ]
    has "$(objdump -p "$INSTALLED/lib/libatlas.so")" "SONAME +libatlas.so.${version%%.*}"
    [ "$(pkg_config --modversion)" = "$version" ]
}

@test "every installed header compiles with the installed flags alone" {
    (cd "$INSTALLED/include/atlas" && find . -name '*.h') | sort | sed 's|.*|#include "&"|' >all.c
    [ "$(wc -l <all.c)" -gt 20 ]
    echo 'int main(void) { return 0; }' >>all.c
    compile all all.c $(pkg_config --cflags)
}

@test "the README's example runs against the shared library" {
    readme_example
    compile example example.c $(pkg_config --cflags --libs)
    LD_LIBRARY_PATH=$INSTALLED/lib run --separate-stderr ./example atlas-bert # beside the library
    ended 0 example
    has "$output" '\[CLS\]'
}

@test "the README's example runs against the static library" {
    readme_example
    compile example example.c $(pkg_config --cflags) "$INSTALLED/lib/libatlas.a" \
        $(pkg_config --static --libs-only-l | sed 's/-latlas //')
    run --separate-stderr ./example "$MODELS/atlas-gpt2"
    ended 0 example
    has "$output" '1\.000'
}

@test "uninstall leaves nothing behind" {
    make -C "$ROOT" -s O="${ATLAS_BUILD#"$ROOT"/}" install DESTDIR="$PWD" PREFIX=/usr >/dev/null
    make -C "$ROOT" -s uninstall DESTDIR="$PWD" PREFIX=/usr
    left=$(find usr -type f -o -type l)
    [ -z "$left" ] || fail "left behind: $left"
}
