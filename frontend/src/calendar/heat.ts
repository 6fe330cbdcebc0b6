import { onClick } from "../behaviour/dom";

const dayMs = 86_400_000;
const later = (date: string, days: number) => new Date(Date.parse(date) + days * dayMs).toISOString().slice(0, 10);
const monthLater = (date: string, months: number) => {
  const day = new Date(date);
  const to = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + months + 1, 0));
  return new Date(Math.min(to.getTime(), Date.UTC(to.getUTCFullYear(), to.getUTCMonth(), day.getUTCDate()))).toISOString().slice(0, 10);
};
const STEPS: Record<string, (date: string) => string> = {
  ArrowRight: (date) => later(date, 1), ArrowLeft: (date) => later(date, -1),
  ArrowDown: (date) => monthLater(date, 1), ArrowUp: (date) => monthLater(date, -1),
  PageDown: (date) => monthLater(date, 3), PageUp: (date) => monthLater(date, -3),
};

const cellOf = (heat: Element, date: string) => heat.querySelector<HTMLElement>(`[data-date="${date}"]`);
const address = (heat: HTMLElement, cell: HTMLElement) => heat.dataset["day"]?.replace("DAY", cell.dataset["date"] ?? "") ?? "";

function tell(cell: HTMLElement): void {
  const words = document.querySelector("[data-heat-words]");
  if (words) words.textContent = cell.getAttribute("aria-label");
}

/** One day is the chosen one: the keyboard goes on from it, the words and "Open the day" are about it. */
function choose(heat: HTMLElement, cell: HTMLElement, focus = true): void {
  heat.querySelectorAll("[tabindex='0']").forEach((old) => { old.setAttribute("tabindex", "-1"); old.removeAttribute("aria-selected"); });
  cell.setAttribute("tabindex", "0");
  cell.setAttribute("aria-selected", "true");
  if (focus) { cell.focus({ preventScroll: true }); tell(cell); }
  const link = document.querySelector<HTMLAnchorElement>("[data-heat-open]");
  if (link) link.href = address(heat, cell);
}

function chosen(heat: Element): HTMLElement | null {
  return heat.querySelector<HTMLElement>(".heat-day[tabindex='0']");
}

/** The year as a heat map: pointing at a day tells what is on, arrows walk, a click or Enter opens; a finger's first tap tells. */
export function drawHeat(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-heat]").forEach((heat) => {
    const first = cellOf(heat, heat.dataset["today"] ?? "") ?? heat.querySelector<HTMLElement>(".heat-day");
    if (first) choose(heat, first, false);
    let byFinger = false;
    heat.addEventListener("pointerdown", (event) => { byFinger = event.pointerType === "touch"; });
    heat.addEventListener("pointerover", (event) => {
      const cell = (event.target as Element).closest<HTMLElement>(".heat-day");
      if (cell && event.pointerType === "mouse") tell(cell);
    });
    heat.addEventListener("click", (event) => {
      const cell = (event.target as Element).closest<HTMLElement>(".heat-day");
      if (!cell) return;
      choose(heat, cell);
      if (!byFinger) location.assign(address(heat, cell));
    });
    heat.addEventListener("keydown", (event) => {
      const cell = chosen(heat);
      const to = cell && STEPS[event.key]?.(cell.dataset["date"] ?? "");
      if (cell && (event.key === "Enter" || event.key === " ")) location.assign(address(heat, cell));
      else if (!to) return;
      else choose(heat, cellOf(heat, to) ?? cell);
      event.preventDefault();
    });
  });
}

export function watchHeat(): void {
  onClick("[data-heat-step]", (button) => {
    const heat = document.querySelector<HTMLElement>("[data-heat]");
    const cell = heat && chosen(heat);
    const to = heat && cell && cellOf(heat, later(cell.dataset["date"] ?? "", Number(button.dataset["heatStep"])));
    if (heat && to) { choose(heat, to, false); tell(to); }
  });
}
