import htmx from "htmx.org";
import { element, onClick } from "./dom";

export interface Toast {
  text: string;
  tone?: "plain" | "bad";
  undo?: string;
  /** Instead of a URL: what "Undo" does. */
  onUndo?: () => void;
}

// Long enough to read two lines and to reach the button; an error stays until it is closed.
const SECONDS = 8;

function holder(): HTMLElement {
  const found = document.getElementById("toasts");
  if (found) return found;
  const made = element("div", "toasts");
  made.id = "toasts";
  made.setAttribute("role", "status");
  document.body.append(made);
  return made;
}

function leaveLater(toast: HTMLElement): void {
  if (toast.classList.contains("toast-bad")) return;
  let timer = window.setTimeout(() => toast.remove(), SECONDS * 1000);
  toast.addEventListener("pointerenter", () => window.clearTimeout(timer));
  toast.addEventListener("pointerleave", () => { timer = window.setTimeout(() => toast.remove(), SECONDS * 500); });
}

function button(label: string, act: () => void): HTMLButtonElement {
  const made = element("button", "", label);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

export function showToast(toast: Toast): void {
  const box = element("div", toast.tone === "bad" ? "toast toast-bad" : "toast", element("span", "", toast.text));
  const undo = toast.onUndo ?? (toast.undo ? () => void htmx.ajax("post", toast.undo ?? "", { swap: "none" }) : null);
  if (undo) box.append(button("Undo", () => { box.remove(); undo(); }));
  else if (toast.tone === "bad") box.append(button("Close", () => box.remove()));
  holder().append(box);
  leaveLater(box);
}

/** Toasts come with the page (flash messages), with a response (`HX-Trigger: {"toast": {...}}`), or from scripts. */
export function watchToasts(): void {
  document.querySelectorAll<HTMLElement>(".toast").forEach(leaveLater);
  document.addEventListener("toast", (event) => showToast((event as CustomEvent<Toast>).detail));
  onClick(".toast [data-dismiss]", (clicked) => clicked.closest(".toast")?.remove());
}
