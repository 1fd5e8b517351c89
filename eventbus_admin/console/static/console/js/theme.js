// Auto, light, dark. The cookie lets the server render the right one, so that no page flashes;
// localStorage brings it back when the cookie is gone and tells other tabs.
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;

function show(theme) {
  root.dataset.theme = theme;
  document
    .querySelector('meta[name="color-scheme"]')
    ?.setAttribute("content", theme === "auto" ? "light dark" : theme);
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.title = `Theme: ${theme}`;
    button.setAttribute("aria-label", button.title);
  }
}

function choose(theme) {
  localStorage.setItem("theme", theme);
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  show(theme);
}

const kept = localStorage.getItem("theme");
if (THEMES.includes(kept) && kept !== root.dataset.theme) choose(kept);

addEventListener("storage", ({ key, newValue }) => {
  if (key === "theme" && THEMES.includes(newValue)) show(newValue);
});

document.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-theme-toggle]")) return;
  choose(THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length]);
});
