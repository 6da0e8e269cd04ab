// The timetable as a calendar. While a session is dragged the server is asked who is taken then, by the same action that
// moves it, taken back; nothing is saved before somebody says so.
import { Calendar, type EventDropArg, type EventInput } from "@fullcalendar/core";
import locale from "@fullcalendar/core/locales/zh-cn";
import dayGrid from "@fullcalendar/daygrid";
import interaction, { type EventResizeDoneArg } from "@fullcalendar/interaction";
import list from "@fullcalendar/list";
import timeGrid from "@fullcalendar/timegrid";

interface Session {
  id: number;
  title: string;
  start: string;
  end: string;
  kind: string;
  url: string;
  where: string;
  who: string;
  class: string;
  fixed: boolean;
}

interface Shown {
  sessions: Session[];
  closures: { title: string; start: string; end: string }[];
  days: { title: string; start: string; working: boolean }[];
}

/** A hand that rests so long on a time wants to know who is taken then. */
const REST_MS = 180;
const NARROW = 640;

const root = document.getElementById("planner");
const place = document.getElementById("planner-calendar");
const said = document.getElementById("planner-said");
const ask = document.getElementById("planner-ask");
const what = document.getElementById("planner-what");
const save = document.getElementById("planner-save");
const undo = document.getElementById("planner-undo");

if (root && place && said && ask && what && save && undo) {
  const words = root.dataset;
  const token = root.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
  let resting = 0;
  let asked = "";
  let waiting: EventDropArg | EventResizeDoneArg | null = null;

  const say = (reasons: string[], tone: "" | "is-good" | "is-bad"): void => {
    said.replaceChildren(
      ...reasons.map((reason) => {
        const line = document.createElement("p");
        line.textContent = reason;
        return line;
      }),
    );
    said.className = `planner-said ${tone}`.trim();
  };

  const send = async (id: string, start: Date, end: Date, trial: boolean): Promise<string[] | null> => {
    const body = new URLSearchParams({ starts_at: start.toISOString(), ends_at: end.toISOString() });
    if (trial) body.set("try", "1");
    try {
      const answer = await fetch((words.move ?? "").replace("/0/", `/${id}/`), {
        method: "POST",
        body,
        headers: { "X-CSRFToken": token, Accept: "application/json" },
      });
      if (!answer.ok && answer.status !== 409 && answer.status !== 400) throw new Error(String(answer.status));
      return ((await answer.json()) as { reasons: string[] }).reasons;
    } catch {
      return null;
    }
  };

  const tell = (reasons: string[] | null): boolean => {
    if (reasons === null) say([words.lost ?? ""], "is-bad");
    else if (reasons.length) say(reasons, "is-bad");
    else say([words.free ?? ""], "is-good");
    return reasons !== null && !reasons.length;
  };

  const look = (id: string, start: Date, end: Date): void => {
    const key = `${id} ${start.toISOString()} ${end.toISOString()}`;
    if (key === asked) return;
    asked = key;
    window.clearTimeout(resting);
    resting = window.setTimeout(async () => {
      const reasons = await send(id, start, end, true);
      if (asked === key) tell(reasons);
    }, REST_MS);
  };

  const settle = (text: string, tone: "" | "is-good"): void => {
    waiting = null;
    ask.hidden = true;
    asked = "";
    say([text], tone);
  };

  const dropped = async (change: EventDropArg | EventResizeDoneArg): Promise<void> => {
    waiting?.revert();
    waiting = change;
    window.clearTimeout(resting);
    const { event } = change;
    asked = "dropped";
    what.textContent = `${event.title} → ${calendar.formatRange(event.start ?? new Date(), event.end ?? new Date(), {
      month: "long",
      day: "numeric",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hour12: false,
    })}`;
    ask.hidden = false;
    save.setAttribute("disabled", "");
    say([words.asking ?? ""], "");
    const free = tell(await send(event.id, event.start ?? new Date(), event.end ?? new Date(), true));
    if (waiting !== change) return;
    if (free) save.removeAttribute("disabled");
    (free ? save : undo).focus();
  };

  const calendar = new Calendar(place, {
    plugins: [dayGrid, timeGrid, list, interaction],
    locales: [locale],
    locale: words.language === "zh-hans" ? "zh-cn" : "en",
    initialView: window.innerWidth < NARROW ? "listWeek" : "timeGridWeek",
    headerToolbar: { left: "prev,next today", center: "title", right: "dayGridMonth,timeGridWeek,timeGridDay,listWeek" },
    // Arrows without words say nothing to a screen reader.
    buttonIcons: false,
    buttonText: { prev: words.earlier ?? "", next: words.later ?? "" },
    height: "auto",
    firstDay: 1,
    nowIndicator: true,
    allDaySlot: true,
    slotMinTime: "07:00:00",
    slotMaxTime: "22:00:00",
    slotDuration: "00:30:00",
    snapDuration: "00:15:00",
    dayMaxEvents: 4,
    editable: true,
    eventStartEditable: true,
    eventDurationEditable: true,
    eventInteractive: true,
    eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    events: async (span, good, bad) => {
      try {
        const query = new URLSearchParams(words.query ?? "");
        query.set("start", span.startStr);
        query.set("end", span.endStr);
        const answer = await fetch(`${words.events}?${query}`, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        good(inputs((await answer.json()) as Shown));
      } catch (error) {
        say([words.lost ?? ""], "is-bad");
        bad(error as Error);
      }
    },
    eventAllow: (span, event) => {
      if (event) look(event.id, span.start, span.end);
      return true;
    },
    eventDrop: (change) => void dropped(change),
    eventResize: (change) => void dropped(change),
    eventDidMount: ({ event, el }) => {
      const more = [event.extendedProps.where, event.extendedProps.who, event.extendedProps.class];
      el.title = [event.title, ...more].filter(Boolean).join(" · ");
    },
  });

  const inputs = (shown: Shown): EventInput[] => [
    ...shown.sessions.map((one) => ({
      id: String(one.id),
      title: one.title,
      start: one.start,
      end: one.end,
      url: one.url,
      editable: !one.fixed,
      classNames: [`kind-${one.kind}`, one.fixed ? "is-fixed" : ""],
      extendedProps: { where: one.where, who: one.who, class: one.class },
    })),
    ...shown.closures.map((one) => ({
      title: `${words.closed}: ${one.title}`,
      start: one.start,
      end: one.end,
      allDay: true,
      editable: false,
      classNames: ["is-closed"],
    })),
    ...shown.days.map((one) => ({
      title: one.working ? `${one.title} (${words.working})` : one.title,
      start: one.start,
      allDay: true,
      editable: false,
      classNames: [one.working ? "is-working" : "is-holiday"],
    })),
  ];

  save.addEventListener("click", async () => {
    const change = waiting;
    if (!change?.event.start || !change.event.end) return;
    save.setAttribute("disabled", "");
    const reasons = await send(change.event.id, change.event.start, change.event.end, false);
    if (reasons?.length === 0) {
      settle(words.saved ?? "", "is-good");
      calendar.refetchEvents();
    } else {
      tell(reasons);
      undo.focus();
    }
  });

  undo.addEventListener("click", () => {
    waiting?.revert();
    settle(words.back ?? "", "");
  });

  calendar.render();
}
