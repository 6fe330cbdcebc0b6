import { showToast } from "./toasts";

/** Over plain HTTP a browser has no clipboard for pages; then the text is selected and copied the old way. */
async function copy(field: HTMLInputElement): Promise<void> {
  field.select();
  if (window.isSecureContext) await navigator.clipboard.writeText(field.value);
  else document.execCommand("copy");
}

/** A button with data-copy puts what stands in the field that it names onto the clipboard. */
export function watchCopies(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    const field = button && document.querySelector<HTMLInputElement>(button.dataset["copy"] ?? "");
    if (!field) return;
    copy(field).then(
      () => showToast({ text: "Copied.", tone: "plain" }),
      () => showToast({ text: "Your browser does not let us copy; it is selected, press Ctrl+C.", tone: "bad" }),
    );
  });
}
