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
  const kind = String(event.extendedProps["kind"] ?? "content");
  return [`kind-${kind}`, ...(event.extendedProps["estimated"] ? ["is-estimated"] : [])];
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

/** Puts the fiscal week and the fact strip into one day's cell of the month; may be called again. */
export function decorateDay(cell: HTMLElement): void {
  // FullCalendar names a cell by its number alone; its events belong to what a reader hears as well.
  cell.removeAttribute("aria-labelledby");
  const frame = cell.querySelector<HTMLElement>(".fc-daygrid-day-frame");
  const day = days.get(cell.dataset["date"] ?? "");
  if (!frame || !day) return;
  cell.querySelectorAll(".calendar-week, .calendar-fact").forEach((old) => old.remove());
  if (day.week) frame.querySelector(".fc-daygrid-day-top")?.append(element("span", "calendar-week", day.week));
  if (day.fact !== undefined) cell.append(factStrip(day));
}
