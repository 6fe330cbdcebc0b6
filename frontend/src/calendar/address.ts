import { onClick } from "../behaviour/dom";

/** The page's address says what is seen: view, date, what is switched off. It is kept without a new entry in the history. */
export function keep(changes: Record<string, string>): void {
  const url = new URL(location.href);
  url.searchParams.delete("event");
  for (const [name, value] of Object.entries(changes)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  history.replaceState(history.state, "", url);
  keepLinks();
}

/** Links to other views (`data-look="view=year"`) keep the rest of the address. */
function keepLinks(): void {
  document.querySelectorAll<HTMLAnchorElement>("a[data-look]").forEach((link) => {
    const url = new URL(location.href);
    const [name, value] = (link.dataset["look"] ?? "").split("=");
    if (name) url.searchParams.set(name, value ?? "");
    link.href = url.pathname + url.search;
  });
}

export function hidden(): string[] {
  return (new URL(location.href).searchParams.get("hide") ?? "").split(",").filter(Boolean);
}

function showSwitches(off: string[]): void {
  document.querySelectorAll<HTMLElement>("[data-switch]").forEach((one) =>
    one.setAttribute("aria-pressed", String(!off.includes(one.dataset["switch"] ?? ""))));
  document.querySelectorAll("[data-switches-off]").forEach((words) => { words.textContent = off.length ? `(${off.length} off)` : "everything"; });
}

/** `data-switch="type:holidays"`: one kind, calendar, country or state of events, shown or not. */
export function watchSwitches(redraw: () => void): void {
  const set = (off: string[]) => { keep({ hide: off.join(",") }); showSwitches(off); redraw(); };
  onClick("[data-switch]", (clicked) => {
    const code = clicked.dataset["switch"] ?? "";
    const off = hidden();
    set(off.includes(code) ? off.filter((one) => one !== code) : [...off, code].sort());
  });
  onClick("[data-switch-all]", () => set([]));
}
