// Charts of a page. The library is fetched when a chart comes near the window, never before.

const canvases = Array.from(document.querySelectorAll<HTMLElement>("[data-chart]"));

async function drawAll(): Promise<void> {
  const { draw } = await import("./charts/draw");
  draw(canvases);
}

if (canvases.length) {
  const near = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      void drawAll();
    },
    { rootMargin: "300px" },
  );
  for (const canvas of canvases) near.observe(canvas);
}
