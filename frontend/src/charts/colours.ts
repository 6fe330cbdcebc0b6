const TOKEN = /^var\((--[a-z0-9-]+)\)$/;

/** Reads a token as the browser shows it now: light or dark. */
function reader(): (token: string) => string {
  const probe = document.createElement("span");
  document.body.append(probe);
  const known = new Map<string, string>();
  queueMicrotask(() => probe.remove());
  return (token) => {
    const found = known.get(token);
    if (found) return found;
    probe.style.color = `var(${token})`;
    const colour = getComputedStyle(probe).color;
    known.set(token, colour);
    return colour;
  };
}

function replaced(value: unknown, read: (token: string) => string): unknown {
  if (typeof value === "string") {
    const token = TOKEN.exec(value)?.[1];
    return token ? read(token) : value;
  }
  if (Array.isArray(value)) return value.map((item) => replaced(item, read));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, read)]));
  return value;
}

export function withColours<T>(spec: T): T {
  return replaced(spec, reader()) as T;
}
