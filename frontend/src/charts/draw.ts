// The drawing itself, with the parts of ECharts that are used and no others.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

interface Chart {
  type: "bar" | "stacked" | "line";
  categories: string[];
  series: { name: string; data: number[] }[];
  unit?: string;
  percent?: boolean;
  horizontal?: boolean;
}

const PALETTE = ["--kind-online", "--kind-classroom", "--kind-base_visit", "--kind-forum", "--kind-branch", "--kind-live", "--kind-external"];

function chartOf(canvas: HTMLElement): Chart | undefined {
  const source = document.getElementById(canvas.dataset.chart ?? "");
  return source?.textContent ? (JSON.parse(source.textContent) as Chart) : undefined;
}

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

export function draw(canvases: HTMLElement[]): void {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  for (const canvas of canvases) {
    const chart = chartOf(canvas);
    if (!chart) continue;
    const drawn = init(canvas, undefined, { renderer: "svg" });
    const paint = (): void => {
      const look = getComputedStyle(document.documentElement);
      const colour = (name: string): string => look.getPropertyValue(name).trim();
      const text = colour("--bs-body-color");
      const line = colour("--academy-line");
      const written = (value: unknown): string => `${Number(value).toLocaleString()}${chart.percent ? "%" : chart.unit ?? ""}`;
      const names = { type: "category" as const, data: chart.categories, inverse: chart.horizontal, axisTick: { show: false },
        axisLine: { lineStyle: { color: line } }, axisLabel: { color: text, width: 110, overflow: "break" as const } };
      const figures = { type: "value" as const, max: chart.percent ? 100 : undefined, splitLine: { lineStyle: { color: line } },
        axisLabel: { color: text, formatter: written } };
      drawn.setOption({
        animation: !still,
        color: PALETTE.map(colour),
        textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
        grid: { left: 8, right: 24, top: chart.series.length > 1 ? 48 : 16, bottom: 8, containLabel: true },
        legend: chart.series.length > 1 ? { top: 0, left: 0, itemWidth: 14, textStyle: { color: text } } : undefined,
        tooltip: { trigger: "axis", confine: true, valueFormatter: written, backgroundColor: colour("--academy-raised"),
          borderColor: line, textStyle: { color: text } },
        xAxis: chart.horizontal ? figures : names,
        yAxis: chart.horizontal ? names : figures,
        series: chart.series.map((one) => ({
          name: one.name,
          data: one.data,
          type: chart.type === "line" ? "line" : "bar",
          stack: chart.type === "stacked" ? "all" : undefined,
          smooth: false,
          symbolSize: 8,
          lineStyle: { width: 3 },
          barMaxWidth: 28,
        })),
      }, true);
    };
    paint();
    dark.addEventListener?.("change", paint);
    new ResizeObserver(() => drawn.resize()).observe(canvas);
  }
}
