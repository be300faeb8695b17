// Lets this page be installed as an app, where the browser allows it: over https or on this very machine.
if ("serviceWorker" in navigator) {
  // What fails here costs the page nothing; the browser's console says why.
  navigator.serviceWorker.register("/service-worker.js").catch((err) => console.info(err.message));
}
