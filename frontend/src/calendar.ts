// Loaded only where a page has a calendar: <div data-calendar data-feed=... data-move=...>. The contract is in feed.ts.
import { Calendar, type CalendarOptions, type DatesSetArg, type EventApi } from "@fullcalendar/core";
import dayGrid from "@fullcalendar/daygrid";
import interaction from "@fullcalendar/interaction";
import list from "@fullcalendar/list";
import multiMonth from "@fullcalendar/multimonth";
import timeGrid from "@fullcalendar/timegrid";
import htmx from "htmx.org";
import { onClick } from "./behaviour/dom";
import { keep, watchSwitches } from "./calendar/address";
import { decorateDay, eventClasses, forgetDays, rememberDays } from "./calendar/days";
import { readFeed } from "./calendar/feed";
import { drawHeat, watchHeat } from "./calendar/heat";
import { saveChange } from "./calendar/moves";
import { drawTimelines } from "./calendar/timeline";

const firstOfMonth = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "short", timeZone: "UTC" });
const shown = new Map<HTMLElement, Calendar>();
/** The address's word for a view -> FullCalendar's. */
const VIEWS: Record<string, string> = { month: "dayGridMonth", week: "timeGridWeek", list: "listMonth", day: "listDay" };

function announceDates(holder: HTMLElement, dates: DatesSetArg): void {
  // The first look is the one that the address asked for.
  const view = Object.keys(VIEWS).find((name) => VIEWS[name] === dates.view.type) ?? "";
  if (shown.has(holder)) keep({ view, date: dates.view.calendar.getDate().toISOString().slice(0, 10) });
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

function openPanel(url: string | undefined): void {
  if (url) void htmx.ajax("get", url, { target: "#dialogs", swap: "innerHTML" });
}

function openEvent(holder: HTMLElement, event: EventApi): void {
  openPanel(holder.dataset["event"]?.replace("{id}", encodeURIComponent(event.id)));
}

/** For the days, or on one day for the hours, that were chosen. */
function openNew(holder: HTMLElement, start: string, end: string): void {
  const times = start.includes("T") ? { begins: start.slice(11, 16), ends: end.slice(11, 16) } : {};
  openPanel(`${holder.dataset["new"]}?${new URLSearchParams({ start: start.slice(0, 10), end: end.slice(0, 10), ...times })}`);
}

function options(holder: HTMLElement): CalendarOptions {
  const data = holder.dataset;
  const writable = data["writable"] === "true";
  return {
    plugins: [dayGrid, timeGrid, multiMonth, list, interaction],
    headerToolbar: false,
    height: "auto",
    initialView: VIEWS[data["view"] ?? ""] ?? (innerWidth < 600 ? "listMonth" : "dayGridMonth"),
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
    eventDidMount: ({ el, event }) => { if (event.extendedProps["in_conflict"]) el.title = `${event.title}: your calendars differ`; },
    eventDrop: (change) => void saveChange(data["move"] ?? "", change),
    eventResize: (change) => void saveChange(data["move"] ?? "", change),
  };
}

function drawAll(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>("[data-calendar]").forEach((holder) => {
    if (shown.has(holder)) return;
    const calendar = new Calendar(holder, options(holder));
    calendar.render();
    shown.set(holder, calendar);
  });
  drawHeat(root);
  drawTimelines(root);
  root.querySelectorAll<HTMLElement>("[data-open-event]").forEach((wish) => { openPanel(wish.dataset["openEvent"]); wish.remove(); });
}

/** Boards (the year, the timeline) come from the server: they are asked for again, and drawn when they have come. */
function redraw(): void {
  forgetDays();
  shown.forEach((calendar) => calendar.refetchEvents());
  if (document.getElementById("calendar-board"))
    void htmx.ajax("get", location.pathname + location.search, { target: "#calendar-board", select: "#calendar-board", swap: "outerHTML" });
}

function first(): Calendar | undefined {
  return [...shown.values()].at(-1);
}

drawAll(document);
// What comes later: another page's calendar, or a board that was asked for again.
document.addEventListener("htmx:load", (event) => {
  const come = event.target as Element;
  if (come !== document.body && (come.matches("[data-board]") || come.querySelector("[data-calendar]"))) drawAll(come);
});
// The server asks for a fresh look after a change: `HX-Trigger: calendar-changed`.
document.addEventListener("calendar-changed", redraw);
watchSwitches(redraw);
watchHeat();
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
