#!/bin/sh
# How long a browser takes until the HTML report of 100,000 findings can be used: milliseconds from the start of loading
# to the first painted table, as the page itself notes them (data-ready-ms). Needs chromium.
#
#   tests/browser/html-report.sh [FOLDER]     with FOLDER: pictures are left there (light, dark, narrow, paper)
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
page=$work/report.html
SLUICEBOX_PAGE=$page cargo test --quiet --release --test it a_page_to_measure -- --ignored >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
browse() {
    chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" "$@" 2>/dev/null
}
echo "page: $(wc -c <"$page") bytes"
for run in 1 2 3; do
    rm -rf "$work/profile"
    browse --timeout=10000 --dump-dom "file://$page" | grep -o 'data-ready-ms="[0-9]*"' | head -n 1
done
[ $# -eq 1 ] || exit 0
mkdir -p "$1"
browse --window-size=1400,1500 --screenshot="$1/light.png" "file://$page"
browse --window-size=1400,1500 --force-dark-mode --blink-settings=preferredColorScheme=0 --screenshot="$1/dark.png" "file://$page"
browse --window-size=500,1500 --screenshot="$1/narrow.png" "file://$page"
browse --no-pdf-header-footer --print-to-pdf="$1/paper.pdf" "file://$page"
