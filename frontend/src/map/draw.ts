// One map of components/map.html: parks as areas and bases as points, on tiles where the academy names a source.
import type { Feature, FeatureCollection, Geometry, Point, Polygon } from "geojson";
import * as L from "leaflet";
import "leaflet/dist/leaflet.css";

/** What stands beside each shape in the GeoJSON of practicum.views.bases.base_map. */
interface About {
  kind: "park" | "base";
  name: string;
  code?: string;
  text?: string;
  park?: string;
  url?: string;
}
type Place = Feature<Geometry, About>;

/** As far as the drawing without tiles may be entered: nothing more would be seen below. */
const CLOSEST_DRAWING = 15;
const ALONE = 14;

/** The colours of parks, in the order in which they come; each park carries its name as well. */
const PARKS = 7;

/** The content of a popup, built as elements: names are text, never markup. */
function words(about: About): HTMLElement {
  const box = document.createElement("div");
  const title = document.createElement(about.url ? "a" : "strong");
  title.textContent = about.name;
  title.className = "map-popup-title";
  if (about.url) title.setAttribute("href", about.url);
  box.append(title);
  if (about.text) {
    const line = document.createElement("p");
    line.textContent = about.text;
    box.append(line);
  }
  return box;
}

class Drawing {
  private readonly map: L.Map;
  private readonly shapes: L.FeatureGroup;
  private readonly here: string;
  private readonly parks = new Map<string, number>();

  constructor(private readonly element: HTMLElement) {
    const { tiles = "", attribution = "", zoomIn = "+", zoomOut = "−" } = element.dataset;
    this.here = element.dataset.here ?? "";
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(element, {
      zoomControl: false,
      attributionControl: Boolean(tiles && attribution),
      // A page is scrolled over a map far more often than the map is meant.
      scrollWheelZoom: false,
      zoomAnimation: !still,
      fadeAnimation: !still,
      markerZoomAnimation: !still,
      maxZoom: tiles ? Number(element.dataset.maxZoom ?? 18) : CLOSEST_DRAWING,
      zoomSnap: 0.25,
    });
    this.map.on("focus", () => this.map.scrollWheelZoom.enable());
    this.map.on("blur", () => this.map.scrollWheelZoom.disable());
    L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(this.map);
    L.control.scale({ imperial: false }).addTo(this.map);
    if (tiles) L.tileLayer(tiles, { attribution, maxZoom: this.map.getMaxZoom() }).addTo(this.map);
    element.classList.toggle("map-drawn", !tiles);
    this.map.attributionControl?.setPrefix(false);
    this.shapes = L.featureGroup().addTo(this.map);
  }

  show(data: FeatureCollection<Geometry, About>): void {
    this.shapes.clearLayers();
    for (const feature of data.features) if (feature.properties.kind === "park") this.park(feature);
    // The one the page is about comes last, on top of the others.
    const bases = data.features.filter((feature) => feature.properties.kind === "base");
    bases.sort((one, other) => Number(this.isHere(one)) - Number(this.isHere(other)));
    for (const feature of bases) this.base(feature as Feature<Point, About>);
    this.fit(bases as Feature<Point, About>[]);
  }

  private isHere(feature: Place): boolean {
    return this.here !== "" && feature.properties.code === this.here;
  }

  /** A park has its colour by its place among the parks; its bases wear it too. */
  private colour(park: string): number {
    if (!this.parks.has(park)) this.parks.set(park, this.parks.size % PARKS);
    return (this.parks.get(park) ?? 0) + 1;
  }

  private park(feature: Place): void {
    const { name } = feature.properties;
    const style = { className: `map-park map-park-${this.colour(name)}`, weight: 1.5 };
    L.geoJSON(feature, { style, interactive: false }).addTo(this.shapes);
    // The name stands at the northern edge, where areas that overlap are apart.
    const [top] = (feature.geometry as Polygon).coordinates[0]?.slice().sort((one, other) => (other[1] ?? 0) - (one[1] ?? 0)) ?? [];
    if (!top) return;
    L.tooltip({ permanent: true, direction: "center", className: "map-park-name", interactive: false })
      .setLatLng([top[1] ?? 0, top[0] ?? 0])
      .setContent(document.createTextNode(name) as unknown as HTMLElement)
      .addTo(this.shapes);
  }

  private base(feature: Feature<Point, About>): void {
    const [longitude = 0, latitude = 0] = feature.geometry.coordinates;
    const here = this.isHere(feature);
    const park = `map-park-${this.colour(feature.properties.park ?? "")}`;
    const spot = L.circleMarker([latitude, longitude], {
      radius: here ? 10 : 6,
      weight: here ? 3 : 1.5,
      className: here ? "map-base map-base-here" : `map-base ${park}`,
    });
    spot.bindTooltip(words({ kind: "base", name: feature.properties.name }), here ? { permanent: true, direction: "top", offset: [0, -10] } : {});
    spot.bindPopup(words(feature.properties), { closeButton: false });
    spot.addTo(this.shapes);
  }

  private fit(bases: Feature<Point, About>[]): void {
    const mine = bases.find((feature) => this.isHere(feature));
    if (mine) {
      const [longitude = 0, latitude = 0] = mine.geometry.coordinates;
      this.map.setView([latitude, longitude], Math.min(ALONE, this.map.getMaxZoom()) - 1);
    } else if (bases.length) {
      const bounds = L.latLngBounds(
        bases.map(({ geometry: { coordinates } }) => L.latLng(coordinates[1] ?? 0, coordinates[0] ?? 0)),
      );
      this.map.fitBounds(bounds.pad(0.12), { maxZoom: ALONE, animate: false });
    } else if (this.shapes.getLayers().length) {
      this.map.fitBounds(this.shapes.getBounds(), { animate: false });
    } else {
      this.element.closest(".map")?.setAttribute("hidden", "");
    }
  }
}

async function fetched(address: string): Promise<FeatureCollection<Geometry, About>> {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as FeatureCollection<Geometry, About>;
}

/** Draw the map of `element`; with data-follows it goes with the filters of the page. */
export async function draw(element: HTMLElement): Promise<void> {
  const frame = element.closest<HTMLElement>(".map");
  const address = element.dataset.map ?? "";
  let drawing: Drawing | null = null;
  const load = async (): Promise<void> => {
    frame?.classList.remove("map-failed");
    try {
      const inPage = document.getElementById(address.slice(1));
      const data = address.startsWith("#")
        ? (JSON.parse(inPage?.textContent ?? "") as FeatureCollection<Geometry, About>)
        : await fetched(element.dataset.follows === undefined ? address : address + location.search);
      drawing ??= new Drawing(element);
      drawing.show(data);
    } catch {
      frame?.classList.add("map-failed");
    }
    frame?.classList.add("map-ready");
  };
  frame?.querySelector("[data-map-again]")?.addEventListener("click", () => void load());
  if (element.dataset.follows !== undefined) {
    document.body.addEventListener("htmx:pushedIntoHistory", () => void load());
  }
  await load();
}
