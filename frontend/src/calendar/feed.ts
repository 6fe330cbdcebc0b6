import type { EventInput } from "@fullcalendar/core";
import { showToast } from "../behaviour/toasts";
import { wordsOf } from "../behaviour/requests";
import { hidden } from "./address";

/**
 * What `GET {feed}?start=&end=&hide=` answers:
 * events: FullCalendar's fields plus kind (moment | promotion | launch | content | competitor | holiday | own-1 … own-4), order,
 *   estimated, cancelled, in_conflict, repeats and row_version; `end` is exclusive; days: what stands in a day's cell, by ISO date.
 */
export interface Feed {
  events: EventInput[];
  days: Record<string, Day>;
}

export interface Day {
  /** At the week's first day: "FW 42". */
  week?: string;
  /** A fiscal quarter or period that begins here: "FY2027 Q1", "P5". */
  begins?: string;
  /** Calendars differ about something that begins here. */
  in_conflict?: boolean;
  /** 0..1 of the busiest day: the faint strip at the foot of a past day. */
  fact?: number;
  /** The strip in words: "€62 k revenue". */
  fact_text?: string;
}

export async function readFeed(url: string, start: string, end: string): Promise<Feed> {
  const asked = new URLSearchParams({ start: start.slice(0, 10), end: end.slice(0, 10) });
  if (hidden().length) asked.set("hide", hidden().join(","));
  const response = await fetch(`${url}?${asked}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (response.ok) return (await response.json()) as Feed;
  showToast({ text: wordsOf(response.status, await response.text()), tone: "bad" });
  return { events: [], days: {} };
}
