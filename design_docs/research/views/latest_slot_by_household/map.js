// Slots of each household in seconds since 1970: `max` of the reduced row is the latest measurement's.
function (doc) {
  if (doc.type === 'research_measurement') {
    emit(doc.household, Date.parse(doc.slot) / 1000);
  }
}
