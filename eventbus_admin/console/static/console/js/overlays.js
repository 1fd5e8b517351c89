// Dialogs, the drawer and toasts.
document.addEventListener("click", ({ target }) => {
  const opener = target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (target.closest("[data-closes]")) target.closest("dialog")?.close();
  target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove();
  // A click on the backdrop reaches the dialog itself.
  if (target instanceof HTMLDialogElement) target.close();
});

document.addEventListener("htmx:afterSwap", ({ target }) => {
  const drawer = target.closest("dialog.drawer");
  if (drawer && !drawer.open) drawer.showModal();
});

for (const toast of document.querySelectorAll("[data-toast]")) {
  // What can be undone stays long enough to be read twice.
  setTimeout(() => toast.remove(), toast.querySelector("form") ? 30_000 : 8_000);
}

// Typing the name opens the way to what cannot be undone.
document.addEventListener("input", ({ target }) => {
  const wanted = target.dataset?.confirms;
  if (wanted === undefined) return;
  target.form.querySelector("[data-confirmed]").disabled = target.value.trim() !== wanted;
});
