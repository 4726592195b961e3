// The table of the report: filters, sorts and groups rows, and keeps only the visible ones in the document.
// Text enters the page through textContent alone, so nothing from a scanned file is ever read as markup.
(() => {
"use strict";
const DET = 0, CONF = 1, TIER = 2, PLACE = 3, MASK = 4, TOKEN = 5, EXCERPT = 6, EVIDENCE = 7, PART = 8, START = 9, END = 10, FILE = 11;
const PATH = 0, TYPE = 1, MISMATCH = 2, STATE = 3, REASON = 4, BYTES = 5, HOLES = 6, HOLES_TOTAL = 7, FINDINGS = 8;
const byId = id => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
byId("data").textContent = "";
const { detectors, tiers } = data.tail, reasons = new Map(data.tail.reasons), files = data.files;
const app = byId("app"), grid = byId("grid"), space = byId("space"), status = byId("status"), detail = byId("detail");
const number = n => n.toLocaleString("en-US");
const plural = (n, one) => `${number(n)} ${one}${n === 1 ? "" : "s"}`;
const band = confidence => confidence >= 85 ? "high" : confidence >= 75 ? "medium" : "low";
// As in the program's text format: what would move a cursor, end a line or turn the reading direction shows its number.
const hostile = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const shown = text => text.replace(hostile, c => named[c] || `\\u{${c.codePointAt(0).toString(16)}}`);
const oneLine = text => shown(text.trim().replace(/\s+/g, " "));

const findings = [], unread = [];
files.forEach((file, at) => {
  for (const finding of file[FINDINGS]) { finding.push(at); findings.push(finding); }
  if (file[REASON]) unread.push(at);
});

// ---- state: what is listed, how, and which row is picked
let view = "findings", sort = { key: "file", down: false }, token = "", lines = [], picked = -1;
const folded = new Set();
const COLUMNS = {
  findings: [["confidence", "Confidence"], ["detector", "Detector"], ["file", "File"], ["place", "Place"], ["mask", "Covered value"], ["", "Covered surroundings"]],
  unread: [["state", "Coverage"], ["reason", "Reason"], ["file", "File"], ["", "What to do"]],
};
const grouped = () => view === "findings" && byId("f-group").checked;
const collator = new Intl.Collator("en", { numeric: true });

// A file's place in the order of paths, worked out once: comparing numbers is what makes sorting fast.
const fileRank = new Uint32Array(files.length);
files.map((_, at) => at).sort((a, b) => collator.compare(files[a][PATH], files[b][PATH])).forEach((at, rank) => { fileRank[at] = rank; });
const detectorRank = [];
detectors.map((_, at) => at).sort((a, b) => collator.compare(detectors[a][0], detectors[b][0])).forEach((at, rank) => { detectorRank[at] = rank; });
const KEYS = {
  confidence: (a, b) => findings[b][CONF] - findings[a][CONF],
  detector: (a, b) => detectorRank[findings[a][DET]] - detectorRank[findings[b][DET]],
  file: (a, b) => fileRank[findings[a][FILE]] - fileRank[findings[b][FILE]],
  place: (a, b) => collator.compare(findings[a][PLACE], findings[b][PLACE]),
  mask: (a, b) => findings[a][MASK] < findings[b][MASK] ? -1 : findings[a][MASK] > findings[b][MASK] ? 1 : 0,
};
const UNREAD_KEYS = {
  state: (a, b) => collator.compare(files[a][STATE], files[b][STATE]),
  reason: (a, b) => collator.compare(files[a][REASON], files[b][REASON]),
  file: (a, b) => fileRank[a] - fileRank[b],
};

// ---- from filters to lines; a line is a finding (0 and up), a file's heading (-1 - file), or a file not wholly read
const lowered = files.map(() => "");
const lowPath = at => lowered[at] || (lowered[at] = files[at][PATH].toLowerCase());

function filtered() {
  const text = byId("f-text").value.trim().toLowerCase();
  if (view === "unread") return unread.filter(at => !text || lowPath(at).includes(text) || files[at][REASON].includes(text));
  const detector = byId("f-detector").value, least = Number(byId("f-confidence").value);
  const inPath = text ? files.map((_, at) => lowPath(at).includes(text)) : null;
  const kept = [];
  for (let at = 0; at < findings.length; at++) {
    const finding = findings[at];
    if (finding[CONF] < least || (detector !== "" && finding[DET] !== Number(detector)) || (token && finding[TOKEN] !== token)) continue;
    if (inPath && !inPath[finding[FILE]] && !finding[PLACE].toLowerCase().includes(text)) continue;
    kept.push(at);
  }
  return kept;
}

function sorted(kept) {
  const key = (view === "unread" ? UNREAD_KEYS : KEYS)[sort.key];
  const turn = sort.down ? -1 : 1;
  return key ? kept.sort((a, b) => turn * key(a, b) || a - b) : kept;
}

function withHeadings(kept) {
  const byFile = new Map();
  for (const at of kept) {
    const file = findings[at][FILE];
    const rows = byFile.get(file);
    if (rows) rows.push(at); else byFile.set(file, [at]);
  }
  const all = [];
  shownOf.clear();
  for (const [file, rows] of byFile) {
    shownOf.set(file, rows.length);
    all.push(-1 - file);
    if (!folded.has(file)) for (const at of rows) all.push(at);
  }
  return all;
}
const shownOf = new Map();

function refresh(keepPlace) {
  const kept = sorted(filtered());
  lines = grouped() ? withHeadings(kept) : kept;
  app.classList.toggle("flat", view === "findings" && !grouped());
  app.classList.toggle("unread", view === "unread");
  picked = Math.min(picked, lines.length - 1);
  if (!keepPlace) { picked = -1; grid.scrollTop = 0; closeDetail(); }
  tell(kept);
  heads();
  layout();
}

function tell(kept) {
  status.textContent = "";
  if (view === "unread") {
    const all = data.tail.unread_total;
    status.append(`${number(kept.length)} of ${plural(unread.length, "file")} not wholly read${all > unread.length ? ` (this page lists the first ${number(unread.length)} of ${number(all)})` : ""}`);
    return;
  }
  const inFiles = new Set(kept.map(at => findings[at][FILE])).size;
  status.append(`${number(kept.length)} of ${plural(findings.length, "finding")}, in ${plural(inFiles, "file")}`);
  if (token) status.append(button("Same value only: show all again", () => { token = ""; refresh(); }));
  if (grouped() && inFiles > 1) {
    const anyOpen = lines.some(line => line >= 0);
    status.append(button(anyOpen ? "Fold all" : "Unfold all", () => {
      folded.clear();
      if (anyOpen) for (const at of kept) folded.add(findings[at][FILE]);
      refresh();
    }));
  }
}

function button(label, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", action);
  return made;
}

function heads() {
  const columns = byId("columns");
  columns.textContent = "";
  for (const [key, label] of COLUMNS[view]) {
    if (key === "file" && grouped()) continue;
    const on = key && sort.key === key;
    const head = button(on ? `${label} ${sort.down ? "\u2193" : "\u2191"}` : label, () => {
      // First click up, second down, third back to the order of files.
      sort = sort.key !== key ? { key, down: false } : sort.down && key !== "file" ? { key: "file", down: false } : { key, down: !sort.down };
      refresh();
    });
    head.disabled = !key;
    head.setAttribute("aria-pressed", String(Boolean(on)));
    columns.append(head);
  }
}

// ---- the visible rows
let height = 34, queued = false;
const pool = new Map();

function layout() {
  height = parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row"), 10) || 34;
  space.style.height = `${lines.length * height}px`;
  grid.setAttribute("aria-rowcount", String(lines.length));
  for (const row of pool.values()) row.remove();
  pool.clear();
  const old = grid.querySelector(".empty");
  if (old) old.remove();
  if (!lines.length) grid.append(cell("div", "empty", view === "unread" ? "No file here: what should be read was read." : findings.length ? "Nothing matches the filters." : "No findings."));
  draw();
}

function draw() {
  queued = false;
  const first = Math.max(0, Math.floor(grid.scrollTop / height) - 6);
  const last = Math.min(lines.length, Math.ceil((grid.scrollTop + grid.clientHeight) / height) + 6);
  for (const [at, row] of pool) if (at < first || at >= last) { row.remove(); pool.delete(at); }
  for (let at = first; at < last; at++) {
    if (!pool.has(at)) { const row = makeRow(at); pool.set(at, row); grid.append(row); }
    const row = pool.get(at), on = at === picked;
    row.classList.toggle("picked", on);
    row.setAttribute("aria-selected", String(on));
  }
  if (pool.has(picked)) grid.setAttribute("aria-activedescendant", `r${picked}`); else grid.removeAttribute("aria-activedescendant");
}

function cell(tag, kind, text) {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}

function makeRow(at) {
  const line = lines[at], row = document.createElement("div");
  row.className = "row";
  row.id = `r${at}`;
  row.setAttribute("role", "row");
  row.setAttribute("aria-rowindex", String(at + 1));
  row.style.transform = `translateY(${at * height}px)`;
  row.append(...(view === "unread" ? unreadCells(line) : line < 0 ? groupCells(-1 - line, row) : findingCells(line)));
  for (const child of row.children) child.setAttribute("role", "gridcell");
  return row;
}

function findingCells(at) {
  const finding = findings[at];
  const pill = cell("span", `pill ${band(finding[CONF])}`, band(finding[CONF]));
  pill.title = `confidence ${finding[CONF]}`;
  const cells = [pill, cell("span", "detector", detectors[finding[DET]][0])];
  if (!grouped()) cells.push(tailCell("file quiet", files[finding[FILE]][PATH]));
  cells.push(tailCell("place", finding[PLACE]), cell("span", "mask mono", oneLine(finding[MASK])), cell("span", "excerpt quiet", oneLine(finding[EXCERPT])));
  return cells;
}

// Paths and places are cut at the beginning, since their ends tell them apart: the cell runs right to left, its text does not.
function tailCell(kind, text) {
  const made = cell("span", `tail ${kind}`, "");
  made.append(cell("bdi", "", shown(text)));
  made.title = shown(text);
  return made;
}

function groupCells(at, row) {
  const file = files[at];
  row.classList.add("group");
  row.setAttribute("aria-expanded", String(!folded.has(at)));
  const cells = [cell("span", "fold", folded.has(at) ? "\u25b8" : "\u25be"), tailCell("path", file[PATH]), cell("span", "quiet", plural(shownOf.get(at), "finding"))];
  if (file[REASON]) cells.push(cell("span", "quiet unread", `${file[STATE]}: ${file[REASON]}`));
  return cells;
}

function unreadCells(at) {
  const file = files[at];
  return [cell("span", "pill state", file[STATE]), cell("span", "code mono", file[REASON]), tailCell("file", file[PATH]), cell("span", "place quiet", reasons.get(file[REASON]) || "")];
}

// ---- picking a row and its details
function pick(at, open) {
  if (!lines.length) return;
  picked = Math.max(0, Math.min(lines.length - 1, at));
  const top = picked * height;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top + height > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + height - grid.clientHeight;
  draw();
  if (open || !detail.hidden) openDetail();
}

function act(at) {
  if (grouped() && lines[at] < 0) {
    const file = -1 - lines[at];
    if (!folded.delete(file)) folded.add(file);
    const place = grid.scrollTop;
    picked = at;
    refresh(true);
    grid.scrollTop = place;
  } else pick(at, true);
}

function openDetail() {
  const line = lines[picked];
  if (line === undefined || (grouped() && line < 0)) { closeDetail(); return; }
  detail.textContent = "";
  detail.hidden = false;
  detail.append(...(view === "unread" ? fileDetail(files[line]) : findingDetail(findings[line])));
  const close = button("Close", () => { closeDetail(); grid.focus(); });
  close.className = "close";
  detail.append(close);
  detail.scrollTop = 0;
}

function closeDetail() { detail.hidden = true; }

function list(rows) {
  const made = document.createElement("dl");
  for (const [label, text, kind] of rows) if (text !== "") made.append(cell("dt", "", label), cell("dd", kind || "", text));
  return made;
}

function findingDetail(finding) {
  const [id, name] = detectors[finding[DET]], file = files[finding[FILE]];
  const same = findings.reduce((n, other) => n + (other[TOKEN] === finding[TOKEN]), 0);
  const parts = [cell("h3", "", name || id), list([
    ["Detector", id, "mono"], ["Confidence", `${finding[CONF]} (${band(finding[CONF])}), tier ${shown(tiers[finding[TIER]])}`],
    ["File", shown(file[PATH])], ["Place", shown(finding[PLACE])], ["Part", shown(finding[PART])],
    ["Characters", `${number(finding[START])} to ${number(finding[END])}`], ["Value", shown(finding[MASK]), "mono"],
    ["Around it", oneLine(finding[EXCERPT])], ["Evidence", shown(finding[EVIDENCE]).split("; ").join("\n")], ["Token", shown(finding[TOKEN]), "mono"],
    ["Coverage", file[REASON] ? `${file[STATE]}: ${file[REASON]}` : file[STATE]],
  ])];
  if (same > 1) {
    const more = button(`This value stands in ${number(same)} places: show them`, () => { token = finding[TOKEN]; refresh(); });
    more.className = "same";
    parts.push(more);
  }
  return parts;
}

function fileDetail(file) {
  const holes = file[HOLES].map(([place, reason]) => `${shown(place)}: ${reason}`);
  if (file[HOLES_TOTAL] > holes.length) holes.push(`and ${number(file[HOLES_TOTAL] - holes.length)} more`);
  return [cell("h3", "", shown(file[PATH])), list([
    ["Coverage", `${file[STATE]}: ${file[REASON]}`], ["Meaning", reasons.get(file[REASON]) || ""],
    ["Type", file[TYPE] + (file[MISMATCH] ? "; its name promises another" : "")], ["Bytes", number(file[BYTES])],
    ["Findings", number(file[FINDINGS].length)], ["Not read", holes.join("\n")],
  ])];
}

// ---- wiring
function show(next) {
  view = next;
  sort = { key: "file", down: false };
  token = "";
  for (const name of ["findings", "unread"]) {
    const tab = byId(`tab-${name}`), on = name === view;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
  }
  for (const control of document.querySelectorAll(".findings-only")) control.hidden = view !== "findings";
  refresh();
}

const page = () => Math.max(1, Math.floor(grid.clientHeight / height) - 1);
const MOVES = { ArrowDown: () => picked + 1, ArrowUp: () => picked - 1, PageDown: () => picked + page(), PageUp: () => picked - page(), Home: () => 0, End: () => lines.length - 1 };
grid.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (MOVES[event.key]) pick(MOVES[event.key]());
  else if (event.key === "Enter" || event.key === " ") { if (picked >= 0) act(picked); }
  else return;
  event.preventDefault();
});
grid.addEventListener("click", event => {
  const row = event.target.closest(".row");
  if (row) act(Number(row.id.slice(1)));
});
grid.addEventListener("scroll", () => { if (!queued) { queued = true; requestAnimationFrame(draw); } }, { passive: true });
addEventListener("resize", layout);
document.addEventListener("keydown", event => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "/" && !typing) { byId("f-text").focus(); event.preventDefault(); }
  if (event.key === "Escape" && !detail.hidden) { closeDetail(); grid.focus(); }
});
for (const name of ["findings", "unread"]) {
  const tab = byId(`tab-${name}`);
  tab.append(` (${number(name === "findings" ? findings.length : unread.length)})`);
  tab.addEventListener("click", () => show(name));
  tab.addEventListener("keydown", event => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    show(view === "findings" ? "unread" : "findings");
    byId(`tab-${view}`).focus();
  });
}
byId("filters").addEventListener("submit", event => event.preventDefault());
byId("filters").addEventListener("input", () => refresh());
detectors.map(([id], at) => [id, at]).sort((a, b) => detectorRank[a[1]] - detectorRank[b[1]]).forEach(([id, at]) => {
  const option = cell("option", "", id);
  option.value = String(at);
  byId("f-detector").append(option);
});
for (const row of document.querySelectorAll("#by-detector tbody tr")) {
  const at = detectors.findIndex(([id]) => id === row.querySelector("code").textContent);
  if (at < 0) continue;
  row.classList.add("pickable");
  row.addEventListener("click", () => {
    show("findings");
    byId("f-detector").value = String(at);
    refresh();
    app.scrollIntoView();
  });
}
show(findings.length || !unread.length ? "findings" : "unread");
requestAnimationFrame(() => { document.documentElement.dataset.readyMs = Math.round(performance.now()); });
})();
