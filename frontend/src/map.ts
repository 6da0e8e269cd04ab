// Maps of a page. Leaflet is fetched when a map comes near the window, never before.

const maps = Array.from(document.querySelectorAll<HTMLElement>("[data-map]"));

async function drawAll(): Promise<void> {
  const { draw } = await import("./map/draw");
  for (const map of maps) await draw(map);
}

if (maps.length) {
  const near = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      void drawAll();
    },
    { rootMargin: "200px" },
  );
  for (const map of maps) near.observe(map);
}

export {};
