// The live page: reads the filter, keeps the socket, fills the rows.
import { Rows } from "./feed-rows.js";
import { Socket } from "./feed-socket.js";

const page = document.getElementById("feed");
const form = document.getElementById("feed-filter");
const part = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en");

// What is being read must not slide away: an open row pauses the feed until it is closed.
let pausedToRead = false;
let pressed = false;
const rows = new Rows(part("feed-rows"), page.dataset.events, {
  onOpen() {
    if (rows.paused && !pressed) return;
    pausedToRead = true;
    setPaused(true);
  },
  onClose() {
    if (pausedToRead) setPaused(false);
  },
});
let dropped = 0;
let stopped = false;
let greeted = false;

const socket = new Socket(page.dataset.socket, { onMessage: receive, onState: showState });

function receive(message) {
  switch (message.kind) {
    case "hello":
      greeted = true;
      // After a lost connection the history fills the gap; what is shown already stays.
      rows.add(message.history ?? [], { quiet: true });
      dropped = message.dropped ?? 0;
      break;
    case "events":
      rows.add(message.rows);
      showMeter(message);
      break;
    case "outcomes":
      rows.note(message.rows);
      break;
    case "meter":
      showMeter(message);
      break;
  }
  showCounts();
}

function showMeter({ rate, dropped: lost }) {
  if (typeof rate === "number") part("meter-rate").textContent = number(Math.round(rate * 10) / 10);
  if (typeof lost === "number") dropped = lost;
}

function showCounts() {
  part("meter-shown").textContent = number(rows.shown);
  part("meter-dropped").textContent = number(dropped);
  part("meter-dropped-part").classList.toggle("meter__warn", dropped > 0);
  const fresh = part("feed-new");
  fresh.hidden = !rows.held;
  fresh.textContent = `${number(rows.held)} new`;
  part("feed-wait").hidden = greeted || rows.count > 0;
  const nothing = greeted && rows.count === 0;
  part("feed-empty").hidden = !nothing || filtered();
  part("feed-nomatch").hidden = !nothing || !filtered();
}

function showState(state, seconds) {
  if (state !== "live" && stopped) state = "stopped";
  const shown = state === "live" && rows.paused ? "paused" : state;
  part("meter-state").dataset.state = shown;
  part("meter-word").textContent =
    shown === "lost" ? `connection lost, trying again in ${seconds} s` : shown;
  if (state !== "live") part("meter-rate").textContent = "0";
}

// -- filter ----------------------------------------------------------------------------------

function filter() {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value.trim()) values.set(name, value.trim());
  }
  return values;
}

function filtered() {
  return [...filter()].length > 0;
}

function refilter() {
  const query = filter().toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  part("feed-clear").hidden = !query;
  rows.clear();
  if (pausedToRead) setPaused(false);
  greeted = false;
  dropped = 0;
  showCounts();
  if (!stopped) socket.open(query);
}

let typing;
form.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(refilter, 300);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  refilter();
});
part("feed-clear").addEventListener("click", () => {
  for (const input of form.querySelectorAll("input")) input.value = "";
  refilter();
});

// -- pause and stop --------------------------------------------------------------------------

function label(button, word) {
  button.querySelector("span").textContent = word;
}

function setPaused(paused) {
  rows.paused = paused;
  if (!paused) {
    pausedToRead = false;
    rows.release();
  }
  label(part("feed-pause"), paused ? "Resume" : "Pause");
  showState(socket.state, socket.wait);
  showCounts();
}

// A row that moves between press and release would never get the click.
part("feed-rows").addEventListener("pointerdown", () => {
  if (rows.paused) return;
  rows.paused = pressed = true;
});
for (const end of ["pointerup", "pointercancel"]) {
  // After the click, which may have opened a row.
  addEventListener(end, () => setTimeout(letGo));
}

function letGo() {
  if (!pressed) return;
  pressed = false;
  if (!pausedToRead) setPaused(false);
}

part("feed-pause").addEventListener("click", () => setPaused(!rows.paused));
part("feed-new").addEventListener("click", () => setPaused(false));
part("feed-stop").addEventListener("click", () => {
  stopped = !stopped;
  label(part("feed-stop"), stopped ? "Start" : "Stop");
  part("feed-pause").disabled = stopped;
  if (stopped) {
    socket.close();
    showState("stopped");
  } else {
    socket.open(filter().toString());
  }
});

part("feed-clear").hidden = !filtered();
showCounts();
socket.open(filter().toString());
