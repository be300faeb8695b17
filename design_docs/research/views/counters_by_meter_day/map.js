// The counters of each meter and UTC day in Wh. They are running totals: never use `sum`; the day's energy is
// max - min, read between its first and its last slot.
function (doc) {
  if (doc.type === 'research_measurement') {
    doc.data.forEach(function (reading) {
      if (reading.unit === 'Wh') {
        emit([doc.household, doc.meter, reading.obis, doc.slot.slice(0, 10)],
          Number(reading.value + 'e' + reading.scaler));
      }
    });
  }
}
