import { element } from "../behaviour/dom";

export type Row = Record<string, unknown>;

/** The rows of the chart's main data: the first dataset of the spec. */
export function rowsOf(spec: unknown): Row[] {
  const { datasets, usermeta } = spec as { datasets?: Record<string, Row[]>; usermeta?: { numbers?: string } };
  const name = usermeta?.numbers ?? Object.keys(datasets ?? {})[0] ?? "";
  return datasets?.[name] ?? [];
}

const columnsOf = (rows: Row[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];

function cell(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  // A leading = + - @ would be run as a formula by a spreadsheet; a plain negative number is none.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(rows: Row[]): string {
  const columns = columnsOf(rows);
  return [columns.map(cell).join(","), ...rows.map((row) => columns.map((name) => cell(row[name])).join(","))].join("\r\n") + "\r\n";
}

function words(value: unknown, number: Intl.NumberFormat): string {
  if (typeof value === "number") return number.format(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value === null || value === undefined ? "–" : String(value);
}

export function tableOf(rows: Row[]): HTMLTableElement {
  const columns = columnsOf(rows);
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });
  const table = element("table", "table");
  const head = table.createTHead().insertRow();
  for (const name of columns) {
    const title = element("th", "", name.replaceAll("_", " "));
    title.scope = "col";
    if (rows.some((row) => typeof row[name] === "number")) title.className = "number";
    head.append(title);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const name of columns) {
      const value = row[name];
      const shown = line.insertCell();
      shown.textContent = words(value, number);
      if (typeof value === "number") shown.className = "number";
    }
  }
  return table;
}
