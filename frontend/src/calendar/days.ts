import type { EventApi } from "@fullcalendar/core";
import { element } from "../behaviour/dom";
import type { Day } from "./feed";

const days = new Map<string, Day>();
const SVG = "http://www.w3.org/2000/svg";

export function rememberDays(fresh: Record<string, Day>): void {
  for (const [date, day] of Object.entries(fresh)) days.set(date, day);
}

export function forgetDays(): void {
  days.clear();
}

export function eventClasses(event: EventApi): string[] {
  const said = event.extendedProps;
  const marks = { estimated: "is-estimated", cancelled: "is-cancelled", in_conflict: "in-conflict" };
  const classes = Object.entries(marks).filter(([name]) => said[name]).map(([, mark]) => mark);
  return [`kind-${String(said["kind"] ?? "content")}`, ...classes];
}

function factStrip(day: Day): SVGElement {
  const strip = document.createElementNS(SVG, "svg");
  strip.setAttribute("class", "calendar-fact");
  strip.setAttribute("role", "img");
  strip.setAttribute("aria-label", day.fact_text ?? "");
  const bar = document.createElementNS(SVG, "rect");
  bar.setAttribute("width", `${Math.round(100 * (day.fact ?? 0))}%`);
  bar.setAttribute("height", "4");
  const words = document.createElementNS(SVG, "title");
  words.textContent = day.fact_text ?? "";
  strip.append(words, bar);
  return strip;
}

function conflictLink(): HTMLAnchorElement {
  const link = element("a", "calendar-conflict", "!");
  link.href = "/calendar-conflicts";
  link.setAttribute("aria-label", "Calendars differ about what begins here: see what each says");
  return link;
}

/** Puts what is known of a day into its cell of the month: fiscal week and quarter, conflicts, the fact strip. May be called again. */
export function decorateDay(cell: HTMLElement): void {
  // FullCalendar names a cell by its number alone; its events belong to what a reader hears as well.
  cell.removeAttribute("aria-labelledby");
  const frame = cell.querySelector<HTMLElement>(".fc-daygrid-day-frame");
  const day = days.get(cell.dataset["date"] ?? "");
  if (!frame || !day) return;
  cell.querySelectorAll(".calendar-week, .calendar-fact, .calendar-begins, .calendar-conflict").forEach((old) => old.remove());
  const top = frame.querySelector(".fc-daygrid-day-top");
  cell.classList.toggle("begins-quarter", day.begins?.includes("Q") ?? false);
  if (day.in_conflict) top?.append(conflictLink());
  if (day.begins) top?.append(element("span", "calendar-begins", day.begins));
  if (day.week && !day.begins) top?.append(element("span", "calendar-week", day.week));
  if (day.fact !== undefined) cell.append(factStrip(day));
}
