// The news from the server, and whether they still come.

/** Silence longer than this is said; the server speaks once a second. */
const PATIENCE_MS = 4000;
/** After so long a silence the connection is given up, and after so long without a word another one is tried. */
const RETRY_MS = 8000;
/** Time between two looks at the connection. */
const LOOK_MS = 1000;

/**
 * Listens for ever. `onFlows(answer)` gets the flows once a second, `onLine(line)` each line of the log, `onLink(live)` a
 * word each time that the connection is lost or found.
 */
export function listen({ onFlows, onLine, onLink }) {
  const link = { live: null, heard: performance.now(), onLink };
  let source = open();
  let opened = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (now - link.heard > PATIENCE_MS) tell(link, false);
    // A browser asks again by itself, but not when it was refused, nor when it does not see that the server is gone.
    if (now - Math.max(link.heard, opened) > RETRY_MS) {
      source.close();
      [source, opened] = [open(), now];
    }
  }, LOOK_MS);

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
