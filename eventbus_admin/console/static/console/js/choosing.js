// A tick that chooses all of its form: `data-chooses` names the boxes. The form says how many are.
function boxes(form, name) {
  return [...form.querySelectorAll(`input[type="checkbox"][name="${name}"]`)];
}

function tell(form) {
  const all = form.querySelector("[data-chooses]");
  if (!all) return;
  const found = boxes(form, all.dataset.chooses);
  const chosen = found.filter((box) => box.checked).length;
  all.checked = chosen > 0 && chosen === found.length;
  all.indeterminate = chosen > 0 && chosen < found.length;
  all.closest("[data-choose-all]").hidden = found.length === 0;
  const said = form.querySelector("[data-chosen]");
  said.hidden = chosen === 0;
  said.textContent = `${chosen} chosen`;
}

function tellAll() {
  for (const all of document.querySelectorAll("[data-chooses]")) tell(all.form);
}

document.addEventListener("change", ({ target }) => {
  if (!target.form?.querySelector("[data-chooses]")) return;
  if (target.dataset.chooses) {
    for (const box of boxes(target.form, target.dataset.chooses)) box.checked = target.checked;
  }
  tell(target.form);
});

document.addEventListener("htmx:afterSettle", tellAll);
tellAll();
