// The search dialog: ⌘K, Ctrl-K or "/" opens it, arrow keys choose, Enter goes there.
const dialog = document.getElementById("search");
const input = document.getElementById("search-input");
const options = document.getElementById("search-options");

// Enter before the answer has come must not open what answered something else.
let asked = null;
let answered = null;

function all() {
  return [...options.querySelectorAll("[role=option]")];
}

function chosen() {
  return options.querySelector("[aria-selected=true]");
}

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

function move(by) {
  const hits = all();
  const at = hits.indexOf(chosen());
  if (hits.length) choose(hits[(at + by + hits.length) % hits.length]);
}

function open() {
  // What asks a question already is answered first.
  if (document.querySelector("dialog[open]")) return;
  dialog.showModal();
  input.select();
  htmx.trigger(input, "opened");
}

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    const combined = event.metaKey || event.ctrlKey;
    const wanted = combined ? event.key.toLowerCase() === "k" : event.key === "/";
    if (!wanted || event.altKey || (!combined && isTyping(event.target))) return;
    event.preventDefault();
    open();
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-search]") || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    open();
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && chosen() && answered === input.value) {
      event.preventDefault();
      chosen().click();
    }
  });

  options.addEventListener("pointermove", ({ target }) => {
    const option = target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });

  options.addEventListener("htmx:afterSwap", () => {
    answered = asked;
    const number = all().length;
    input.setAttribute("aria-expanded", String(number > 0));
    choose(all()[0]);
    document.getElementById("search-said").textContent = number ? `${number} found` : "Nothing found";
  });

  input.addEventListener("htmx:beforeRequest", () => {
    asked = input.value;
  });
}
