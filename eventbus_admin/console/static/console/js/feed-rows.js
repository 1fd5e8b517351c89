// The list of rows, newest first: bounded, pausable, opened by click or keyboard.
// What events hold goes into the page as text only; a detail is HTML that our server made.
const MOST = 500;
const MOST_HELD = 2000;
const TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const WORDS = { handled: "handled", retried: "retrying", dead: "gave up", returned: "returned" };

export class Rows {
  #list;
  #url;
  #hooks;
  #items = new Map();
  #held = [];
  paused = false;
  held = 0;
  shown = 0;

  // `onOpen` and `onClose` tell whether somebody reads a row.
  constructor(list, url, hooks) {
    this.#list = list;
    this.#url = url;
    this.#hooks = hooks;
    list.addEventListener("click", ({ target }) => {
      if (target.closest("[data-closes]")) return this.#close(target.closest(".feed__item"));
      const row = target.closest(".feed__row");
      if (row) this.#toggle(row.parentElement);
    });
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  get count() {
    return this.#items.size;
  }

  add(events, { quiet = false } = {}) {
    if (this.paused) {
      this.held += events.length;
      this.#held.push(...events);
      // What is past the bound could not be shown anyway; it stays counted.
      if (this.#held.length > MOST_HELD) this.#held.splice(0, this.#held.length - MOST_HELD);
      return;
    }
    const fragment = document.createDocumentFragment();
    const fresh = events.filter(({ id }) => !this.#items.has(id));
    for (const event of fresh.slice(-MOST)) {
      const item = this.#item(event);
      if (!quiet) item.dataset.fresh = "";
      this.#items.set(event.id, item);
      fragment.prepend(item);
    }
    this.shown += fresh.length;
    this.#list.prepend(fragment);
    this.#trim();
  }

  release() {
    const held = this.#held;
    this.#held = [];
    const unseen = this.held - held.length;
    this.held = 0;
    this.shown += unseen;
    this.add(held);
  }

  note(outcomes) {
    for (const outcome of outcomes) {
      const item = this.#items.get(outcome.event_id);
      if (item) this.#mark(item.querySelector(".dots"), outcome);
      const waiting = this.#held.find(({ id }) => id === outcome.event_id);
      if (waiting) {
        waiting.outcomes = waiting.outcomes.filter(({ service }) => service !== outcome.service);
        waiting.outcomes.push(outcome);
      }
    }
  }

  clear() {
    this.#items.clear();
    this.#held = [];
    this.held = 0;
    this.shown = 0;
    this.#list.replaceChildren();
  }

  #trim() {
    while (this.#items.size > MOST) {
      const oldest = this.#list.lastElementChild;
      this.#items.delete(oldest.dataset.id);
      oldest.remove();
    }
  }

  #item(event) {
    const item = document.getElementById("feed-row").content.firstElementChild.cloneNode(true);
    item.dataset.id = event.id;
    const time = item.querySelector("time");
    time.dateTime = event.seen;
    time.textContent = TIME.format(new Date(event.seen));
    item.querySelector(".feed__type").textContent = event.type;
    item.querySelector(".feed__from").textContent = event.source || "–";
    item.querySelector(".feed__summary").textContent = event.summary;
    const dots = item.querySelector(".dots");
    for (const outcome of event.outcomes ?? []) this.#mark(dots, outcome);
    return item;
  }

  #mark(dots, { service, outcome, attempts, error }) {
    const template = document.getElementById(`mark-${outcome}`);
    if (!template) return;
    let dot = [...dots.children].find((one) => one.dataset.service === service);
    if (!dot) {
      dot = document.createElement("span");
      dot.dataset.service = service;
      dots.append(dot);
    }
    const words = `${service}: ${WORDS[outcome]}${attempts > 1 ? ` after ${attempts} attempts` : ""}`;
    dot.title = error ? `${words}\n${error}` : words;
    const spoken = document.createElement("span");
    spoken.className = "hidden-visually";
    spoken.textContent = words;
    dot.replaceChildren(template.content.cloneNode(true), spoken);
  }

  #toggle(item) {
    if (item.querySelector(".feed__row").getAttribute("aria-expanded") === "true") {
      return this.#close(item);
    }
    const detail = item.querySelector(".feed__detail");
    item.querySelector(".feed__row").setAttribute("aria-expanded", "true");
    detail.hidden = false;
    this.#hooks.onOpen();
    detail.replaceChildren(document.getElementById("feed-skeleton").content.cloneNode(true));
    const url = `${this.#url}${encodeURIComponent(item.dataset.id)}/`;
    htmx.ajax("GET", url, { target: detail, swap: "innerHTML" }).catch(() => {});
    detail.addEventListener(
      "htmx:responseError",
      () => {
        detail.textContent = "The journal does not have this event yet, or not any more.";
      },
      { once: true },
    );
  }

  #close(item) {
    const row = item.querySelector(".feed__row");
    row.setAttribute("aria-expanded", "false");
    const detail = item.querySelector(".feed__detail");
    detail.hidden = true;
    detail.replaceChildren();
    row.focus();
    if (!this.#list.querySelector('[aria-expanded="true"]')) this.#hooks.onClose();
  }

  #key(event) {
    const item = event.target.closest(".feed__item");
    if (!item) return;
    if (event.key === "Escape") this.#close(item);
    const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (next && event.target.matches(".feed__row")) {
      event.preventDefault();
      item[next]?.querySelector(".feed__row").focus();
    }
  }
}
