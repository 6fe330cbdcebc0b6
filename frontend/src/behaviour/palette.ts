import htmx from "htmx.org";
import { onClick } from "./dom";
import { openDialog } from "./dialogs";

const parts = (): { dialog: HTMLDialogElement; input: HTMLInputElement; results: HTMLElement } | null => {
  const dialog = document.getElementById("palette");
  const input = dialog?.querySelector("input");
  const results = document.getElementById("palette-results");
  return dialog instanceof HTMLDialogElement && input && results ? { dialog, input, results } : null;
};

const items = (results: HTMLElement): HTMLElement[] => [...results.querySelectorAll<HTMLElement>("[role=option]")];

function select(results: HTMLElement, input: HTMLInputElement, index: number): void {
  const all = items(results);
  all.forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
  const chosen = all[index];
  if (!chosen) return input.removeAttribute("aria-activedescendant");
  chosen.id ||= `palette-option-${index}`;
  input.setAttribute("aria-activedescendant", chosen.id);
  chosen.scrollIntoView({ block: "nearest" });
}

export function openPalette(): void {
  const found = parts();
  if (!found) return;
  openDialog(found.dialog);
  found.input.select();
  if (!found.results.childElementCount) htmx.trigger(found.input, "palette:open", {});
}

function walk(event: KeyboardEvent): void {
  const found = parts();
  if (!found) return;
  const all = items(found.results);
  const at = all.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") select(found.results, found.input, Math.min(at + 1, all.length - 1));
  else if (event.key === "ArrowUp") select(found.results, found.input, Math.max(at - 1, 0));
  else if (event.key === "Enter") (all[at] ?? all[0])?.click();
  else return;
  event.preventDefault();
}

export function watchPalette(): void {
  onClick("[data-palette]", openPalette);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    }
  });
  parts()?.input.addEventListener("keydown", walk);
  document.addEventListener("htmx:afterSwap", (event) => {
    const found = parts();
    if (found && event.target === found.results) select(found.results, found.input, 0);
  });
}
