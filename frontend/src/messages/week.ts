import htmx from "htmx.org";
import { element } from "../behaviour/dom";
import { Carry, lastMoved, saveMove } from "./carry";
import { nearest, sideways, stepped, wallOf, type Spot } from "./slots";

const HOLD = 350; // milliseconds that a finger rests before it drags: a shorter touch scrolls
const SLIP = 4; // pixels before a press of the mouse becomes a drag
const SNAP = 7; // minutes: whoever drops a message so near to a legal minute means that one
const STEP = 15; // minutes that an arrow key moves
const EDGE = 48; // pixels at the window's edges within which it scrolls while something is dragged
const desk = matchMedia("(width >= 900px)");

const weekOf = (node: EventTarget | null) => (node instanceof Element ? node.closest<HTMLElement>("[data-week]") : null);
const cardOf = (node: EventTarget | null) => (node instanceof Element ? node.closest<HTMLElement>("[data-message]") : null);
const isEditable = (week: HTMLElement | null) => week?.dataset["editable"] === "true";

function say(week: HTMLElement, words: string): void {
  const line = week.querySelector("[data-week-says]");
  if (line) line.textContent = words;
}

/** Minutes of the day become heights; cards that would cover each other are pushed apart. */
function layOut(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>(".msg-board [data-at]").forEach((item) => {
    item.style.setProperty("--at", item.dataset["at"] ?? "0");
    if (item.dataset["until"]) item.style.setProperty("--until", item.dataset["until"]);
  });
  root.querySelectorAll<HTMLElement>(".msg-cards").forEach((list) => {
    let bottom = 0;
    const minute = list.clientHeight / 1440;
    list.querySelectorAll<HTMLElement>(".msg-place").forEach((place) => {
      const top = Number(place.dataset["at"]) * minute;
      const push = Math.max(0, bottom - top);
      place.style.setProperty("--push", `${push}px`);
      bottom = top + push + place.offsetHeight + 1;
    });
  });
}

/** Says which rule a drop would break, and offers the nearest time that breaks none. */
async function refuse(carry: Carry, day: number, minute: number): Promise<void> {
  const { week, id, card } = carry;
  const check = await carry.ask(day, minute);
  carry.drop();
  const box = week.querySelector<HTMLElement>("[data-week-refusal]");
  if (!box || !check) return;
  if (check.is_legal) { void saveMove(id, `${check.nearest?.at ?? ""}`); return; }
  const close = () => { box.hidden = true; box.replaceChildren(); card.focus(); };
  const button = (words: string, look: string, act: () => void) => {
    const made = element("button", `button button-small ${look}`, words);
    made.type = "button";
    made.addEventListener("click", () => { close(); act(); });
    return made;
  };
  const near = check.nearest;
  const offers = near ? [button(`Put it at ${near.words}`, "button-primary", () => void saveMove(id, near.at))] : [];
  const leave = button("Leave it where it was", "", () => undefined);
  box.replaceChildren(element("p", "", element("strong", "", `${wallOf(minute)} is not possible: `), `${check.words.join("; ")}.`), element("div", "actions", ...offers, leave));
  box.hidden = false;
  box.querySelector<HTMLElement>("button")?.focus();
}

/** A drag by mouse, or by a finger that rested first. */
class Drag {
  active = false;
  ready = false;
  under: { day: number; minute: number } | null = null;
  private readonly grip: number;

  constructor(readonly carry: Carry, readonly from: PointerEvent) {
    this.grip = from.clientY - carry.card.getBoundingClientRect().top;
  }

  async begin(): Promise<void> {
    this.active = true;
    this.carry.card.setPointerCapture(this.from.pointerId);
    this.ready = await this.carry.take();
  }

  move(event: PointerEvent): void {
    if (event.clientY < EDGE) scrollBy(0, -12);
    else if (event.clientY > innerHeight - EDGE) scrollBy(0, 12);
    const track = [...this.carry.week.querySelectorAll<HTMLElement>("[data-track]")].find((one) => {
      const box = one.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX < box.right;
    });
    if (!track || !this.ready) return;
    const box = track.getBoundingClientRect();
    const minute = Math.round((1440 * (event.clientY - this.grip - box.top)) / box.height);
    const day = Number(track.closest<HTMLElement>("[data-day]")?.dataset["day"]);
    this.under = { day, minute: Math.max(0, Math.min(1439, minute)) };
    const near = nearest(this.carry.slots, day, this.under.minute);
    if (near && Math.abs(near.minute - this.under.minute) <= SNAP) this.carry.show(near);
    else this.carry.refuse(day, this.under.minute);
  }

  end(): void {
    const { carry, under } = this;
    if (carry.spot) void carry.save();
    else if (under && this.ready) void refuse(carry, under.day, under.minute);
    else carry.drop();
  }
}

function watchPointers(): void {
  let drag: Drag | null = null;
  let timer = 0;
  let justDragged = false;
  document.addEventListener("pointerdown", (event) => {
    const card = cardOf(event.target), week = weekOf(event.target);
    justDragged = false;
    if (!card || !week || !isEditable(week) || event.button !== 0 || !desk.matches) return;
    const begun = new Drag(new Carry(week, card), event);
    drag = begun;
    if (event.pointerType !== "mouse") timer = window.setTimeout(() => void begun.begin(), HOLD);
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const far = Math.hypot(event.clientX - drag.from.clientX, event.clientY - drag.from.clientY) > SLIP;
    if (!drag.active && far && event.pointerType === "mouse") void drag.begin();
    else if (!drag.active && far) { window.clearTimeout(timer); drag = null; }
    if (drag?.active) drag.move(event);
  });
  document.addEventListener("touchmove", (event) => { if (drag?.active) event.preventDefault(); }, { passive: false });
  document.addEventListener("pointerup", () => {
    window.clearTimeout(timer);
    if (drag?.active) { justDragged = true; drag.end(); }
    drag = null;
  });
  document.addEventListener("pointercancel", () => { window.clearTimeout(timer); drag?.carry.drop(); drag = null; });
  // What was dragged was not clicked.
  document.addEventListener("click", (event) => {
    if (justDragged && cardOf(event.target)) { event.stopPropagation(); event.preventDefault(); }
    justDragged = false;
  }, true);
}

const STEPS: Record<string, (carry: Carry, from: Spot, fine: boolean) => Spot | null> = {
  ArrowDown: (carry, from, fine) => stepped(carry.slots, from.at, fine ? 1 : STEP),
  ArrowUp: (carry, from, fine) => stepped(carry.slots, from.at, fine ? -1 : -STEP),
  ArrowRight: (carry, from) => sideways(carry.slots, from, 1),
  ArrowLeft: (carry, from) => sideways(carry.slots, from, -1),
};

/** Arrows carry a focused message from legal minute to legal minute, Enter puts it down, Escape leaves it. */
function watchArrows(): void {
  let carry: Carry | null = null;
  let ready: Promise<boolean> = Promise.resolve(false);
  const leave = (words: string) => { if (carry) { say(carry.week, words); carry.drop(); carry = null; } };
  const walk = async (key: string, fine: boolean, held: Carry) => {
    if (!await ready || carry !== held) return;
    const spot = STEPS[key]?.(held, held.spot ?? held.start, fine);
    if (!spot) { say(held.week, "There is no free time on that side of the week."); return; }
    held.show(spot);
    const day = held.week.querySelector(`[data-day="${spot.day}"]`)?.getAttribute("aria-label") ?? "";
    say(held.week, `${day}, ${wallOf(spot.minute)}. Enter puts it there, Escape leaves it.`);
    held.week.querySelector(".msg-ghost")?.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    const card = cardOf(event.target), week = weekOf(event.target);
    if (!card || !week || !isEditable(week) || event.ctrlKey || event.metaKey || event.altKey || !desk.matches) return;
    if (event.key in STEPS) {
      event.preventDefault();
      if (carry?.card !== card) { leave(""); carry = new Carry(week, card); ready = carry.take(); }
      void walk(event.key, event.shiftKey, carry);
    } else if (carry && (event.key === "Enter" || event.key === "Escape")) {
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape" || !carry.spot) leave("Left where it was.");
      else { void carry.save(); carry = null; }
    }
  }, true);
  document.addEventListener("focusout", (event) => { if (carry && event.target === carry.card) leave(""); });
}

/** The board of a week: see templates/messages/week.html. */
export function watchWeeks(): void {
  watchPointers();
  watchArrows();
  layOut(document);
  document.addEventListener("htmx:load", (event) => {
    const come = event.target as HTMLElement;
    if (!come.querySelector("[data-week]")) return;
    layOut(come);
    if (!document.querySelector("dialog[open]")) come.querySelector<HTMLElement>(`[data-message="${CSS.escape(lastMoved)}"]`)?.focus();
  });
  addEventListener("resize", () => layOut(document));
  // After every change, also one that is taken back, the server's word is shown.
  document.addEventListener("week-changed", () => {
    void htmx.ajax("get", location.pathname + location.search, { target: "#content", select: "#content", swap: "outerHTML" });
  });
}
