// What a person holds survives a fragment that is filled anew: the focus, and parts unfolded.
const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
let held = null;

const within = (place, selector) => [...place.querySelectorAll(selector)];
const called = (one) => `${one.getAttribute("href") ?? ""} ${one.name ?? ""} ${one.textContent.trim()}`;

document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  held = null;
  if (!target.id) return;
  const focused = target.contains(document.activeElement) ? document.activeElement : null;
  held = {
    id: target.id,
    index: focused ? within(target, FOCUSABLE).indexOf(focused) : -1,
    name: focused ? called(focused) : "",
    unfolded: within(target, "details").map((one) => one.open),
  };
});

document.addEventListener("htmx:afterSwap", () => {
  const fresh = held && document.getElementById(held.id);
  if (!fresh) return;
  within(fresh, "details").forEach((one, index) => {
    if (held.unfolded[index]) one.open = true;
  });
  if (held.index >= 0 && document.activeElement === document.body) {
    const all = within(fresh, FOCUSABLE);
    const one = all.find((each) => called(each) === held.name) ?? all[held.index];
    one?.focus({ preventScroll: true });
  }
  held = null;
});
