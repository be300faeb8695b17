// Slots of each meter in seconds since 1970: `max` of the reduced row is the latest measurement's.
function (doc) {
  if (doc.type === 'measurement') {
    emit(doc.meter, Date.parse(doc.slot) / 1000);
  }
}
