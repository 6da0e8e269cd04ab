// The door on a phone: six digits in two groups of three, sent when they are complete; a button pressed once.

const form = document.getElementById("door-form");
const field = document.getElementById("code");

if (field instanceof HTMLInputElement) {
  field.addEventListener("input", () => {
    const digits = field.value.replace(/\D/g, "").slice(0, 6);
    field.value = digits.length > 3 ? `${digits.slice(0, 3)} ${digits.slice(3)}` : digits;
    if (digits.length === 6 && form instanceof HTMLFormElement) form.requestSubmit();
  });
}

if (form instanceof HTMLFormElement) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  });
}

export {};
