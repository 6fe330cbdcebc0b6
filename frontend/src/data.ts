import htmx from "htmx.org";
import { meta } from "./behaviour/dom";
import { wordsOf } from "./behaviour/requests";
import { showToast } from "./behaviour/toasts";

function address(form: HTMLFormElement, file: File): string {
  const query = new URLSearchParams({ file_name: file.name, modified: String(file.lastModified) });
  return `${form.dataset["upload"] ?? ""}?${query}`;
}

function finish(form: HTMLFormElement, request: XMLHttpRequest): void {
  if (request.status === 201) {
    location.assign((JSON.parse(request.responseText) as { href: string }).href);
    return;
  }
  reset(form);
  showToast({ text: wordsOf(request.status, request.responseText), tone: "bad" });
}

/** The same file may be chosen again after a failure, so the field forgets it. */
function reset(form: HTMLFormElement): void {
  form.reset();
  form.removeAttribute("aria-busy");
  const bar = form.querySelector<HTMLElement>(".drop-progress");
  if (bar) bar.hidden = true;
}

function upload(form: HTMLFormElement, file: File): void {
  const request = new XMLHttpRequest();
  request.open("POST", address(form, file));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRF-Token", meta("csrf-token") ?? "");
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    htmx.trigger(form, "htmx:xhr:progress", { loaded, total });
  });
  request.addEventListener("load", () => finish(form, request));
  request.addEventListener("error", () => {
    reset(form);
    showToast({ text: "The upload was cut off. Nothing was kept; check the connection and try again.", tone: "bad" });
  });
  form.setAttribute("aria-busy", "true");
  request.send(file);
}

/** A chosen file travels as the request's body, as it is: no form part of it is ever written to disk in the clear. */
export function watchUploads(): void {
  document.addEventListener("drop:chosen", ({ target }) => {
    if (!(target instanceof HTMLFormElement) || !target.dataset["upload"] || target.hasAttribute("aria-busy")) return;
    const file = target.querySelector<HTMLInputElement>("input[type=file]")?.files?.[0];
    if (file) upload(target, file);
  });
}
