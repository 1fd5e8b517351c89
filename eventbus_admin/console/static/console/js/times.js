// Keeps "12 s ago" true while a page is open, and shows the local time on hover.
const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

// As in times.py.
export function ago(then, now = Date.now()) {
  const seconds = Math.floor((now - then) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 14 * 86400) return `${Math.round(seconds / 86400)} days ago`;
  return null;
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const then = Date.parse(element.dateTime);
    const words = ago(then);
    if (words && element.textContent !== words) element.textContent = words;
    if (!element.dataset.local) {
      element.dataset.local = "yes";
      element.title = `${LOCAL.format(then)} (your time)\n${element.dateTime.slice(0, 19).replace("T", " ")} UTC`;
    }
  }
}

refresh();
setInterval(refresh, 1000);
document.addEventListener("htmx:afterSettle", refresh);
