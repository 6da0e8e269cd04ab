// A table of numbers says its total while it is edited, and whether it is too much; the server decides.
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sums]")) {
  const most = Number(form.dataset.sums);
  const total = form.querySelector<HTMLOutputElement>("[data-sum]");
  form.addEventListener("input", () => {
    let sum = 0;
    for (const field of form.querySelectorAll<HTMLInputElement>("[data-addend]")) sum += Number(field.value) || 0;
    if (total === null) return;
    total.value = String(sum);
    total.classList.toggle("text-danger", sum > most);
  });
}
