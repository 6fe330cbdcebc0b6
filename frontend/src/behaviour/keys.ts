import { isTyping } from "./dom";
import { openPalette } from "./palette";

// How long "g" waits for the letter of a room.
const PATIENCE = 1200;

function goTo(letter: string): void {
  document.querySelector<HTMLAnchorElement>(`.side-link[data-key="${CSS.escape(letter)}"]`)?.click();
}

/** "/" opens the Ask box; "g" and then a room's first letter goes there; "n" presses a page's primary "new" button. */
export function watchKeys(): void {
  let waitingUntil = 0;
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      event.preventDefault();
      openPalette();
    } else if (event.timeStamp < waitingUntil) {
      waitingUntil = 0;
      goTo(event.key.toLowerCase());
    } else if (event.key === "g") waitingUntil = event.timeStamp + PATIENCE;
    else if (event.key === "n") document.querySelector<HTMLElement>("[data-key-new]")?.click();
  });
}
