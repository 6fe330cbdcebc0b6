import type { EventApi } from "@fullcalendar/core";
import { element } from "../behaviour/dom";
import { send, wordsOf } from "../behaviour/requests";
import { showToast } from "../behaviour/toasts";

/** What `PUT {move}` takes. `end` is exclusive for whole days; `keep_times`: only the days move. */
export interface Move {
  start: string;
  end: string | null;
  all_day: boolean;
  keep_times?: boolean;
  row_version: number | null;
}

type Scope = "one" | "all";

/** Of an event that repeats (its id names the day after an @): this one, or all of them? null: neither. */
function askScope(): Promise<Scope | null> {
  return new Promise((answer) => {
    const dialog = element("dialog", "dialog");
    const button = (words: string, scope: Scope | null, look = "") => {
      const made = element("button", `button ${look}`, words);
      made.addEventListener("click", () => { answer(scope); dialog.close(); });
      return made;
    };
    const title = element("h2", "", "This event repeats. Move …");
    title.id = "ask-scope";
    dialog.setAttribute("aria-labelledby", title.id);
    dialog.append(element("div", "dialog-head", title), element("div", "dialog-body", element("div", "actions",
      button("Only this one", "one", "button-primary"), button("All of them", "all"), button("Neither", null))));
    dialog.addEventListener("close", () => { answer(null); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Everything that shows events looks again. */
export function refresh(): void {
  document.dispatchEvent(new CustomEvent("calendar-changed"));
}

/** Saves a drag or a stretch; true when it holds. A refusal (somebody was faster, say) is told, and the calendar looks again. */
export async function saveMove(url: string, id: string, title: string, move: Move): Promise<boolean> {
  const scope = id.includes("@") ? await askScope() : "one";
  if (scope === null) return false;
  const response = await send("PUT", url.replace("{id}", encodeURIComponent(id)), { ...move, scope });
  if (response.ok) showToast({ text: `“${title}” moved.`, undo: `/calendar/undo/${id.split("@")[0]}` });
  else showToast({ text: wordsOf(response.status, await response.text()), tone: "bad" });
  refresh();
  return response.ok;
}

interface Change { event: EventApi; revert: () => void }

export async function saveChange(url: string, { event, revert }: Change): Promise<void> {
  const version = event.extendedProps["row_version"] as number | undefined;
  const move = { start: event.startStr, end: event.endStr || null, all_day: event.allDay, row_version: version ?? null };
  if (!await saveMove(url, event.id, event.title, move)) revert();
}
