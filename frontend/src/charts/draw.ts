// The drawing itself, with the parts of Chart.js that are used and no others.
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";
import type { ChartConfiguration, ChartDataset, TooltipItem } from "chart.js";

/** What stands beside each canvas; see components/chart.html. */
interface Figures {
  type: "bar" | "stacked" | "line";
  categories: string[];
  series: { name: string; data: number[] }[];
  unit?: string;
  percent?: boolean;
  horizontal?: boolean;
  /** Where the figures of a category lead; the same links stand in the table behind the chart. */
  urls?: string[];
}

type Drawn = Chart<"bar" | "line", number[], string>;

const PALETTE = ["--kind-online", "--kind-classroom", "--kind-base_visit", "--kind-forum", "--kind-branch", "--kind-live", "--kind-external"];
/** Names beside horizontal bars get at most this much room; in pixels. */
const NAME_WIDTH = 120;
const LABEL_SIZE = 13;
/** No label is broken into lines shorter than this many Chinese characters. */
const SHORTEST_LINE = 2;
/** What the figures beside upright bars take from their width; in pixels. */
const FIGURES_WIDTH = 60;

Chart.register(BarController, BarElement, CategoryScale, Legend, LinearScale, LineController, LineElement, PointElement, Tooltip);

function figuresOf(canvas: HTMLElement): Figures | undefined {
  const source = document.getElementById(canvas.dataset.chart ?? "");
  return source?.textContent ? (JSON.parse(source.textContent) as Figures) : undefined;
}

/** How wide a piece of text is, in Chinese characters. */
function widthOf(text: string): number {
  return Array.from(text).reduce((sum, letter) => sum + (letter > "\u2e7f" ? 1 : 0.55), 0);
}

/** `text` in lines of about equal length within `width` pixels. Chinese breaks anywhere, other words between each other. */
function inLines(text: string, width: number): string[] {
  const most = Math.max(SHORTEST_LINE, Math.floor(width / LABEL_SIZE));
  const long = widthOf(text);
  const each = long / Math.ceil(long / most);
  const lines: string[] = [];
  let line = "";
  for (const piece of text.match(/[\u2e80-\uffff]|[^\u2e80-\uffff\s]+\s*|\s+/g) ?? []) {
    if (line && widthOf(line + piece.trimEnd()) > each + 0.5) {
      lines.push(line.trim());
      line = "";
    }
    line += piece;
  }
  return line ? [...lines, line.trim()] : lines;
}

/** The colours of the page as it is now, light or dark. */
function look(): { colour: (name: string) => string; family: string } {
  const style = getComputedStyle(document.documentElement);
  return {
    colour: (name) => style.getPropertyValue(name).trim(),
    family: getComputedStyle(document.body).fontFamily,
  };
}

function configuration(figures: Figures, still: boolean): ChartConfiguration<"bar" | "line", number[], string> {
  const { colour, family } = look();
  const text = colour("--bs-body-color");
  const line = colour("--academy-line");
  const isLine = figures.type === "line";
  const stacked = figures.type === "stacked";
  const written = (value: unknown): string => `${Number(value).toLocaleString()}${figures.percent ? "%" : figures.unit ?? ""}`;
  const font = { family, size: LABEL_SIZE };

  const names = {
    stacked,
    grid: { display: false },
    border: { color: line },
    ticks: {
      color: text,
      font,
      maxRotation: 0,
      // Points in time explain each other; every bar needs its name.
      autoSkip: isLine,
      autoSkipPadding: 8,
      callback(this: { chart: Chart }, _value: unknown, index: number): string[] {
        const width = figures.horizontal ? NAME_WIDTH : (this.chart.width - FIGURES_WIDTH) / figures.categories.length;
        return inLines(figures.categories[index] ?? "", width);
      },
    },
  };
  const values = {
    stacked,
    beginAtZero: true,
    max: figures.percent ? 100 : undefined,
    grid: { color: line },
    border: { display: false },
    ticks: { color: text, font, maxTicksLimit: 6, callback: written },
  };
  return {
    type: isLine ? "line" : "bar",
    data: {
      labels: figures.categories,
      datasets: figures.series.map((one, index): ChartDataset<"bar" | "line", number[]> => {
        const paint = colour(PALETTE[index % PALETTE.length] ?? "");
        const common = { label: one.name, data: one.data, backgroundColor: paint, borderColor: paint };
        return isLine
          ? { ...common, borderWidth: 3, pointRadius: 4, pointHoverRadius: 6, tension: 0 }
          : { ...common, maxBarThickness: 28, borderRadius: 2 };
      }),
    },
    options: {
      animation: still ? false : undefined,
      maintainAspectRatio: false,
      indexAxis: figures.horizontal ? "y" : "x",
      interaction: { mode: "index", axis: figures.horizontal ? "y" : "x", intersect: false },
      scales: figures.horizontal ? { x: values, y: names } : { x: names, y: values },
      plugins: {
        legend: {
          display: figures.series.length > 1,
          align: "start",
          labels: { color: text, font, boxWidth: 14, boxHeight: 14 },
        },
        tooltip: {
          backgroundColor: colour("--academy-raised"),
          borderColor: line,
          borderWidth: 1,
          titleColor: text,
          bodyColor: text,
          titleFont: font,
          bodyFont: font,
          padding: 10,
          callbacks: {
            title: (items: TooltipItem<"bar" | "line">[]): string => figures.categories[items[0]?.dataIndex ?? 0] ?? "",
            label: (item: TooltipItem<"bar" | "line">): string => `${item.dataset.label ?? ""}  ${written(item.raw)}`,
          },
        },
      },
      onHover: (event, hit) => {
        const canvas = event.native?.target;
        const leads = Boolean(figures.urls?.[hit[0]?.index ?? -1]);
        if (canvas instanceof HTMLElement) canvas.style.cursor = leads ? "pointer" : "";
      },
      onClick: (_event, hit) => {
        const url = figures.urls?.[hit[0]?.index ?? -1];
        if (url) window.location.assign(url);
      },
    },
  };
}

export function draw(places: HTMLElement[]): void {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const drawn: Drawn[] = [];

  for (const place of places) {
    const figures = figuresOf(place);
    if (!figures) continue;
    const canvas = document.createElement("canvas");
    place.replaceChildren(canvas);
    const chart: Drawn = new Chart(canvas, configuration(figures, still));
    drawn.push(chart);
    dark.addEventListener?.("change", () => {
      const { data, options } = configuration(figures, true);
      chart.data = data;
      if (options) chart.options = options;
      chart.update("none");
    });
  }
  // A sheet of paper has another width than the window.
  for (const moment of ["beforeprint", "afterprint"]) {
    window.addEventListener(moment, () => drawn.forEach((chart) => chart.resize()));
  }
}
