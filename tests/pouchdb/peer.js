// A PouchDB in memory beside a database over HTTP. Reads commands from standard input, one JSON array a line
// (`[name, ...arguments]`), and answers each by one line: `{"ok": result}` or `{"error": text}`.
//
// Usage: node peer.js URL   (of the remote database, with credentials)

const readline = require("node:readline");
const PouchDB = require("pouchdb-core")
  .plugin(require("pouchdb-adapter-memory"))
  .plugin(require("pouchdb-adapter-http"))
  .plugin(require("pouchdb-replication"));

const here = new PouchDB("here", { adapter: "memory" });
const there = new PouchDB(process.argv[2], { skip_setup: true });
let live = null;

const counts = (result) => ({
  read: result.docs_read,
  written: result.docs_written,
  failures: result.doc_write_failures,
});

const commands = {
  put: async (doc) => (await here.put(doc)).rev,
  remove: async (id) => (await here.remove(await here.get(id))).rev,
  store: (docs) => here.bulkDocs(docs, { new_edits: false }),
  push: async (options) => counts(await here.replicate.to(there, options)),
  pull: async (options) => counts(await here.replicate.from(there, options)),
  read: async (id) => here.get(id, { conflicts: true }),
  ids: async () => (await here.allDocs()).rows.map((row) => row.id),
  leaves: async (id) => (await here.get(id, { open_revs: "all" })).map((leaf) => leaf.ok._rev).sort(),
  follow: async () => {
    live = here.sync(there, { live: true, retry: true });
  },
  arrived: (id) =>
    new Promise((resolve, reject) => {
      const feed = here.changes({ live: true, since: 0, doc_ids: [id] });
      feed.on("error", reject);
      feed.on("change", (change) => {
        feed.cancel();
        resolve(change.changes[0].rev);
      });
    }),
  stop: async () => {
    live.cancel();
    await live;
  },
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, ...given] = JSON.parse(line);
    let answer;
    try {
      answer = { ok: (await commands[name](...given)) ?? null };
    } catch (error) {
      answer = { error: `${error.name ?? "Error"}: ${error.message ?? error}` };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
  process.exit(0);
})();
