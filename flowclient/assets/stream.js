// The news from the server, and whether they still come.

/** Silence longer than this is said; the server speaks once a second. */
const PATIENCE_MS = 4000;
/** Pause before asking again a server that refused. */
const RETRY_MS = 3000;

/**
 * Listens for ever. `onFlows(answer)` gets the flows once a second, `onLine(line)` each line of the log, `onLink(live)` a
 * word each time that the connection is lost or found.
 */
export function listen({ onFlows, onLine, onLink }) {
  const link = { live: null, heard: performance.now(), onLink };
  let source = open();
  setInterval(() => {
    if (performance.now() - link.heard > PATIENCE_MS) tell(link, false);
    // A browser that was refused does not ask again by itself.
    if (source.readyState === EventSource.CLOSED) source = open();
  }, RETRY_MS / 3);

  function open() {
    const fresh = new EventSource("/api/v1/stream");
    fresh.addEventListener("log", (event) => onLine(JSON.parse(event.data)));
    fresh.addEventListener("flows", (event) => {
      link.heard = performance.now();
      tell(link, true);
      onFlows(JSON.parse(event.data));
    });
    return fresh;
  }
}

function tell(link, live) {
  if (link.live === live) return;
  link.live = live;
  link.onLink(live);
}
