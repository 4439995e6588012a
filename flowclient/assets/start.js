// Starts the page. A script that did not come is asked for again only when all is loaded anew.

const RETRY_MS = 2000;

import("/assets/page.js").catch(() => setTimeout(() => location.reload(), RETRY_MS));
