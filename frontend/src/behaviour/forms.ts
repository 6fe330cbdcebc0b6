/** Fields that are one answer together: the form hears of a change when one leaves them all, not in between, for a
 *  browser calls every digit of a date a change. A button sends the form as it is. */
function watchWholes(): void {
  document.addEventListener("change", (event) => {
    const whole = (event.target as HTMLElement).closest<HTMLElement>("[data-whole]");
    if (!whole || event.target === whole) return;
    event.stopPropagation();
    whole.dataset["whole"] = "changed";
  }, true);
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const whole = (target as HTMLElement).closest<HTMLElement>("[data-whole=changed]");
    const next = relatedTarget as HTMLElement | null;
    if (!whole || whole.contains(next) || next?.matches("button")) return;
    whole.dataset["whole"] = "";
    whole.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

/** Asks before a destructive form is sent, keeps a button from being pressed twice, submits filters on change. */
export function watchForms(): void {
  watchWholes();
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const question = form.dataset["ask"];
    if (question && !window.confirm(question)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (form.hasAttribute("hx-post")) return;
    const button = (event as SubmitEvent).submitter;
    // What answers with a file leaves the page as it is: its button may be pressed again.
    if (form.hasAttribute("data-again") || button?.hasAttribute("data-again")) return;
    // After this turn of the loop, or the pressed button's own value would not be sent.
    if (button) setTimeout(() => button.setAttribute("aria-disabled", "true"));
  }, true);
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLElement;
    if (field.matches("[data-submit-on-change]")) field.closest("form")?.requestSubmit();
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form button[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
}
