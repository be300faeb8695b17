// Lets this page be installed as an app, where the browser allows it: over https or on this very machine.
if ("serviceWorker" in navigator) {
  // In the language of the page, not of the browser: the reader may have chosen another one.
  const worker = `/service-worker.js?language=${document.documentElement.lang}`;
  // What fails here costs the page nothing; the browser's console says why.
  navigator.serviceWorker.register(worker).catch((err) => console.info(err.message));
}
