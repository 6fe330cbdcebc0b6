import { onClick } from "./dom";

const openMenus = (): NodeListOf<HTMLDetailsElement> => document.querySelectorAll<HTMLDetailsElement>("details.menu[open]");

function close(menu: HTMLDetailsElement, refocus: boolean): void {
  menu.open = false;
  if (refocus) menu.querySelector("summary")?.focus();
}

function step(menu: HTMLDetailsElement, by: 1 | -1): void {
  const items = [...menu.querySelectorAll<HTMLElement>(".menu-item")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items.at((at + by + (at < 0 && by < 0 ? 1 : 0)) % items.length)?.focus();
}

/** Menus are <details class="menu">: they work without script; with it they also close and walk by arrow keys. */
export function watchMenus(): void {
  document.addEventListener("click", (event) => {
    openMenus().forEach((menu) => { if (!menu.contains(event.target as Node)) close(menu, false); });
  });
  onClick("details.menu .menu-item", (item) => {
    const menu = item.closest<HTMLDetailsElement>("details.menu");
    if (menu && !item.hasAttribute("data-keep-open")) close(menu, false);
  });
  document.addEventListener("keydown", (event) => {
    const menu = [...openMenus()].at(-1);
    if (!menu) return;
    if (event.key === "Escape") close(menu, true);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(menu, event.key === "ArrowDown" ? 1 : -1);
    }
  });
}
