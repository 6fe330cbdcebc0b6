// Setting the calendar up: rows of lists go away, a period's edges are dragged on its year, the zone is the browser's own.
import { onClick } from "./behaviour/dom";

const SVG = "http://www.w3.org/2000/svg";
const DAYS = 366;
const GRIP = 22; // wide enough for a finger on a phone, where the year is as wide as the screen
const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const SIDES = ["first", "last"] as const;
type Side = (typeof SIDES)[number];
type Fields = { month: HTMLSelectElement; day: HTMLInputElement };

function fields(period: HTMLElement, side: Side): Fields {
  return {
    month: period.querySelector<HTMLSelectElement>(`[data-month="${side}"]`)!,
    day: period.querySelector<HTMLInputElement>(`[data-day="${side}"]`)!,
  };
}

/** The day of a leap year, counted from 0. */
function dayOf({ month, day }: Fields): number {
  const before = LENGTHS.slice(0, Number(month.value) - 1).reduce((sum, length) => sum + length, 0);
  return before + Math.min(Math.max(Number(day.value) || 1, 1), LENGTHS[Number(month.value) - 1]!) - 1;
}

function write({ month, day }: Fields, number: number): void {
  let left = number;
  let index = 0;
  while (left >= LENGTHS[index]!) left -= LENGTHS[index++]!;
  month.value = String(index + 1);
  day.value = String(left + 1);
}

function drawn(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function bar(from: number, days: number): SVGElement {
  return drawn("rect", { class: "bar", x: from, y: 8, width: days, height: 24, rx: 2 });
}

function grip(period: HTMLElement, side: Side, at: number): SVGElement {
  const { month, day } = fields(period, side);
  const words = `${day.value} ${month.selectedOptions[0]?.textContent ?? ""}`;
  return drawn("rect", {
    class: "grip", x: Math.min(Math.max(at - GRIP / 2, 0), DAYS - GRIP), y: 0, width: GRIP, height: 40, "data-side": side,
    tabindex: 0, role: "slider", "aria-label": side === "first" ? "First day" : "Last day", "aria-valuemin": 0,
    "aria-valuemax": DAYS - 1, "aria-valuenow": dayOf(fields(period, side)), "aria-valuetext": words,
  });
}

function draw(period: HTMLElement): void {
  const ribbon = period.querySelector("[data-ribbon]");
  if (!ribbon) return;
  const focused = ribbon.querySelector(":focus")?.getAttribute("data-side");
  const [first, last] = [dayOf(fields(period, "first")), dayOf(fields(period, "last"))];
  const bars = first <= last ? [bar(first, last - first + 1)] : [bar(first, DAYS - first), bar(0, last + 1)];
  let start = 0;
  const months = LENGTHS.slice(0, 11).map((length) => {
    start += length;
    return drawn("line", { class: "month", x1: start, x2: start, y1: 8, y2: 32 });
  });
  const edges = [first, last].map((at) => drawn("rect", { class: "edge", x: Math.min(at, DAYS - 2), y: 5, width: 2, height: 30, rx: 1 }));
  ribbon.replaceChildren(drawn("rect", { class: "ground", x: 0, y: 8, width: DAYS, height: 24, rx: 2 }), ...months, ...bars,
    ...edges, grip(period, "first", first), grip(period, "last", last + 1));
  if (focused) ribbon.querySelector<SVGElement>(`[data-side="${focused}"]`)?.focus();
}

function drawAll(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-period]").forEach(draw);
}

function announce(period: HTMLElement): void {
  period.querySelector("input")?.dispatchEvent(new Event("change", { bubbles: true }));
}

function startDrag(down: PointerEvent): void {
  const held = (down.target as Element).closest<SVGElement>("[data-side]");
  const period = held?.closest<HTMLElement>("[data-period]");
  const ribbon = held?.closest("svg");
  if (!held || !period || !ribbon) return;
  down.preventDefault();
  const side = held.dataset["side"] as Side;
  const box = ribbon.getBoundingClientRect();
  const move = (event: PointerEvent): void => {
    const at = Math.round(((event.clientX - box.left) / box.width) * DAYS) - (side === "last" ? 1 : 0);
    write(fields(period, side), Math.min(Math.max(at, 0), DAYS - 1));
    draw(period);
  };
  const stop = (): void => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", stop);
    removeEventListener("pointercancel", stop);
    announce(period);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", stop);
  addEventListener("pointercancel", stop);
}

function nudge(event: KeyboardEvent): void {
  const held = (event.target as Element).closest<SVGElement>("[data-side]");
  const period = held?.closest<HTMLElement>("[data-period]");
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -7, PageUp: 7 }[event.key];
  if (!held || !period || !step) return;
  event.preventDefault();
  const side = held.dataset["side"] as Side;
  write(fields(period, side), (dayOf(fields(period, side)) + step + DAYS) % DAYS);
  draw(period);
  announce(period);
}

/** Whoever has not said where they are is most likely where their browser is. */
function proposeZone(): void {
  const zone = document.querySelector<HTMLInputElement>("[data-zone]");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone?.value === "UTC" && own) zone.value = own;
}

export function watchSetup(): void {
  if (!document.querySelector("[data-setup]")) return;
  proposeZone();
  drawAll(document);
  document.addEventListener("htmx:load", (event) => drawAll((event.target as Element).parentElement ?? document));
  document.addEventListener("pointerdown", startDrag);
  document.addEventListener("keydown", nudge);
  document.addEventListener("change", (event) => {
    const period = (event.target as Element).closest<HTMLElement>("[data-period]");
    if (period) draw(period);
  });
  onClick("[data-remove-row]", (button) => {
    const form = button.closest("form");
    button.closest("[data-row]")?.remove();
    form?.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
