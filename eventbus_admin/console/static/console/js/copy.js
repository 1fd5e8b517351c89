// Buttons with data-copy="text" or data-copy-from="id of an element".
async function put(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Over plain http on another host there is no clipboard interface.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copyFrom);
  await put(source ? source.textContent : button.dataset.copy);
  button.dataset.copied = "";
  setTimeout(() => delete button.dataset.copied, 1600);
});
