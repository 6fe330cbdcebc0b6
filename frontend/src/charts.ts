// Loaded only where a page has a chart. Specs are made in Python; colours in them are our tokens, "var(--accent)".
import { vegaEmbed, type VisualizationSpec, type Result } from "./charts/embed";
import { onClick, element } from "./behaviour/dom";
import { csvOf, rowsOf, tableOf } from "./charts/numbers";
import { withColours } from "./charts/colours";

const shown = new Map<HTMLElement, Result>();

function specOf(figure: HTMLElement): VisualizationSpec {
  const data = figure.querySelector("script[type='application/json']")?.textContent;
  return JSON.parse(data ?? "{}") as VisualizationSpec;
}

async function draw(figure: HTMLElement): Promise<void> {
  const view = figure.querySelector<HTMLElement>(".chart-view");
  if (!view) return;
  shown.get(figure)?.finalize();
  try {
    shown.set(figure, await vegaEmbed(view, withColours(specOf(figure))));
    view.classList.add("is-ready");
    view.querySelector("svg")?.setAttribute("aria-hidden", "true");
  } catch (error) {
    view.replaceChildren(element("p", "chart-error", "This chart could not be drawn; its numbers are in the menu beside it."));
    throw error;
  }
}

function drawAll(root: ParentNode): void {
  for (const figure of shown.keys()) if (!figure.isConnected) { shown.get(figure)?.finalize(); shown.delete(figure); }
  root.querySelectorAll<HTMLElement>("[data-chart]").forEach((figure) => { if (!shown.has(figure)) void draw(figure); });
}

function save(name: string, href: string): void {
  const link = element("a", "");
  link.href = href;
  link.download = name;
  link.click();
}

async function saveAs(figure: HTMLElement, kind: string): Promise<void> {
  const result = shown.get(figure);
  const name = figure.dataset["chart"] || "chart";
  if (kind === "csv") {
    const url = URL.createObjectURL(new Blob([csvOf(rowsOf(specOf(figure)))], { type: "text/csv;charset=utf-8" }));
    save(`${name}.csv`, url);
    URL.revokeObjectURL(url);
  } else if (result && (kind === "png" || kind === "svg")) {
    // Twice the size, so that a picture stays sharp in a presentation.
    save(`${name}.${kind}`, await result.view.toImageURL(kind, 2));
  } else if (kind === "numbers") {
    const box = figure.querySelector<HTMLElement>(".chart-numbers");
    if (!box) return;
    box.hidden = !box.hidden;
    if (!box.childElementCount) box.append(tableOf(rowsOf(specOf(figure))));
  }
}

function figureOf(button: HTMLElement): HTMLElement | null {
  const id = button.dataset["chartFor"];
  return id ? document.getElementById(id) : button.closest<HTMLElement>("[data-chart]");
}

drawAll(document);
document.addEventListener("htmx:load", (event) => drawAll((event.target as Element).parentNode ?? document));
document.addEventListener("kalends:theme", () => shown.forEach((_, figure) => void draw(figure)));
onClick("[data-chart-save]", (button) => {
  const figure = figureOf(button);
  if (figure) void saveAs(figure, button.dataset["chartSave"] ?? "");
});
