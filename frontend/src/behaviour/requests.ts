import htmx from "htmx.org";
import { meta } from "./dom";
import { showToast } from "./toasts";

interface Problem { detail?: string; title?: string }

/** The words of a refused request: the problem document's detail where there is one. */
export function wordsOf(status: number, body: string): string {
  try {
    const problem = JSON.parse(body) as Problem;
    if (problem.detail ?? problem.title) return String(problem.detail ?? problem.title);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return status >= 500 ? "Something went wrong on our side. Nothing was lost; please try again." : `That did not work (${status}).`;
}

/** fetch for our own small requests, with the CSRF header that every unsafe request needs. */
export async function send(method: string, url: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "X-CSRF-Token": meta("csrf-token") ?? "" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(url, { method, headers, credentials: "same-origin", body: body === undefined ? null : JSON.stringify(body) });
}

export function prepareRequests(): void {
  Object.assign(htmx.config, {
    allowEval: false,
    allowScriptTags: false,
    includeIndicatorStyles: false,
    selfRequestsOnly: true,
    historyCacheSize: 0,
    scrollBehavior: "auto",
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..", swap: true },
      { code: "422", swap: true },
      { code: "[45]..", swap: false, error: true },
    ],
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const token = meta("csrf-token");
    if (token) (event as CustomEvent).detail.headers["X-CSRF-Token"] = token;
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
    showToast({ text: wordsOf(xhr.status, xhr.responseText), tone: "bad" });
  });
  document.addEventListener("htmx:sendError", () => {
    showToast({ text: "Kalends cannot be reached. Check the connection and try again.", tone: "bad" });
  });
}
