import { onClick } from "./dom";

export function openDialog(dialog: HTMLDialogElement): void {
  if (!dialog.open) dialog.showModal();
  dialog.querySelector<HTMLElement>("[autofocus]")?.focus();
}

/** `data-dialog="id"` opens, `data-close` closes, a click beside it closes; a dialog swapped in by htmx opens itself. */
export function watchDialogs(): void {
  onClick("[data-dialog]", (opener) => {
    const dialog = document.getElementById(opener.dataset["dialog"] ?? "");
    if (dialog instanceof HTMLDialogElement) openDialog(dialog);
  });
  onClick("dialog [data-close]", (button) => button.closest("dialog")?.close());
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement) event.target.close();
  });
  document.addEventListener("htmx:load", (event) => {
    const loaded = event.target as HTMLElement;
    const dialog = loaded.matches("dialog[data-open]") ? loaded : loaded.querySelector("dialog[data-open]");
    if (dialog instanceof HTMLDialogElement) openDialog(dialog);
  });
  // The server closes a dialog after its form was accepted: `HX-Trigger: close-dialog`.
  document.addEventListener("close-dialog", () => {
    document.querySelectorAll<HTMLDialogElement>("dialog[open]").forEach((dialog) => dialog.close());
  });
}
