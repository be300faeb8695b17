// How many slots of a UTC day are stored for each household, all its meters together: a day of everybody in one
// range.
function (doc) {
  if (doc.type === 'research_measurement') {
    emit([doc.slot.slice(0, 10), doc.household], null);
  }
}
