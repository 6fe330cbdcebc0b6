type Part = "Charts" | "Calendar";

const loaded = new Map<string, Promise<unknown>>();

function loadSheet(url: string | undefined): void {
  if (!url) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = url;
  document.head.append(link);
}

function load(name: Part): void {
  const urls = document.querySelector<HTMLScriptElement>("script[data-app]")?.dataset ?? {};
  const url = urls[`part${name}`];
  if (!url || loaded.has(name)) return;
  loadSheet(urls[`sheet${name}`]);
  loaded.set(name, import(url));
}

function look(root: ParentNode): void {
  if (root.querySelector("[data-chart]")) load("Charts");
  if (root.querySelector("[data-calendar], [data-board]")) load("Calendar");
}

/** The heavy scripts come only where the page has a chart or a calendar, also when htmx brings one later. */
export function loadParts(): void {
  look(document);
  document.addEventListener("htmx:load", (event) => look((event.target as Element).parentNode ?? document));
}
