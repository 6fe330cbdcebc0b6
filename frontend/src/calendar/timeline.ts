import htmx from "htmx.org";
import { saveMove } from "./moves";

type Edge = "start" | "end" | "";

const dayMs = 86_400_000;
const HOLD = 350; // milliseconds that a finger rests before it drags: a shorter touch scrolls
const SLIP = 8; // pixels that a finger may move while it rests
const EDGE = 10; // pixels at a bar's ends that stretch it

const shifted = (date: string, days: number) => new Date(Date.parse(date) + days * dayMs).toISOString().slice(0, 10);

function place(item: HTMLElement, at: number, days: number): void {
  item.style.gridColumn = `${at + 1} / span ${days}`;
  item.style.gridRow = `${Number(item.dataset["lane"] ?? 0) + 1} / span ${item.dataset["lanes"] ?? 1}`;
}

/** The drag of one bar: how far it was moved, in days, and what becomes of the event. */
class Drag {
  days = 0;
  active = false;
  private readonly at: number;
  private readonly length: number;
  private readonly dayWidth: number;

  constructor(readonly line: HTMLElement, readonly bar: HTMLElement, readonly from: PointerEvent, readonly edge: Edge) {
    this.at = Number(bar.dataset["at"]);
    this.length = Number(bar.dataset["days"]);
    this.dayWidth = (bar.parentElement?.getBoundingClientRect().width ?? 1) / Number(line.dataset["days"]);
  }

  start(): void {
    this.active = true;
    this.bar.classList.add("is-dragged");
    this.bar.setPointerCapture(this.from.pointerId);
  }

  move(x: number): void {
    const wanted = Math.round((x - this.from.clientX) / this.dayWidth);
    const room = Number(this.line.dataset["days"]);
    if (this.edge === "start") this.days = Math.max(-this.at, Math.min(wanted, this.length - 1));
    else if (this.edge === "end") this.days = Math.max(1 - this.length, Math.min(wanted, room - this.at - this.length));
    else this.days = Math.max(1 - this.at - this.length, Math.min(wanted, room - 1 - this.at));
    const first = Math.max(0, this.at + (this.edge === "end" ? 0 : this.days));
    const last = Math.min(room, this.at + this.length + (this.edge === "start" ? 0 : this.days));
    place(this.bar, first, Math.max(1, last - first));
  }

  reset(): void {
    this.bar.classList.remove("is-dragged");
    place(this.bar, this.at, this.length);
  }

  async save(): Promise<void> {
    const { start = "", end = "", event: id = "", version } = this.bar.dataset;
    const move = {
      start: shifted(start, this.edge === "end" ? 0 : this.days),
      end: shifted(end, 1 + (this.edge === "start" ? 0 : this.days)),
      all_day: true, keep_times: true, row_version: Number(version),
    };
    const held = this.days !== 0 && await saveMove(this.line.dataset["move"] ?? "", id, this.bar.textContent ?? "", move);
    if (!held) this.reset();
  }
}

function edgeOf(bar: HTMLElement, x: number): Edge {
  const box = bar.getBoundingClientRect();
  const edge = Math.min(EDGE, box.width / 4);
  const cut = bar.dataset["cut"] ?? "";
  if (x - box.left <= edge && !cut.includes("start")) return "start";
  return box.right - x <= edge && !cut.includes("end") ? "end" : "";
}

function watchBars(line: HTMLElement): void {
  let drag: Drag | null = null;
  let timer = 0;
  let justDragged = false;
  const stop = () => { window.clearTimeout(timer); drag = null; };
  line.addEventListener("pointerdown", (event) => {
    const bar = (event.target as Element).closest<HTMLElement>("[data-event]");
    justDragged = false;
    if (!bar || event.button !== 0 || line.dataset["writable"] !== "true") return;
    const begun = new Drag(line, bar, event, edgeOf(bar, event.clientX));
    drag = begun;
    if (event.pointerType !== "mouse") timer = window.setTimeout(() => begun.start(), HOLD);
  });
  line.addEventListener("pointermove", (event) => {
    const bar = (event.target as Element).closest<HTMLElement>("[data-event]");
    if (!drag) { if (bar && event.pointerType === "mouse") bar.dataset["edge"] = edgeOf(bar, event.clientX); return; }
    const far = Math.hypot(event.clientX - drag.from.clientX, event.clientY - drag.from.clientY);
    if (!drag.active && event.pointerType !== "mouse" && far > SLIP) stop();
    else if (!drag.active && event.pointerType === "mouse" && far > 3) drag.start();
    if (drag?.active) drag.move(event.clientX);
  });
  // While a bar is dragged with a finger, the page under it stays where it is.
  line.addEventListener("touchmove", (event) => { if (drag?.active) event.preventDefault(); }, { passive: false });
  line.addEventListener("contextmenu", (event) => { if (drag) event.preventDefault(); });
  line.addEventListener("pointerup", () => {
    const done = drag;
    stop();
    if (done?.active) { justDragged = true; void done.save(); }
  });
  line.addEventListener("pointercancel", () => { drag?.reset(); stop(); });
  line.addEventListener("click", (event) => {
    const bar = (event.target as Element).closest<HTMLElement>("[data-event]");
    const url = line.dataset["event"]?.replace("{id}", encodeURIComponent(bar?.dataset["event"] ?? ""));
    if (bar && url && !justDragged) void htmx.ajax("get", url, { target: "#dialogs", swap: "innerHTML" });
  });
}

/** Bars over weeks: `data-at`, `data-days` and `data-lane` become places in a grid of days; bars can be dragged and stretched. */
export function drawTimelines(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-timeline]").forEach((line) => {
    line.querySelectorAll<HTMLElement>("[data-track]").forEach((track) => {
      track.style.gridTemplateColumns = `repeat(${line.dataset["days"]}, minmax(0, 1fr))`;
    });
    line.querySelectorAll<HTMLElement>("[data-at]").forEach((item) => place(item, Number(item.dataset["at"]), Number(item.dataset["days"])));
    watchBars(line);
    const today = line.querySelector<HTMLElement>(".timeline-today");
    if (today) line.scrollLeft = Math.max(0, today.offsetLeft - line.clientWidth / 2);
  });
}
