// The map: what one points at lights up with what it is connected with, arrow keys walk from name to
// name, the legend isolates a kind; and all of it survives when the map refreshes itself.
const map = document.getElementById("map");
const FOLLOW = "map-follow";

const drawing = () => document.getElementById("map-svg");
const nodes = () => [...map.querySelectorAll(".node")];

// -- lighting up ---------------------------------------------------------------------------------

function light(element) {
  const svg = drawing();
  if (!svg) return;
  for (const lit of svg.querySelectorAll("[data-on]")) delete lit.dataset.on;
  delete svg.dataset.lit;
  if (!element) return;
  const chosen = new Set([element.dataset.node, element.dataset.from, element.dataset.to]);
  const shown = new Set(chosen);
  for (const edge of svg.querySelectorAll(".edge")) {
    const { from, to } = edge.dataset;
    // Of a node all lines, of a line itself and its number.
    const touches = element.dataset.node
      ? chosen.has(from) || chosen.has(to)
      : from === element.dataset.from && to === element.dataset.to;
    if (touches) {
      edge.dataset.on = "";
      shown.add(from).add(to);
    }
  }
  for (const node of svg.querySelectorAll(".node")) {
    if (shown.has(node.dataset.node)) node.dataset.on = "";
  }
  svg.dataset.lit = "";
}

const part = (target) => target.closest?.(".node, .edge");
const focused = () => part(document.activeElement ?? map);

map.addEventListener("pointerover", ({ target }) => light(part(target) ?? focused()));
map.addEventListener("pointerleave", () => light(focused()));
map.addEventListener("focusin", ({ target }) => light(part(target)));
map.addEventListener("focusout", () => light(null));

// -- walking by keyboard -------------------------------------------------------------------------

const middle = (node) => {
  const box = node.getBoundingClientRect();
  return box.top + box.height / 2;
};

function nearest(from, column) {
  const there = nodes().filter((node) => node.dataset.column === String(column));
  // What it is connected with is lit; a line leads there.
  const joined = there.filter((node) => node.dataset.on !== undefined);
  const distance = (node) => Math.abs(middle(node) - middle(from));
  return (joined.length ? joined : there).sort((a, b) => distance(a) - distance(b))[0];
}

function neighbour(from, key) {
  const column = Number(from.dataset.column);
  if (key === "ArrowLeft") return nearest(from, column - 1);
  if (key === "ArrowRight") return nearest(from, column + 1);
  const same = nodes().filter((node) => node.dataset.column === from.dataset.column);
  const step = { ArrowUp: -1, ArrowDown: 1 }[key];
  return step && same[same.indexOf(from) + step];
}

map.addEventListener("keydown", (event) => {
  const from = event.target.closest?.(".node");
  const to = from && !event.altKey && !event.ctrlKey && !event.metaKey && neighbour(from, event.key);
  if (!to) return;
  event.preventDefault();
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "nearest", inline: "nearest" });
});

// Who walks on by keyboard is at the same name on the next map.
map.addEventListener("click", ({ target, detail }) => {
  const node = target.closest?.(".node");
  if (node && detail === 0) sessionStorage.setItem(FOLLOW, node.id);
});

function follow() {
  const id = sessionStorage.getItem(FOLLOW);
  sessionStorage.removeItem(FOLLOW);
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
}

// -- the legend ----------------------------------------------------------------------------------

map.addEventListener("click", ({ target }) => {
  const chosen = target.closest?.("[data-isolates]");
  if (!chosen) return;
  const only = map.dataset.only === chosen.dataset.isolates ? "" : chosen.dataset.isolates;
  map.dataset.only = only;
  for (const one of map.querySelectorAll("[data-isolates]")) {
    one.setAttribute("aria-pressed", String(one.dataset.isolates === only));
  }
});

// -- refreshing ----------------------------------------------------------------------------------

let kept = null;

document.addEventListener("htmx:beforeSwap", ({ target }) => {
  if (target.id !== "map-live") return;
  const box = document.getElementById("map-box");
  const table = document.getElementById("map-table");
  kept = { left: box?.scrollLeft ?? 0, top: box?.scrollTop ?? 0, open: table?.open };
});

document.addEventListener("htmx:afterSwap", () => {
  if (!kept) return;
  document.getElementById("map-box")?.scrollTo(kept.left, kept.top);
  const table = document.getElementById("map-table");
  if (table && kept.open !== undefined) table.open = kept.open;
  kept = null;
});

document.addEventListener("htmx:afterSettle", () => light(focused()));

// -- the table -----------------------------------------------------------------------------------

function openTable() {
  const table = document.getElementById("map-table");
  if (table) table.open = true;
}

map.addEventListener("click", ({ target }) => {
  if (target.closest?.(".mapbox__skip")) openTable();
});

// On a phone the table comes first, and open.
if (matchMedia("(max-width: 760px)").matches) openTable();
follow();
