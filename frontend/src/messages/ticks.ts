/** A form of `data-tick` boxes: how many are ticked is said, one box ticks all, and buttons that need a tick wait for it. */
function look(form: HTMLElement): void {
  const boxes = [...form.querySelectorAll<HTMLInputElement>("[data-tick]")];
  const count = boxes.filter((box) => box.checked).length;
  const all = form.querySelector<HTMLInputElement>("[data-tick-all]");
  const words = form.querySelector<HTMLElement>("[data-tick-words]");
  if (all) { all.checked = count > 0 && count === boxes.length; all.indeterminate = count > 0 && count < boxes.length; }
  if (words) words.textContent = count ? `${count} ticked` : words.dataset["none"] ?? "";
  form.querySelectorAll<HTMLButtonElement>("[data-needs-tick]").forEach((button) => { button.disabled = count === 0; });
}

export function watchTicks(): void {
  document.addEventListener("change", ({ target }) => {
    const form = target instanceof Element ? target.closest<HTMLElement>("[data-ticks]") : null;
    if (!form || !(target instanceof HTMLInputElement)) return;
    if (target.matches("[data-tick-all]")) form.querySelectorAll<HTMLInputElement>("[data-tick]").forEach((box) => { box.checked = target.checked; });
    look(form);
  });
  const all = (root: ParentNode) => root.querySelectorAll<HTMLElement>("[data-ticks]").forEach(look);
  all(document);
  addEventListener("pageshow", () => all(document));
  document.addEventListener("htmx:load", (event) => all(event.target as Element));
}
