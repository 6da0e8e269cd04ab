// What blocks of a lesson do: pages are turned, pictures open large, questions answer. Without it all of it can be read.

// --- Documents and slides ------------------------------------------------------------------------------------

function leaf(figure: HTMLElement): void {
  const sheets = figure.querySelector<HTMLElement>("[data-sheets]");
  const bar = figure.querySelector<HTMLElement>("[data-bar-of-pages]");
  const place = figure.querySelector<HTMLElement>("[data-place]");
  if (!sheets || !bar || !place) return;
  const pages = Array.from(sheets.querySelectorAll("img"));
  const isSlides = figure.dataset.pages === "slides";
  const buttons = Array.from(bar.querySelectorAll<HTMLButtonElement>("[data-turn]"));
  bar.hidden = false;

  const start = (page: HTMLElement): number => (isSlides ? page.offsetLeft : page.offsetTop);
  /** The page that fills the middle of the frame, counted from 0. */
  function current(): number {
    if (!sheets) return 0;
    const middle = isSlides ? sheets.scrollLeft + sheets.clientWidth / 2 : sheets.scrollTop + sheets.clientHeight / 2;
    let found = 0;
    pages.forEach((page, number) => {
      if (start(page) <= middle) found = number;
    });
    return found;
  }
  function tell(): void {
    const number = current();
    const words = String(number + 1);
    // A screen reader hears the place when it changes, not at every move.
    if (place && place.textContent !== words) place.textContent = words;
    for (const button of buttons) {
      const isAtEnd = number + Number(button.dataset.turn) < 0 || number + Number(button.dataset.turn) >= pages.length;
      // A button that is switched off loses the focus, and with it the place of whoever uses keys.
      button.setAttribute("aria-disabled", String(isAtEnd));
    }
  }
  function turn(by: number): void {
    const page = pages[current() + by];
    if (!page || !sheets) return;
    if (isSlides) sheets.scrollLeft = page.offsetLeft;
    else sheets.scrollTop = page.offsetTop;
    tell();
  }

  for (const button of buttons) button.addEventListener("click", () => turn(Number(button.dataset.turn)));
  sheets.addEventListener("keydown", (event) => {
    const by = { PageDown: 1, PageUp: -1, ...(isSlides ? { ArrowRight: 1, ArrowLeft: -1 } : {}) }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    turn(by);
  });
  let waiting = 0;
  sheets.addEventListener("scroll", () => {
    window.cancelAnimationFrame(waiting);
    waiting = window.requestAnimationFrame(tell);
  });
  const enlarge = bar.querySelector<HTMLButtonElement>("[data-enlarge]");
  enlarge?.addEventListener("click", () => {
    const number = current();
    const isLarge = sheets.classList.toggle("is-large");
    enlarge.setAttribute("aria-pressed", String(isLarge));
    const page = pages[number];
    if (page) sheets.scrollTop = page.offsetTop;
  });
  tell();
}

// --- Gallery -------------------------------------------------------------------------------------------------

function button(label: string, text: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  if (text !== label) made.setAttribute("aria-label", label);
  return made;
}

function hang(gallery: HTMLElement): void {
  const links = Array.from(gallery.querySelectorAll<HTMLAnchorElement>("a[data-large]"));
  // Where a browser has no dialogs the link itself leads to the large picture.
  if (typeof HTMLDialogElement === "undefined" || !links.length) return;
  const dialog = document.createElement("dialog");
  dialog.className = "gallery-large";
  const figure = document.createElement("figure");
  const picture = document.createElement("img");
  const caption = document.createElement("figcaption");
  caption.setAttribute("role", "status");
  figure.append(picture, caption);
  const close = button(gallery.dataset.close ?? "", gallery.dataset.close ?? "");
  close.className = "gallery-close";
  const before = button(gallery.dataset.before ?? "", "‹");
  const after = button(gallery.dataset.after ?? "", "›");
  const turns = document.createElement("div");
  turns.className = "gallery-turn";
  turns.append(before, after);
  dialog.append(close, figure, turns);
  let at = 0;

  function show(number: number): void {
    at = (number + links.length) % links.length;
    const link = links[at];
    if (!link) return;
    const small = link.querySelector("img");
    picture.src = link.href;
    picture.width = Number(link.dataset.width);
    picture.height = Number(link.dataset.height);
    picture.alt = small?.alt ?? "";
    const words = link.parentElement?.querySelector("figcaption")?.textContent ?? "";
    caption.textContent = `${at + 1} / ${links.length}${words ? ` · ${words}` : ""}`;
    dialog.setAttribute("aria-label", words || picture.alt);
  }

  links.forEach((link, number) => {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      if (!dialog.isConnected) document.body.append(dialog);
      show(number);
      dialog.showModal();
    });
  });
  close.addEventListener("click", () => dialog.close());
  before.addEventListener("click", () => show(at - 1));
  after.addEventListener("click", () => show(at + 1));
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    if (event.key === "ArrowRight") show(at + 1);
  });
  // Back to the picture that was looked at last.
  dialog.addEventListener("close", () => links[at]?.focus());
}

// --- A question to try ---------------------------------------------------------------------------------------

function ask(form: HTMLFormElement): void {
  const look = form.querySelector<HTMLButtonElement>("[data-look]");
  const said = form.querySelector<HTMLElement>("[data-said]");
  const answer = form.querySelector("details");
  const options = Array.from(form.querySelectorAll<HTMLInputElement>("input[data-is-right]"));
  if (!look || !said) return;
  look.hidden = false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const option of options) option.parentElement?.classList.remove("is-right", "is-wrong");
    if (!options.some((option) => option.checked)) {
      said.textContent = form.dataset.nothing ?? "";
      return;
    }
    for (const option of options) {
      if (option.checked) option.parentElement?.classList.add(option.dataset.isRight === "1" ? "is-right" : "is-wrong");
    }
    const isRight = options.every((option) => option.checked === (option.dataset.isRight === "1"));
    said.textContent = (isRight ? form.dataset.right : form.dataset.wrong) ?? "";
    if (isRight && answer) answer.open = true;
  });
  form.addEventListener("change", () => {
    said.textContent = "";
    for (const option of options) option.parentElement?.classList.remove("is-right", "is-wrong");
  });
}

document.querySelectorAll<HTMLElement>("[data-pages]").forEach(leaf);
document.querySelectorAll<HTMLElement>("[data-gallery]").forEach(hang);
document.querySelectorAll<HTMLFormElement>("form[data-check]").forEach(ask);
