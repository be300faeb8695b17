// What a household is looked for by, each once: its name from each word on, its city, pseudonym and identifier.
// A beginning of any of them is a range of keys; CouchDB's collation passes over case and umlauts in it.
function (doc) {
  if (doc.type !== 'household_summary') {
    return;
  }
  var seen = {};
  var name = doc.name || '';
  var texts = [doc.city, doc.pseudonym, doc.household];
  for (var at = 0; at < name.length; at += 1) {
    if (/[^\s-]/.test(name[at]) && (at === 0 || /[\s-]/.test(name[at - 1]))) {
      texts.push(name.slice(at));
    }
  }
  texts.forEach(function (text) {
    if (text && !Object.prototype.hasOwnProperty.call(seen, text)) {
      seen[text] = true;
      emit(text, null);
    }
  });
}
