// The missing runs of a meter by their first slot.
function (doc) {
  if (doc.type === 'gap') {
    emit([doc.meter, doc.from_slot], {to_slot: doc.to_slot, cause: doc.cause});
  }
}
