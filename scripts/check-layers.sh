#!/bin/sh
# check-layers.sh - who may include whom, and third parties behind their fences.
#
#   base <- ops <- io <- { text | model | stats } <- session <- analysis <- cmd
#   base <- draw <- cmd
#   base <- io <- view <- cmd
#
# The three in braces do not see each other. Includes are written from lib/ ("base/error.h") or
# name a file of the same folder. File names are unique in the whole tree.
#
# One way through the house: texts go through a model in session/ (or model/, or the scorer of
# analysis/) and nowhere else; what is shown is computed before it is shown; keys and columns are
# declared beside results and written by cmd/sink.c.
set -eu
cd "$(dirname "$0")/.."

find lib cmd tests -name '*.[ch]' | sort | xargs awk '
    function bad(why) { printf "%s:%d: %s\n", FILENAME, FNR, why; failed = 1 }
    BEGIN {
        may["base"] = " base "
        may["ops"] = " base ops "
        may["io"] = " base ops io "
        may["text"] = " base ops io text "
        may["model"] = " base ops io model "
        may["stats"] = " base ops io stats "
        may["session"] = " base ops io text model session "
        may["analysis"] = " base ops io text model stats session analysis "
        may["draw"] = " base draw "
        may["view"] = " base io view "
        # header (a prefix of the included name), then the only files that may include it
        fence["cblas"] = "^lib/ops/gemm[a-z0-9_]*[.]c$"
        fence["openblas"] = "^lib/ops/gemm[a-z0-9_]*[.]c$"
        fence["dlfcn.h"] = "^(lib/ops/gemm[a-z0-9_]*|tests/fault/[a-z]*)[.]c$"
        fence["jansson"] = "^lib/io/json[.]c$"
        fence["zlib.h"] = "^(lib/io/deflate|tests/unit/test_page)[.]c$"
        fence["unicode/"] = "^lib/text/(unicode(_[a-z]+)?|pattern)[.]c$"
        fence["sha2.h"] = "^lib/base/digest[.]c$"
        fence["md5.h"] = "^lib/base/digest[.]c$"
        fence["cairo"] = fence["pango"] = "^lib/draw/[a-z_]*[.]c$"
        fence["png.h"] = "^(lib/draw/[a-z_]*|tests/unit/(picture|test_canvas))[.]c$"
        fence["fontconfig/"] = fence["ft2build.h"] = fence["glib"] = "^lib/draw/[a-z_]*[.]c$"
        fence["cmocka"] = "^tests/"
    }
    function is_view(file) { return file ~ /^cmd\/[a-z]+\/[a-z_]*_(pictures|print)[.]c$/ }
    FNR == 1 {
        n = split(FILENAME, part, "/")
        layer = part[1] == "lib" ? part[2] : part[1]
        if (part[1] == "lib" && !(layer in may)) bad("lib/" layer " is not a layer")
        if (part[n] in seen) bad("the file name " part[n] " is taken by " seen[part[n]])
        seen[part[n]] = FILENAME
    }
    /at_forward\(/ && FILENAME !~ /^(lib\/(model|session)\/|lib\/analysis\/scorer[.]c$|tests\/)/ \
        && FILENAME !~ /[.]h$/ { bad("only session, model and the scorer call at_forward()") }
    /at_csv_(text|int|real|empty)\(/ && FILENAME !~ /^(lib\/io\/|tests\/|cmd\/parts[.]c$)/ { # which copies rows
        bad("cells are written from records (io/record.h)")
    }
    is_view(FILENAME) && /qsort\(|at_(moments|quantile|mean|sd|rank)[a-z_]*\(/ {
        bad("views compute nothing")
    }
    /^[ \t]*#[ \t]*include/ {
        name = $0
        sub(/^[^<"]*[<"]/, "", name); sub(/[>"].*/, "", name)
        for (h in fence)
            if (index(name, h) == 1 && FILENAME !~ fence[h])
                bad(name " is fenced in " fence[h])
        if ($0 !~ /"/) next
        target = name
        if (!sub(/\/.*/, "", target)) target = layer
        if (is_view(FILENAME) && name ~ /^(stats|ops)\//)
            bad("views compute nothing: " name)
        if (layer == "cmd") {
            room = n > 2 ? part[2] : ""
            if (name ~ /^cmd\/[a-z]+\// && index(name, "cmd/" room "/") != 1)
                bad("the rooms of commands are closed: " name)
        } else if (layer == "draw" && name == "text/label.h") {
            # what a label is, which needs no tokenizer
        } else if (layer in may && index(may[layer], " " target " ") == 0)
            bad("lib/" layer " may not include " name)
    }
    END { if (!failed) printf "  OK   layers of %d files\n", length(seen); exit failed }'
