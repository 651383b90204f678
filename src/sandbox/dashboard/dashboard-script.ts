/**
 * Brings the page up to date when the sandbox says that something has changed.
 * Runs in the browser; without it the page is whole, and is reloaded by hand.
 */
export const DASHBOARD_SCRIPT = `
const connection = document.getElementById('connection');
let isLoading = false;
let isOutdated = false;

async function refresh() {
  isOutdated = true;
  if (isLoading) return;
  isLoading = true;
  try {
    while (isOutdated) {
      isOutdated = false;
      const response = await fetch('/');
      const text = await response.text();
      show(new DOMParser().parseFromString(text, 'text/html'));
    }
  } finally {
    isLoading = false;
  }
}

function show(fresh) {
  const open = Array.from(document.querySelectorAll('details[open]'), ({ id }) => id);
  const focused = document.activeElement && document.activeElement.id;
  document.getElementById('live').replaceWith(fresh.getElementById('live'));
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

const events = new EventSource('/events');
events.onopen = () => { connection.textContent = 'Live'; void refresh(); };
events.onmessage = () => void refresh();
events.onerror = () => { connection.textContent = 'Not connected; trying again'; };
`;
