// The measurements of a meter in the order of their slots; read the readings with include_docs.
function (doc) {
  if (doc.type === 'measurement') {
    emit([doc.meter, doc.slot], null);
  }
}
