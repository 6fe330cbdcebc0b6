// Our name for an icon -> lucide's. Only these travel to the browser.
export const ICONS = {
  home: "house", calendar: "calendar-days", data: "database", ask: "message-circle-question-mark", impact: "trending-up",
  content: "image", messages: "mail", settings: "settings", search: "search", more: "ellipsis", menu: "menu",
  plus: "plus", close: "x", check: "check", undo: "undo-2", upload: "upload", download: "download", file: "file-text",
  alert: "triangle-alert", info: "info", error: "circle-alert", success: "circle-check", up: "arrow-up", down: "arrow-down",
  right: "chevron-right", left: "chevron-left", expand: "chevron-down", sort: "chevrons-up-down", clock: "clock",
  light: "sun", dark: "moon", system: "monitor", person: "user", people: "users", out: "log-out", key: "key-round",
  lock: "lock", bell: "bell", trash: "trash-2", edit: "pencil", copy: "copy", link: "link", filter: "list-filter",
  table: "table", chart: "chart-line", image: "image-down", source: "plug", shield: "shield-check", history: "history",
  sparkles: "sparkles", tag: "tag", flag: "flag", refresh: "refresh-cw", help: "circle-help", globe: "globe", eye: "eye",
  external: "arrow-up-right", quarantine: "file-warning",
};
