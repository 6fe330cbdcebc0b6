import type { EventApi } from "@fullcalendar/core";
import { send, wordsOf } from "../behaviour/requests";
import { showToast } from "../behaviour/toasts";

interface Change { event: EventApi; oldEvent: EventApi; revert: () => void }

const spanOf = (event: EventApi) => ({ start: event.startStr, end: event.endStr || null, all_day: event.allDay });

async function put(url: string, event: EventApi, span: object): Promise<string | null> {
  const response = await send("PUT", url.replace("{id}", encodeURIComponent(event.id)), span);
  return response.ok ? null : wordsOf(response.status, await response.text());
}

/** Saves a drag or a stretch (`PUT {move}` with start, end, all_day); a refusal puts the event back, a success can be undone. */
export async function saveMove(url: string, { event, oldEvent, revert }: Change): Promise<void> {
  const refusal = await put(url, event, spanOf(event));
  if (refusal !== null) {
    revert();
    showToast({ text: refusal, tone: "bad" });
    return;
  }
  const undo = async () => {
    const failed = await put(url, event, spanOf(oldEvent));
    if (failed === null) revert();
    else showToast({ text: failed, tone: "bad" });
  };
  showToast({ text: `“${event.title}” moved.`, onUndo: () => void undo() });
}
