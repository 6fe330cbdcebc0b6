// Loaded only where a page has a calendar: <div data-calendar data-feed=... data-move=...>. The contract is in feed.ts.
import { Calendar, type CalendarOptions, type DatesSetArg, type EventApi } from "@fullcalendar/core";
import dayGrid from "@fullcalendar/daygrid";
import interaction from "@fullcalendar/interaction";
import list from "@fullcalendar/list";
import multiMonth from "@fullcalendar/multimonth";
import timeGrid from "@fullcalendar/timegrid";
import htmx from "htmx.org";
import { onClick } from "./behaviour/dom";
import { decorateDay, eventClasses, forgetDays, rememberDays } from "./calendar/days";
import { readFeed } from "./calendar/feed";
import { saveMove } from "./calendar/moves";

const firstOfMonth = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "short", timeZone: "UTC" });
const shown = new Map<HTMLElement, Calendar>();

function announceDates(holder: HTMLElement, dates: DatesSetArg): void {
  holder.dispatchEvent(new CustomEvent("calendar:dates", { bubbles: true, detail: dates }));
  const title = holder.dataset["title"] && document.getElementById(holder.dataset["title"]);
  if (title) title.textContent = dates.view.title;
  // The server writes the grey line below the title (fiscal place, quality) and the side panel for the shown days.
  const about = holder.dataset["about"];
  const target = holder.dataset["aboutTarget"];
  const asked = `${about}?start=${dates.startStr.slice(0, 10)}&end=${dates.endStr.slice(0, 10)}`;
  if (about && target) void htmx.ajax("get", asked, { target, swap: "innerHTML" });
  document.querySelectorAll<HTMLElement>("[data-calendar-view]").forEach((button) => {
    const current = button.dataset["calendarView"] === dates.view.type;
    if (current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
}

function openEvent(holder: HTMLElement, event: EventApi): void {
  const url = holder.dataset["event"]?.replace("{id}", encodeURIComponent(event.id));
  if (url) void htmx.ajax("get", url, { target: "#dialogs", swap: "innerHTML" });
}

function openNew(holder: HTMLElement, start: string, end: string): void {
  const url = holder.dataset["new"];
  if (url) void htmx.ajax("get", `${url}?start=${start}&end=${end}`, { target: "#dialogs", swap: "innerHTML" });
}

function options(holder: HTMLElement): CalendarOptions {
  const data = holder.dataset;
  const writable = data["writable"] === "true";
  return {
    plugins: [dayGrid, timeGrid, multiMonth, list, interaction],
    headerToolbar: false,
    height: "auto",
    initialView: data["view"] ?? (innerWidth < 600 ? "listMonth" : "dayGridMonth"),
    ...(data["date"] ? { initialDate: data["date"] } : {}),
    // Today in the company's own zone, not in the browser's.
    ...(data["today"] ? { now: data["today"] } : {}),
    locale: document.documentElement.lang,
    firstDay: Number(data["firstDay"] ?? 1),
    timeZone: "UTC",
    fixedWeekCount: false,
    dayMaxEvents: 4,
    eventOrder: "order,start,-duration,title",
    editable: writable,
    selectable: writable,
    longPressDelay: 350,
    events: async (range: { startStr: string; endStr: string }) => {
      const feed = await readFeed(data["feed"] ?? "", range.startStr, range.endStr);
      rememberDays(feed.days);
      // Day cells are drawn before the feed has come; draw this range's labels and strips again.
      queueMicrotask(() => holder.querySelectorAll<HTMLElement>("[data-date]").forEach(decorateDay));
      return feed.events;
    },
    eventClassNames: ({ event }) => eventClasses(event),
    dayCellContent: ({ date, dayNumberText, view }) =>
      view.type === "dayGridMonth" && innerWidth >= 600 && date.getUTCDate() === 1 ? firstOfMonth.format(date) : dayNumberText,
    dayCellDidMount: ({ el }) => decorateDay(el),
    datesSet: (dates) => announceDates(holder, dates),
    eventClick: ({ event, jsEvent }) => { jsEvent.preventDefault(); openEvent(holder, event); },
    select: ({ startStr, endStr }) => openNew(holder, startStr, endStr),
    eventDrop: (change) => void saveMove(data["move"] ?? "", change),
    eventResize: (change) => void saveMove(data["move"] ?? "", change),
  };
}

function drawAll(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-calendar]").forEach((holder) => {
    if (shown.has(holder)) return;
    const calendar = new Calendar(holder, options(holder));
    shown.set(holder, calendar);
    calendar.render();
  });
}

function first(): Calendar | undefined {
  return [...shown.values()].at(-1);
}

drawAll(document);
document.addEventListener("htmx:load", (event) => drawAll((event.target as Element).parentNode ?? document));
// The server asks for a fresh look after a change: `HX-Trigger: calendar-changed`.
document.addEventListener("calendar-changed", () => { forgetDays(); shown.forEach((calendar) => calendar.refetchEvents()); });
onClick("[data-calendar-view]", (button, event) => {
  event.preventDefault();
  first()?.changeView(button.dataset["calendarView"] ?? "dayGridMonth");
});
onClick("[data-calendar-go]", (button, event) => {
  event.preventDefault();
  const step = button.dataset["calendarGo"];
  if (step === "prev") first()?.prev();
  else if (step === "next") first()?.next();
  else if (step === "today") first()?.today();
  else if (step) first()?.gotoDate(step);
});
