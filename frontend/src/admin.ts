// The Wagtail admin: forms are sent by somebody who is still signed in, and pieces that are about background work ask
// for themselves again while it goes on. File fields are those of the other pages.
import "./admin/sending";
import { watchUploads } from "./admin/uploading";
import { watchFiles } from "./frame/files";

watchFiles();
watchUploads();

const AGAIN_MS = 2000;

/** A piece that is part of the page asks for the page (`data-again=""`): when its work has ended, all of it is new. */
function renewPart(piece: HTMLElement, page: Document): void {
  const fresh = page.getElementById(piece.id);
  if (fresh?.dataset.again === undefined) location.reload();
  else piece.replaceWith(fresh);
}

async function renew(piece: HTMLElement): Promise<void> {
  const answer = await fetch(piece.dataset.again || location.href, { headers: { "X-Requested-With": "XMLHttpRequest" } });
  // Signed out or taken away: what stands there stays, and nobody is asked again.
  if (!answer.ok || answer.redirected) {
    delete piece.dataset.again;
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (piece.id) {
    renewPart(piece, page);
    return;
  }
  const fresh = page.querySelector<HTMLElement>("[data-video]");
  if (!fresh) return;
  piece.replaceWith(fresh);
  const button = document.querySelector<HTMLElement>(`[data-video-retry="${fresh.dataset.video ?? ""}"]`);
  // Only what has failed can be tried again.
  if (button) button.hidden = fresh.querySelector("strong") === null;
}

let asking = false;
window.setInterval(() => {
  const pieces = Array.from(document.querySelectorAll<HTMLElement>("[data-again]"));
  if (asking || document.hidden || !pieces.length) return;
  asking = true;
  // A lost connection is tried again at the next turn.
  void Promise.allSettled(pieces.map(renew)).then(() => {
    asking = false;
  });
}, AGAIN_MS);
