/** [day of the board, first minute on the wall, minute after the last, minutes since 1970 of the first]: legal minutes, in order of time. */
export type Slot = [number, number, number, number];

export interface Spot { day: number; minute: number; at: number }

const inside = ([day, start, end, at]: Slot, minute: number): Spot => {
  const wall = Math.min(Math.max(minute, start), end - 1);
  return { day, minute: wall, at: at + wall - start };
};

function least<T>(items: T[], cost: (item: T) => number): T | null {
  return items.reduce<T | null>((best, item) => (best === null || cost(item) < cost(best) ? item : best), null);
}

/** The legal minute of a day that is nearest on the wall. */
export function nearest(slots: Slot[], day: number, minute: number): Spot | null {
  const there = slots.filter((slot) => slot[0] === day).map((slot) => inside(slot, minute));
  return least(there, (spot) => Math.abs(spot.minute - minute));
}

/** The first legal minute that is at least `by` minutes later, or earlier where it is negative. */
export function stepped(slots: Slot[], from: number, by: number): Spot | null {
  const wanted = from + by;
  const fits = slots.filter(([, start, end, at]) => (by > 0 ? at + end - start > wanted : at <= wanted));
  const slot = by > 0 ? fits[0] : fits.at(-1);
  return slot ? inside(slot, slot[1] + wanted - slot[3]) : null;
}

/** The same time of day on the next day to that side that has a legal minute. */
export function sideways(slots: Slot[], from: Spot, by: 1 | -1): Spot | null {
  const days = slots.map(([day]) => day).filter((day) => (day - from.day) * by > 0);
  if (!days.length) return null;
  return nearest(slots, by > 0 ? Math.min(...days) : Math.max(...days), from.minute);
}

export const wallOf = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** Spans of a day that are free, the forbidden quarters left in: to be lit. */
export function spansOf(slots: Slot[], day: number): [number, number][] {
  const spans: [number, number][] = [];
  for (const [here, start, end] of slots) {
    const last = spans.at(-1);
    if (here !== day) continue;
    if (last && start >= last[0] && start - last[1] <= 1) last[1] = Math.max(last[1], end);
    else spans.push([start, end]);
  }
  return spans;
}
