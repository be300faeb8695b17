// Keeps the style sheet and a page that says that the device cannot be reached; never a page of the household.
// The server writes SHELL before this: {version, offline, files}, all of them the same for everybody.
const CACHE = `shell-${SHELL.version}`;
const FILES = /\.(zip|txt)$/; // nobody is to save a page that says "not reachable" under such a name

self.addEventListener("install", (event) => event.waitUntil(keepShell()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOldShells()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && !FILES.test(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => kept(SHELL.offline)));
  } else if (request.method === "GET" && SHELL.files.includes(pathOf(request.url))) {
    event.respondWith(kept(pathOf(request.url)).then((answer) => answer || fetch(request)));
  }
});

async function keepShell() {
  const cache = await caches.open(CACHE);
  // Without cookies: what is kept must be nobody's.
  await cache.addAll([SHELL.offline, ...SHELL.files].map((path) => new Request(path, { credentials: "omit" })));
  await self.skipWaiting();
}

async function forgetOldShells() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(path) {
  const cache = await caches.open(CACHE);
  return cache.match(path);
}

function pathOf(url) {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
