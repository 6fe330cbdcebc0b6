import { isTyping } from "./dom";

const cards = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-walk]")];

function step(by: 1 | -1): void {
  const all = cards();
  const at = all.findIndex((card) => card.contains(document.activeElement));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** On a page of cards that each want a choice: "j" and "k" walk, a digit presses the card's button of that number. */
export function watchWalk(): void {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || !cards().length) return;
    const card = (event.target as Element).closest?.("[data-walk]");
    if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    else if (card && /^[1-9]$/.test(event.key)) card.querySelector<HTMLElement>(`[data-take="${event.key}"]`)?.click();
    else return;
    event.preventDefault();
  });
}
