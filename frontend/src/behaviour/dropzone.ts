import htmx from "htmx.org";

function zoneOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-drop]") : null;
}

function say(zone: HTMLElement, words: string): void {
  const line = zone.querySelector<HTMLElement>("[data-drop-words]");
  if (line) line.textContent = words;
}

function submit(zone: HTMLElement): void {
  const input = zone.querySelector<HTMLInputElement>("input[type=file]");
  if (!input?.files?.length) return;
  say(zone, [...input.files].map((file) => file.name).join(", "));
  const form = zone.closest("form");
  if (form && !zone.hasAttribute("data-drop-wait")) htmx.trigger(form, "drop:chosen", {});
}

function showProgress(form: Element, loaded: number, total: number): void {
  const bar = form.querySelector<HTMLElement>(".drop-progress");
  const progress = bar?.querySelector("progress");
  if (!bar || !progress || !total) return;
  bar.hidden = false;
  progress.max = total;
  progress.value = loaded;
  const words = bar.querySelector("[data-progress-words]");
  const share = Math.floor((100 * loaded) / total);
  if (words) words.textContent = share < 100 ? `${share} % sent` : "Sent. Reading it now …";
}

/** A drop zone is a file field in a label: usable by keyboard; here it learns to take dropped files and show progress. */
export function watchDropZones(): void {
  for (const kind of ["dragover", "dragleave", "drop"] as const) {
    document.addEventListener(kind, (event) => {
      const zone = zoneOf(event.target);
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("is-over", kind === "dragover");
      const input = zone.querySelector<HTMLInputElement>("input[type=file]");
      if (kind !== "drop" || !input || !event.dataTransfer?.files.length) return;
      input.files = event.dataTransfer.files;
      submit(zone);
    });
  }
  document.addEventListener("change", (event) => {
    const zone = zoneOf(event.target);
    if (zone) submit(zone);
  });
  document.addEventListener("htmx:xhr:progress", (event) => {
    const { detail, target } = event as CustomEvent<{ loaded: number; total: number }>;
    if (target instanceof Element && target.querySelector("[data-drop]")) showProgress(target, detail.loaded, detail.total);
  });
}
