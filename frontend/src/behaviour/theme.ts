import { onClick } from "./dom";

function mark(): void {
  const chosen = localStorage.getItem("kalends-theme") ?? "system";
  document.querySelectorAll<HTMLElement>("[data-theme-choice]").forEach((button) => {
    button.setAttribute("aria-checked", String(button.dataset["themeChoice"] === chosen));
  });
}

function choose(theme: string): void {
  if (theme === "system") {
    localStorage.removeItem("kalends-theme");
    delete document.documentElement.dataset["theme"];
  } else {
    localStorage.setItem("kalends-theme", theme);
    document.documentElement.dataset["theme"] = theme;
  }
  mark();
  document.dispatchEvent(new CustomEvent("kalends:theme"));
}

export function watchTheme(): void {
  mark();
  onClick("[data-theme-choice]", (button) => choose(button.dataset["themeChoice"] ?? "system"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.dispatchEvent(new CustomEvent("kalends:theme"));
  });
}
