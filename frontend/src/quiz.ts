// An attempt at a test: every answer is saved as it is given; the clock shows what the server keeps.

const form = document.querySelector<HTMLFormElement>("form[data-quiz]");

/** Wait this long after the last click before saving, in milliseconds. */
const SETTLE = 400;
const RETRY = 5000;

function begin(quiz: HTMLFormElement): void {
  const state = document.querySelector<HTMLElement>("[data-save-state]");
  const pending = new Set<string>();
  let timer = 0;
  let sending = false;
  let handedIn = false;
  /** Whether the last save failed: the notice of the frame comes once, not at every try. */
  let lost = false;

  const say = (words: string | undefined): void => {
    if (state) state.textContent = words ?? "";
  };

  function chosen(place: string): string[] {
    const inputs = quiz.querySelectorAll<HTMLInputElement>(`input[name="q${place}"]:checked`);
    return Array.from(inputs).map((input) => input.value);
  }

  function paint(): void {
    for (const option of quiz.querySelectorAll<HTMLElement>(".option")) {
      option.classList.toggle("is-chosen", option.querySelector("input")?.checked ?? false);
    }
    const places = Array.from(quiz.querySelectorAll<HTMLElement>("[data-place]"));
    const answered = places.filter((place) => chosen(place.dataset.place ?? "").length > 0).length;
    const words = quiz.querySelector("[data-answered]");
    const bar = quiz.querySelector<HTMLProgressElement>("[data-answered-bar]");
    if (words) words.textContent = String(answered);
    if (bar) bar.value = answered;
  }

  async function save(): Promise<void> {
    if (sending || pending.size === 0 || handedIn) return;
    sending = true;
    const places = Array.from(pending);
    pending.clear();
    say(quiz.dataset.saving);
    let kept = false;
    let answered = false;
    try {
      const response = await fetch(quiz.dataset.save ?? "", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": quiz.dataset.csrf ?? "" },
        body: JSON.stringify({ answers: Object.fromEntries(places.map((place) => [place, chosen(place)])) }),
        keepalive: true,
      });
      if (response.status === 409 || response.status === 401) {
        // Handed in elsewhere, or the time is up: the page knows what to show.
        location.reload();
        return;
      }
      answered = true;
      kept = response.ok;
    } catch {
      kept = false;
    }
    sending = false;
    if (kept) {
      say(quiz.dataset.saved);
      if (lost) window.dispatchEvent(new CustomEvent("academy:answered"));
      lost = false;
      if (pending.size > 0) void save();
    } else {
      places.forEach((place) => pending.add(place));
      say(quiz.dataset.unsaved);
      if (!lost) {
        const detail = { answered, retry: () => void save() };
        window.dispatchEvent(new CustomEvent("academy:failed", { detail }));
      }
      lost = true;
      window.setTimeout(() => void save(), RETRY);
    }
  }

  quiz.addEventListener("change", (event) => {
    const place = (event.target as HTMLElement).closest<HTMLElement>("[data-place]")?.dataset.place;
    if (place === undefined) return;
    pending.add(place);
    paint();
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void save(), SETTLE);
  });

  quiz.addEventListener("submit", (event) => {
    const open = Array.from(quiz.querySelectorAll<HTMLElement>("[data-place]")).filter(
      (place) => chosen(place.dataset.place ?? "").length === 0,
    );
    const isLate = quiz.dataset.late !== undefined;
    if (open.length > 0 && !isLate && !window.confirm(quiz.dataset.openQuestions ?? "")) {
      event.preventDefault();
      delete quiz.dataset.sent;
      open[0]?.scrollIntoView({ block: "center" });
      return;
    }
    handedIn = true;
  });

  window.addEventListener("pagehide", () => void save());

  const clock = document.querySelector<HTMLElement>("[data-seconds-left]");
  if (clock) {
    const end = Date.now() + Number(clock.dataset.secondsLeft) * 1000;
    const tick = (): void => {
      const left = Math.max(0, Math.round((end - Date.now()) / 1000));
      const words = clock.querySelector("[data-clock]");
      if (words) words.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      clock.classList.toggle("is-short", left <= 60);
      if (left === 0 && !handedIn) {
        quiz.dataset.late = "";
        quiz.requestSubmit();
      }
    };
    tick();
    window.setInterval(tick, 1000);
  }
  paint();
}

if (form) begin(form);

export {};
