// A lesson page: plays the video, reports honest beats, and follows how far the text was read.
// The server alone decides what counts (docs/rules/progress.md); this file only says what happened.

const root = document.querySelector<HTMLElement>(".lesson-columns[data-lesson]");

/** How often a player or a reader reports, in seconds. */
const BEAT_SECONDS = 15;
/** Two places closer than this are one: players report times with small jumps. */
const JUMP_SECONDS = 1.5;

interface Answer {
  complete: boolean;
  share?: number;
  counted_to?: number;
  ask_seconds?: number | null;
  read_seconds?: number;
  required_seconds?: number;
  end_reached?: boolean;
  reason?: string;
  sentence?: string;
}

/** This page in this browser tab; it survives a reload, so that a reload goes on where it was. */
function tabName(): string {
  const fresh = Math.random().toString(36).slice(2) + Date.now().toString(36);
  try {
    const known = sessionStorage.getItem("academy-tab");
    if (known) return known;
    sessionStorage.setItem("academy-tab", fresh);
  } catch {
    // Storage is closed in some in-app browsers; a name for this page alone serves as well.
  }
  return fresh;
}

function text(name: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-${name}]`);
}

class Reporter {
  readonly tab = tabName();

  constructor(
    private readonly url: string,
    private readonly csrf: string,
  ) {}

  /** Send one beat. Answers `null` when the network is away; the caller keeps what it meant to report. */
  async send(beat: Record<string, unknown>, leaving = false): Promise<Answer | null> {
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify({ ...beat, session: this.tab }),
        keepalive: leaving,
      });
      if (response.status === 401) {
        location.reload();
        return null;
      }
      online(true);
      return response.ok ? ((await response.json()) as Answer) : null;
    } catch {
      online(false);
      return null;
    }
  }
}

function online(reachable: boolean): void {
  const notice = text("offline");
  if (notice) notice.hidden = reachable;
}

function show(percent: number): void {
  const bar = document.querySelector<HTMLProgressElement>("[data-bar]");
  const words = text("percent");
  const whole = Math.min(100, Math.floor(percent));
  if (bar) bar.value = whole;
  if (words) words.textContent = `${whole}%`;
}

function explain(answer: Answer): void {
  const why = text("why");
  if (!why) return;
  why.textContent = answer.sentence ?? "";
  why.hidden = !answer.sentence;
}

let finished = root?.dataset.complete === "1";

function finish(): void {
  if (finished) return;
  finished = true;
  const state = text("state");
  state?.classList.add("is-complete");
  const done = state?.querySelector<HTMLElement>(".lesson-state-done");
  if (done) done.hidden = false;
  const earned = text("earned");
  if (earned) earned.hidden = false;
  text("open")?.remove();
  const here = document.querySelector(".lesson-outline .is-current");
  here?.classList.add("is-complete");
}

// --- Video -------------------------------------------------------------------------------------------------

async function play(video: HTMLVideoElement): Promise<void> {
  const list = video.dataset.hls ?? "";
  const file = video.dataset.file ?? "";
  if (!list) {
    video.src = file;
  } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = list;
  } else {
    // Loaded only where a browser cannot play the list itself.
    const { default: Hls } = await import("hls.js/light");
    if (Hls.isSupported()) {
      const hls = new Hls({ maxBufferLength: 60 });
      hls.on(Hls.Events.ERROR, (_event, data) => {
        if (!data.fatal) return;
        if (data.type === Hls.ErrorTypes.NETWORK_ERROR) hls.startLoad();
        else if (data.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
        else {
          hls.destroy();
          video.src = file;
        }
      });
      hls.loadSource(list);
      hls.attachMedia(video);
    } else {
      video.src = file;
    }
  }
}

/** The moment that the address names (`#t=125`), as questions about the video link to it. */
function asked(): number {
  const found = /^#t=(\d{1,6})$/.exec(location.hash);
  return found ? Number(found[1]) : 0;
}

/** Whoever goes to ask takes the moment of the video along. */
function carry(video: HTMLVideoElement): void {
  const link = document.querySelector<HTMLAnchorElement>("[data-ask]");
  link?.addEventListener("click", () => {
    const url = new URL(link.href);
    if (video.currentTime >= 1) url.searchParams.set("at", String(Math.floor(video.currentTime)));
    link.href = url.href;
  });
}

function resume(video: HTMLVideoElement): void {
  const place = asked() || Number(video.dataset.resume ?? 0);
  if (!place) return;
  video.addEventListener(
    "loadedmetadata",
    () => {
      // Somebody who had reached the end starts again.
      if (place < video.duration - 5) video.currentTime = place;
    },
    { once: true },
  );
}

// --- Whether somebody is there ---------------------------------------------------------------------------------

/** The question that the server wants asked. Nothing here decides what counts; it only asks, and pauses. */
class Presence {
  /** Somebody has answered; said with every beat until the server has heard it. */
  answered = false;
  private readonly dialog = document.querySelector<HTMLDialogElement>("[data-presence]");
  private timer = 0;
  private until = 0;
  private ignored = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly tell: () => void,
  ) {
    const dialog = this.dialog;
    if (!dialog) return;
    dialog.querySelector("[data-present]")?.addEventListener("click", () => this.answer());
    // Escape is an answer as well: somebody pressed it.
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.answer();
    });
    dialog.addEventListener("keydown", (event) => {
      // Keys of a screen reader and of the system say nothing about the film.
      if (!this.ignored && !event.ctrlKey && !event.altKey && !event.metaKey && event.key !== "Tab") {
        event.preventDefault();
        this.answer();
      }
    });
    dialog.addEventListener("click", () => {
      if (!this.ignored) this.answer();
    });
  }

  get isAsking(): boolean {
    return (this.dialog?.open ?? false) && !this.ignored;
  }

  /** The server asks, or asks still. */
  ask(seconds: number): void {
    if (!this.dialog || this.answered) return;
    this.until = Date.now() + seconds * 1000;
    if (this.dialog.open) return;
    this.turn(false);
    this.dialog.showModal();
    this.dialog.querySelector<HTMLElement>("[data-present]")?.focus();
    this.count();
    this.timer = window.setInterval(() => this.count(), 1000);
  }

  /** Nobody answered: the film stands still and says why. */
  ignore(): void {
    window.clearInterval(this.timer);
    if (!this.dialog) return;
    this.turn(true);
    if (!this.dialog.open) this.dialog.showModal();
    this.video.pause();
    this.dialog.querySelector<HTMLElement>("[data-present]")?.focus();
  }

  private count(): void {
    const left = Math.max(0, Math.round((this.until - Date.now()) / 1000));
    const words = this.dialog?.querySelector<HTMLElement>("[data-presence-left]");
    // Said aloud every half a minute, not every second.
    if (words && (words.textContent === "" || left % 30 === 0 || left <= 10)) words.textContent = String(left);
    if (left === 0) this.ignore();
  }

  private turn(ignored: boolean): void {
    this.ignored = ignored;
    for (const part of this.dialog?.querySelectorAll<HTMLElement>("[data-asking]") ?? []) part.hidden = ignored;
    for (const part of this.dialog?.querySelectorAll<HTMLElement>("[data-ignored]") ?? []) part.hidden = !ignored;
    this.dialog?.setAttribute("aria-labelledby", ignored ? "presence-paused" : "presence-title");
  }

  answer(): void {
    window.clearInterval(this.timer);
    this.answered = true;
    const paused = this.ignored;
    this.ignored = false;
    const words = this.dialog?.querySelector<HTMLElement>("[data-presence-left]");
    if (words) words.textContent = "";
    if (this.dialog?.open) this.dialog.close();
    this.video.focus();
    // Playing on is a beat by itself.
    if (paused) void this.video.play();
    else this.tell();
  }
}

function follow(video: HTMLVideoElement, reporter: Reporter): void {
  // The stretch that was played and not yet counted: from `start` to `last`. A jump begins a new one.
  let start = video.currentTime;
  let last = video.currentTime;
  let stretch = 0;
  let busy = false;
  let wanted = false;
  const presence = new Presence(video, () => void beat(!video.paused && !video.ended));

  async function report(from: number, position: number, playing: boolean, leaving: boolean): Promise<Answer | null> {
    const present = presence.answered;
    const answer = await reporter.send(
      { from, position, playing, speed: video.playbackRate, visible: document.visibilityState === "visible", present },
      leaving,
    );
    if (answer) {
      if (present) presence.answered = false;
      if (answer.ask_seconds) presence.ask(answer.ask_seconds);
      // Said of a beat that came before the answer, it is settled with the next one.
      if (answer.reason === "no_answer" && !present && !presence.answered) presence.ignore();
      if (!finished) show((answer.share ?? 0) * 100);
      explain(answer);
      if (answer.complete) finish();
    }
    return answer;
  }

  async function beat(playing: boolean, leaving = false): Promise<void> {
    if (busy && !leaving) {
      wanted = true;
      return;
    }
    busy = true;
    const reported = last;
    const mine = stretch;
    const answer = await report(start, reported, playing, leaving);
    // What the clock did not cover yet is reported with the next stretch.
    if (answer && mine === stretch) start = Math.min(answer.counted_to ?? reported, last);
    busy = false;
    if (wanted) {
      wanted = false;
      void beat(!video.paused && !video.ended);
    }
  }

  video.addEventListener("timeupdate", () => {
    const now = video.currentTime;
    if (!video.seeking && Math.abs(now - last) < JUMP_SECONDS * Math.max(1, video.playbackRate)) last = now;
  });
  video.addEventListener("playing", () => void beat(true));
  video.addEventListener("pause", () => {
    // Whoever pauses is there.
    if (presence.isAsking && !document.hidden && !video.ended) presence.answer();
    void beat(false);
  });
  video.addEventListener("ended", () => {
    last = video.duration || last;
    void beat(false);
  });
  video.addEventListener("seeking", () => {
    const landed = video.currentTime;
    if (Math.abs(landed - last) < JUMP_SECONDS) return;
    if (last - start > 0.2) void report(start, last, !video.paused, false);
    stretch += 1;
    start = landed;
    last = landed;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && !video.paused) {
      void beat(false, true);
      video.pause();
    }
  });
  window.addEventListener("pagehide", () => {
    if (!video.paused) void beat(false, true);
  });
  window.setInterval(() => {
    if (!video.paused && !video.ended) void beat(true);
  }, BEAT_SECONDS * 1000);
}

// --- Reading -------------------------------------------------------------------------------------------------

function read(end: HTMLElement, reporter: Reporter, counted: number, required: number): void {
  let share = 0;
  let busy = false;

  async function beat(leaving = false): Promise<void> {
    if (finished || (busy && !leaving)) return;
    busy = true;
    const answer = await reporter.send({ share, visible: document.visibilityState === "visible" }, leaving);
    busy = false;
    if (!answer) return;
    counted = answer.read_seconds ?? counted;
    required = answer.required_seconds ?? required;
    if (answer.complete) {
      finish();
      return;
    }
    if (required > 0) show((100 * counted) / required);
    explain(answer);
    const left = Math.max(0, Math.ceil(required - counted));
    const words = text("left");
    if (words && answer.end_reached) {
      words.hidden = left === 0;
      const seconds = text("left-seconds");
      if (seconds) seconds.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      // Wait no longer than needed once the end has been seen.
      if (left > 0 && left < BEAT_SECONDS) window.setTimeout(() => void beat(), (left + 0.5) * 1000);
    }
  }

  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting) || share === 1) return;
    share = 1;
    void beat();
  });
  watcher.observe(end);
  void beat();
  document.addEventListener("visibilitychange", () => void beat(document.visibilityState === "hidden"));
  window.addEventListener("pagehide", () => void beat(true));
  window.setInterval(() => {
    if (document.visibilityState === "visible") void beat();
  }, BEAT_SECONDS * 1000);
}

// --- The page --------------------------------------------------------------------------------------------------

if (root) {
  const csrf = root.dataset.csrf ?? "";
  const video = document.querySelector<HTMLVideoElement>(".player-video");
  if (video) {
    resume(video);
    carry(video);
    void play(video);
    const speed = document.querySelector<HTMLSelectElement>("[data-speed]");
    speed?.addEventListener("change", () => {
      video.playbackRate = Number(speed.value);
    });
    if (root.dataset.beat) follow(video, new Reporter(root.dataset.beat, csrf));
  }
  const end = document.querySelector<HTMLElement>("[data-lesson-end]");
  if (root.dataset.read && end && !finished) {
    read(end, new Reporter(root.dataset.read, csrf), Number(root.dataset.readSeconds), Number(root.dataset.required));
  }
}
