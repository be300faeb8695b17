// What surrounds design functions in a QuickJS context; its value is dispatch(operation, ...texts) -> text.
//
// It answers as CouchDB 3.5's query server does (share/server/*.js there): the same helper functions, CommonJS
// `require`, frozen documents in maps, and the same names of errors. One context serves one design document.
// Built-ins are taken at the start: a design function that replaces JSON or Array.prototype harms only itself.
(function () {
  "use strict";
  const { parse, stringify } = JSON;
  const { freeze, isFrozen, keys: ownKeys, hasOwn } = Object;
  const evaluate = globalThis.eval;
  const apply = Reflect.apply;
  const isArray = Array.isArray;
  const LOG_LINES = 50; // a design function that logs for each document must not fill the memory
  const REDUCE_MINIMUM = 4096; // characters; below that, a reduction may grow

  let design = {};
  let root = {}; // where `require` looks
  let modules = {};
  let functions = new Map();
  let emitted = [];
  let emissions = 0;
  let log = [];

  function errorToJson(value) {
    const isError =
      typeof value === "object" && value !== null && "stack" in value && "name" in value && "message" in value;
    return isError ? { error: value.name, message: value.message } : value;
  }

  globalThis.emit = function (key, value) {
    emissions += 1;
    emitted.push([key, errorToJson(value)]);
  };
  globalThis.sum = function (values) {
    let total = 0;
    for (const i in values) total += values[i];
    return total;
  };
  globalThis.log = function (message) {
    const text = typeof message === "string" ? message : stringify(errorToJson(message));
    if (log.length < LOG_LINES) log.push(String(text).slice(0, 500));
  };
  globalThis.toJSON = stringify;
  globalThis.isArray = isArray;

  // --- CommonJS: a module is a string somewhere in the design document, named by its path ---

  function locate(name, folder) {
    const parts = String(name).split("/");
    const path = parts[0] === "." || parts[0] === ".." ? folder.slice() : [];
    for (const part of parts) {
      if (part === "..") {
        if (path.length === 0) throw ["error", "invalid_require_path", "Object has no parent"];
        path.pop();
      } else if (part !== ".") path.push(part);
    }
    let source = root;
    for (const part of path) {
      if (typeof source !== "object" || source === null || !hasOwn(source, part)) {
        throw ["error", "invalid_require_path", `Object has no property "${part}". ${stringify(source)}`];
      }
      source = source[part];
    }
    if (typeof source !== "string") {
      throw ["error", "invalid_require_path", "Must require a JavaScript string, not: " + typeof source];
    }
    return { path, source };
  }

  function requireFrom(folder) {
    return function (name) {
      const { path, source } = locate(name, folder);
      const id = path.join("/");
      if (!hasOwn(modules, id)) {
        const module = { id, exports: {} };
        modules[id] = module; // before it runs, so that a circular require ends
        try {
          const run = evaluate("(function (module, exports, require) { " + source + "\n })");
          apply(run, globalThis, [module, module.exports, requireFrom(path.slice(0, -1))]);
        } catch (error) {
          delete modules[id];
          if (isFatal(error)) throw error;
          throw ["error", "compilation_error", `Module require('${name}') raised error ${asText(error)}`];
        }
      }
      return modules[id].exports;
    };
  }
  globalThis.require = requireFrom([]);

  // --- compiling ---

  // CouchDB's engine takes `function (doc) {...}` as an expression; the standard wants it in parentheses.
  const ANONYMOUS = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*function\s*\(/;
  const TAIL = /^(?:\s|;|\/\/[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*$/;

  function evaluateFunction(source) {
    if (!ANONYMOUS.test(source)) return evaluate(source);
    const end = source.lastIndexOf("}") + 1;
    if (end > 0 && TAIL.test(source.slice(end))) return evaluate("(" + source.slice(0, end) + "\n)");
    return evaluate("(" + source + "\n)");
  }

  function compile(source) {
    if (!source) throw ["error", "not_found", "missing function"];
    const text = String(source);
    let found = functions.get(text);
    if (found === undefined) {
      try {
        found = evaluateFunction(text);
      } catch (error) {
        if (isFatal(error)) throw error;
        throw ["error", "compilation_error", `${asText(error)} (${text})`];
      }
      if (typeof found !== "function") {
        throw ["error", "compilation_error", `Expression does not eval to a function. (${text})`];
      }
      functions.set(text, found);
    }
    return found;
  }

  function member(...path) {
    let at = design;
    for (const name of path) at = typeof at === "object" && at !== null && hasOwn(at, name) ? at[name] : undefined;
    return at;
  }

  // --- errors ---

  // Out of memory: the context cannot be trusted afterwards, so this must reach the worker, which ends itself.
  function isFatal(error) {
    return error === null || (typeof error === "object" && error !== null && error.name === "InternalError");
  }

  function asText(error) {
    try {
      return String(error);
    } catch (_) {
      return "an error without a text";
    }
  }

  // [name, reason] of whatever a design function threw.
  function describe(error) {
    if (isArray(error) && (error[0] === "error" || error[0] === "fatal")) return [error[1], error[2]];
    if (typeof error !== "object" || error === null) return ["unnamed_error", asText(error)];
    if (error.error && error.reason) return [error.error, error.reason];
    if (error.name) return [error.name, error.message];
    return ["unnamed_error", stringify(error)];
  }

  // What a validator's throw means: null (allowed after all), or [error, reason].
  function judge(thrown) {
    if (thrown === undefined) return ["TypeError", "the validator threw undefined"];
    if (thrown === 1 || thrown === true) return null; // as CouchDB reads the answer
    if (typeof thrown === "string") return ["unknown_error", thrown];
    if (typeof thrown !== "object") return ["unknown_error", asText(thrown)];
    if (isArray(thrown)) return thrown[0] === "error" ? describe(thrown) : ["unknown_error", stringify(thrown)];
    if (thrown.name && thrown.stack) return [thrown.name, thrown.message];
    const names = ownKeys(thrown);
    if (names.length !== 1) return ["unknown_error", stringify(thrown)];
    const isRefusal = names[0] === "forbidden" || names[0] === "unauthorized";
    return [isRefusal ? names[0] : "unknown_error", thrown[names[0]]];
  }

  // --- operations ---

  function deepFreeze(value) {
    if (isFrozen(value)) return;
    freeze(value);
    const names = ownKeys(value);
    for (let i = 0; i < names.length; i++) {
      const child = value[names[i]];
      if (typeof child === "object" && child !== null) deepFreeze(child);
    }
  }

  // The functions may change what they are handed, so each call gets a context of its own.
  function validate(items, userCtx, security) {
    const check = compile(member("validate_doc_update"));
    return parse(items).map(function (item) {
      try {
        apply(check, design, [item[0], item[1], parse(userCtx), parse(security)]);
        return null;
      } catch (thrown) {
        if (isFatal(thrown)) throw thrown;
        return judge(thrown);
      }
    });
  }

  function filter(name, docs, request) {
    const source = member("filters", name);
    if (source === undefined) throw ["error", "not_found", "missing json key: " + name];
    const passes = compile(source);
    const req = parse(request);
    return parse(docs).map((doc) => Boolean(apply(passes, design, [doc, req])));
  }

  function filterView(name, docs) {
    const source = member("views", name, "map");
    if (source === undefined) throw ["error", "not_found", "missing json key: " + name];
    const map = compile(source);
    return parse(docs).map(function (doc) {
      emissions = 0;
      emitted = [];
      map(doc);
      return emissions > 0;
    });
  }

  function mapOne(map, doc) {
    emitted = [];
    try {
      map(doc);
      return emitted;
    } catch (error) {
      if (isFatal(error)) throw error;
      if (error === "fatal_error") throw ["error", "map_runtime_error", "function raised 'fatal_error'"];
      if (isArray(error) && error[0] === "fatal") throw error;
      globalThis.log("function raised exception " + asText(error));
      return []; // a document that a map function cannot read is left out, it does not stop the index
    }
  }

  // design is {maps: [source, ...], lib: {...}}; answers for each document, for each map, its [key, value] pairs.
  function map(docs) {
    root = { views: { lib: design.lib } };
    const maps = design.maps.map(compile);
    return parse(docs).map(function (doc) {
      deepFreeze(doc);
      return maps.map((one) => mapOne(one, doc));
    });
  }

  // chunks is [[keys, values, rereduce, size of the input in characters], ...]; answers a reduction of each.
  function reduce(chunks) {
    const run = compile(design.reduce);
    return parse(chunks).map(function ([keys, values, rereduce, size]) {
      let reduction = null;
      try {
        reduction = run(keys, values, rereduce);
      } catch (error) {
        if (isFatal(error) || (isArray(error) && error[0] === "fatal")) throw error;
        if (error === "fatal_error") throw ["error", "map_runtime_error", "function raised 'fatal_error'"];
        globalThis.log("function raised exception " + asText(error));
      }
      const length = stringify([reduction]).length;
      if (length > REDUCE_MINIMUM && length * 2 > size) {
        const sizes = `input size: ${size} output size: ${length}`;
        return { reduce_overflow_error: "Reduce output must shrink more rapidly: " + sizes };
      }
      return reduction;
    });
  }

  // Answers null or [error, reason] for each source.
  function check(sources) {
    return parse(sources).map(function (source) {
      try {
        compile(source);
        return null;
      } catch (error) {
        if (isFatal(error)) throw error;
        return describe(error);
      }
    });
  }

  const operations = { validate, filter, filter_view: filterView, map, reduce, check };

  return function dispatch(operation, ...texts) {
    if (operation === "load") {
      design = parse(texts[0]);
      root = design;
      return "";
    }
    if (operation === "log") {
      const lines = log;
      log = [];
      return lines.length === 0 ? "" : stringify(lines);
    }
    try {
      return stringify([true, apply(operations[operation], null, texts)]);
    } catch (error) {
      if (isFatal(error)) throw error;
      return stringify([false, describe(error)]);
    }
  };
})();
