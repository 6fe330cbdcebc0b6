import htmx from "htmx.org";
import { element } from "../behaviour/dom";
import { send, wordsOf } from "../behaviour/requests";
import { showToast } from "../behaviour/toasts";
import { spansOf, wallOf, type Slot, type Spot } from "./slots";

interface Check { is_legal: boolean; words: string[]; nearest: { at: string; words: string } | null }

const PATIENCE = 120; // milliseconds that a message rests somewhere before the server is asked what is wrong there

export const addressOf = (id: string, verb: string) => `/messages/message/${encodeURIComponent(id)}/${verb}`;

/** Where the moved message is focused again, once the week has come back. */
export let lastMoved = "";

export function saveMove(id: string, to: string): Promise<void> {
  lastMoved = id;
  return htmx.ajax("post", `${addressOf(id, "move")}?to=${encodeURIComponent(to)}`, { swap: "none" }) as Promise<void>;
}

/** A message in the hand, of a pointer or of the keys: where it may go is lit, and a ghost shows where it would be. */
export class Carry {
  readonly id: string;
  slots: Slot[] = [];
  spot: Spot | null = null;
  private readonly ghost = element("div", "msg-ghost");
  private readonly lights: HTMLElement[] = [];
  private timer = 0;
  private dropped = false;

  constructor(readonly week: HTMLElement, readonly card: HTMLElement) {
    this.id = card.dataset["message"] ?? "";
  }

  get start(): Spot {
    const day = Number(this.card.closest<HTMLElement>("[data-day]")?.dataset["day"] ?? 0);
    return { day, minute: Number(this.card.dataset["minute"]), at: Math.floor(Date.parse(this.card.dataset["instant"] ?? "") / 60_000) };
  }

  /** Takes it up; false when the server says that it cannot be moved. */
  async take(): Promise<boolean> {
    this.card.classList.add("is-carried");
    this.week.classList.add("is-carrying");
    const response = await send("GET", addressOf(this.id, "slots"));
    if (this.dropped) return false;
    if (!response.ok) {
      this.drop();
      showToast({ text: wordsOf(response.status, await response.text()), tone: "bad" });
      return false;
    }
    this.slots = ((await response.json()) as { slots: Slot[] }).slots;
    this.week.querySelectorAll<HTMLElement>("[data-day]").forEach((day) => this.light(day));
    return !this.dropped;
  }

  /** Shows it at a legal minute. */
  show(spot: Spot): void {
    window.clearTimeout(this.timer);
    this.spot = spot;
    this.draw(spot.day, spot.minute, "");
  }

  /** Shows it where it may not be, and soon the rule that says so. */
  refuse(day: number, minute: number): void {
    this.spot = null;
    this.draw(day, minute, "…");
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      void this.ask(day, minute).then((check) => {
        if (check && !this.spot && !this.dropped) this.draw(day, minute, check.words.join("; "));
      });
    }, PATIENCE);
  }

  async ask(day: number, minute: number): Promise<Check | null> {
    const date = this.week.querySelector<HTMLElement>(`[data-day="${day}"]`)?.dataset["date"];
    const response = await send("GET", `${addressOf(this.id, "check")}?wall=${date}T${wallOf(minute)}`);
    return response.ok ? ((await response.json()) as Check) : null;
  }

  save(): Promise<void> {
    const at = this.spot?.at;
    this.drop();
    return at === undefined ? Promise.resolve() : saveMove(this.id, new Date(at * 60_000).toISOString());
  }

  drop(): void {
    this.dropped = true;
    window.clearTimeout(this.timer);
    this.ghost.remove();
    this.lights.forEach((light) => light.remove());
    this.card.classList.remove("is-carried");
    this.week.classList.remove("is-carrying");
  }

  private light(day: HTMLElement): void {
    const track = day.querySelector<HTMLElement>("[data-track]");
    for (const [start, end] of spansOf(this.slots, Number(day.dataset["day"]))) {
      const light = element("span", "msg-free");
      light.style.setProperty("--at", String(start));
      light.style.setProperty("--until", String(end));
      track?.prepend(light);
      this.lights.push(light);
    }
  }

  private draw(day: number, minute: number, refusal: string): void {
    const track = this.week.querySelector<HTMLElement>(`[data-day="${day}"] [data-track]`);
    this.ghost.classList.toggle("is-refused", refusal !== "");
    this.ghost.style.setProperty("--at", String(minute));
    this.ghost.replaceChildren(element("b", "num", wallOf(minute)), element("span", "", refusal));
    if (this.ghost.parentElement !== track) track?.append(this.ghost);
  }
}
