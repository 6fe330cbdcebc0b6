const loaded = new Map<string, Promise<unknown>>();

function load(name: "Charts" | "Calendar"): void {
  const url = document.querySelector<HTMLScriptElement>("script[data-app]")?.dataset[`part${name}`];
  if (url && !loaded.has(name)) loaded.set(name, import(url));
}

function look(root: ParentNode): void {
  if (root.querySelector("[data-chart]")) load("Charts");
  if (root.querySelector("[data-calendar]")) load("Calendar");
}

/** The heavy scripts come only where the page has a chart or a calendar, also when htmx brings one later. */
export function loadParts(): void {
  look(document);
  document.addEventListener("htmx:load", (event) => look((event.target as Element).parentNode ?? document));
}
