// How many slots of a UTC day are stored for each meter; 96 are a whole day.
function (doc) {
  if (doc.type === 'research_measurement') {
    emit([doc.household, doc.slot.slice(0, 10), doc.meter], null);
  }
}
