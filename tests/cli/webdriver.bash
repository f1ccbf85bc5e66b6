# webdriver.bash - a browser that scripts drive: curl and jq over the WebDriver protocol.
#
#   has_browser          are chromium, its driver, curl and jq there?
#   browser_start        a driver and a browser without a window; browser_stop ends both
#   browse URL           open a page and wait for its first drawing
#   js SCRIPT [ARG...]   what the script returns, as JSON; arguments are strings
#   drawn                wait until the page shows what its address says
#   click SELECTOR, hover SELECTOR, keys SELECTOR TEXT
#   screenshot FILE
#   console_errors       what the page complained of since it was last asked

has_browser() {
    command -v chromedriver >/dev/null && command -v curl >/dev/null && command -v jq >/dev/null &&
        command -v chromium >/dev/null
}

# wire METHOD PATH [BODY] - one request; the value that comes back.
wire() {
    local answer
    answer=$(curl -s --max-time 60 -X "$1" -H 'Content-Type: application/json' ${3+--data-binary "$3"} \
        "http://127.0.0.1:$DRIVER_PORT$2") || return
    jq -e '.value | if type == "object" and has("error") then error(.message) else true end' <<<"$answer" >/dev/null || return
    jq -c .value <<<"$answer"
}

# The port is the system's choice, so that runs do not meet.
browser_start() {
    local log=$1/driver.log i
    mkdir -p "$1/profile"
    chromedriver --port=0 >"$log" 2>&1 &
    DRIVER_PID=$!
    for i in {1..100}; do
        DRIVER_PORT=$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' "$log")
        [ -z "$DRIVER_PORT" ] || break
        sleep 0.1
    done
    [ -n "$DRIVER_PORT" ] || { browser_stop; return 1; }
    SESSION=$(wire POST /session "$(jq -nc --arg profile "$1/profile" '{capabilities: {alwaysMatch: {
        browserName: "chrome", "goog:loggingPrefs": {browser: "ALL"}, "goog:chromeOptions": {args: [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--window-size=1200,900", "--user-data-dir=\($profile)"]}}}}')" | jq -r .sessionId)
    [ -n "$SESSION" ] || { browser_stop; return 1; }
    export DRIVER_PID DRIVER_PORT SESSION
}

browser_stop() {
    [ -z "${SESSION:-}" ] || wire DELETE "/session/$SESSION" >/dev/null || :
    [ -z "${DRIVER_PID:-}" ] || kill "$DRIVER_PID" 2>/dev/null || :
    SESSION='' DRIVER_PID=''
}

js() {
    local script=$1
    shift
    wire POST "/session/$SESSION/execute/sync" \
        "$(jq -nc --arg script "$script" '{script: $script, args: $ARGS.positional}' --args -- "$@")"
}

# A fragment alone would not load the page again, so it is left first.
browse() {
    wire POST "/session/$SESSION/url" '{"url": "about:blank"}' >/dev/null || return
    wire POST "/session/$SESSION/url" "$(jq -nc --arg url "$1" '{url: $url}')" >/dev/null || return
    drawn
}

drawn() {
    wire POST "/session/$SESSION/execute/async" '{"args": [], "script":
        "const done = arguments[0]; let left = 200; const look = () => { const d = document.documentElement.dataset; if (d.first || !left--) requestAnimationFrame(() => setTimeout(() => done(d.view), 30)); else setTimeout(look, 20); }; look();"}' >/dev/null
}

# element SELECTOR - the protocol's name of it.
element() {
    wire POST "/session/$SESSION/element" "$(jq -nc --arg css "$1" '{using: "css selector", value: $css}')" |
        jq -r '.[]'
}

click() {
    wire POST "/session/$SESSION/element/$(element "$1")/click" '{}' >/dev/null && drawn
}

keys() {
    wire POST "/session/$SESSION/element/$(element "$1")/value" "$(jq -nc --arg text "$2" '{text: $text}')" >/dev/null && drawn
}

hover() {
    wire POST "/session/$SESSION/actions" "$(jq -nc --arg e "$(element "$1")" '{actions: [{type: "pointer", id: "mouse",
        parameters: {pointerType: "mouse"}, actions: [{type: "pointerMove", duration: 0, x: 0, y: 0,
        origin: {"element-6066-11e4-a52e-4f735466cecf": $e}}]}]}')" >/dev/null && drawn
}

screenshot() {
    wire GET "/session/$SESSION/screenshot" | jq -r . | base64 -d >"$1"
}

console_errors() {
    wire POST "/session/$SESSION/se/log" '{"type": "browser"}' |
        jq -r '.[] | select(.level == "SEVERE" or .level == "WARNING") | .message'
}
