// Fragments that refresh themselves rest while nobody looks; when the server is gone, the page
// says that it stands still.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest("[data-poll]") === event.target && document.hidden) {
    event.preventDefault();
  }
});

function showOffline(offline) {
  const banner = document.getElementById("offline");
  if (banner) banner.hidden = !offline;
}

document.addEventListener("htmx:sendError", () => showOffline(true));
document.addEventListener("htmx:afterOnLoad", () => showOffline(false));

// Empty filters would only make the address long.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.elt.closest("[data-filters]")) return;
  for (const [name, value] of [...detail.formData.entries()]) {
    if (!value) detail.formData.delete(name);
  }
});
