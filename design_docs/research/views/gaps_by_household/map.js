// The missing runs of each household and meter by their first slot.
function (doc) {
  if (doc.type === 'research_gap') {
    emit([doc.household, doc.meter, doc.from_slot], {to_slot: doc.to_slot, cause: doc.cause});
  }
}
