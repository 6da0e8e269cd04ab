// Without a network: the shell, lessons that this person has opened, and a page that says what to do.
//
// Everything else goes to the server untouched. Pages are never answered from here while the server can be reached, and
// the only pages kept are lessons, in one cache that belongs to one person: it is emptied when somebody else's lesson
// arrives, and at every sign-out. Served as /service-worker.js by academy.portal.views.frame, which writes ACADEMY before.
export {};

interface Settings {
  version: string;
  shell: string[];
  offline: string;
  /** The notice on an offline copy, by the page's language; ready-made markup. */
  notice: Record<string, string>;
}

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  readonly preloadResponse?: Promise<Response | undefined>;
  respondWith(answer: Promise<Response>): void;
}
interface MessageEventOfWorker extends ExtendableEvent {
  readonly data: { keep?: string } | null;
}
interface Worker {
  ACADEMY: Settings;
  registration: { navigationPreload?: { enable(): Promise<void> } };
  clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", handle: (event: ExtendableEvent) => void): void;
  addEventListener(name: "fetch", handle: (event: FetchEvent) => void): void;
  addEventListener(name: "message", handle: (event: MessageEventOfWorker) => void): void;
}

const worker = self as unknown as Worker;
const { version, shell, offline, notice } = worker.ACADEMY;
const SHELL = `academy-shell-${version}`;
const LESSONS = "academy-lessons";
/** Where the cache of lessons says whose it is. */
const OWNER = "/academy-owner";
const MOST_LESSONS = 60;
const MOST_PICTURES = 200;

/** Words of our own below /courses/ (courses/urls.py): none of them is a course. */
const NO_COURSES = ["beat", "read", "record", "quiz", "attempt", "follow", "search", "reflection", "questions", "teaching"];

/** Two words below /courses/ are a lesson, unless the first is a word of our own. */
function isLesson(url: URL): boolean {
  const found = /^\/courses\/([\w-]+)\/([\w-]+)\/$/.exec(url.pathname);
  return found !== null && !NO_COURSES.includes(found[1] ?? "");
}

async function keepLesson(url: string, answer: Response): Promise<void> {
  if (!answer.ok || answer.redirected || !(answer.headers.get("Content-Type") ?? "").includes("text/html")) return;
  const text = await answer.text();
  const owner = /<body[^>]* data-person="([^"]+)"/.exec(text)?.[1];
  if (!owner || !text.includes(" data-lesson=")) return;
  let cache = await caches.open(LESSONS);
  const before = await (await cache.match(OWNER))?.text();
  if (before !== undefined && before !== owner) {
    await caches.delete(LESSONS);
    cache = await caches.open(LESSONS);
  }
  await cache.put(OWNER, new Response(owner));
  const headers = new Headers(answer.headers);
  headers.set("X-Kept-At", new Date().toISOString());
  await cache.delete(url);
  await cache.put(url, new Response(text, { headers }));
  await trim(cache);
}

/** The oldest go first: a cache lists what was put in last at its end. */
async function trim(cache: Cache): Promise<void> {
  const keys = await cache.keys();
  const lessons = keys.filter((request) => isLesson(new URL(request.url)));
  const pictures = keys.filter((request) => new URL(request.url).pathname.startsWith("/media/"));
  for (const request of lessons.slice(0, -MOST_LESSONS)) await cache.delete(request);
  for (const request of pictures.slice(0, -MOST_PICTURES)) await cache.delete(request);
}

/** A lesson as it was kept, marked as a copy; it reports nothing, because nothing can be counted. */
async function copyOf(url: string): Promise<Response | undefined> {
  const found = await (await caches.open(LESSONS)).match(url);
  if (!found) return undefined;
  const kept = found.headers.get("X-Kept-At");
  const page = await found.text();
  const language = /<html lang="([\w-]+)"/.exec(page)?.[1] ?? "";
  const at = kept ? new Date(kept).toLocaleString(language || undefined, { dateStyle: "medium", timeStyle: "short" }) : "";
  const words = (notice[language] ?? notice.en ?? "").replace("%(at)s", at);
  const text = page
    .replace("<html ", '<html data-offline-copy="1" ')
    .replace(/ data-(beat|read)="[^"]*"/g, "")
    .replace(/(<main id="main"[^>]*>)/, `$1${words}`);
  return new Response(text, { headers: found.headers });
}

async function navigate(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const url = new URL(request.url);
  url.hash = "";
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(request));
    if (request.method === "GET" && isLesson(url)) event.waitUntil(keepLesson(url.href, answer.clone()));
    return answer;
  } catch {
    const copy = request.method === "GET" && isLesson(url) ? await copyOf(url.href) : undefined;
    return copy ?? (await caches.match(offline)) ?? Response.error();
  }
}

async function fromShell(request: Request): Promise<Response> {
  const found = await caches.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) void (await caches.open(SHELL)).put(request, answer.clone());
  return answer;
}

/** Pictures of a lesson go with it. */
async function picture(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request);
    if (answer.ok) void (await caches.open(LESSONS)).put(request, answer.clone());
    return answer;
  } catch {
    return (await (await caches.open(LESSONS)).match(request)) ?? Response.error();
  }
}

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll(shell.map((address) => new Request(address, { cache: "reload" }))))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  const clean = async (): Promise<void> => {
    for (const name of await caches.keys()) {
      if (name.startsWith("academy-shell-") && name !== SHELL) await caches.delete(name);
    }
    await worker.registration.navigationPreload?.enable();
    await worker.clients.claim();
  };
  event.waitUntil(clean());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && /\/logout\/$/.test(url.pathname)) event.waitUntil(caches.delete(LESSONS));
  if (request.mode === "navigate") {
    event.respondWith(navigate(event));
  } else if (request.method !== "GET") {
    return;
  } else if (shell.includes(url.pathname) || url.pathname.startsWith("/static/assets/")) {
    event.respondWith(fromShell(request));
  } else if (
    request.destination === "image" &&
    url.pathname.startsWith("/media/") &&
    request.referrer &&
    isLesson(new URL(request.referrer))
  ) {
    event.respondWith(picture(request));
  }
});

worker.addEventListener("message", (event) => {
  const address = event.data?.keep;
  if (!address) return;
  const url = new URL(address);
  url.hash = "";
  if (url.origin !== location.origin || !isLesson(url)) return;
  event.waitUntil(fetch(url.href).then((answer) => keepLesson(url.href, answer)));
});
